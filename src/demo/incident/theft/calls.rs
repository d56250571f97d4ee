//! What the trail saw: looking around, a second key, the chain of roles, the opened door.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Theft, stream};
use crate::demo::background::{Caller, assume_role, deny, object_event, plain};
use crate::demo::rows::{ApiEvent, Event, Target};
use crate::demo::world::{Actor, Bucket, DATA, REGIONS, SHARED};
use crate::domain::lake::Source;

const TOOL: &str = "aws-cli/1.32.101 Python/3.11.9 Linux/6.8.11-kali1-amd64 botocore/1.34.101";

impl Theft<'_> {
    pub(super) fn caller(&self, actor: Actor) -> Caller {
        Caller {
            actor: Arc::new(actor),
            from: Cow::Owned(self.outside.clone()),
            agent: Cow::Borrowed(TOOL),
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
    pub(super) fn look_around(&mut self) {
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
    pub(super) fn persist(&mut self) {
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
    pub(super) fn session(&self, step: usize) -> Caller {
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
    pub(super) fn climb(&mut self) {
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
    pub(super) fn open(&mut self) {
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
