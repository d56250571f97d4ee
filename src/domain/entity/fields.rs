//! What fields mean inside JSON texts, in `unmapped`, and in raw CloudTrail records, by their names.

use super::kind::EntityType;

use EntityType::{
    AccessKey, Account, Container, Domain, Finding, Hash, Ip, Principal, Process, Resource, Role,
    Session, Url, UserAgent,
};

/// What a field of this name holds first of all; `None` where its value is a secret or a text that
/// is known to name nothing. `path` is the dotted path with its last part the field's own name.
pub(super) fn meaning(path: &str) -> Option<&'static [EntityType]> {
    let mut parts = path
        .rsplit('.')
        .map(|part| part.trim_end_matches("[]"))
        .filter(|part| !part.is_empty());
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let parent = parts.next().unwrap_or_default().to_ascii_lowercase();
    let name: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    Some(match name.as_str() {
        "sessiontoken" | "securitytoken" | "password" | "secretaccesskey" | "secretstring"
        | "oldpassword" | "newpassword" | "xamzid2" | "xamzrequestid" | "eventid" | "requestid"
        | "sharedeventid" | "eventversion" | "eventtype" | "eventcategory" | "eventname"
        | "eventsource" | "eventtime" | "awsregion" | "apiversion" | "ciphersuite"
        | "tlsversion" | "xamzdate" | "xamzsignature" => return None,
        "accesskeyid" | "credentialid" => &[AccessKey],
        "sourceipaddress" | "ipaddress" | "privateipaddress" | "publicip" | "publicipaddress"
        | "privateip" | "remoteip" | "sourceip" | "clientip" | "ip" | "ipaddressv4"
        | "ipv4address" | "ipv6address" | "vpcsourceip" => &[Ip, Domain],
        "cidr" | "cidrip" | "cidripv6" | "cidrblock" | "destinationcidrblock" => {
            &[EntityType::Cidr, Ip]
        }
        "useragent" => &[UserAgent],
        "username" if parent == "sessionissuer" => &[Role],
        "username" | "principalid" | "sourceidentity" | "userarn" | "principal" | "email"
        | "useremail" => &[Principal],
        "userid" => &[Account, Principal],
        "assumedroleid" | "rolesessionname" | "federateduserid" => &[Session],
        "rolename" | "rolearn" | "role" | "iamroleid" => &[Role],
        "accountid" | "recipientaccountid" | "ownerid" | "awsaccountid" | "accountids"
        | "sourceaccount" | "owneraccountid" | "targetid" => &[Account],
        "bucketname"
        | "bucket"
        | "instanceid"
        | "functionname"
        | "keyid"
        | "kmskeyid"
        | "snapshotid"
        | "sourcesnapshotid"
        | "volumeid"
        | "imageid"
        | "vpcid"
        | "subnetid"
        | "groupid"
        | "secretid"
        | "dbinstanceidentifier"
        | "dbsnapshotidentifier"
        | "trailname"
        | "tablename"
        | "queueurl"
        | "queuename"
        | "clustername"
        | "loadbalancername"
        | "loggroupname"
        | "streamname"
        | "stackname"
        | "distributionid"
        | "hostedzoneid"
        | "canonicalhostedzoneid"
        | "networkinterfaceid"
        | "launchtemplateid"
        | "internetgatewayid"
        | "allocationid"
        | "repositoryname"
        | "detectorid"
        | "topicarn"
        | "serialnumber"
        | "policyarn"
        | "policyname"
        | "groupname"
        | "instanceprofilename"
        | "keyname"
        | "servicename"
        | "filesystemid"
        | "layername"
        | "firewallrulegroupid"
        | "firewalldomainlistid"
        | "resourceid"
        | "resourcearn" => &[Resource],
        "name" if matches!(parent.as_str(), "requestparameters" | "data" | "") => &[Resource],
        "host"
        | "hostname"
        | "domainname"
        | "dnsname"
        | "fqdn"
        | "clientprovidedhostheader"
        | "invokedby"
        | "domain" => &[Domain, Ip],
        "url" | "uri" | "loginto" | "referer" | "referrer" | "endpoint" => &[Url, Domain],
        "sha256" | "sha1" | "md5" | "filehash" => &[Hash],
        "findingid" | "findingarn" => &[Finding],
        "containerid" | "containername" | "imageuri" => &[Container],
        "processname" | "executablepath" => &[Process],
        _ => &[],
    })
}
