//! CloudTrail records as rows: management events and the data events of S3 and Lambda.
//!
//! What OCSF has a column for goes there. Parameters and answers are kept as the JSON they came as;
//! their short values, and everything else that has no column, are in `unmapped` under the path that
//! they had in the record.

use arrow::error::ArrowError;

use super::json::{Kind, Value};
use super::leftover::{flatten, flatten_short, is_address, millis};
use super::page::Page;
use crate::domain::lake::Source;
use crate::domain::lake::api_class::{AUTHENTICATION, classify};
use crate::domain::lake::columns::List;
use crate::domain::lake::frame::{Frame, observable};
use crate::domain::lake::leaves::ApiLeaves;

/// The members of a record that have a column, or a rule of their own.
#[derive(Default)]
struct Event<'a> {
    identity: Option<Value<'a>>,
    time: Option<Value<'a>>,
    name: Option<Value<'a>>,
    service: Option<Value<'a>>,
    region: Option<Value<'a>>,
    recipient: Option<Value<'a>>,
    request: Option<Value<'a>>,
    response: Option<Value<'a>>,
    more: Option<Value<'a>>,
    error: Option<Value<'a>>,
    from: Option<Value<'a>>,
    resources: Option<Value<'a>>,
}

impl<'a> Event<'a> {
    fn of(record: Value<'a>) -> Self {
        let mut event = Self::default();
        for (name, value) in record.members() {
            let place = match name.as_ref() {
                "userIdentity" => &mut event.identity,
                "eventTime" => &mut event.time,
                "eventName" => &mut event.name,
                "eventSource" => &mut event.service,
                "awsRegion" => &mut event.region,
                "recipientAccountId" => &mut event.recipient,
                "requestParameters" => &mut event.request,
                "responseElements" => &mut event.response,
                "additionalEventData" => &mut event.more,
                "errorCode" => &mut event.error,
                "sourceIPAddress" => &mut event.from,
                "resources" => &mut event.resources,
                _ => continue,
            };
            *place = Some(value).filter(|value| !value.is_null());
        }
        event
    }
}

fn text(value: Option<Value<'_>>) -> Option<String> {
    Some(value?.text()?.into_owned())
}

fn inside<'a>(value: Option<Value<'a>>, path: &[&str]) -> Option<Value<'a>> {
    path.iter()
        .try_fold(value?, |value, name| value.member(name))
}

/// The table that a record belongs to.
pub(super) fn table_of(record: Value<'_>) -> Source {
    let is = |name: &str, wanted: &str| {
        let value = record.member(name).and_then(Value::text);
        value.is_some_and(|value| value == wanted)
    };
    let is_data = is("eventCategory", "Data")
        || record
            .member("managementEvent")
            .is_some_and(|value| value.kind() == Kind::False);
    match () {
        () if !is_data => Source::CloudTrailMgmt,
        () if is("eventSource", "s3.amazonaws.com") => Source::S3Data,
        () if is("eventSource", "lambda.amazonaws.com") => Source::LambdaExecution,
        () => Source::CloudTrailMgmt,
    }
}

/// Rows of one of CloudTrail's tables under way.
pub(super) struct TrailSheet {
    pub(super) frame: Frame,
    pub(super) page: Page,
    leaves: ApiLeaves,
    resources: List,
    source: Source,
}

impl TrailSheet {
    pub(super) fn new(source: Source) -> Result<Self, ArrowError> {
        let frame = Frame::new(source)?;
        Ok(Self {
            leaves: ApiLeaves::bind(&frame.table)?,
            resources: frame.table.list("resources")?,
            page: Page::new(source),
            source,
            frame,
        })
    }

    /// Writes a record as a row; nothing is written where it says why not.
    pub(super) fn push(&mut self, record: Value<'_>, bytes: usize) -> Result<(), String> {
        if let Some(name) = record.twice() {
            return Err(format!("it has `{name}` twice"));
        }
        let event = Event::of(record);
        let name = text(event.name).ok_or("a CloudTrail record has a text `eventName`")?;
        let time = text(event.time).ok_or("a CloudTrail record has a text `eventTime`")?;
        let time = millis(&time).ok_or_else(|| format!("`eventTime` is no time: {time}"))?;
        let service = text(event.service).unwrap_or_default();
        let region = text(event.region).unwrap_or_default();
        let account = text(event.recipient)
            .or_else(|| text(inside(event.identity, &["accountId"])))
            .unwrap_or_default();
        let (class, activity) = classify(&name);
        self.frame.stamp(time, class, activity, 1);
        self.frame
            .product("CloudTrail", "AWS", &["cloud", "datetime"]);
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        let is_data = self.source != Source::CloudTrailMgmt;
        table.text(leaves.feature, if is_data { "Data" } else { "Management" });
        table.text(leaves.operation, &name);
        table.text(leaves.service, &service);
        table.text(leaves.region, &region);
        let refused = inside(event.response, &["ConsoleLogin"])
            .and_then(Value::text)
            .is_some_and(|answer| answer == "Failure");
        let failed = event.error.is_some() || refused;
        table.text(leaves.status, if failed { "Failure" } else { "Success" });
        if class.uid == AUTHENTICATION.uid {
            table.text(leaves.dst_service, &service);
            table.bool(leaves.mfa, used_mfa(&event));
        }
        self.members(record);
        self.who(event.identity);
        self.subject(&event, &name);
        self.observables(&event);
        self.frame.table.end_row();
        self.page.note(&region, &account, time, bytes);
        Ok(())
    }

