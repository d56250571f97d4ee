//! Query logs of the Route 53 resolver as rows.

use arrow::error::ArrowError;

use super::json::{Kind, Value};
use super::leftover::{flatten, is_address, millis};
use super::page::{Page, UNKNOWN};
use super::source_file::FileFacts;
use crate::domain::lake::Source;
use crate::domain::lake::columns::List;
use crate::domain::lake::frame::{Class, Frame, observable};
use crate::domain::lake::leaves::ResolverLeaves;

const DNS_ACTIVITY: Class = Class {
    uid: 4003,
    name: "DNS Activity",
    category_uid: 4,
    category: "Network Activity",
};

/// Response codes as the log spells them, with OCSF's id and caption.
const CODES: [(&str, i32, &str); 11] = [
    ("NOERROR", 0, "NoError"),
    ("FORMERR", 1, "FormError"),
    ("SERVFAIL", 2, "ServError"),
    ("NXDOMAIN", 3, "NXDomain"),
    ("NOTIMP", 4, "NotImp"),
    ("REFUSED", 5, "Refused"),
    ("YXDOMAIN", 6, "YXDomain"),
    ("YXRRSET", 7, "YXRRSet"),
    ("NXRRSET", 8, "NXRRSet"),
    ("NOTAUTH", 9, "NotAuth"),
    ("NOTZONE", 10, "NotZone"),
];

/// Rows of the resolver under way.
pub(super) struct DnsSheet {
    pub(super) frame: Frame,
    pub(super) page: Page,
    leaves: ResolverLeaves,
    answers: List,
}

impl DnsSheet {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let frame = Frame::new(Source::Route53)?;
        Ok(Self {
            leaves: ResolverLeaves::bind(&frame.table)?,
            answers: frame.table.list("answers")?,
            page: Page::new(Source::Route53),
            frame,
        })
    }

    /// Writes a record as a row; nothing is written where it says why not.
    pub(super) fn push(
        &mut self,
        record: Value<'_>,
        bytes: usize,
        file: &FileFacts,
    ) -> Result<(), String> {
        if let Some(name) = record.twice() {
            return Err(format!("it has `{name}` twice"));
        }
        let text = |name: &str| record.member(name).and_then(Value::cell);
        let time = text("query_timestamp").ok_or("a resolver record has a `query_timestamp`")?;
        let time = millis(&time).ok_or_else(|| format!("`query_timestamp` is no time: {time}"))?;
        let region = text("region");
        let region = region
            .as_deref()
            .or(file.region.as_deref())
            .unwrap_or(UNKNOWN);
        let account = text("account_id");
        let account = account
            .as_deref()
            .or(file.account.as_deref())
            .unwrap_or(UNKNOWN);
        self.frame.stamp(time, DNS_ACTIVITY, (6, "Traffic"), 1);
        let profiles = ["cloud", "security_control", "datetime"];
        self.frame.product("Route 53", "AWS", &profiles);
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.text(leaves.feature, "Resolver Query Logs");
        table.text(leaves.account, account);
        table.text(leaves.region, region);
        table.text(leaves.direction, "Outbound");
        table.int(leaves.direction_id, 2);
        let (action, id, disposition) = match text("firewall_rule_action").as_deref() {
            Some("BLOCK") => ("Denied", 2, "Blocked"),
            Some("ALERT") => ("Allowed", 1, "Alert"),
            Some("ALLOW") => ("Allowed", 1, "Allowed"),
            _ => ("Allowed", 1, "No Action"),
        };
        table.text(leaves.action, action);
        table.int(leaves.action_id, id);
        table.text(leaves.disposition, disposition);
        table.open(self.answers);
        for (name, value) in record.members() {
            self.member(&name, value);
        }
        self.frame.table.end_row();
        self.page.note(region, account, time, bytes);
        Ok(())
    }

    fn member(&mut self, name: &str, value: Value<'_>) {
        let leaves = &self.leaves;
        let seen = match name {
            "srcaddr" => Some(("src_endpoint.ip", observable::IP)),
            "query_name" => Some(("query.hostname", observable::HOSTNAME)),
            _ => None,
        };
        let leaf = match name {
            // Written already.
            "query_timestamp" | "region" | "account_id" => return,
            "version" => leaves.product_version,
            "vpc_id" => leaves.vpc,
            "srcaddr" => leaves.ip,
            "query_name" => leaves.hostname,
            "query_type" => leaves.kind,
            "query_class" => leaves.class,
            "transport" => leaves.protocol,
            "firewall_rule_group_id" => leaves.rule,
            "rcode" => return self.code(value),
            "srcport" if port(value).is_some() => {
                let port = port(value).unwrap_or_default();
                return self.frame.table.int(leaves.port, port);
            }
            "srcids" if value.kind() == Kind::Object => return self.ids(value),
            "answers" if value.kind() == Kind::Array => return self.answers(value),
            _ => return flatten(&mut self.frame, name, value),
        };
        let Some(cell) = value.cell() else { return };
        self.frame.table.text(leaf, &cell);
        if let Some((name, kind)) = seen {
            self.frame.observe(name, &cell, kind);
        }
    }

    fn code(&mut self, value: Value<'_>) {
        let (leaves, table) = (&self.leaves, &mut self.frame.table);
        let Some(cell) = value.cell() else { return };
        let known = CODES.iter().find(|(code, ..)| *code == cell);
        let (id, caption) = known.map_or((99, cell.as_ref()), |(_, id, caption)| (*id, *caption));
        table.int(leaves.rcode_id, id);
        table.text(leaves.rcode, caption);
    }

    fn ids(&mut self, value: Value<'_>) {
        for (name, id) in value.members() {
            let leaves = &self.leaves;
            let leaf = match name.as_ref() {
                "instance" => leaves.instance,
                "resolver_endpoint" => leaves.endpoint,
                "resolver_network_interface" => leaves.interface,
                _ => {
                    flatten(&mut self.frame, &format!("srcids.{name}"), id);
                    continue;
                }
            };
            let Some(cell) = id.cell() else { continue };
            self.frame.table.text(leaf, &cell);
            if name == "instance" {
                let path = "src_endpoint.instance_uid";
                self.frame.observe(path, &cell, observable::RESOURCE);
            }
        }
    }

    fn answers(&mut self, value: Value<'_>) {
        for item in value.items() {
            for (name, part) in item.members() {
                let leaves = &self.leaves;
                let leaf = match name.as_ref() {
                    "Rdata" => leaves.answer_data,
                    "Type" => leaves.answer_kind,
                    "Class" => leaves.answer_class,
                    _ => {
                        flatten(&mut self.frame, &format!("answers[].{name}"), part);
                        continue;
                    }
                };
                let Some(cell) = part.cell() else { continue };
                self.frame.table.text(leaf, &cell);
                if name == "Rdata" && is_address(&cell) {
                    self.frame.observe("answers[].rdata", &cell, observable::IP);
                }
            }
            if item.kind() != Kind::Object {
                flatten(&mut self.frame, "answers[]", item);
            }
            self.frame.table.end_element(self.answers);
        }
    }
}

/// A port, as a number or as a text.
fn port(value: Value<'_>) -> Option<i32> {
    value.plain().parse().ok()
}
