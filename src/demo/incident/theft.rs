//! Unintended access to an S3 bucket.
//!
//! A build host runs a poisoned package, which sends the pipeline's access key to a command
//! server. From an outside address somebody looks around with the key, makes a second one, goes
//! through a chain of roles into the data account, tries to stop the trail, opens a bucket and
//! takes what is in it. The services that watch see a part of it.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::DateTime;

use super::{Part, Plot};
use crate::demo::background::{
    Caller, assume_role, deny, ephemeral, near, object_event, plain, query,
};
use crate::demo::dice::Dice;
use crate::demo::plan::Stream;
use crate::demo::rows::{
    Answer, ApiEvent, Event, Finding, FindingKind, FlowEnd, FlowEvent, Rule, Target, WebEvent,
};
use crate::demo::scenario::StolenObject;
use crate::demo::world::{
    Actor, Bucket, DATA, Host, PRODUCTION, Pipeline, Place, REGIONS, SHARED, World,
};
use crate::domain::lake::Source;

const MINUTE: f64 = 60_000.0;
/// From the leak to the last object taken, in minutes.
const LENGTH: f64 = 306.0;
const OUTSIDE_TOOL: &str =
    "aws-cli/1.32.101 Python/3.11.9 Linux/6.8.11-kali1-amd64 botocore/1.34.101";
const FETCHER: &str = "curl/8.8.0";

/// The plot while it is being told.
pub(super) struct Theft<'w> {
    world: &'w World,
    dice: Dice,
    plot: Plot,
    /// When the key leaks, and how many milliseconds a minute of the plot takes.
    start: f64,
    minute: f64,
    objects: usize,
    pipeline: &'w Pipeline,
    bucket: &'w Bucket,
    place: &'w Place,
    host: &'w Host,
    outside: String,
    server: String,
    domain: String,
    second_key: String,
    session_keys: [String; 2],
}

const fn stream(source: Source, account: usize) -> Stream {
    Stream {
        source,
        account,
        region: 0,
    }
}

impl<'w> Theft<'w> {
    /// A theft of a hundredth as many objects as the lake has events, in the later half of the
    /// time.
    pub(super) fn new(world: &'w World, mut dice: Dice, span: (i64, i64), events: usize) -> Self {
        let length = (span.1 - span.0) as f64;
        let place = world.place(SHARED, 0).unwrap_or(&world.places[0]);
        Self {
            start: span.0 as f64 + length * 0.55,
            minute: MINUTE.min(length * 0.4 / LENGTH),
            objects: (events / 100).clamp(12, 20_000),
            pipeline: &world.pipelines[0],
            bucket: world.buckets_of(DATA)[0],
            host: &place.hosts[3],
            place,
            outside: format!("198.51.100.{}", dice.between(130, 200)),
            server: format!("198.51.100.{}", dice.between(200, 251)),
            domain: format!("metrics-{}.example.org", dice.hex(6)),
            second_key: dice.iam_id("AKIA"),
            session_keys: [dice.iam_id("ASIA"), dice.iam_id("ASIA")],
            plot: Plot::default(),
            world,
            dice,
        }
    }

    /// The whole story.
    pub(super) fn tell(mut self) -> Plot {
        self.introduce();
        self.knock();
        self.beacon();
        self.look_around();
        self.persist();
        self.climb();
        self.open();
        self.take();
        self.notice();
        self.plot
    }

    fn introduce(&mut self) {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let user = &self.pipeline.user;
        let [first_session, second_session] = self.session_keys.clone();
        self.plot.parts = [
            ("leaked access key", "access-key", text(&user.key)),
            ("second access key", "access-key", self.second_key.clone()),
            ("first session key", "access-key", first_session),
            ("second session key", "access-key", second_session),
            ("compromised user", "principal", text(&user.uid)),
            ("first role", "principal", self.pipeline.first.arn.clone()),
            ("second role", "principal", self.pipeline.second.arn.clone()),
            ("outside address", "ip", self.outside.clone()),
            ("command server", "ip", self.server.clone()),
            ("command domain", "domain", self.domain.clone()),
            ("build host", "resource", self.host.instance.clone()),
            ("bucket", "resource", self.bucket.name.clone()),
        ]
        .map(|(role, kind, value)| Part { role, kind, value })
        .into();
    }

