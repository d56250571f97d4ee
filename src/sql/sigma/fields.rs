//! The field pipeline: what the vendors of logs call a field, and where Security Lake's OCSF rows
//! have it, in both versions of its schema. One table for each family of logs.

use super::family::Family;

/// A place that a field's value can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// The first of these paths that a table has.
    Path(&'static [&'static str]),
    /// A path whose value has other words: what the row says, and what the log says.
    Words(&'static str, &'static [(&'static str, &'static str)]),
    /// A path to a name of a host: rows have it with a dot at its end, and rules mostly without.
    Host(&'static str),
    /// A key of the map `unmapped`.
    Unmapped(&'static str),
}

use At::{Host, Path, Unmapped, Words};

/// A field: its names, and its places in the order of preference.
type Field = (&'static [&'static str], &'static [At]);

/// The places of a field of these logs, by any of its names; `None` where the table has no row.
pub(super) fn places(family: Family, name: &str) -> Option<&'static [At]> {
    let fields = match family {
        Family::CloudTrail => CLOUD_TRAIL,
        Family::Flows => FLOWS,
        Family::Names => NAMES,
        Family::Kubernetes => KUBERNETES,
        Family::Web => WEB,
        Family::Findings => FINDINGS,
    };
    fields
        .iter()
        .find(|(names, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
        .map(|(_, places)| *places)
}

/// Texts that hold a field's members as JSON: the lead of the field's name, and the text's path.
pub(super) fn texts_of_json(family: Family) -> &'static [(&'static str, &'static str)] {
    match family {
        Family::CloudTrail => &[
            ("requestParameters", "api.request.data"),
            ("responseElements", "api.response.data"),
        ],
        _ => &[],
    }
}

const CLOUD_TRAIL: &[Field] = &[
    (&["eventName"], &[Path(&["api.operation"])]),
    (&["eventSource"], &[Path(&["api.service.name"])]),
    (
        &["eventType"],
        &[Path(&["metadata.event_code"]), Unmapped("eventType")],
    ),
    (&["eventTime"], &[Path(&["time_dt", "time"])]),
    (&["eventID"], &[Path(&["metadata.uid"])]),
    (&["eventVersion"], &[Path(&["metadata.product.version"])]),
    (
        &["eventCategory"],
        &[Path(&["metadata.product.feature.name"])],
    ),
    (
        &["awsRegion"],
        &[Path(&["cloud.region"]), Path(&["region"])],
    ),
    (
        &["sourceIPAddress"],
        &[Path(&["src_endpoint.ip"]), Path(&["src_endpoint.domain"])],
    ),
    (&["userAgent"], &[Path(&["http_request.user_agent"])]),
    (&["errorCode"], &[Path(&["api.response.error"])]),
    (&["errorMessage"], &[Path(&["api.response.message"])]),
    (&["requestParameters"], &[Path(&["api.request.data"])]),
    (&["responseElements"], &[Path(&["api.response.data"])]),
    (
        &[
            "responseElements.ConsoleLogin",
            "responseElements.SwitchRole",
        ],
        &[Path(&["status"])],
    ),
    (&["requestID"], &[Path(&["api.request.uid"])]),
    (
        &["recipientAccountId"],
        &[Unmapped("recipientAccountId"), Path(&["accountid"])],
    ),
    (&["vpcEndpointId"], &[Path(&["src_endpoint.uid"])]),
    (&["userIdentity.type"], &[Path(&["actor.user.type"])]),
    (&["userIdentity.userName"], &[Path(&["actor.user.name"])]),
    // Version 1 calls the ARN `uuid` and the principal id `uid`.
    (
        &["userIdentity.arn"],
        &[Path(&["actor.user.uuid", "actor.user.uid"])],
    ),
    (
        &["userIdentity.principalId"],
        &[Path(&["actor.user.uid_alt", "actor.user.uid"])],
    ),
    (
        &["userIdentity.accountId"],
        &[Path(&["actor.user.account.uid", "actor.user.account_uid"])],
    ),
    (
        &["userIdentity.accessKeyId"],
        &[Path(&["actor.user.credential_uid"])],
    ),
    (&["userIdentity.invokedBy"], &[Path(&["actor.invoked_by"])]),
    (
        &["userIdentity.identityProvider"],
        &[Path(&["actor.idp.name"])],
    ),
    (
        &["userIdentity.sessionContext.sessionIssuer.arn"],
        &[Path(&["actor.session.issuer"])],
    ),
    (
        &[
            "userIdentity.sessionContext.attributes.mfaAuthenticated",
            "userIdentity.sessionContext.mfaAuthenticated",
        ],
        &[Path(&["actor.session.is_mfa", "actor.session.mfa"])],
    ),
    (
        &["userIdentity.sessionContext.attributes.creationDate"],
        &[Path(&["actor.session.created_time_dt"])],
    ),
    (
        &["additionalEventData.MFAUsed"],
        &[
            Unmapped("additionalEventData.MFAUsed"),
            Words("is_mfa", &[("true", "Yes"), ("false", "No")]),
            Words("mfa", &[("true", "Yes"), ("false", "No")]),
        ],
    ),
    (&["resources.ARN"], &[Path(&["resources.uid"])]),
    (&["resources.type"], &[Path(&["resources.type"])]),
    (
        &["resources.accountId"],
        &[Path(&[
            "resources.owner.account.uid",
            "resources.account_uid",
        ])],
    ),
];

const VERDICTS: &[(&str, &str)] = &[("Allowed", "ACCEPT"), ("Denied", "REJECT")];

const FLOWS: &[Field] = &[
    (
        &["srcaddr", "src_ip", "source.ip"],
        &[Path(&["src_endpoint.ip"])],
    ),
    (
        &["dstaddr", "dst_ip", "destination.ip"],
        &[Path(&["dst_endpoint.ip"])],
    ),
    (
        &["srcport", "src_port", "source.port"],
        &[Path(&["src_endpoint.port"])],
    ),
    (
        &["dstport", "dst_port", "destination.port"],
        &[Path(&["dst_endpoint.port"])],
    ),
    (&["protocol"], &[Path(&["connection_info.protocol_num"])]),
    (
        &["tcp-flags", "tcp_flags"],
        &[Path(&["connection_info.tcp_flags"])],
    ),
    (
        &["action"],
        &[Words("action", VERDICTS), Words("disposition", VERDICTS)],
    ),
    (
        &["flow-direction", "flow_direction"],
        &[Words(
            "connection_info.direction",
            &[("Inbound", "ingress"), ("Outbound", "egress")],
        )],
    ),
    (&["bytes"], &[Path(&["traffic.bytes"])]),
    (&["packets"], &[Path(&["traffic.packets"])]),
    (&["log-status", "log_status"], &[Path(&["status_code"])]),
    (
        &["account-id", "account_id"],
        &[Path(&["cloud.account.uid", "cloud.account_uid"])],
    ),
    (
        &["interface-id", "interface_id"],
        &[
            Path(&["src_endpoint.interface_uid"]),
            Path(&["dst_endpoint.interface_uid"]),
        ],
    ),
    (
        &["instance-id", "instance_id"],
        &[
            Path(&["src_endpoint.instance_uid"]),
            Path(&["dst_endpoint.instance_uid"]),
        ],
    ),
    (
        &["vpc-id", "vpc_id"],
        &[
            Path(&["src_endpoint.vpc_uid"]),
            Path(&["dst_endpoint.vpc_uid"]),
        ],
    ),
    (
        &["subnet-id", "subnet_id"],
        &[
            Path(&["src_endpoint.subnet_uid"]),
            Path(&["dst_endpoint.subnet_uid"]),
        ],
    ),
    (&["az-id", "az_id"], &[Path(&["cloud.zone"])]),
    (&["region"], &[Path(&["cloud.region"])]),
];

const NAMES: &[Field] = &[
    (
        &[
            "query_name",
            "query",
            "QueryName",
            "dns_query",
            "dns.question.name",
        ],
        &[Host("query.hostname")],
    ),
    (
        &[
            "query_type",
            "record_type",
            "QueryType",
            "qtype_name",
            "dns.question.type",
        ],
        &[Path(&["query.type"])],
    ),
    (&["query_class"], &[Path(&["query.class"])]),
    (&["rcode"], &[Path(&["rcode"])]),
    (
        &[
            "answers.Rdata",
            "answer",
            "answers",
            "QueryResults",
            "dns.answers.data",
        ],
        &[Path(&["answers.rdata"])],
    ),
    (&["answers.Type"], &[Path(&["answers.type"])]),
    (&["answers.Class"], &[Path(&["answers.class"])]),
    (&["srcaddr", "src_ip"], &[Path(&["src_endpoint.ip"])]),
    (&["srcport", "src_port"], &[Path(&["src_endpoint.port"])]),
    (
        &["srcids.instance"],
        &[Path(&["src_endpoint.instance_uid"])],
    ),
    (&["vpc_id"], &[Path(&["src_endpoint.vpc_uid"])]),
    (
        &["account_id"],
        &[Path(&["cloud.account.uid", "cloud.account_uid"])],
    ),
    (&["region"], &[Path(&["cloud.region"])]),
    (&["transport"], &[Path(&["connection_info.protocol_name"])]),
    (
        &["firewall_rule_action"],
        &[Path(&["action"]), Path(&["disposition"])],
    ),
    (
        &["firewall_domain_list_id", "firewall_rule_group_id"],
        &[Path(&["firewall_rule.uid"])],
    ),
];

const KUBERNETES: &[Field] = &[
    (&["verb"], &[Path(&["api.operation"])]),
    (&["requestURI"], &[Path(&["http_request.url.path"])]),
    (&["userAgent"], &[Path(&["http_request.user_agent"])]),
    (&["auditID"], &[Path(&["api.request.uid"])]),
    (
        &["user.username", "username"],
        &[Path(&["actor.user.name"])],
    ),
    (&["user.uid"], &[Path(&["actor.user.uid"])]),
    (&["user.groups"], &[Path(&["actor.user.groups.name"])]),
    (
        &["sourceIPs"],
        &[
            Path(&["src_endpoint.ip"]),
            Path(&["src_endpoint.intermediate_ips"]),
        ],
    ),
    (&["objectRef.resource"], &[Path(&["resources.type"])]),
    (&["objectRef.name"], &[Path(&["resources.name"])]),
    (&["objectRef.namespace"], &[Path(&["resources.namespace"])]),
    (
        &["objectRef.apiGroup", "apiGroup"],
        &[Path(&["api.group.name"])],
    ),
    (&["objectRef.apiVersion"], &[Path(&["api.version"])]),
    (&["responseStatus.code"], &[Path(&["api.response.code"])]),
    (&["responseStatus.reason"], &[Path(&["api.response.error"])]),
    (
        &["responseStatus.message"],
        &[
            Path(&["api.response.error_message"]),
            Path(&["api.response.message"]),
        ],
    ),
    (
        &["requestObject.spec.containers.image", "containers.image"],
        &[Path(&["api.request.containers.image.name"])],
    ),
    (&["level"], &[Path(&["metadata.log_level"])]),
];

const WEB: &[Field] = &[
    (
        &["httpRequest.clientIp", "c-ip"],
        &[Path(&["src_endpoint.ip"])],
    ),
    (
        &["httpRequest.country"],
        &[Path(&["src_endpoint.location.country"])],
    ),
    (
        &["httpRequest.uri", "cs-uri-stem"],
        &[Path(&["http_request.url.path"])],
    ),
    (
        &["httpRequest.args", "cs-uri-query"],
        &[Path(&["http_request.args"])],
    ),
    (
        &["httpRequest.httpMethod", "cs-method"],
        &[Path(&["http_request.http_method"])],
    ),
    (
        &["httpRequest.httpVersion"],
        &[Path(&["http_request.version"])],
    ),
    (&["httpRequest.requestId"], &[Path(&["http_request.uid"])]),
    (
        &["httpRequest.headers.name"],
        &[Path(&["http_request.http_headers.name"])],
    ),
    (
        &["httpRequest.headers.value"],
        &[Path(&["http_request.http_headers.value"])],
    ),
    (
        &["cs-user-agent", "userAgent", "cs(User-Agent)"],
        &[Path(&["http_request.user_agent"])],
    ),
    (
        &["cs-host", "host"],
        &[Path(&["http_request.url.hostname"])],
    ),
    (
        &["cs-referer", "referer"],
        &[Path(&["http_request.referrer"])],
    ),
    (
        &["action"],
        &[Words(
            "action",
            &[("Allowed", "ALLOW"), ("Denied", "BLOCK")],
        )],
    ),
    (&["terminatingRuleId"], &[Path(&["firewall_rule.uid"])]),
    (&["terminatingRuleType"], &[Path(&["firewall_rule.type"])]),
    (&["webaclId"], &[Path(&["metadata.product.feature.uid"])]),
    (&["labels.name"], &[Path(&["metadata.labels"])]),
    (
        &["responseCodeSent", "sc-status"],
        &[Path(&["http_status"])],
    ),
];

const FINDINGS: &[Field] = &[
    (&["Id"], &[Path(&["finding_info.uid", "finding.uid"])]),
    (
        &["Title"],
        &[Path(&["finding_info.title", "finding.title"])],
    ),
    (
        &["Description"],
        &[Path(&["finding_info.desc", "finding.desc"])],
    ),
    (
        &["Types", "Type"],
        &[Path(&["finding_info.types", "finding.types"])],
    ),
    (&["Severity.Label", "Severity"], &[Path(&["severity"])]),
    (&["ProductName"], &[Path(&["metadata.product.name"])]),
    (&["CompanyName"], &[Path(&["metadata.product.vendor_name"])]),
    (&["GeneratorId"], &[Path(&["metadata.product.feature.uid"])]),
    (
        &["AwsAccountId"],
        &[Path(&["cloud.account.uid", "cloud.account_uid"])],
    ),
    (&["Region"], &[Path(&["cloud.region"])]),
    (
        &["Resources.Id"],
        &[Path(&["resources.uid"]), Path(&["resource.uid"])],
    ),
    (
        &["Resources.Type"],
        &[Path(&["resources.type"]), Path(&["resource.type"])],
    ),
    (&["Workflow.Status"], &[Path(&["status", "state"])]),
    (&["Compliance.Status"], &[Path(&["compliance.status"])]),
    (
        &["Compliance.SecurityControlId"],
        &[Path(&["compliance.control"])],
    ),
    (
        &["Action.AwsApiCallAction.Api"],
        &[Path(&[
            "evidences.actor.api.operation",
            "evidences.api.operation",
        ])],
    ),
    (
        &["Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4"],
        &[Path(&[
            "evidences.actor.src_endpoint.ip",
            "evidences.src_endpoint.ip",
        ])],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lake::{Source, SourceVersion, athena_type, documented_schema};
    use crate::sql::pivot::outline::leaves;

    fn paths(source: Source, version: SourceVersion) -> Vec<String> {
        let Some(schema) = documented_schema(source, version) else {
            return Vec::new();
        };
        let mut columns: Vec<(String, String)> = schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), athena_type(field.data_type())))
            .collect();
        columns.push(("accountid".to_owned(), "string".to_owned()));
        columns.push(("region".to_owned(), "string".to_owned()));
        leaves(&columns).into_iter().map(|leaf| leaf.path).collect()
    }

    #[test]
    fn every_path_of_the_pipeline_is_a_column_of_security_lake() {
        for (fields, source) in [
            (CLOUD_TRAIL, Source::CloudTrailMgmt),
            (FLOWS, Source::VpcFlow),
            (NAMES, Source::Route53),
            (KUBERNETES, Source::EksAudit),
            (WEB, Source::Waf),
            (FINDINGS, Source::ShFindings),
        ] {
            let two = paths(source, SourceVersion::V2);
            let one = paths(source, SourceVersion::V1);
            for (names, places) in fields {
                let mut in_two = false;
                for place in *places {
                    let all: &[&str] = match place {
                        Path(paths) => paths,
                        Words(path, _) | Host(path) => std::slice::from_ref(path),
                        Unmapped(_) => {
                            in_two = true;
                            continue;
                        }
                    };
                    for path in all {
                        let known = |paths: &[String]| paths.iter().any(|one| one == path);
                        in_two |= known(&two);
                        // Names that custom sources use may be in neither.
                        let other = path.starts_with("evidences.");
                        assert!(known(&two) || known(&one) || other, "{names:?}: {path}");
                    }
                }
                assert!(in_two, "{names:?} has no place in version 2");
            }
        }
    }
}
