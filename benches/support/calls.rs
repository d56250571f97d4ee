//! Calls of CloudTrail as a busy account makes them, few of them worth a look, and rules to look for
//! those with: the shipped ones and others in the manner of published ones.

use std::path::{Path, PathBuf};

use lakehound::adapters::import::{ImportRequest, LogType, import};
use lakehound::ports::RunControl;

/// Events of a day, which become one object.
pub(crate) const A_DAY: usize = 5_000;

/// What is called again and again.
const USUAL: [(&str, &str); 12] = [
    ("ec2", "DescribeInstances"),
    ("sts", "AssumeRole"),
    ("iam", "ListRoles"),
    ("kms", "Decrypt"),
    ("s3", "GetBucketAcl"),
    ("secretsmanager", "GetSecretValue"),
    ("ec2", "DescribeVolumes"),
    ("logs", "CreateLogStream"),
    ("ecr", "GetAuthorizationToken"),
    ("sts", "GetCallerIdentity"),
    ("kms", "GenerateDataKey"),
    ("autoscaling", "DescribeAutoScalingGroups"),
];

/// What a rule may look for, once in a while.
const UNUSUAL: [(&str, &str); 6] = [
    ("cloudtrail", "StopLogging"),
    ("iam", "CreateUser"),
    ("iam", "AttachUserPolicy"),
    ("guardduty", "DeleteDetector"),
    ("ec2", "ModifySnapshotAttribute"),
    ("iam", "UpdateAssumeRolePolicy"),
];

/// One event of about the usual size.
pub(crate) fn event(number: usize) -> String {
    // Five of a thousand.
    let (service, name) = match number % 200 {
        17 => UNUSUAL[number / 200 % UNUSUAL.len()],
        _ => USUAL[number % USUAL.len()],
    };
    let day = number / A_DAY;
    let (month, day) = (1 + day / 28, 1 + day % 28);
    let (hour, minute) = (number / 300 % 24, number / 5 % 60);
    let user = number % 37;
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{{"type":"AssumedRole","principalId":"AROA{user:016}:worker-{user}","arn":"arn:aws:sts::111122223333:assumed-role/Worker{user}/worker-{user}","accountId":"111122223333","accessKeyId":"ASIA{number:016}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{user:016}","arn":"arn:aws:iam::111122223333:role/Worker{user}","accountId":"111122223333","userName":"Worker{user}"}},"attributes":{{"creationDate":"2026-03-01T{hour:02}:00:00Z","mfaAuthenticated":"false"}}}}}},"eventTime":"2025-{month:02}-{day:02}T{hour:02}:{minute:02}:07Z","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"10.0.{user}.17","userAgent":"aws-sdk-made-up/1.2 os/linux lang/rust#1.95 md/internal","requestParameters":{{"filter":{{"items":[{{"name":"instance-id","value":"i-{number:017x}"}}]}},"maxResults":100,"encryptionContext":{{"aws:purpose":"value {user}"}}}},"responseElements":null,"requestID":"{number:08x}-aaaa-4bbb-8ccc-{number:012x}","eventID":"{number:08x}-dddd-4eee-9fff-{number:012x}","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.eu-west-1.amazonaws.com"}}}}"#
    )
}

/// The events as lines, below a folder; made once. Gives the file.
pub(crate) fn lines(home: &Path, events: usize) -> PathBuf {
    use std::io::Write as _;
    let file = home.join(format!("calls-{events}.ndjson"));
    if !file.exists() {
        let beside = file.with_extension("new");
        let made = std::fs::File::create(&beside).expect("a file");
        let mut out = std::io::BufWriter::new(made);
        for number in 0..events {
            out.write_all(event(number).as_bytes()).expect("a line");
            out.write_all(b"\n").expect("a line");
        }
        out.flush().expect("a file");
        std::fs::rename(beside, &file).expect("a file");
    }
    file
}

/// The events as a lake of one object a day, below a folder; made once. Gives the lake's folder.
pub(crate) fn lake(home: &Path, events: usize) -> PathBuf {
    let lake = home.join(format!("calls-{events}-lake"));
    if !lake.exists() {
        let beside = home.join(format!("calls-{events}-lake-new"));
        let _ = std::fs::remove_dir_all(&beside);
        let request = ImportRequest {
            paths: vec![lines(home, events)],
            lake: beside.clone(),
            log: LogType::Auto,
            region: None,
            account: None,
            refused: home.join("refused.ndjson"),
            threads: None,
        };
        let imported = import(&request, &RunControl::default(), &|_| {}).expect("an import");
        assert_eq!(imported.written, events as u64);
        std::fs::rename(beside, &lake).expect("a lake");
    }
    lake
}