    fn plant(&mut self, minute: f64, stream: Stream, event: Event) {
        let jitter = self.dice.unit() * 0.2;
        let time = (self.start + (minute + jitter) * self.minute) as i64;
        let planted = self.plot.planted.entry(stream).or_default();
        planted.push((time, event));
    }

    /// The outside address tries doors in the open beforehand.
    fn knock(&mut self) {
        let outside = self.outside.clone();
        for (index, port) in [22, 443, 8080, 8443, 9000, 50_000].into_iter().enumerate() {
            let source = FlowEnd {
                ip: outside.clone(),
                port: ephemeral(&mut self.dice),
                ..FlowEnd::default()
            };
            let mut flow = self.flow(source, near(self.host, self.place, port), 1, 40);
            flow.allowed = false;
            flow.outbound = false;
            self.plant(
                -90.0 + index as f64,
                stream(Source::VpcFlow, SHARED),
                Event::Flow(flow),
            );
        }
        for (index, path) in ["/.git/config", "/.aws/credentials", "/.env"]
            .into_iter()
            .enumerate()
        {
            let event = self.web(path);
            self.plant(-60.0 + index as f64, stream(Source::Waf, PRODUCTION), event);
        }
    }

    fn web(&mut self, path: &str) -> Event {
        Event::Web(WebEvent {
            ip: self.outside.clone(),
            country: "NL",
            balancer: format!(
                "arn:aws:elasticloadbalancing:{}:{}:loadbalancer/app/shop-front/50dc6c495c0c9188",
                REGIONS[0], self.world.accounts[PRODUCTION].id
            ),
            host: "shop.example.com",
            method: "GET",
            path: path.to_owned(),
            query: None,
            agent: FETCHER.to_owned(),
            referrer: None,
            request: format!("1-{}", self.dice.hex(24)),
            rule: Some(Rule {
                name: "block-dotfiles",
                kind: "REGULAR",
                condition: Some("REGEX"),
                place: Some("URI"),
                details: &["/."],
                limit: None,
            }),
            blocked: true,
            status: 403,
        })
    }

    fn flow(&mut self, src: FlowEnd, dst: FlowEnd, packets: i64, bytes: i64) -> FlowEvent {
        FlowEvent {
            account: self.world.accounts[SHARED].id.clone(),
            region: REGIONS[0],
            zone: self.host.zone.clone(),
            src,
            dst,
            protocol: 6,
            tcp_flags: 3,
            outbound: true,
            allowed: true,
            packets,
            bytes,
            lasted: self.dice.between(1, 60) * 1_000,
        }
    }

    /// The build host resolves the command domain and calls the server, first with the key, then
    /// every ten minutes.
    fn beacon(&mut self) {
        let account = self.world.accounts[SHARED].id.clone();
        for beat in 0..30 {
            let minute = f64::from(beat) * 10.0;
            let mut name = query(&account, REGIONS[0], self.place, self.host, &mut self.dice);
            name.name.clone_from(&self.domain);
            name.answers = vec![Answer {
                kind: "A",
                data: self.server.clone(),
            }];
            self.plant(minute, stream(Source::Route53, SHARED), Event::Dns(name));
            let bytes = if beat == 0 {
                48_213
            } else {
                self.dice.between(600, 900)
            };
            let port = ephemeral(&mut self.dice);
            let here = near(self.host, self.place, port);
            let there = FlowEnd {
                ip: self.server.clone(),
                port: 443,
                ..FlowEnd::default()
            };
            let out = self.flow(here.clone(), there.clone(), bytes / 900 + 4, bytes);
            let mut back = self.flow(there, here, 5, 1_420);
            back.outbound = false;
            back.tcp_flags = 18;
            let flows = stream(Source::VpcFlow, SHARED);
            self.plant(minute + 0.3, flows, Event::Flow(out));
            self.plant(minute + 0.4, flows, Event::Flow(back));
        }
    }

    fn caller(&self, actor: Actor) -> Caller {
        Caller {
            actor: Arc::new(actor),
            from: Cow::Owned(self.outside.clone()),
            agent: Cow::Borrowed(OUTSIDE_TOOL),
        }
    }

