//! VPC flow logs as rows: the default format, and any other whose first line names its fields.

use std::net::IpAddr;

use arrow::error::ArrowError;

use super::leftover::{known, sane};
use super::page::{Page, UNKNOWN};
use super::source_file::FileFacts;
use crate::domain::lake::Source;
use crate::domain::lake::frame::{Class, Frame, observable};
use crate::domain::lake::leaves::FlowLeaves;

/// The fields of the default format.
const DEFAULT: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// Fields by which a header is known.
const TELLING: [&str; 8] = [
    "srcaddr",
    "dstaddr",
    "account-id",
    "interface-id",
    "log-status",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "srcport",
];

const NETWORK_ACTIVITY: Class = Class {
    uid: 4001,
    name: "Network Activity",
    category_uid: 4,
    category: "Network Activity",
};

/// The fields of a file's lines, in order, spelled as in `account-id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FlowFields(Vec<String>);

impl FlowFields {
    /// What the first line of a file says of its fields, and whether it is a header. With `sure`
    /// a line of another number of fields is still taken for the default format, so that it is
    /// refused line by line and not as a file.
    pub(super) fn recognise(line: &str, sure: bool) -> Option<(Self, bool)> {
        let words: Vec<String> = line
            .split_whitespace()
            .map(|word| {
                let word = word.trim_start_matches("${").trim_end_matches('}');
                word.to_ascii_lowercase().replace('_', "-")
            })
            .collect();
        let told = words.iter().filter(|word| TELLING.contains(&word.as_str()));
        if told.count() >= 2 {
            return Some((Self(words), true));
        }
        let is_default = words.len() == DEFAULT.len()
            && words.first().is_some_and(|version| version == "2")
            && words
                .get(13)
                .is_some_and(|status| matches!(status.as_str(), "ok" | "nodata" | "skipdata"));
        let default = || Self(DEFAULT.map(str::to_owned).to_vec());
        (is_default || sure).then(|| (default(), false))
    }
}

/// The end of a connection that wrote the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Source,
    Destination,
    Unknown,
}

/// Rows of flow logs under way.
pub(super) struct FlowSheet {
    pub(super) frame: Frame,
    pub(super) page: Page,
    leaves: FlowLeaves,
}

