//! Data events: objects read and written, functions called.

use std::borrow::Cow;
use std::sync::Arc;

use super::Background;
use super::calls::{Caller, deny, plain};
use crate::demo::dice::{Dice, Weighted};
use crate::demo::plan::Stream;
use crate::demo::rows::{ApiEvent, Error, Event};
use crate::demo::world::{Actor, Bucket, Function, Role, World};

const HOUR: i64 = 3_600_000;
const READER: &str =
    "aws-sdk-java/2.34.9 md/io#async ua/2.1 os/Linux#6.1.0 lang/java#17.0.16 cfg/s3";
const SCRIPT: &str = "Boto3/1.40.45 md/Botocore#1.40.45 ua/2.1 os/linux#6.1.0 lang/python#3.12.11";

/// Object-level events of an account's buckets.
pub(super) struct Objects<'w> {
    world: &'w World,
    stream: Stream,
    buckets: Vec<&'w Bucket>,
    busy: Weighted,
    roles: Vec<&'w Role>,
    operations: Weighted,
}

const OPERATIONS: [(&str, f64); 6] = [
    ("GetObject", 60.0),
    ("HeadObject", 12.0),
    ("ListObjects", 8.0),
    ("PutObject", 15.0),
    ("DeleteObject", 1.5),
    ("CopyObject", 1.0),
];

impl<'w> Objects<'w> {
    pub(super) fn new(world: &'w World, stream: Stream) -> Self {
        let buckets = world.buckets_of(stream.account);
        Self {
            world,
            stream,
            // The first bucket is the least used: what is taken from it stands out.
            busy: Weighted::new((0..buckets.len()).map(|index| 0.4 + index as f64)),
            buckets,
            roles: world.roles_of(stream.account),
            operations: Weighted::new(OPERATIONS.map(|(_, weight)| weight)),
        }
    }

    fn caller(&self, time: i64, dice: &mut Dice) -> Caller {
        let role = *dice.pick(&self.roles);
        let slot = dice.below(8);
        let since = time.div_euclid(6 * HOUR) * 6 * HOUR;
        let session = format!("{}-{slot}", role.name);
        let label = format!("session/{}/{session}/{since}", role.arn);
        let key = Dice::new(self.world.seed, &label).iam_id("ASIA");
        Caller {
            actor: Arc::new(role.session(&session, key, since, false)),
            from: Cow::Owned(format!("10.250.{}.{}", self.stream.account, 100 + slot)),
            agent: Cow::Borrowed(if slot < 5 { READER } else { SCRIPT }),
        }
    }
}

impl Background for Objects<'_> {
    fn next(&mut self, time: i64, dice: &mut Dice) -> Event {
        let caller = self.caller(time, dice);
        let bucket = self.buckets[self.busy.draw(dice)];
        let (operation, _) = OPERATIONS[self.operations.draw(dice)];
        let folder = dice.pick(&bucket.folders);
        // A few objects are asked for again and again, most of them seldom.
        let number = (dice.unit().powi(3) * 20_000.0) as u32;
        let key = if operation == "ListObjects" {
            String::new()
        } else {
            format!("{folder}/part-{number:05}.parquet")
        };
        let size = dice.size(200_000.0);
        let mut event = object_event(
            plain(
                self.world,
                self.stream,
                dice,
                &caller,
                "s3.amazonaws.com",
                operation,
            ),
            &bucket.name,
            &key,
            size,
        );
        if operation == "HeadObject" && dice.chance(0.06) {
            event.error = Some(Error {
                code: "NoSuchKey",
                message: "The specified key does not exist.".to_owned(),
            });
        } else if dice.chance(0.008) {
            deny(&mut event);
        }
        Event::Api(event)
    }
}

/// Fills in the bucket, the key (empty for a listing) and the bytes that moved.
pub(crate) fn object_event(mut event: ApiEvent, bucket: &str, key: &str, size: i64) -> ApiEvent {
    let arn = format!("arn:aws:s3:::{bucket}");
    event.leftovers = vec![("requestParameters.bucketName", bucket.to_owned())];
    if key.is_empty() {
        event.request = Some(format!(
            "{{\"bucketName\":\"{bucket}\",\"list-type\":\"2\"}}"
        ));
    } else {
        event.request = Some(format!("{{\"bucketName\":\"{bucket}\",\"key\":\"{key}\"}}"));
        event
            .resources
            .push(("AWS::S3::Object", format!("{arn}/{key}")));
        event
            .leftovers
            .push(("requestParameters.key", key.to_owned()));
    }
    let moved = if event.operation == "PutObject" {
        "additionalEventData.bytesTransferredIn"
    } else {
        "additionalEventData.bytesTransferredOut"
    };
    event.resources.push(("AWS::S3::Bucket", arn));
    event.leftovers.push((moved, size.to_string()));
    event
}

/// Calls of an account's functions.
pub(super) struct Invocations<'w> {
    world: &'w World,
    stream: Stream,
    functions: Vec<&'w Function>,
    busy: Weighted,
    roles: Vec<&'w Role>,
}

impl<'w> Invocations<'w> {
    pub(super) fn new(world: &'w World, stream: Stream) -> Self {
        let functions = world.functions_of(stream.account);
        Self {
            world,
            stream,
            busy: Weighted::zipf(functions.len(), 0.9),
            functions,
            roles: world.roles_of(stream.account),
        }
    }
}

impl Background for Invocations<'_> {
    fn next(&mut self, time: i64, dice: &mut Dice) -> Event {
        let function = self.functions[self.busy.draw(dice)];
        let caller = match function.caller {
            Some(service) => Caller {
                actor: Arc::new(Actor {
                    kind: "AWSService",
                    invoked_by: Some(service.to_owned()),
                    ..Actor::default()
                }),
                from: Cow::Borrowed(service),
                agent: Cow::Borrowed(service),
            },
            None => {
                let role = *dice.pick(&self.roles);
                let key = dice.iam_id("ASIA");
                Caller {
                    actor: Arc::new(role.session("worker", key, time, false)),
                    from: Cow::Owned(format!("10.250.{}.180", self.stream.account)),
                    agent: Cow::Borrowed(SCRIPT),
                }
            }
        };
        let service = "lambda.amazonaws.com";
        let mut event = plain(self.world, self.stream, dice, &caller, service, "Invoke");
        event.request = Some(format!(
            "{{\"functionName\":\"{}\",\"invocationType\":\"Event\"}}",
            function.arn
        ));
        event
            .resources
            .push(("AWS::Lambda::Function", function.arn.clone()));
        event.leftovers = vec![("requestParameters.functionName", function.arn.clone())];
        if dice.chance(0.012) {
            event.error = Some(Error {
                code: "TooManyRequestsException",
                message: "Rate Exceeded.".to_owned(),
            });
        }
        Event::Api(event)
    }
}
