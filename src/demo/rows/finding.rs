//! Rows of Security Hub: what it and the services behind it found.

use arrow::error::ArrowError;

use super::{Class, Frame, leaves, observable};
use crate::domain::lake::Source;
use crate::domain::lake::columns::List;

/// A finding in one of its states.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) account: String,
    pub(crate) region: &'static str,
    pub(crate) uid: String,
    /// `Security Hub`, `GuardDuty`, `Inspector`.
    pub(crate) product: &'static str,
    pub(crate) generator: String,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Types as the product names them.
    pub(crate) types: Vec<&'static str>,
    /// 1 informational … 5 critical.
    pub(crate) severity: i32,
    /// `New`, `In Progress`, `Suppressed`, `Resolved`.
    pub(crate) status: &'static str,
    /// Whether an earlier row had the same uid.
    pub(crate) update: bool,
    /// First and last time seen, epoch milliseconds.
    pub(crate) seen: (i64, i64),
    /// Resources as type and uid.
    pub(crate) resources: Vec<(&'static str, String)>,
    pub(crate) kind: FindingKind,
}

/// What only one class has.
#[derive(Debug, Clone)]
pub(crate) enum FindingKind {
    /// A control passed or failed.
    Compliance { control: &'static str, passed: bool },
    /// A package with a known weakness.
    Vulnerability(Weakness),
    /// Something happened: operation, service and the remote address.
    Detection {
        operation: &'static str,
        service: &'static str,
        ip: Option<String>,
        country: &'static str,
    },
}

/// A weakness in a package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weakness {
    pub(crate) id: &'static str,
    /// Ten times the CVSS base score.
    pub(crate) score: i128,
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    pub(crate) fixed: &'static str,
    pub(crate) exploited: bool,
}

fn class(uid: i32, name: &'static str) -> Class {
    Class {
        uid,
        name,
        category_uid: 2,
        category: "Findings",
    }
}

leaves!(Leaves {
    feature: "metadata.product.feature.name",
    feature_uid: "metadata.product.feature.uid",
    product_uid: "metadata.product.uid",
    log_version: "metadata.log_version",
    processed: "metadata.processed_time_dt",
    message: "message",
    confidence: "confidence_score",
    account: "cloud.account.uid",
    region: "cloud.region",
    one_type: "resource.type",
    one_uid: "resource.uid",
    one_partition: "resource.cloud_partition",
    one_region: "resource.region",
    created: "finding_info.created_time_dt",
    uid: "finding_info.uid",
    desc: "finding_info.desc",
    title: "finding_info.title",
    modified: "finding_info.modified_time_dt",
    first_seen: "finding_info.first_seen_time_dt",
    last_seen: "finding_info.last_seen_time_dt",
    types: "finding_info.types",
    remediation: "remediation.desc",
    control: "compliance.control",
    compliance: "compliance.status",
    standard: "compliance.standards",
    fix: "vulnerabilities.remediation.desc",
    score: "vulnerabilities.cve.cvss.base_score",
    score_version: "vulnerabilities.cve.cvss.version",
    vector: "vulnerabilities.cve.cvss.vector_string",
    weakness: "vulnerabilities.cve.uid",
    vendor: "vulnerabilities.vendor_name",
    package: "vulnerabilities.affected_packages.name",
    package_version: "vulnerabilities.affected_packages.version",
    package_fixed: "vulnerabilities.affected_packages.fixed_in_version",
    package_manager: "vulnerabilities.affected_packages.package_manager",
    fixable: "vulnerabilities.is_fix_available",
    exploitable: "vulnerabilities.is_exploit_available",
    resource_type: "resources.type",
    resource_uid: "resources.uid",
    resource_partition: "resources.cloud_partition",
    resource_region: "resources.region",
    resource_owner: "resources.owner.account.uid",
    operation: "evidences.actor.api.operation",
    service: "evidences.actor.api.service.name",
    remote_ip: "evidences.actor.src_endpoint.ip",
    remote_country: "evidences.actor.src_endpoint.location.country",
    status: "status",
});

/// Rows of Security Hub under way.
pub(crate) struct Sheet {
    pub(super) frame: Frame,
    leaves: Leaves,
    types: List,
    standards: List,
    scores: List,
    packages: List,
    vulnerabilities: List,
    resources: List,
    evidences: List,
}