    fn api(
        &mut self,
        account: usize,
        caller: &Caller,
        service: &'static str,
        operation: &'static str,
    ) -> ApiEvent {
        let trail = stream(Source::CloudTrailMgmt, account);
        let dice = &mut self.dice;
        plain(self.world, trail, dice, caller, service, operation)
    }

    fn act(&mut self, minute: f64, account: usize, event: ApiEvent) {
        let trail = stream(Source::CloudTrailMgmt, account);
        self.plant(minute, trail, Event::Api(event));
    }

    /// Reconnaissance with the leaked key: what may it do?
    fn look_around(&mut self) {
        let user = self.caller((*self.pipeline.user).clone());
        let iam = "iam.amazonaws.com";
        let calls = [
            ("sts.amazonaws.com", "GetCallerIdentity", false),
            ("s3.amazonaws.com", "ListBuckets", false),
            (iam, "GetUser", false),
            (iam, "ListAttachedUserPolicies", false),
            (iam, "ListUserPolicies", false),
            (iam, "ListUsers", true),
            (iam, "ListRoles", false),
            (iam, "GetAccountAuthorizationDetails", true),
            (iam, "ListGroupsForUser", false),
            ("ec2.amazonaws.com", "DescribeInstances", true),
            ("ec2.amazonaws.com", "DescribeSnapshots", true),
            ("rds.amazonaws.com", "DescribeDBInstances", true),
            ("lambda.amazonaws.com", "ListFunctions20150331", true),
            ("secretsmanager.amazonaws.com", "ListSecrets", true),
            ("ssm.amazonaws.com", "DescribeParameters", true),
            ("cloudtrail.amazonaws.com", "DescribeTrails", false),
            ("guardduty.amazonaws.com", "ListDetectors", true),
            ("organizations.amazonaws.com", "ListAccounts", true),
            ("ses.amazonaws.com", "GetSendQuota", true),
            ("dynamodb.amazonaws.com", "ListTables", true),
            (iam, "ListAccessKeys", false),
        ];
        for (index, (service, operation, denied)) in calls.into_iter().enumerate() {
            let mut event = self.api(SHARED, &user, service, operation);
            if denied {
                deny(&mut event);
            }
            self.act(25.0 + index as f64 * 0.5, SHARED, event);
        }
        for index in 0..3 {
            let key = format!("{}/latest-{index}.tar.gz", self.bucket.folders[0]);
            let objects = stream(Source::S3Data, DATA);
            let dice = &mut self.dice;
            let event = plain(
                self.world,
                objects,
                dice,
                &user,
                "s3.amazonaws.com",
                "GetObject",
            );
            let mut event = object_event(event, &self.bucket.name, &key, 0);
            deny(&mut event);
            self.plant(38.0 + f64::from(index), objects, Event::Api(event));
        }
    }

    /// A second key for the same user.
    fn persist(&mut self) {
        let user = self.caller((*self.pipeline.user).clone());
        let name = self.pipeline.user.name.clone().unwrap_or_default();
        let mut event = self.api(SHARED, &user, "iam.amazonaws.com", "CreateAccessKey");
        event.request = Some(format!("{{\"userName\":\"{name}\"}}"));
        event.response = Some(format!(
            "{{\"accessKey\":{{\"userName\":\"{name}\",\"accessKeyId\":\"{}\",\"status\":\"Active\"}}}}",
            self.second_key
        ));
        event.target = Some(Target {
            uid: self.pipeline.user.uid.clone(),
            name: name.clone(),
        });
        event.leftovers = vec![("requestParameters.userName", name)];
        self.act(50.0, SHARED, event);
        let second = self.second_user();
        let event = self.api(SHARED, &second, "sts.amazonaws.com", "GetCallerIdentity");
        self.act(55.0, SHARED, event);
    }

    fn second_user(&self) -> Caller {
        self.caller(Actor {
            key: Some(self.second_key.clone()),
            ..(*self.pipeline.user).clone()
        })
    }

    /// The session of the chain's first or second role.
    fn session(&self, step: usize) -> Caller {
        let role = [&self.pipeline.first, &self.pipeline.second][step];
        let since = self.start + [70.0, 75.0][step] * self.minute;
        self.caller(role.session(
            "release-check",
            self.session_keys[step].clone(),
            since as i64,
            false,
        ))
    }

