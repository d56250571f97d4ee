//! Suspicious activity for live mode: short, complete in one object, and never by anybody whom
//! an answer key names.

use std::borrow::Cow;
use std::sync::Arc;

use crate::demo::background::{Caller, deny, ephemeral, near, plain, query};
use crate::demo::dice::Dice;
use crate::demo::plan::Stream;
use crate::demo::rows::{ApiEvent, Error, Event, Finding, FindingKind, FlowEnd, FlowEvent, Target};
use crate::demo::world::{Actor, REGIONS, World};
use crate::domain::lake::Source;

const TOOL: &str = "aws-cli/1.29.85 Python/3.9.2 Linux/5.10.0-30-amd64 botocore/1.31.85";

/// Something suspicious within a stream's stretch of time, in the order of the times; nothing
/// where the stream's source has no part for it.
pub(super) fn act(
    world: &World,
    stream: Stream,
    span: (i64, i64),
    dice: &mut Dice,
) -> Vec<(i64, Event)> {
    let address = format!("198.51.100.{}", dice.between(121, 130));
    let events = match stream.source {
        Source::CloudTrailMgmt => match dice.below(3) {
            0 => guesses(world, stream, &address, dice),
            1 => new_administrator(world, stream, &address, dice),
            _ => blinded_trail(world, stream, &address, dice),
        },
        Source::VpcFlow => port_scan(world, stream, &address, dice),
        Source::Route53 => tunnel(world, stream, dice),
        Source::ShFindings => alarm(world, stream, span.0, &address, dice),
        _ => Vec::new(),
    };
    let step = (span.1 - span.0) / (events.len() as i64 + 1);
    events
        .into_iter()
        .enumerate()
        .map(|(index, event)| (span.0 + step * (index as i64 + 1), event))
        .collect()
}

fn caller(world: &World, stream: Stream, address: &str, dice: &mut Dice) -> Caller {
    let account = &world.accounts[stream.account].id;
    Caller {
        actor: Arc::new(Actor {
            kind: "IAMUser",
            name: Some("backup-agent".to_owned()),
            uid: Some(format!("arn:aws:iam::{account}:user/backup-agent")),
            uid_alt: Some(dice.iam_id("AIDA")),
            account: Some(account.clone()),
            key: Some(dice.iam_id("AKIA")),
            ..Actor::default()
        }),
        from: Cow::Owned(address.to_owned()),
        agent: Cow::Borrowed(TOOL),
    }
}

/// Passwords tried at the console, one after the other.
fn guesses(world: &World, stream: Stream, address: &str, dice: &mut Dice) -> Vec<Event> {
    let mut caller = caller(world, stream, address, dice);
    let name = "backup-agent";
    caller.actor = Arc::new(Actor {
        kind: "IAMUser",
        name: Some(name.to_owned()),
        account: Some(world.accounts[stream.account].id.clone()),
        mfa: Some(false),
        ..Actor::default()
    });
    let count = 6 + dice.below(8);
    (0..count)
        .map(|index| {
            let service = "signin.amazonaws.com";
            let mut event = plain(world, stream, dice, &caller, service, "ConsoleLogin");
            event.target = Some(Target {
                name: name.to_owned(),
                uid: None,
            });
            let mut outcome = "Failure";
            if index + 1 == count && dice.chance(0.3) {
                outcome = "Success";
            } else {
                event.error = Some(Error {
                    code: "Failure",
                    message: "Failed authentication".to_owned(),
                });
            }
            event.response = Some(format!("{{\"ConsoleLogin\":\"{outcome}\"}}"));
            event.leftovers = vec![("additionalEventData.MFAUsed", "No".to_owned())];
            Event::Api(event)
        })
        .collect()
}