impl FlowSheet {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let frame = Frame::new(Source::VpcFlow)?;
        Ok(Self {
            leaves: FlowLeaves::bind(&frame.table)?,
            page: Page::new(Source::VpcFlow),
            frame,
        })
    }

    /// Writes a line as a row; nothing is written where it says why not.
    pub(super) fn push(
        &mut self,
        line: &str,
        fields: &FlowFields,
        file: &FileFacts,
    ) -> Result<(), String> {
        let values: Vec<&str> = line.split_whitespace().collect();
        if values.len() != fields.0.len() {
            return Err(format!(
                "it has {} fields where the format has {}",
                values.len(),
                fields.0.len()
            ));
        }
        let pairs = || {
            fields
                .0
                .iter()
                .map(String::as_str)
                .zip(values.iter().copied())
        };
        let get = |name: &str| {
            let found = pairs().find(|(field, _)| *field == name);
            found.and_then(|(_, value)| known(value))
        };
        let seconds = |name: &str| {
            let Some(text) = get(name) else {
                return Ok(None);
            };
            let time = text
                .parse::<i64>()
                .ok()
                .and_then(|time| time.checked_mul(1_000));
            match time.and_then(sane) {
                Some(time) => Ok(Some(time)),
                None => Err(format!("`{name}` is no time in seconds: {text}")),
            }
        };
        let (start, end) = (seconds("start")?, seconds("end")?);
        let time = start
            .or(end)
            .ok_or("it names no time: `start` or `end` is needed")?;
        let region = get("region").or(file.region.as_deref()).unwrap_or(UNKNOWN);
        let account = get("account-id")
            .or(file.account.as_deref())
            .unwrap_or(UNKNOWN);
        let (src, dst) = (get("srcaddr"), get("dstaddr"));
        let side = side(get("flow-direction"), src, dst);

        self.frame.stamp(time, NETWORK_ACTIVITY, (6, "Traffic"), 1);
        let profiles = ["cloud", "security_control", "datetime"];
        self.frame.product("Amazon VPC", "AWS", &profiles);
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.text(leaves.feature, "Flowlogs");
        table.text(leaves.account, account);
        table.text(leaves.region, region);
        if let Some(start) = start {
            table.time(leaves.start, start);
        }
        if let Some(end) = end {
            table.time(leaves.end, end);
        }
        let version = if src.or(dst).is_some_and(|ip| ip.contains(':')) {
            "IPv6"
        } else {
            "IPv4"
        };
        table.text(leaves.ip_version, version);
        for (name, value) in pairs() {
            self.field(name, value, side);
        }
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        if get("flow-direction").is_none() {
            table.int(leaves.direction_id, 0);
            table.text(leaves.direction, "Unknown");
        }
        if get("traffic-path").is_none() {
            table.int(leaves.boundary_id, 99);
            table.text(leaves.boundary, "-");
        }
        for (name, value) in [("src_endpoint.ip", src), ("dst_endpoint.ip", dst)] {
            if let Some(value) = value {
                self.frame.observe(name, value, observable::IP);
            }
        }
        if let Some(instance) = get("instance-id") {
            let name = match side {
                Side::Source => "src_endpoint.instance_uid",
                Side::Destination => "dst_endpoint.instance_uid",
                Side::Unknown => "unmapped",
            };
            self.frame.observe(name, instance, observable::RESOURCE);
        }
        self.frame.table.end_row();
        self.page.note(region, account, time, line.len());
        Ok(())
    }

    /// One field in its column, or in `unmapped`.
    fn field(&mut self, name: &str, value: &str, side: Side) {
        let leaves = &self.leaves;
        let end = |src, dst| match side {
            Side::Source => Some(src),
            Side::Destination => Some(dst),
            Side::Unknown => None,
        };
        let text = match name {
            "start" | "end" | "account-id" | "region" => return,
            "version" => Some(leaves.product_version),
            "az-id" => Some(leaves.zone),
            "srcaddr" => Some(leaves.src_ip),
            "dstaddr" => Some(leaves.dst_ip),
            "pkt-src-aws-service" => Some(leaves.src_service),
            "pkt-dst-aws-service" => Some(leaves.dst_service),
            "interface-id" => end(leaves.src_interface, leaves.dst_interface),
            "vpc-id" => end(leaves.src_vpc, leaves.dst_vpc),
            "subnet-id" => end(leaves.src_subnet, leaves.dst_subnet),
            "instance-id" => end(leaves.src_instance, leaves.dst_instance),
            "log-status" => Some(leaves.status_code),
            _ => None,
        };
        let Some(value) = known(value) else { return };
        if let Some(leaf) = text {
            return self.frame.table.text(leaf, value);
        }
        let table = &mut self.frame.table;
        let int = match name {
            "srcport" => Some(leaves.src_port),
            "dstport" => Some(leaves.dst_port),
            "protocol" => Some(leaves.protocol),
            "tcp-flags" => Some(leaves.flags),
            "traffic-path" => Some(leaves.boundary_id),
            _ => None,
        };
        if let (Some(leaf), Ok(number)) = (int, value.parse::<i32>()) {
            table.int(leaf, number);
            if name == "traffic-path" {
                table.text(leaves.boundary, value);
            }
            return;
        }
        let long = match name {
            "packets" => Some(leaves.packets),
            "bytes" => Some(leaves.bytes),
            _ => None,
        };
        if let (Some(leaf), Ok(number)) = (long, value.parse::<i64>()) {
            return table.long(leaf, number);
        }
        match (name, value) {
            ("flow-direction", "ingress" | "egress") => {
                let (id, word) = match value {
                    "ingress" => (1, "Inbound"),
                    _ => (2, "Outbound"),
                };
                table.int(leaves.direction_id, id);
                table.text(leaves.direction, word);
            }
            ("action", "ACCEPT") => {
                table.int(leaves.action_id, 1);
                table.text(leaves.action, "Allowed");
                table.text(leaves.disposition, "Allowed");
            }
            ("action", "REJECT") => {
                table.int(leaves.action_id, 2);
                table.text(leaves.action, "Denied");
                table.text(leaves.disposition, "Blocked");
            }
            _ => self.frame.leftover(&name.replace('-', "_"), value),
        }
    }
}

/// Which end wrote the log: as its direction says, else the one address that is private, because an
/// interface is logged under its private address.
fn side(direction: Option<&str>, src: Option<&str>, dst: Option<&str>) -> Side {
    match direction {
        Some("egress") => return Side::Source,
        Some("ingress") => return Side::Destination,
        _ => {}
    }
    let is_private = |ip: Option<&str>| match ip?.parse().ok()? {
        IpAddr::V4(ip) => Some(ip.is_private()),
        IpAddr::V6(_) => None,
    };
    match (is_private(src), is_private(dst)) {
        (Some(true), Some(false)) => Side::Source,
        (Some(false), Some(true)) => Side::Destination,
        _ => Side::Unknown,
    }
}
