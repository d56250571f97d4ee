//! From an operation and a caller to an event: parameters, resources, errors.

use std::borrow::Cow;
use std::sync::Arc;

use super::operations::{On, Operation};
use crate::demo::dice::Dice;
use crate::demo::plan::Stream;
use crate::demo::rows::{ApiEvent, Error, Target};
use crate::demo::world::{Actor, REGIONS, World};

/// Who calls, from where, with what.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) actor: Arc<Actor>,
    pub(crate) from: Cow<'static, str>,
    pub(crate) agent: Cow<'static, str>,
}

const SECRETS: [&str; 4] = ["db/orders", "db/reports", "partner/payments", "smtp/relay"];
const PARAMETERS: [&str; 4] = ["/app/flags", "/app/limits", "/build/image", "/web/theme"];
const TABLES: [&str; 4] = ["orders", "sessions", "carts", "profiles"];
const QUEUES: [&str; 4] = ["order-events", "mail-out", "thumbnails", "dead-letters"];
const GROUPS: [&str; 4] = [
    "/ecs/order-service",
    "/aws/lambda/thumbnailer",
    "/vpc/edge",
    "/eks/audit",
];
const REPOSITORIES: [&str; 4] = [
    "web-frontend",
    "order-service",
    "payment-service",
    "etl-runner",
];

/// An event without parameters, resources or errors.
pub(crate) fn plain(
    world: &World,
    stream: Stream,
    dice: &mut Dice,
    caller: &Caller,
    service: impl Into<Cow<'static, str>>,
    operation: &'static str,
) -> ApiEvent {
    ApiEvent {
        service: service.into(),
        operation,
        region: REGIONS[stream.region],
        recipient: world.accounts[stream.account].id.clone(),
        actor: Arc::clone(&caller.actor),
        from: caller.from.clone(),
        agent: caller.agent.clone(),
        ids: (dice.uuid(), dice.uuid()),
        error: None,
        request: None,
        response: None,
        resources: Vec::new(),
        target: None,
        grant: None,
        policy: None,
        leftovers: Vec::new(),
    }
}

