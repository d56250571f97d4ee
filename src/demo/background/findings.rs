//! Security Hub on an ordinary day: controls that fail again and again, packages with known
//! weaknesses, and now and then a detection that means nothing.

use super::Background;
use super::network::internet;
use crate::demo::dice::{Dice, Weighted};
use crate::demo::plan::Stream;
use crate::demo::rows::{Event, Finding, FindingKind, Weakness};
use crate::demo::world::{REGIONS, World};

const CONTROLS: [(&str, &str, i32, &str); 8] = [
    (
        "S3.5",
        "General purpose buckets should require requests to use TLS",
        3,
        "AwsS3Bucket",
    ),
    (
        "S3.9",
        "General purpose buckets should have access logging on",
        3,
        "AwsS3Bucket",
    ),
    (
        "EC2.8",
        "Instances should use version 2 of the metadata service",
        4,
        "AwsEc2Instance",
    ),
    (
        "EC2.19",
        "Security groups should not open high-risk ports to everyone",
        5,
        "AwsEc2SecurityGroup",
    ),
    (
        "IAM.3",
        "Access keys should be rotated every 90 days",
        3,
        "AwsIamUser",
    ),
    (
        "IAM.6",
        "The root user should have a hardware second factor",
        5,
        "AwsAccount",
    ),
    (
        "Lambda.1",
        "Function policies should forbid public access",
        5,
        "AwsLambdaFunction",
    ),
    (
        "CloudTrail.2",
        "Trails should be encrypted at rest",
        3,
        "AwsCloudTrailTrail",
    ),
];

const WEAKNESSES: [Weakness; 5] = [
    weakness(
        "CVE-2021-44228",
        100,
        "log4j-core",
        "2.14.1",
        "2.17.1",
        true,
    ),
    weakness("CVE-2022-0778", 75, "openssl", "1.1.1k", "1.1.1n", false),
    weakness("CVE-2021-3156", 78, "sudo", "1.8.31", "1.9.5", true),
    weakness("CVE-2023-4863", 88, "libwebp", "1.2.4", "1.3.2", true),
    weakness(
        "CVE-2024-6387",
        81,
        "openssh-server",
        "9.2p1",
        "9.8p1",
        false,
    ),
];

const fn weakness(
    id: &'static str,
    score: i128,
    package: &'static str,
    version: &'static str,
    fixed: &'static str,
    exploited: bool,
) -> Weakness {
    Weakness {
        id,
        score,
        package,
        version,
        fixed,
        exploited,
    }
}

const DETECTIONS: [(&str, &str, i32, &str, &str); 4] = [
    (
        "Recon:EC2/PortProbeUnprotectedPort",
        "An instance has a port without protection that is being probed",
        2,
        "DescribeInstances",
        "ec2.amazonaws.com",
    ),
    (
        "UnauthorizedAccess:EC2/SSHBruteForce",
        "An instance is the target of password guessing over SSH",
        2,
        "StartSession",
        "ec2.amazonaws.com",
    ),
    (
        "Policy:IAMUser/RootCredentialUsage",
        "The root user was used for an API call",
        2,
        "DescribeRegions",
        "ec2.amazonaws.com",
    ),
    (
        "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.InsideAWS",
        "Credentials of an instance role were used from another account",
        4,
        "GetCallerIdentity",
        "sts.amazonaws.com",
    ),
];

/// What becomes of findings that are not resolved.
const OPEN: [&str; 3] = ["New", "In Progress", "Suppressed"];

/// The findings of one account in one Region.
pub(super) struct Findings<'w> {
    world: &'w World,
    stream: Stream,
    kinds: Weighted,
    open: Weighted,
}

impl<'w> Findings<'w> {
    pub(super) fn new(world: &'w World, stream: Stream) -> Self {
        Self {
            world,
            stream,
            kinds: Weighted::new([70.0, 22.0, 8.0]),
            open: Weighted::new([3.0, 1.0, 1.0]),
        }
    }

