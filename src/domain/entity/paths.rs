//! Where in an OCSF row which type of entity lies: one table that is read both ways. Extraction asks
//! what a path holds, a pivot asks which paths of a table can name a type.
//!
//! Paths are dotted and name arrays and maps without their places: `resources.uid` is the `uid` of
//! each element of `resources`. They cover OCSF 1.0.0-rc.2 and 1.1.0, and whatever a custom source
//! calls by the same names; what is not listed may hold anything.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::kind::EntityType;

use EntityType::{
    AccessKey, Account, Container, Domain, Finding, Hash, Ip, Kubernetes, Principal, Process,
    Resource, Role, Session, Url, UserAgent,
};

/// What the values of a path are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What they are taken for, in the order of trial. Empty: what they look like.
    pub lead: &'static [EntityType],
    /// Whether anything else may stand in them as well: JSON, prose, ARNs, what a stranger chose.
    pub open: bool,
}

impl Rule {
    /// Whether a value of this path can name an entity of the type.
    pub fn can_name(&self, kind: EntityType) -> bool {
        let network = |lead| kind == EntityType::Cidr && lead == Ip;
        self.open
            || self
                .lead
                .iter()
                .any(|&lead| lead.covers(kind) || kind.covers(lead) || network(lead))
    }
}

/// Labels, numbers as text, versions: nothing that anybody asks about.
const NOTHING: Rule = Rule {
    lead: &[],
    open: false,
};

/// Values of these types and nothing else.
const fn only(lead: &'static [EntityType]) -> Rule {
    Rule { lead, open: false }
}

/// Values that are first of all of these types, and may hold others.
const fn mostly(lead: &'static [EntityType]) -> Rule {
    Rule { lead, open: true }
}

/// Names, ids and ARNs of whoever acts or is acted on: they hold accounts, and sessions bear the
/// names of instances, but nothing else.
const IDENTITY: Rule = only(&[
    Principal, Role, Session, Account, Resource, Domain, Kubernetes,
]);

/// What may hold anything.
const ANYTHING: Rule = mostly(&[]);

