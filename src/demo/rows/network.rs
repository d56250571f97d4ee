//! Rows of VPC flow logs and of the Route 53 resolver.

use arrow::error::ArrowError;

use super::{Class, Frame, observable};
use crate::domain::lake::Source;
use crate::domain::lake::columns::List;
use crate::domain::lake::leaves::{FlowLeaves, ResolverLeaves};

/// One end of a flow.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlowEnd {
    pub(crate) ip: String,
    pub(crate) port: i32,
    /// The AWS service behind the address.
    pub(crate) service: Option<String>,
    /// Network interface, instance, subnet and VPC, at the end that wrote the log.
    pub(crate) interface: Option<[String; 4]>,
}

/// What a network interface saw of one connection in one minute or less.
#[derive(Debug, Clone)]
pub(crate) struct FlowEvent {
    pub(crate) account: String,
    pub(crate) region: &'static str,
    pub(crate) zone: String,
    pub(crate) src: FlowEnd,
    pub(crate) dst: FlowEnd,
    /// 6 for TCP, 17 for UDP, 1 for ICMP.
    pub(crate) protocol: i32,
    pub(crate) tcp_flags: i32,
    pub(crate) outbound: bool,
    pub(crate) allowed: bool,
    pub(crate) packets: i64,
    pub(crate) bytes: i64,
    /// How long, in milliseconds; the row's time is the start.
    pub(crate) lasted: i64,
}

const NETWORK_ACTIVITY: Class = Class {
    uid: 4001,
    name: "Network Activity",
    category_uid: 4,
    category: "Network Activity",
};

/// Rows of VPC flow logs under way.
pub(crate) struct FlowSheet {
    pub(super) frame: Frame,
    leaves: FlowLeaves,
}

impl FlowSheet {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let frame = Frame::new(Source::VpcFlow)?;
        Ok(Self {
            leaves: FlowLeaves::bind(&frame.table)?,
            frame,
        })
    }

    pub(super) fn push(&mut self, time: i64, event: &FlowEvent) {
        self.frame.stamp(time, NETWORK_ACTIVITY, (6, "Traffic"), 1);
        let profiles = ["cloud", "security_control", "datetime"];
        self.frame.product("Amazon VPC", "AWS", &profiles);
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.text(leaves.product_version, "5");
        table.text(leaves.feature, "Flowlogs");
        table.text(leaves.account, &event.account);
        table.text(leaves.region, event.region);
        table.text(leaves.zone, &event.zone);
        table.int(leaves.src_port, event.src.port);
        table.text(leaves.src_ip, &event.src.ip);
        table.maybe(leaves.src_service, event.src.service.as_deref());
        if let Some([interface, instance, subnet, vpc]) = &event.src.interface {
            table.text(leaves.src_interface, interface);
            table.text(leaves.src_instance, instance);
            table.text(leaves.src_subnet, subnet);
            table.text(leaves.src_vpc, vpc);
        }
        table.int(leaves.dst_port, event.dst.port);
        table.text(leaves.dst_ip, &event.dst.ip);
        table.maybe(leaves.dst_service, event.dst.service.as_deref());
        if let Some([interface, instance, subnet, vpc]) = &event.dst.interface {
            table.text(leaves.dst_interface, interface);
            table.text(leaves.dst_instance, instance);
            table.text(leaves.dst_subnet, subnet);
            table.text(leaves.dst_vpc, vpc);
        }
        self.connection(time, event);
        let frame = &mut self.frame;
        frame.observe("src_endpoint.ip", &event.src.ip, observable::IP);
        frame.observe("dst_endpoint.ip", &event.dst.ip, observable::IP);
        for (name, end) in [
            ("src_endpoint.instance_uid", &event.src),
            ("dst_endpoint.instance_uid", &event.dst),
        ] {
            if let Some([_, instance, ..]) = &end.interface {
                frame.observe(name, instance, observable::RESOURCE);
            }
        }
        frame.leftover("sublocation_id", "-");
        frame.leftover("sublocation_type", "-");
        frame.table.end_row();
    }

    fn connection(&mut self, time: i64, event: &FlowEvent) {
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.int(leaves.protocol, event.protocol);
        table.int(leaves.flags, event.tcp_flags);
        table.text(
            leaves.ip_version,
            if event.src.ip.contains(':') {
                "IPv6"
            } else {
                "IPv4"
            },
        );
        table.int(leaves.boundary_id, 99);
        table.text(leaves.boundary, "-");
        let (id, direction) = if event.outbound {
            (2, "Outbound")
        } else {
            (1, "Inbound")
        };
        table.int(leaves.direction_id, id);
        table.text(leaves.direction, direction);
        table.long(leaves.packets, event.packets);
        table.long(leaves.bytes, event.bytes);
        table.time(leaves.start, time);
        table.time(leaves.end, time + event.lasted);
        table.text(leaves.status_code, "OK");
        let (id, action, disposition) = if event.allowed {
            (1, "Allowed", "Allowed")
        } else {
            (2, "Denied", "Blocked")
        };
        table.int(leaves.action_id, id);
        table.text(leaves.action, action);
        table.text(leaves.disposition, disposition);
    }
}