    /// Every member of the record in its place.
    fn members(&mut self, record: Value<'_>) {
        let (leaves, frame) = (&self.leaves, &mut self.frame);
        for (name, value) in record.members() {
            let leaf = match name.as_ref() {
                // Written already, or with what belongs to them.
                "eventTime" | "eventName" | "userIdentity" | "resources" => continue,
                "eventSource" | "awsRegion" if value.text().is_some() => continue,
                "eventVersion" => leaves.product_version,
                "eventType" => leaves.event_code,
                "eventID" => leaves.event,
                "requestID" => leaves.request_uid,
                "apiVersion" => leaves.version,
                "errorCode" => leaves.error,
                "errorMessage" => leaves.error_message,
                "userAgent" => leaves.agent,
                "vpcEndpointId" => leaves.endpoint,
                "sourceIPAddress" => match value.text() {
                    Some(from) if is_address(&from) => leaves.ip,
                    _ => leaves.domain,
                },
                "requestParameters" | "responseElements" => {
                    if value.is_null() {
                        continue;
                    }
                    let leaf = if name == "requestParameters" {
                        leaves.request
                    } else {
                        leaves.response
                    };
                    frame.table.text(leaf, &value.json());
                    flatten_short(frame, &name, value);
                    continue;
                }
                _ => {
                    flatten(frame, &name, value);
                    continue;
                }
            };
            if let Some(cell) = value.cell() {
                frame.table.text(leaf, &cell);
            }
        }
    }

    fn who(&mut self, identity: Option<Value<'_>>) {
        let Some(identity) = identity else { return };
        if identity.kind() != Kind::Object {
            return flatten(&mut self.frame, "userIdentity", identity);
        }
        let (leaves, frame) = (&self.leaves, &mut self.frame);
        let issuer = inside(Some(identity), &["sessionContext", "sessionIssuer"]);
        // A role's session has no name of its own: it goes by the role's, as Security Lake has it.
        if identity.member("userName").and_then(Value::text).is_none()
            && let Some(name) = inside(issuer, &["userName"]).and_then(Value::text)
        {
            frame.table.text(leaves.actor_name, &name);
        }
        for (name, value) in identity.members() {
            let leaf = match name.as_ref() {
                "type" => leaves.actor_type,
                "userName" => leaves.actor_name,
                "principalId" => leaves.actor_uid_alt,
                "arn" => leaves.actor_uid,
                "accountId" => leaves.actor_account,
                "accessKeyId" => leaves.actor_key,
                "invokedBy" => leaves.invoked_by,
                "identityProvider" => leaves.idp,
                "sessionContext" if value.kind() == Kind::Object => {
                    Self::session(leaves, frame, value);
                    continue;
                }
                _ => {
                    flatten(frame, &format!("userIdentity.{name}"), value);
                    continue;
                }
            };
            if let Some(cell) = value.cell() {
                frame.table.text(leaf, &cell);
            }
        }
    }

    fn session(leaves: &ApiLeaves, frame: &mut Frame, context: Value<'_>) {
        for (part, value) in context.members() {
            for (name, inner) in value.members() {
                let cell = inner.text();
                match (part.as_ref(), name.as_ref(), &cell) {
                    ("attributes", "creationDate", Some(cell)) if millis(cell).is_some() => {
                        frame
                            .table
                            .time(leaves.session_time, millis(cell).unwrap_or_default());
                    }
                    ("attributes", "mfaAuthenticated", Some(cell))
                        if matches!(cell.as_ref(), "true" | "false") =>
                    {
                        frame.table.bool(leaves.session_mfa, cell == "true");
                    }
                    ("sessionIssuer", "arn", Some(cell)) => {
                        frame.table.text(leaves.session_issuer, cell);
                    }
                    _ => {
                        if let ("webIdFederationData", "federatedProvider", Some(cell)) =
                            (part.as_ref(), name.as_ref(), &cell)
                        {
                            frame.table.text(leaves.idp, cell);
                        }
                        let path = format!("userIdentity.sessionContext.{part}.{name}");
                        flatten(frame, &path, inner);
                    }
                }
            }
            if value.kind() != Kind::Object {
                flatten(frame, &format!("userIdentity.sessionContext.{part}"), value);
            }
        }
    }