impl Sheet {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let frame = Frame::new(Source::ShFindings)?;
        let list = |path| frame.table.list(path);
        Ok(Self {
            leaves: Leaves::bind(&frame.table)?,
            types: list("finding_info.types")?,
            standards: list("compliance.standards")?,
            scores: list("vulnerabilities.cve.cvss")?,
            packages: list("vulnerabilities.affected_packages")?,
            vulnerabilities: list("vulnerabilities")?,
            resources: list("resources")?,
            evidences: list("evidences")?,
            frame,
        })
    }

    pub(super) fn push(&mut self, time: i64, event: &Finding) {
        let class = match event.kind {
            FindingKind::Vulnerability(_) => class(2002, "Vulnerability Finding"),
            FindingKind::Compliance { .. } => class(2003, "Compliance Finding"),
            FindingKind::Detection { .. } => class(2004, "Detection Finding"),
        };
        let activity = match (event.status, event.update) {
            ("Resolved", _) => (3, "Close"),
            (_, true) => (2, "Update"),
            (_, false) => (1, "Create"),
        };
        self.frame.stamp(time, class, activity, event.severity);
        let profiles = ["cloud", "datetime"];
        self.frame.product(event.product, "AWS", &profiles);
        self.about(time, event);
        self.particulars(event);
        self.resources(event);
        self.frame.leftover("RecordState", "ACTIVE");
        self.frame.leftover("WorkflowState", "NEW");
        self.frame.table.end_row();
    }

    fn about(&mut self, time: i64, event: &Finding) {
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.text(leaves.feature, event.product);
        table.text(leaves.feature_uid, &event.generator);
        let product = format!(
            "arn:aws:securityhub:{}::product/aws/{}",
            event.region,
            event.product.to_ascii_lowercase().replace(' ', "")
        );
        table.text(leaves.product_uid, &product);
        table.text(leaves.log_version, "2018-10-08");
        table.time(leaves.processed, time);
        table.text(leaves.message, &event.title);
        table.text(leaves.account, &event.account);
        table.text(leaves.region, event.region);
        table.time(leaves.created, event.seen.0);
        table.text(leaves.uid, &event.uid);
        table.text(leaves.desc, &event.text);
        table.text(leaves.title, &event.title);
        table.time(leaves.modified, time);
        table.time(leaves.first_seen, event.seen.0);
        table.time(leaves.last_seen, event.seen.1);
        table.text(leaves.status, event.status);
        self.frame
            .texts(self.types, self.leaves.types, &event.types);
    }

    fn particulars(&mut self, event: &Finding) {
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        match &event.kind {
            FindingKind::Compliance { control, passed } => {
                table.text(leaves.control, control);
                table.text(leaves.compliance, if *passed { "PASSED" } else { "FAILED" });
                table.text(
                    leaves.standard,
                    "standards/aws-foundational-security-best-practices",
                );
                table.end_element(self.standards);
                table.text(
                    leaves.remediation,
                    "Bring the resource in line with the control.",
                );
            }
            FindingKind::Vulnerability(weakness) => {
                table.decimal(leaves.score, weakness.score);
                table.text(leaves.score_version, "3.1");
                table.text(
                    leaves.vector,
                    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                );
                table.end_element(self.scores);
                table.text(leaves.weakness, weakness.id);
                table.text(leaves.vendor, "EXAMPLE_CVE");
                table.text(leaves.package, weakness.package);
                table.text(leaves.package_version, weakness.version);
                table.text(leaves.package_fixed, weakness.fixed);
                table.text(leaves.package_manager, "OS");
                table.end_element(self.packages);
                table.bool(leaves.fixable, true);
                table.bool(leaves.exploitable, weakness.exploited);
                table.text(leaves.fix, "Update the package.");
                table.end_element(self.vulnerabilities);
            }
            FindingKind::Detection {
                operation,
                service,
                ip,
                country,
            } => {
                table.int(leaves.confidence, 80);
                table.text(leaves.operation, operation);
                table.text(leaves.service, service);
                if let Some(ip) = ip {
                    table.text(leaves.remote_ip, ip);
                    table.text(leaves.remote_country, country);
                }
                table.end_element(self.evidences);
                if let Some(ip) = ip {
                    let name = "evidences[].actor.src_endpoint.ip";
                    self.frame.observe(name, ip, observable::IP);
                }
            }
        }
    }

    fn resources(&mut self, event: &Finding) {
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        if let Some((kind, uid)) = event.resources.first() {
            table.text(leaves.one_type, kind);
            table.text(leaves.one_uid, uid);
            table.text(leaves.one_partition, "aws");
            table.text(leaves.one_region, event.region);
        }
        for (kind, uid) in &event.resources {
            table.text(leaves.resource_type, kind);
            table.text(leaves.resource_uid, uid);
            table.text(leaves.resource_partition, "aws");
            table.text(leaves.resource_region, event.region);
            table.text(leaves.resource_owner, &event.account);
            table.end_element(self.resources);
        }
        for (_, uid) in &event.resources {
            self.frame
                .observe("resources[].uid", uid, observable::RESOURCE);
        }
    }
}
