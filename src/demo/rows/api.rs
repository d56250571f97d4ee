//! CloudTrail rows: management events and the data events of S3 and Lambda.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::error::ArrowError;

use super::{Class, Frame, observable};
use crate::demo::world::Actor;
use crate::domain::lake::Source;
use crate::domain::lake::api_class::{AUTHENTICATION, classify};
use crate::domain::lake::columns::List;
use crate::domain::lake::leaves::ApiLeaves;

/// A call of an AWS API.
#[derive(Debug, Clone)]
pub(crate) struct ApiEvent {
    /// Such as `iam.amazonaws.com`.
    pub(crate) service: Cow<'static, str>,
    /// Such as `CreateAccessKey`.
    pub(crate) operation: &'static str,
    pub(crate) region: &'static str,
    /// The account that the event was recorded in.
    pub(crate) recipient: String,
    pub(crate) actor: Arc<Actor>,
    /// An IP address, or the name of the service that called.
    pub(crate) from: Cow<'static, str>,
    pub(crate) agent: Cow<'static, str>,
    /// The event's id and the request's.
    pub(crate) ids: (String, String),
    pub(crate) error: Option<Error>,
    /// JSON.
    pub(crate) request: Option<String>,
    /// JSON.
    pub(crate) response: Option<String>,
    /// Resources as type and ARN.
    pub(crate) resources: Vec<(&'static str, String)>,
    /// Whom an account change or a sign-in is about.
    pub(crate) target: Option<Target>,
    /// The session that the call gave out.
    pub(crate) grant: Option<Grant>,
    /// The ARN of the policy that an account change is about.
    pub(crate) policy: Option<String>,
    /// What OCSF has no place for.
    pub(crate) leftovers: Vec<(&'static str, String)>,
}

/// Why a call failed.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A user that a call is about.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) uid: Option<String>,
}

/// A session given out by STS.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// The ARN of the session.
    pub(crate) uid: String,
    /// `AROA…:session`.
    pub(crate) uid_alt: String,
    /// The session's access key id.
    pub(crate) key: String,
    /// The ARN of the role.
    pub(crate) issuer: String,
}

impl ApiEvent {
    /// Whether the operation only looks.
    pub(crate) fn reads(&self) -> bool {
        let (_, (activity, _)) = classify(self.operation);
        activity == 2
    }
}

/// Rows of CloudTrail under way.
pub(crate) struct Sheet {
    pub(super) frame: Frame,
    leaves: ApiLeaves,
    resources: List,
    data: bool,
}

impl Sheet {
    pub(super) fn new(source: Source) -> Result<Self, ArrowError> {
        let frame = Frame::new(source)?;
        Ok(Self {
            leaves: ApiLeaves::bind(&frame.table)?,
            resources: frame.table.list("resources")?,
            data: source != Source::CloudTrailMgmt,
            frame,
        })
    }

    pub(super) fn push(&mut self, time: i64, event: &ApiEvent) {
        let (class, activity) = classify(event.operation);
        self.frame.stamp(time, class, activity, 1);
        let profiles = ["cloud", "datetime"];
        self.frame.product("CloudTrail", "AWS", &profiles);
        self.head(event, class);
        self.actor(event);
        self.subject(event);
        self.observables(event);
        self.leftovers(event);
        self.frame.table.end_row();
    }

    fn head(&mut self, event: &ApiEvent, class: Class) {
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.text(leaves.product_version, "1.11");
        table.text(
            leaves.feature,
            if self.data { "Data" } else { "Management" },
        );
        table.text(
            leaves.event_code,
            if event.operation == "ConsoleLogin" {
                "AwsConsoleSignIn"
            } else {
                "AwsApiCall"
            },
        );
        table.text(leaves.event, &event.ids.0);
        table.text(leaves.region, event.region);
        table.text(leaves.operation, event.operation);
        table.text(leaves.service, &event.service);
        table.text(leaves.request_uid, &event.ids.1);
        table.maybe(leaves.request, event.request.as_deref());
        table.maybe(leaves.response, event.response.as_deref());
        if let Some(error) = &event.error {
            table.text(leaves.error, error.code);
            table.text(leaves.error_message, &error.message);
        }
        let status = if event.error.is_some() {
            "Failure"
        } else {
            "Success"
        };
        table.text(leaves.status, status);
        if class.uid == AUTHENTICATION.uid {
            table.text(leaves.dst_service, &event.service);
            table.bool(leaves.mfa, event.actor.mfa.unwrap_or(false));
        }
        table.text(leaves.agent, &event.agent);
        let from = if is_address(&event.from) {
            leaves.ip
        } else {
            leaves.domain
        };
        table.text(from, &event.from);
    }

    fn actor(&mut self, event: &ApiEvent) {
        let (table, leaves, actor) = (&mut self.frame.table, &self.leaves, &event.actor);
        table.text(leaves.actor_type, actor.kind);
        table.maybe(leaves.actor_name, actor.name.as_deref());
        table.maybe(leaves.actor_uid, actor.uid.as_deref());
        table.maybe(leaves.actor_uid_alt, actor.uid_alt.as_deref());
        table.maybe(leaves.actor_account, actor.account.as_deref());
        table.maybe(leaves.actor_key, actor.key.as_deref());
        table.maybe(leaves.session_issuer, actor.issuer.as_deref());
        table.maybe(leaves.invoked_by, actor.invoked_by.as_deref());
        if let Some(since) = actor.since {
            table.time(leaves.session_time, since);
        }
        if let Some(mfa) = actor.mfa {
            table.bool(leaves.session_mfa, mfa);
        }
    }

    fn subject(&mut self, event: &ApiEvent) {
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        for (kind, uid) in &event.resources {
            table.text(leaves.resource, uid);
            table.text(leaves.resource_type, kind);
            table.text(leaves.resource_owner, &event.recipient);
            table.end_element(self.resources);
        }
        if let Some(target) = &event.target {
            table.text(leaves.user_name, &target.name);
            table.maybe(leaves.user_uid, target.uid.as_deref());
        }
        if let Some(grant) = &event.grant {
            table.text(leaves.grant_uid, &grant.uid);
            table.text(leaves.grant_uid_alt, &grant.uid_alt);
            table.text(leaves.grant_key, &grant.key);
            table.text(leaves.grant_issuer, &grant.issuer);
        }
        table.maybe(leaves.policy, event.policy.as_deref());
    }

    fn observables(&mut self, event: &ApiEvent) {
        let frame = &mut self.frame;
        if is_address(&event.from) {
            frame.observe("src_endpoint.ip", &event.from, observable::IP);
        } else {
            frame.observe("src_endpoint.domain", &event.from, observable::HOSTNAME);
        }
        if let Some(name) = &event.actor.name {
            frame.observe("actor.user.name", name, observable::USER_NAME);
        }
        if let Some(target) = &event.target {
            frame.observe("user.name", &target.name, observable::USER_NAME);
        }
        for (_, uid) in &event.resources {
            frame.observe("resources[].uid", uid, observable::RESOURCE);
        }
    }

    fn leftovers(&mut self, event: &ApiEvent) {
        let frame = &mut self.frame;
        frame.leftover("recipientAccountId", &event.recipient);
        frame.leftover("readOnly", if event.reads() { "true" } else { "false" });
        frame.leftover("managementEvent", if self.data { "false" } else { "true" });
        for (key, value) in &event.leftovers {
            frame.leftover(key, value);
        }
    }
}

/// Whether the source of a call is an address rather than a service's name.
fn is_address(text: &str) -> bool {
    text.bytes()
        .next()
        .is_some_and(|first| first.is_ascii_digit())
}
