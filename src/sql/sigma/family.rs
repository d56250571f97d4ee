//! Families of logs: which tables a rule's `logsource` means.

use crate::domain::lake::Source;
use crate::domain::sigma::LogSource;
use crate::sql::pivot::PivotTable;
use crate::sql::pivot::outline::Leaf;

/// Logs whose fields have the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    CloudTrail,
    Flows,
    Names,
    Kubernetes,
    Web,
    Findings,
}

/// The tables that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) family: Family,
    /// One source alone.
    source: Option<Source>,
}

impl Route {
    /// The route of a rule.
    pub(super) fn of(logs: &LogSource) -> Result<Self, String> {
        let product = logs.product.as_deref();
        let service = logs.service.as_deref().unwrap_or_default();
        let category = logs.category.as_deref().unwrap_or_default();
        let family = |family| {
            Ok(Self {
                family,
                source: None,
            })
        };
        let foreign = || {
            let parts = [
                logs.product
                    .as_deref()
                    .map(|name| format!("product {name}")),
                logs.category
                    .as_deref()
                    .map(|name| format!("category {name}")),
                logs.service
                    .as_deref()
                    .map(|name| format!("service {name}")),
            ];
            let told: Vec<String> = parts.into_iter().flatten().collect();
            Err(format!(
                "its logs ({}) are none that Security Lake holds",
                match told.is_empty() {
                    true => "nothing named".to_owned(),
                    false => told.join(", "),
                }
            ))
        };
        match (product, service, category) {
            (product, service, _) if is_of_aws(product, service) => match service {
                "cloudtrail" => family(Family::CloudTrail),
                "vpcflow" | "vpc_flow" | "vpcflowlogs" | "vpc_flow_logs" | "flowlogs" => {
                    family(Family::Flows)
                }
                "route53" | "route_53" | "route53_resolver" | "route53resolver" | "dns" => {
                    family(Family::Names)
                }
                "eks" | "eks_audit" => family(Family::Kubernetes),
                "waf" => family(Family::Web),
                "securityhub" | "security_hub" | "sh_findings" | "guardduty" => {
                    family(Family::Findings)
                }
                "s3_data" | "s3" => Ok(Self {
                    family: Family::CloudTrail,
                    source: Some(Source::S3Data),
                }),
                "lambda_execution" => Ok(Self {
                    family: Family::CloudTrail,
                    source: Some(Source::LambdaExecution),
                }),
                "cloud_trail_mgmt" => Ok(Self {
                    family: Family::CloudTrail,
                    source: Some(Source::CloudTrailMgmt),
                }),
                _ => foreign(),
            },
            (Some("kubernetes"), _, _) => family(Family::Kubernetes),
            (None | Some("aws"), "", "dns" | "dns_query") => family(Family::Names),
            (None | Some("aws"), "", "firewall") => family(Family::Flows),
            (None | Some("aws"), "", "webserver") => family(Family::Web),
            (Some("aws"), "", "") => family(Family::CloudTrail),
            _ => foreign(),
        }
    }

    /// Whether a table has such logs.
    pub(super) fn fits(self, table: &PivotTable, leaves: &[Leaf]) -> bool {
        match (table.source, self.source) {
            (Some(source), Some(wanted)) => source == wanted,
            (Some(source), None) => family_of(source) == self.family,
            (None, Some(_)) => false,
            (None, None) => looks_like(leaves) == Some(self.family),
        }
    }
}

/// Services that are AWS's without a word about the product.
const UNMISTAKABLE: [&str; 13] = [
    "cloudtrail",
    "cloud_trail_mgmt",
    "lambda_execution",
    "vpcflow",
    "vpc_flow",
    "vpcflowlogs",
    "vpc_flow_logs",
    "route53",
    "route53_resolver",
    "eks_audit",
    "guardduty",
    "securityhub",
    "sh_findings",
];

fn is_of_aws(product: Option<&str>, service: &str) -> bool {
    match product {
        Some("aws" | "ocsf") => !service.is_empty(),
        Some(_) => false,
        None => UNMISTAKABLE.contains(&service),
    }
}

fn family_of(source: Source) -> Family {
    match source {
        Source::CloudTrailMgmt | Source::LambdaExecution | Source::S3Data => Family::CloudTrail,
        Source::Route53 => Family::Names,
        Source::ShFindings => Family::Findings,
        Source::VpcFlow => Family::Flows,
        Source::EksAudit => Family::Kubernetes,
        Source::Waf => Family::Web,
    }
}

/// The family of a custom source, by what its rows have.
fn looks_like(leaves: &[Leaf]) -> Option<Family> {
    let has = |path: &str| leaves.iter().any(|leaf| leaf.path == path);
    if has("api.operation") {
        return Some(
            match has("api.service.name") || !has("resources.namespace") {
                true => Family::CloudTrail,
                false => Family::Kubernetes,
            },
        );
    }
    if has("finding_info.uid") || has("finding.uid") {
        return Some(Family::Findings);
    }
    if has("query.hostname") {
        return Some(Family::Names);
    }
    if has("http_request.http_method") {
        return Some(Family::Web);
    }
    has("traffic.bytes").then_some(Family::Flows)
}