/// Every object of a lake with its key.
pub(crate) fn objects(lake: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![lake.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "parquet") {
                let key = path
                    .strip_prefix(lake)
                    .expect("below")
                    .display()
                    .to_string();
                found.push((path, key));
            }
        }
    }
    found.sort();
    found
}

/// Services and calls of the rules beside the shipped ones, with how they ask for more than a call.
const MORE: [(&str, &str, &str); 27] = [
    ("iam", "CreateUser", ""),
    ("iam", "CreateAccessKey", "filter"),
    ("iam", "AddUserToGroup", ""),
    ("iam", "UpdateLoginProfile", "filter"),
    ("iam", "CreateVirtualMFADevice", ""),
    ("iam", "DeactivateMFADevice", ""),
    ("ec2", "RunInstances", "parameter"),
    ("ec2", "CreateKeyPair", ""),
    ("ec2", "ImportKeyPair", ""),
    ("ec2", "StopInstances", "agent"),
    ("ec2", "CreateNetworkAclEntry", ""),
    ("ec2", "DisableEbsEncryptionByDefault", ""),
    ("rds", "ModifyDBInstance", "parameter"),
    ("rds", "RestoreDBInstanceFromS3", ""),
    ("s3", "PutBucketReplication", ""),
    ("s3", "DeleteBucket", "failed"),
    ("lambda", "UpdateFunctionConfiguration", "parameter"),
    ("lambda", "AddPermission20150331", ""),
    ("securityhub", "BatchUpdateFindings", ""),
    ("config", "DeleteDeliveryChannel", ""),
    ("config", "StopConfigurationRecorder", ""),
    ("ssm", "StartSession", "agent"),
    ("ssm", "SendCommand", ""),
    ("sts", "GetSessionToken", "filter"),
    ("route53domains", "DisableDomainTransferLock", ""),
    ("elasticfilesystem", "DeleteMountTarget", ""),
    ("glue", "UpdateDevEndpoint", "failed"),
];

/// The rules beside the shipped ones, by their files' names.
pub(crate) fn more_rules() -> Vec<(String, String)> {
    MORE.iter()
        .enumerate()
        .map(|(place, (service, call, more))| {
            let (field, condition) = match *more {
                "filter" => (
                    "  filter:\n    userIdentity.arn|contains: responsible-automation\n",
                    "selection and not filter",
                ),
                "parameter" => (
                    "  more:\n    requestParameters.attribute|contains: userData\n",
                    "selection and more",
                ),
                "agent" => (
                    "  more:\n    userAgent|contains:\n      - kali\n      - parrot\n",
                    "selection and more",
                ),
                "failed" => ("  more:\n    errorCode: AccessDenied\n", "selection and not more"),
                _ => ("", "selection"),
            };
            let text = format!(
                "title: Call of {call}\nid: 00000000-0000-4000-8000-{place:012}\nstatus: test\ndescription: A rule of the benches.\nlogsource:\n  product: aws\n  service: cloudtrail\ndetection:\n  selection:\n    eventSource: {service}.amazonaws.com\n    eventName: {call}\n{field}  condition: {condition}\nlevel: medium\n"
            );
            (format!("more-{place}.yml"), text)
        })
        .collect()
}

/// All rules as files below a folder: the shipped ones and the others. Gives the folder and how many
/// there are.
pub(crate) fn rule_files(home: &Path) -> (PathBuf, usize) {
    let folder = home.join("rules");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut count = 0;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("detections");
    for entry in std::fs::read_dir(shipped).expect("rules").flatten() {
        if entry.path().extension().is_some_and(|end| end == "yml") {
            std::fs::copy(entry.path(), folder.join(entry.file_name())).expect("a rule");
            count += 1;
        }
    }
    for (name, text) in more_rules() {
        std::fs::write(folder.join(name), text).expect("a rule");
        count += 1;
    }
    (folder, count)
}
