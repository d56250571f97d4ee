//! The objects that were taken, and what the watching services made of it.

use std::borrow::Cow;

use chrono::DateTime;

use super::{Theft, stream};
use crate::demo::background::{object_event, plain};
use crate::demo::rows::{Event, Finding, FindingKind};
use crate::demo::scenario::StolenObject;
use crate::demo::world::{Actor, DATA, REGIONS, SHARED};
use crate::domain::lake::Source;

const FETCHER: &str = "curl/8.8.0";

impl Theft<'_> {
    /// The objects: a few with the session to see that it works, the rest without any name.
    pub(super) fn take(&mut self) {
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
    pub(super) fn notice(&mut self) {
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