/// The table. A pattern is a whole path, `start.*`, or `*.end` (which `end` alone fits, too); the
/// first that fits counts.
const RULES: &[(&str, Rule)] = &[
    // The row itself.
    ("class_name", NOTHING),
    ("category_name", NOTHING),
    ("type_name", NOTHING),
    ("activity_name", NOTHING),
    ("severity", NOTHING),
    ("status", NOTHING),
    ("status_code", NOTHING),
    ("state", NOTHING),
    ("action", NOTHING),
    ("disposition", NOTHING),
    ("rcode", NOTHING),
    ("region", NOTHING),
    ("eventday", NOTHING),
    ("asl_version", NOTHING),
    ("accountid", only(&[Account])),
    ("metadata.product.uid", ANYTHING),
    ("metadata.product.feature.uid", ANYTHING),
    ("metadata.labels", ANYTHING),
    ("metadata.*", NOTHING),
    ("observables.name", NOTHING),
    ("observables.type", NOTHING),
    // The cloud and the call.
    ("*.account.uid", only(&[Account])),
    ("*.account_uid", only(&[Account])),
    ("cloud.*", NOTHING),
    ("api.operation", NOTHING),
    ("api.version", NOTHING),
    ("api.group.name", NOTHING),
    ("api.request.uid", NOTHING),
    ("api.response.error", NOTHING),
    ("api.service.name", NOTHING),
    ("*.containers.name", mostly(&[Container])),
    ("*.containers.image.name", mostly(&[Container])),
    ("*.containers.image.path", mostly(&[Container])),
    ("*.container.name", mostly(&[Container])),
    ("*.container.uid", mostly(&[Container])),
    // Who.
    ("actor.user.type", NOTHING),
    ("user.type", NOTHING),
    ("*.credential_uid", only(&[AccessKey])),
    ("*.user.groups.name", IDENTITY),
    ("*.user.name", IDENTITY),
    ("*.user.uid", IDENTITY),
    ("*.user.uid_alt", IDENTITY),
    ("*.user.uuid", IDENTITY),
    ("*.user.email_addr", IDENTITY),
    ("actor.session.uid", IDENTITY),
    (
        "*.session.issuer",
        only(&[Role, Principal, Session, Account, Domain]),
    ),
    (
        "session.uid",
        only(&[Session, Principal, Role, Account, Resource]),
    ),
    (
        "session.uid_alt",
        only(&[Session, Principal, Role, Account, Resource]),
    ),
    ("actor.invoked_by", only(&[Domain, Principal])),
    ("actor.idp.name", ANYTHING),
    ("policy.uid", only(&[Resource, Account])),
    // From where to where.
    ("*.intermediate_ips", only(&[Ip])),
    ("*.ip", only(&[Ip])),
    ("src_endpoint.domain", only(&[Domain, Ip])),
    ("dst_endpoint.domain", only(&[Domain, Ip])),
    ("*.svc_name", only(&[Url])),
    ("*.instance_uid", only(&[Resource])),
    ("*.interface_uid", only(&[Resource])),
    ("*.vpc_uid", only(&[Resource])),
    ("*.subnet_uid", only(&[Resource])),
    ("src_endpoint.uid", only(&[Resource, Account])),
    ("dst_endpoint.uid", only(&[Resource, Account])),
    ("*.location.country", NOTHING),
    ("*.location.city", NOTHING),
    ("connection_info.*", NOTHING),
    ("*.connection_info.direction", NOTHING),
    ("*.connection_info.protocol_name", NOTHING),
    // Names and the web.
    ("*.query.type", NOTHING),
    ("*.query.class", NOTHING),
    ("*.query.hostname", only(&[Domain, Ip])),
    ("*.answers.type", NOTHING),
    ("*.answers.class", NOTHING),
    ("*.answers.rdata", mostly(&[Ip, Domain])),
    ("*.hostname", only(&[Domain, Ip])),
    ("*.http_request.url.path", ANYTHING),
    ("*.http_request.version", NOTHING),
    ("*.http_request.http_method", NOTHING),
    ("*.http_request.uid", NOTHING),
    ("*.http_request.http_headers.name", NOTHING),
    ("*.http_request.referrer", mostly(&[Url, Domain])),
    ("*.http_request.x_forwarded_for", mostly(&[Ip])),
    ("*.user_agent", only(&[UserAgent, Ip, Domain, Url])),
    ("*.url_string", mostly(&[Url])),
    ("*.src_url", mostly(&[Url])),
    ("*.references", mostly(&[Url])),
    ("firewall_rule.type", NOTHING),
    ("firewall_rule.condition", NOTHING),
    ("firewall_rule.match_location", NOTHING),
    // Findings.
    ("finding_info.uid", mostly(&[Finding])),
    ("finding.uid", mostly(&[Finding])),
    ("*.related_events.uid", mostly(&[Finding])),
    ("*.related_events.product_uid", ANYTHING),
    ("finding_info.types", NOTHING),
    ("finding.types", NOTHING),
    ("compliance.status", NOTHING),
    ("compliance.status_code", NOTHING),
    ("*.hashes.value", only(&[Hash])),
    ("*.hashes.algorithm", NOTHING),
    ("*.fingerprints.value", only(&[Hash])),
    ("*.process.name", mostly(&[Process])),
    ("*.process.cmd_line", mostly(&[Process])),
    ("*.process.file.path", mostly(&[Process])),
    ("*.process.file.name", mostly(&[Process])),
    ("*.process.uid", NOTHING),
    ("*.parent_process.uid", NOTHING),
    // What it was done to.
    ("*.resources.name", mostly(&[Kubernetes])),
    ("*.resources.namespace", mostly(&[])),
    ("*.resources.uid", mostly(&[])),
    ("*.resource.uid", mostly(&[])),
    ("*.resources.type", NOTHING),
    ("*.resource.type", NOTHING),
    ("*.resources.version", NOTHING),
    ("*.resources.region", NOTHING),
    ("*.resource.region", NOTHING),
    ("*.resources.cloud_partition", NOTHING),
    ("*.resource.cloud_partition", NOTHING),
    ("*.resources.criticality", NOTHING),
    ("*.resource.criticality", NOTHING),
    // Columns as queries of ours and of others call them.
    ("address", mostly(&[Ip, Domain])),
    ("peer", mostly(&[Ip, Domain])),
    ("source_ip", mostly(&[Ip])),
    ("src_ip", mostly(&[Ip])),
    ("dst_ip", mostly(&[Ip])),
    ("access_key", mostly(&[AccessKey])),
    ("issued_key", mostly(&[AccessKey])),
    ("caller_key", mostly(&[AccessKey])),
    ("who", mostly(&[Principal])),
    ("principal", mostly(&[Principal])),
    ("caller", mostly(&[Principal])),
    ("username", mostly(&[Principal])),
    ("user_name", mostly(&[Principal])),
    ("role", mostly(&[Role])),
    ("issued_role", mostly(&[Role])),
    ("account", mostly(&[Account])),
    ("account_id", mostly(&[Account])),
    ("bucket", mostly(&[Resource])),
    ("instance", mostly(&[Resource])),
    ("domain", mostly(&[Domain])),
    ("agent", only(&[UserAgent, Ip, Domain, Url])),
    ("url", mostly(&[Url])),
    ("finding_id", mostly(&[Finding])),
    ("source", NOTHING),
    ("class", NOTHING),
    ("activity", NOTHING),
    ("what", mostly(&[])),
    ("result", NOTHING),
];

/// The places of the rules in the table by the last part of their patterns; those of `start.*`
/// under `*`. Every text of every row asks for its rule.
static BY_LAST: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, (pattern, _)) in RULES.iter().enumerate() {
        places.entry(last(pattern)).or_default().push(place);
    }
    places
});

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The rule of a path. Case does not matter.
pub fn rule(path: &str) -> Rule {
    let path = path.to_ascii_lowercase();
    let of = |last: &str| BY_LAST.get(last).into_iter().flatten();
    of(last(&path))
        .chain(of("*"))
        .filter_map(|place| {
            RULES
                .get(*place)
                .map(|(pattern, rule)| (place, pattern, rule))
        })
        .filter(|(_, pattern, _)| fits(pattern, &path))
        .min_by_key(|(place, ..)| *place)
        .map_or(ANYTHING, |(_, _, rule)| *rule)
}

fn fits(pattern: &str, path: &str) -> bool {
    if let Some(end) = pattern.strip_prefix("*.") {
        return path
            .strip_suffix(end)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'));
    }
    match pattern.strip_suffix(".*") {
        Some(start) => path
            .strip_prefix(start)
            .is_some_and(|rest| rest.starts_with('.')),
        None => pattern == path,
    }
}

/// Whether a path is one whose text says who acts, and with which credentials and from where: what
/// a row is *by*, rather than what it is about.
pub fn is_of_the_actor(path: &str) -> bool {
    path.starts_with("actor.") || matches!(path, "src_endpoint.ip" | "src_endpoint.domain")
}