    fn resource(&self, kind: &'static str, dice: &mut Dice) -> (&'static str, String) {
        let account = &self.world.accounts[self.stream.account].id;
        let region = REGIONS[self.stream.region];
        let place = self.world.place(self.stream.account, self.stream.region);
        let uid = match (kind, place) {
            ("AwsS3Bucket", _) => dice.pick(&self.world.buckets_of(self.stream.account)).arn(),
            ("AwsEc2Instance", Some(place)) => {
                let instance = &dice.pick(&place.hosts).instance;
                format!("arn:aws:ec2:{region}:{account}:instance/{instance}")
            }
            ("AwsEc2SecurityGroup", _) => {
                format!(
                    "arn:aws:ec2:{region}:{account}:security-group/sg-0{:015x}",
                    dice.below(40)
                )
            }
            ("AwsIamUser", _) => format!("arn:aws:iam::{account}:user/backup-agent"),
            ("AwsLambdaFunction", _) => {
                format!("arn:aws:lambda:{region}:{account}:function:hello")
            }
            ("AwsCloudTrailTrail", _) => {
                format!("arn:aws:cloudtrail:{region}:{account}:trail/organisation")
            }
            _ => format!("AWS::::Account:{account}"),
        };
        (kind, uid)
    }
}

impl Background for Findings<'_> {
    fn next(&mut self, time: i64, dice: &mut Dice) -> Event {
        let account = &self.world.accounts[self.stream.account].id;
        let region = REGIONS[self.stream.region];
        let resolved = dice.chance(0.15);
        let seen = (time - dice.between(0, 30) * 86_400_000, time);
        // A finding comes back with the same uid whenever it is evaluated: the uid hangs on what
        // it is about.
        let (product, generator, title, types, severity, resource, kind) =
            match self.kinds.draw(dice) {
                0 => {
                    let (control, title, severity, on) = *dice.pick(&CONTROLS);
                    (
                        "Security Hub",
                        format!("security-control/{control}"),
                        title.to_owned(),
                        "Software and Configuration Checks/Industry and Regulatory Standards",
                        if resolved { 1 } else { severity },
                        self.resource(on, dice),
                        FindingKind::Compliance {
                            control,
                            passed: resolved,
                        },
                    )
                }
                1 => {
                    let weakness = *dice.pick(&WEAKNESSES);
                    (
                        "Inspector",
                        "AWSInspector".to_owned(),
                        format!("{} - {}", weakness.id, weakness.package),
                        "Software and Configuration Checks/Vulnerabilities/CVE",
                        if weakness.score >= 90 { 5 } else { 4 },
                        self.resource("AwsEc2Instance", dice),
                        FindingKind::Vulnerability(weakness),
                    )
                }
                _ => {
                    let (kind, title, severity, operation, service) = *dice.pick(&DETECTIONS);
                    (
                        "GuardDuty",
                        format!("arn:aws:guardduty:{region}:{account}:detector/d0"),
                        title.to_owned(),
                        kind,
                        severity,
                        self.resource("AwsEc2Instance", dice),
                        FindingKind::Detection {
                            operation,
                            service,
                            ip: Some(internet(dice)),
                            country: "NL",
                        },
                    )
                }
            };
        let about = Dice::new(self.world.seed, &format!("{title}/{}", resource.1)).uuid();
        Event::Finding(Box::new(Finding {
            account: account.clone(),
            region,
            uid: format!("arn:aws:securityhub:{region}:{account}:finding/{about}"),
            product,
            generator,
            text: format!("{title}."),
            title,
            types: vec![types],
            severity,
            status: if resolved {
                "Resolved"
            } else {
                OPEN[self.open.draw(dice)]
            },
            update: dice.chance(0.6),
            seen,
            resources: vec![resource],
            kind,
        }))
    }
}