/// A user made, given everything and a key.
fn new_administrator(world: &World, stream: Stream, address: &str, dice: &mut Dice) -> Vec<Event> {
    let caller = caller(world, stream, address, dice);
    let name = format!("svc-update-{}", dice.below(100));
    let mut step = |operation: &'static str| {
        let service = "iam.amazonaws.com";
        let mut event: ApiEvent = plain(world, stream, dice, &caller, service, operation);
        event.request = Some(format!("{{\"userName\":\"{name}\"}}"));
        event.target = Some(Target {
            name: name.clone(),
            uid: None,
        });
        event.leftovers = vec![("requestParameters.userName", name.clone())];
        event
    };
    let identity = step("GetUser");
    let user = step("CreateUser");
    let mut policy = step("AttachUserPolicy");
    policy.policy = Some("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
    let mut key = step("CreateAccessKey");
    key.response = Some(format!(
        "{{\"accessKey\":{{\"userName\":\"{name}\",\"accessKeyId\":\"{}\",\"status\":\"Active\"}}}}",
        dice.iam_id("AKIA")
    ));
    [identity, user, policy, key].map(Event::Api).into()
}

/// Attempts to stop what records.
fn blinded_trail(world: &World, stream: Stream, address: &str, dice: &mut Dice) -> Vec<Event> {
    let caller = caller(world, stream, address, dice);
    [
        ("cloudtrail.amazonaws.com", "DescribeTrails", false),
        ("cloudtrail.amazonaws.com", "StopLogging", true),
        ("cloudtrail.amazonaws.com", "DeleteTrail", true),
        ("guardduty.amazonaws.com", "DeleteDetector", true),
    ]
    .into_iter()
    .map(|(service, operation, denied)| {
        let mut event = plain(world, stream, dice, &caller, service, operation);
        if denied {
            deny(&mut event);
        }
        Event::Api(event)
    })
    .collect()
}

/// Many ports of one host, one after the other.
fn port_scan(world: &World, stream: Stream, address: &str, dice: &mut Dice) -> Vec<Event> {
    let Some(place) = world.place(stream.account, stream.region) else {
        return Vec::new();
    };
    let host = dice.pick(&place.hosts);
    (0..40)
        .map(|_| {
            let port = 1 + dice.below(9_999) as i32;
            Event::Flow(FlowEvent {
                account: world.accounts[stream.account].id.clone(),
                region: REGIONS[stream.region],
                zone: host.zone.clone(),
                src: FlowEnd {
                    ip: address.to_owned(),
                    port: ephemeral(dice),
                    ..FlowEnd::default()
                },
                dst: near(host, place, port),
                protocol: 6,
                tcp_flags: 2,
                outbound: false,
                allowed: false,
                packets: 1,
                bytes: 40,
                lasted: 1_000,
            })
        })
        .collect()
}

/// Data carried out in the names that a host asks for.
fn tunnel(world: &World, stream: Stream, dice: &mut Dice) -> Vec<Event> {
    let Some(place) = world.place(stream.account, stream.region) else {
        return Vec::new();
    };
    let host = dice.pick(&place.hosts);
    let account = &world.accounts[stream.account].id;
    (0..24)
        .map(|_| {
            let mut event = query(account, REGIONS[stream.region], place, host, dice);
            event.name = format!("{}.{}.t.example.org", dice.hex(40), dice.hex(12));
            event.kind = "TXT";
            Event::Dns(event)
        })
        .collect()
}

/// A detection of high severity.
fn alarm(world: &World, stream: Stream, time: i64, address: &str, dice: &mut Dice) -> Vec<Event> {
    let account = &world.accounts[stream.account].id;
    let region = REGIONS[stream.region];
    vec![Event::Finding(Box::new(Finding {
        account: account.clone(),
        region,
        uid: format!(
            "arn:aws:securityhub:{region}:{account}:finding/{}",
            dice.uuid()
        ),
        product: "GuardDuty",
        generator: format!("arn:aws:guardduty:{region}:{account}:detector/d0"),
        title: "A user signed in from an address that has not been seen before".to_owned(),
        text: "Sign-ins of this kind have not been seen from this address.".to_owned(),
        types: vec!["UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B"],
        severity: 4,
        status: "New",
        update: false,
        seen: (time, time),
        resources: vec![(
            "AwsIamUser",
            format!("arn:aws:iam::{account}:user/backup-agent"),
        )],
        kind: FindingKind::Detection {
            operation: "ConsoleLogin",
            service: "signin.amazonaws.com",
            ip: Some(address.to_owned()),
            country: "NL",
        },
    }))]
}