    /// What the call was about: resources, the user, the policy, the session given out.
    fn subject(&mut self, event: &Event<'_>, name: &str) {
        let (leaves, frame) = (&self.leaves, &mut self.frame);
        if let Some(resources) = event.resources {
            if resources.kind() != Kind::Array {
                flatten(frame, "resources", resources);
            }
            for item in resources.items() {
                for (member, value) in item.members() {
                    let leaf = match member.as_ref() {
                        "ARN" | "arn" => leaves.resource,
                        "accountId" => leaves.resource_owner,
                        "type" => leaves.resource_type,
                        _ => {
                            flatten(frame, &format!("resources[].{member}"), value);
                            continue;
                        }
                    };
                    if let Some(cell) = value.cell() {
                        frame.table.text(leaf, &cell);
                    }
                }
                if item.kind() != Kind::Object {
                    flatten(frame, "resources[]", item);
                }
                frame.table.end_element(self.resources);
            }
        }
        let table = &mut frame.table;
        if let Some(policy) = text(inside(event.request, &["policyArn"])) {
            table.text(leaves.policy, &policy);
        }
        let of_iam = text(event.service).is_some_and(|service| service == "iam.amazonaws.com");
        if of_iam {
            let made = inside(event.response, &["user"]);
            let user = text(inside(event.request, &["userName"]))
                .or_else(|| text(inside(made, &["userName"])))
                .or_else(|| text(inside(event.response, &["accessKey", "userName"])));
            table.maybe(leaves.user_name, user.as_deref());
            table.maybe(leaves.user_uid, text(inside(made, &["arn"])).as_deref());
            let alt = text(inside(made, &["userId"]));
            table.maybe(leaves.user_uid_alt, alt.as_deref());
        } else if name == "ConsoleLogin" {
            let user = text(inside(event.identity, &["userName"]));
            table.maybe(leaves.user_name, user.as_deref());
            table.maybe(
                leaves.user_uid,
                text(inside(event.identity, &["arn"])).as_deref(),
            );
        }
        self.grant(event);
    }

    fn grant(&mut self, event: &Event<'_>) {
        let (leaves, table) = (&self.leaves, &mut self.frame.table);
        let answer = event.response;
        let key = text(inside(answer, &["credentials", "accessKeyId"]));
        if key.is_none() {
            return;
        }
        let session =
            inside(answer, &["assumedRoleUser"]).or_else(|| inside(answer, &["federatedUser"]));
        table.maybe(leaves.grant_key, key.as_deref());
        table.maybe(leaves.grant_uid, text(inside(session, &["arn"])).as_deref());
        let alt = text(inside(session, &["assumedRoleId"]))
            .or_else(|| text(inside(session, &["federatedUserId"])));
        table.maybe(leaves.grant_uid_alt, alt.as_deref());
        let role = text(inside(event.request, &["roleArn"]));
        table.maybe(leaves.grant_issuer, role.as_deref());
    }

    fn observables(&mut self, event: &Event<'_>) {
        let frame = &mut self.frame;
        if let Some(from) = event.from.and_then(Value::text) {
            if is_address(&from) {
                frame.observe("src_endpoint.ip", &from, observable::IP);
            } else {
                frame.observe("src_endpoint.domain", &from, observable::HOSTNAME);
            }
        }
        let name = inside(event.identity, &["userName"]).or_else(|| {
            let issuer = ["sessionContext", "sessionIssuer", "userName"];
            inside(event.identity, &issuer)
        });
        if let Some(name) = name.and_then(Value::text) {
            frame.observe("actor.user.name", &name, observable::USER_NAME);
        }
        for item in event.resources.iter().flat_map(|list| list.items()) {
            let uid = item.member("ARN").or_else(|| item.member("arn"));
            if let Some(uid) = uid.and_then(Value::text) {
                frame.observe("resources[].uid", &uid, observable::RESOURCE);
            }
        }
    }
}

fn used_mfa(event: &Event<'_>) -> bool {
    let console = text(inside(event.more, &["MFAUsed"])).is_some_and(|used| used == "Yes");
    let path = ["sessionContext", "attributes", "mfaAuthenticated"];
    console || text(inside(event.identity, &path)).is_some_and(|used| used == "true")
}
