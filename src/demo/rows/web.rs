//! Rows of WAF logs.

use arrow::error::ArrowError;

use super::{Class, Frame, leaves, observable};
use crate::domain::lake::Source;
use crate::domain::lake::columns::List;

/// A web request as the firewall judged it.
#[derive(Debug, Clone)]
pub(crate) struct WebEvent {
    pub(crate) ip: String,
    pub(crate) country: &'static str,
    /// The ARN of the load balancer behind the firewall.
    pub(crate) balancer: String,
    pub(crate) host: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) agent: String,
    pub(crate) referrer: Option<&'static str>,
    pub(crate) request: String,
    /// Rule, its type, the condition, where it matched, and what; `None` where no rule matched.
    pub(crate) rule: Option<Rule>,
    pub(crate) blocked: bool,
    pub(crate) status: i32,
}

/// The rule that decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    /// `REGULAR`, `RATE_BASED`, `MANAGED_RULE_GROUP`.
    pub(crate) kind: &'static str,
    /// `REGEX`, `SQL_INJECTION`, `XSS` …
    pub(crate) condition: Option<&'static str>,
    pub(crate) place: Option<&'static str>,
    pub(crate) details: &'static [&'static str],
    pub(crate) limit: Option<i32>,
}

const HTTP_ACTIVITY: Class = Class {
    uid: 4002,
    name: "HTTP Activity",
    category_uid: 4,
    category: "Network Activity",
};

leaves!(Leaves {
    acl: "metadata.product.feature.uid",
    product_version: "metadata.product.version",
    label: "metadata.labels",
    service: "src_endpoint.svc_name",
    balancer: "src_endpoint.uid",
    ip: "src_endpoint.ip",
    country: "src_endpoint.location.country",
    path: "http_request.url.path",
    host: "http_request.url.hostname",
    version: "http_request.version",
    method: "http_request.http_method",
    request: "http_request.uid",
    query: "http_request.args",
    header: "http_request.http_headers.name",
    header_value: "http_request.http_headers.value",
    agent: "http_request.user_agent",
    referrer: "http_request.referrer",
    rule: "firewall_rule.uid",
    rule_kind: "firewall_rule.type",
    rule_condition: "firewall_rule.condition",
    rule_place: "firewall_rule.match_location",
    rule_details: "firewall_rule.match_details",
    rule_limit: "firewall_rule.rate_limit",
    status: "http_status",
    action: "action",
    action_id: "action_id",
    disposition: "disposition",
    disposition_id: "disposition_id",
});

/// Rows of WAF logs under way.
pub(crate) struct Sheet {
    pub(super) frame: Frame,
    leaves: Leaves,
    headers: List,
    details: List,
    labels: List,
}

impl Sheet {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let frame = Frame::new(Source::Waf)?;
        Ok(Self {
            leaves: Leaves::bind(&frame.table)?,
            headers: frame.table.list("http_request.http_headers")?,
            details: frame.table.list("firewall_rule.match_details")?,
            labels: frame.table.list("metadata.labels")?,
            frame,
        })
    }

    pub(super) fn push(&mut self, time: i64, event: &WebEvent) {
        let activity = match event.method {
            "GET" => (3, "Get"),
            "HEAD" => (4, "Head"),
            "OPTIONS" => (5, "Options"),
            "POST" => (6, "Post"),
            "PUT" => (7, "Put"),
            _ => (99, "Other"),
        };
        self.frame.stamp(time, HTTP_ACTIVITY, activity, 1);
        let profiles = ["cloud", "security_control", "datetime"];
        self.frame.product("AWS WAF", "AWS", &profiles);
        self.request(event);
        self.verdict(event);
        let frame = &mut self.frame;
        frame.observe("src_endpoint.ip", &event.ip, observable::IP);
        frame.observe(
            "http_request.url.hostname",
            event.host,
            observable::HOSTNAME,
        );
        frame.observe("src_endpoint.uid", &event.balancer, observable::RESOURCE);
        frame.leftover("httpSourceName", "ALB");
        frame.leftover("formatVersion", "1");
        frame.table.end_row();
    }

    fn request(&mut self, event: &WebEvent) {
        let headers = [("Host", event.host), ("User-Agent", event.agent.as_str())];
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.text(leaves.acl, "arn:aws:wafv2:webacl/shop-front");
        table.text(leaves.product_version, "1");
        table.text(leaves.service, "ALB");
        table.text(leaves.balancer, &event.balancer);
        table.text(leaves.ip, &event.ip);
        table.text(leaves.country, event.country);
        table.text(leaves.path, &event.path);
        table.text(leaves.host, event.host);
        table.text(leaves.version, "HTTP/2.0");
        table.text(leaves.method, event.method);
        table.text(leaves.request, &event.request);
        table.maybe(leaves.query, event.query.as_deref());
        table.text(leaves.agent, &event.agent);
        table.maybe(leaves.referrer, event.referrer);
        for (name, value) in headers {
            table.text(leaves.header, name);
            table.text(leaves.header_value, value);
            table.end_element(self.headers);
        }
    }

    fn verdict(&mut self, event: &WebEvent) {
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.int(leaves.status, event.status);
        let (id, action, disposition, disposition_id) = if event.blocked {
            (2, "Denied", "Blocked", 2)
        } else {
            (1, "Allowed", "Allowed", 1)
        };
        table.int(leaves.action_id, id);
        table.text(leaves.action, action);
        table.text(leaves.disposition, disposition);
        table.int(leaves.disposition_id, disposition_id);
        let Some(rule) = event.rule else {
            table.text(leaves.rule, "Default_Action");
            table.text(leaves.rule_kind, "REGULAR");
            return;
        };
        table.text(leaves.rule, rule.name);
        table.text(leaves.rule_kind, rule.kind);
        table.maybe(leaves.rule_condition, rule.condition);
        table.maybe(leaves.rule_place, rule.place);
        if let Some(limit) = rule.limit {
            table.int(leaves.rule_limit, limit);
        }
        self.frame
            .texts(self.details, self.leaves.rule_details, rule.details);
        self.frame
            .texts(self.labels, self.leaves.label, &[rule.name]);
    }
}