    /// The chain of roles: the build account's own, then the data account's.
    fn climb(&mut self) {
        let sts = "sts.amazonaws.com";
        let second = self.second_user();
        let mut event = self.api(SHARED, &second, sts, "AssumeRole");
        let key = self.session_keys[0].clone();
        assume_role(&mut event, &self.pipeline.first, "release-check", key);
        self.act(70.0, SHARED, event);

        let first = self.session(0);
        for (index, operation) in ["GetCallerIdentity", "AssumeRole"].into_iter().enumerate() {
            let mut event = self.api(SHARED, &first, sts, operation);
            let role = &self.pipeline.second;
            let key = self.session_keys[1].clone();
            if operation == "AssumeRole" {
                assume_role(&mut event, role, "release-check", key);
                let shared = self.dice.uuid();
                event.leftovers.push(("sharedEventID", shared));
                // The account that the role belongs to records the call as well.
                let mut there = event.clone();
                there.ids.0 = self.dice.uuid();
                there.recipient.clone_from(&self.world.accounts[DATA].id);
                self.act(75.0, DATA, there);
            }
            self.act(72.0 + index as f64 * 3.0, SHARED, event);
        }
    }

    /// In the data account: a look at the buckets, the trail, and the door that is opened.
    fn open(&mut self) {
        let session = self.session(1);
        let s3 = "s3.amazonaws.com";
        let trail = "cloudtrail.amazonaws.com";
        let identity = self.api(DATA, &session, "sts.amazonaws.com", "GetCallerIdentity");
        self.act(79.0, DATA, identity);
        let list = self.api(DATA, &session, s3, "ListBuckets");
        self.act(80.0, DATA, list);
        for (index, bucket) in self.world.buckets_of(DATA).into_iter().enumerate() {
            for operation in [
                "GetBucketLocation",
                "GetBucketPolicy",
                "GetBucketPublicAccessBlock",
            ] {
                let event = self.api(DATA, &session, s3, operation);
                let mut event = about_bucket(event, bucket, None);
                if bucket.name != self.bucket.name && operation != "GetBucketLocation" {
                    deny(&mut event);
                }
                self.act(82.0 + index as f64 * 2.0, DATA, event);
            }
        }
        let trails = self.api(DATA, &session, trail, "DescribeTrails");
        self.act(94.0, DATA, trails);
        let mut stop = self.api(DATA, &session, trail, "StopLogging");
        let name = format!(
            "arn:aws:cloudtrail:{}:{}:trail/organisation",
            REGIONS[0], self.world.accounts[DATA].id
        );
        stop.request = Some(format!("{{\"name\":\"{name}\"}}"));
        stop.resources = vec![("AWS::CloudTrail::Trail", name)];
        deny(&mut stop);
        self.act(95.0, DATA, stop);

        let block = self.api(DATA, &session, s3, "DeleteBucketPublicAccessBlock");
        let block = about_bucket(block, self.bucket, None);
        self.act(110.0, DATA, block);
        let policy = format!(
            ",\"bucketPolicy\":{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":[\"s3:GetObject\",\"s3:ListBucket\"],\"Resource\":[\"{arn}\",\"{arn}/*\"]}}]}}",
            arn = self.bucket.arn()
        );
        let put = self.api(DATA, &session, s3, "PutBucketPolicy");
        let put = about_bucket(put, self.bucket, Some(&policy));
        self.act(112.0, DATA, put);
    }

    /// The objects: a few with the session to see that it works, the rest without any name.
    fn take(&mut self) {
        let objects = stream(Source::S3Data, DATA);
        let session = self.session(1);
        let mut nobody = self.caller(Actor {
            kind: "AWSAccount",
            uid_alt: Some("ANONYMOUS_PRINCIPAL".to_owned()),
            ..Actor::default()
        });
        nobody.agent = Cow::Borrowed(FETCHER);
        let month = DateTime::from_timestamp_millis(self.start as i64)
            .map(|time| time.format("%Y-%m").to_string())
            .unwrap_or_default();
        let pages = self.objects / 1_000 + 1;
        for page in 0..pages {
            let dice = &mut self.dice;
            let event = plain(
                self.world,
                objects,
                dice,
                &nobody,
                "s3.amazonaws.com",
                "ListObjects",
            );
            let event = object_event(event, &self.bucket.name, "", 180_000);
            let minute = 118.0 + page as f64 / pages as f64;
            self.plant(minute, objects, Event::Api(event));
        }
        for index in 0..self.objects {
            let caller = if index < 8 { &session } else { &nobody };
            let folder = self.bucket.folders[index % 2];
            let key = format!("{folder}/{month}/customers-{index:05}.csv.gz");
            let dice = &mut self.dice;
            let size = dice.size(400_000.0);
            let event = plain(
                self.world,
                objects,
                dice,
                caller,
                "s3.amazonaws.com",
                "GetObject",
            );
            let event = object_event(event, &self.bucket.name, &key, size);
            let minute = 120.0 + 180.0 * index as f64 / self.objects as f64;
            self.plant(minute, objects, Event::Api(event));
            self.plot.stolen.push(StolenObject {
                bucket: self.bucket.name.clone(),
                key,
            });
        }
    }

    /// What the watching services make of it: never the second key, never the chain.
    fn notice(&mut self) {
        let user = (
            "AwsIamAccessKey",
            self.pipeline.user.key.clone().unwrap_or_default(),
        );
        let bucket = ("AwsS3Bucket", self.bucket.arn());
        let detected = |operation, ip: Option<&String>| FindingKind::Detection {
            operation,
            service: "s3.amazonaws.com",
            ip: ip.cloned(),
            country: "NL",
        };
        let outside = self.outside.clone();
        self.found(
            45.0,
            SHARED,
            (
                "GuardDuty",
                "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom",
                3,
            ),
            "API calls with an access key came from an address on a custom threat list",
            user,
            detected("ListBuckets", Some(&outside)),
        );
        self.found(
            124.0,
            DATA,
            (
                "Security Hub",
                "Software and Configuration Checks/Industry and Regulatory Standards",
                4,
            ),
            "General purpose buckets should block public access",
            bucket.clone(),
            FindingKind::Compliance {
                control: "S3.8",
                passed: false,
            },
        );
        self.found(
            131.0,
            DATA,
            ("GuardDuty", "Policy:S3/BucketAnonymousAccessGranted", 4),
            "A bucket was opened to everybody by its policy",
            bucket.clone(),
            detected("PutBucketPolicy", None),
        );
        self.found(
            248.0,
            DATA,
            ("GuardDuty", "Exfiltration:S3/AnomalousBehavior", 4),
            "Objects were read from a bucket in an unusual way",
            bucket,
            detected("GetObject", Some(&outside)),
        );
    }

    fn found(
        &mut self,
        minute: f64,
        account: usize,
        (product, types, severity): (&'static str, &'static str, i32),
        title: &str,
        resource: (&'static str, String),
        kind: FindingKind,
    ) {
        let id = &self.world.accounts[account].id;
        let region = REGIONS[0];
        let uid = format!(
            "arn:aws:securityhub:{region}:{id}:finding/{}",
            self.dice.uuid()
        );
        let seen = (self.start + minute * self.minute) as i64;
        let generator = if product == "GuardDuty" {
            format!("arn:aws:guardduty:{region}:{id}:detector/d0")
        } else {
            "security-control/S3.8".to_owned()
        };
        let finding = Finding {
            account: id.clone(),
            region,
            uid: uid.clone(),
            product,
            generator,
            title: title.to_owned(),
            text: format!("{title}."),
            types: vec![types],
            severity,
            status: "New",
            update: false,
            seen: (seen, seen),
            resources: vec![resource],
            kind,
        };
        let event = Event::Finding(Box::new(finding));
        self.plant(minute, stream(Source::ShFindings, account), event);
        self.plot.findings.push(uid);
    }
}

/// Fills in the bucket that a management event is about; `more` goes on in the request's JSON.
fn about_bucket(mut event: ApiEvent, bucket: &Bucket, more: Option<&str>) -> ApiEvent {
    event.request = Some(format!(
        "{{\"bucketName\":\"{}\"{}}}",
        bucket.name,
        more.unwrap_or_default()
    ));
    event.resources = vec![("AWS::S3::Bucket", bucket.arn())];
    event.leftovers = vec![("requestParameters.bucketName", bucket.name.clone())];
    event
}