/// One answer to a DNS query: type and data.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) kind: &'static str,
    pub(crate) data: String,
}

/// A DNS query with its answers.
#[derive(Debug, Clone)]
pub(crate) struct DnsEvent {
    pub(crate) account: String,
    pub(crate) region: &'static str,
    pub(crate) vpc: String,
    pub(crate) ip: String,
    pub(crate) port: i32,
    pub(crate) instance: String,
    /// Without the final dot.
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// Empty where the name does not resolve.
    pub(crate) answers: Vec<Answer>,
    /// 0 NoError, 2 ServError, 3 NXDomain.
    pub(crate) rcode: i32,
}

const DNS_ACTIVITY: Class = Class {
    uid: 4003,
    name: "DNS Activity",
    category_uid: 4,
    category: "Network Activity",
};

/// Rows of the resolver under way.
pub(crate) struct DnsSheet {
    pub(super) frame: Frame,
    leaves: ResolverLeaves,
    answers: List,
}

impl DnsSheet {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let frame = Frame::new(Source::Route53)?;
        Ok(Self {
            leaves: ResolverLeaves::bind(&frame.table)?,
            answers: frame.table.list("answers")?,
            frame,
        })
    }

    pub(super) fn push(&mut self, time: i64, event: &DnsEvent) {
        self.frame.stamp(time, DNS_ACTIVITY, (6, "Traffic"), 1);
        let profiles = ["cloud", "security_control", "datetime"];
        self.frame.product("Route 53", "AWS", &profiles);
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.text(leaves.product_version, "1.100000");
        table.text(leaves.feature, "Resolver Query Logs");
        table.text(leaves.account, &event.account);
        table.text(leaves.region, event.region);
        table.text(leaves.vpc, &event.vpc);
        table.text(leaves.ip, &event.ip);
        table.int(leaves.port, event.port);
        table.text(leaves.instance, &event.instance);
        let dotted = format!("{}.", event.name);
        table.text(leaves.hostname, &dotted);
        table.text(leaves.kind, event.kind);
        table.text(leaves.class, "IN");
        table.open(self.answers);
        for answer in &event.answers {
            table.text(leaves.answer_kind, answer.kind);
            table.text(leaves.answer_data, &answer.data);
            table.text(leaves.answer_class, "IN");
            table.end_element(self.answers);
        }
        table.text(leaves.protocol, "UDP");
        table.text(leaves.direction, "Outbound");
        table.int(leaves.direction_id, 2);
        table.int(leaves.rcode_id, event.rcode);
        let rcode = match event.rcode {
            0 => "NoError",
            2 => "ServError",
            _ => "NXDomain",
        };
        table.text(leaves.rcode, rcode);
        table.text(leaves.disposition, "No Action");
        table.text(leaves.action, "Allowed");
        table.int(leaves.action_id, 1);
        let frame = &mut self.frame;
        frame.observe("src_endpoint.ip", &event.ip, observable::IP);
        frame.observe(
            "src_endpoint.instance_uid",
            &event.instance,
            observable::RESOURCE,
        );
        frame.observe("query.hostname", &dotted, observable::HOSTNAME);
        for answer in event.answers.iter().filter(|answer| answer.kind == "A") {
            frame.observe("answers[].rdata", &answer.data, observable::IP);
        }
        frame.table.end_row();
    }
}