/// A call with everything that belongs to it; now and then it is denied.
pub(crate) fn call(
    world: &World,
    stream: Stream,
    dice: &mut Dice,
    caller: &Caller,
    operation: &Operation,
) -> ApiEvent {
    let service = format!("{}.amazonaws.com", operation.service);
    let mut event = plain(world, stream, dice, caller, service, operation.name);
    let account = &world.accounts[stream.account].id;
    let region = event.region;
    let arn = |service: &str, rest: String| format!("arn:aws:{service}:{region}:{account}:{rest}");
    let (parameter, value, resource) = match operation.on {
        On::Nothing => ("", String::new(), None),
        On::Bucket => bucket(world, stream, dice),
        On::Role => {
            let roles = world.roles_of(stream.account);
            let role = dice.pick(&roles);
            event.target = Some(Target {
                name: role.name.clone(),
                uid: Some(role.arn.clone()),
            });
            let resource = Some(("AWS::IAM::Role", role.arn.clone()));
            ("roleName", role.name.clone(), resource)
        }
        On::User => {
            let name = *dice.pick(&["backup-agent", "mail-relay", "metrics-push"]);
            event.target = Some(Target {
                name: name.to_owned(),
                uid: None,
            });
            let resource = Some((
                "AWS::IAM::User",
                format!("arn:aws:iam::{account}:user/{name}"),
            ));
            ("userName", name.to_owned(), resource)
        }
        On::Instance => {
            let instance = match world.place(stream.account, stream.region) {
                Some(place) => dice.pick(&place.hosts).instance.clone(),
                None => format!("i-0{}", dice.hex(16)),
            };
            let resource = (
                "AWS::EC2::Instance",
                arn("ec2", format!("instance/{instance}")),
            );
            ("instanceId", instance, Some(resource))
        }
        On::Key => {
            let key = format!("{:08x}-demo-key", stream.account * 7 + dice.below(3));
            let resource = ("AWS::KMS::Key", arn("kms", format!("key/{key}")));
            ("keyId", key, Some(resource))
        }
        On::Secret => {
            let name = (*dice.pick(&SECRETS)).to_owned();
            let resource = arn("secretsmanager", format!("secret:{name}"));
            (
                "secretId",
                name,
                Some(("AWS::SecretsManager::Secret", resource)),
            )
        }
        On::Parameter => ("name", (*dice.pick(&PARAMETERS)).to_owned(), None),
        On::Table => {
            let name = (*dice.pick(&TABLES)).to_owned();
            let resource = (
                "AWS::DynamoDB::Table",
                arn("dynamodb", format!("table/{name}")),
            );
            ("tableName", name, Some(resource))
        }
        On::Queue => ("queueName", (*dice.pick(&QUEUES)).to_owned(), None),
        On::LogGroup => ("logGroupName", (*dice.pick(&GROUPS)).to_owned(), None),
        On::Repository => (
            "repositoryName",
            (*dice.pick(&REPOSITORIES)).to_owned(),
            None,
        ),
        On::SecurityGroup => ("groupId", format!("sg-0{}", dice.hex(16)), None),
        On::Function => {
            let functions = world.functions_of(stream.account);
            if functions.is_empty() {
                ("functionName", "hello".to_owned(), None)
            } else {
                let function = dice.pick(&functions);
                let resource = Some(("AWS::Lambda::Function", function.arn.clone()));
                ("functionName", function.name.to_owned(), resource)
            }
        }
    };
    if !parameter.is_empty() {
        event.request = Some(format!("{{\"{parameter}\":\"{value}\"}}"));
        event.leftovers.push((leftover_key(parameter), value));
    }
    event.resources.extend(resource);
    if operation.name == "AttachRolePolicy" {
        event.policy = Some("arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess".to_owned());
    }
    if operation.name == "CreateAccessKey" {
        event.response = Some(format!(
            "{{\"accessKey\":{{\"accessKeyId\":\"{}\",\"status\":\"Active\"}}}}",
            dice.iam_id("AKIA")
        ));
    }
    if operation.name == "PutBucketPolicy" {
        event.request = event.request.map(|request| {
            let policy = format!(
                ",\"bucketPolicy\":{{\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":\"arn:aws:iam::{account}:root\"}},\"Action\":\"s3:GetObject\"}}]}}}}"
            );
            request.trim_end_matches('}').to_owned() + &policy
        });
    }
    if forbidden(&event) || (operation.name != "GetCallerIdentity" && dice.chance(0.015)) {
        deny(&mut event);
    }
    event
}

/// Whether a role that may only look tries to change something.
fn forbidden(event: &ApiEvent) -> bool {
    let looks = ["ReadOnlyAccess", "SecurityAudit"];
    let role = event.actor.name.as_deref().unwrap_or_default();
    looks.iter().any(|name| role.contains(name)) && !event.reads()
}

fn bucket(
    world: &World,
    stream: Stream,
    dice: &mut Dice,
) -> (&'static str, String, Option<(&'static str, String)>) {
    let buckets = world.buckets_of(stream.account);
    let bucket = dice.pick(&buckets);
    let resource = Some(("AWS::S3::Bucket", bucket.arn()));
    ("bucketName", bucket.name.clone(), resource)
}

fn leftover_key(parameter: &str) -> &'static str {
    match parameter {
        "bucketName" => "requestParameters.bucketName",
        "roleName" => "requestParameters.roleName",
        "userName" => "requestParameters.userName",
        "instanceId" => "requestParameters.instancesSet.items[].instanceId",
        "keyId" => "requestParameters.keyId",
        "secretId" => "requestParameters.secretId",
        "tableName" => "requestParameters.tableName",
        "functionName" => "requestParameters.functionName",
        "groupId" => "requestParameters.groupId",
        _ => "requestParameters.name",
    }
}

/// Turns a call into one that its policies forbid.
pub(crate) fn deny(event: &mut ApiEvent) {
    let service = event.service.split('.').next().unwrap_or_default();
    let who = event.actor.uid.as_deref().unwrap_or("anonymous");
    let message = format!(
        "User: {who} is not authorized to perform: {service}:{} because no identity-based policy allows the action",
        event.operation
    );
    event.error = Some(Error {
        code: if service == "ec2" {
            "Client.UnauthorizedOperation"
        } else {
            "AccessDenied"
        },
        message,
    });
    event.response = None;
    event.grant = None;
}
