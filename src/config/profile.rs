//! A profile: which lake is meant, and with whose rights it is read. Never a secret: credentials
//! come from the AWS SDK's provider chain alone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use toml::Spanned;

use super::section::{Faults, Section};

/// One `[profiles.NAME]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Profile {
    /// A folder in Security Lake's layout: such a profile needs no AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lake: Option<PathBuf>,
    /// The Region of the queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The profile of the AWS SDK's own files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_profile: Option<String>,
    /// A role to assume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// The external id that the role's trust asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The session's name in CloudTrail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// The MFA device whose code is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_serial: Option<String>,
    /// The Athena workgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workgroup: Option<String>,
    /// Where Athena writes results, `s3://bucket/prefix/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_location: Option<String>,
    /// Glue databases; empty means: discover.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub databases: Vec<String>,
    /// The lake's buckets, or prefixes of them, `s3://bucket/prefix/`: where the embedded engine
    /// finds Security Lake's own tables when the catalogue does not tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data_locations: Vec<String>,
    /// Another address for every AWS service: a test peer or a VPC endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// US dollars that the queries of a day may cost before a person is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<f64>,
    /// US dollars that one query may cost before a person is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_budget_usd: Option<f64>,
    /// US dollars for a terabyte scanned, as the Region asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_tb: Option<f64>,
    /// Whether every change on the AWS side is barred, containment included.
    pub read_only: bool,
    /// Whether statements that write (CTAS, INSERT, UNLOAD, DDL) may run once a person has
    /// confirmed each.
    pub allow_writes: bool,
    /// Short table names for long ones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, String>,
    /// The narrower role of containment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containment: Option<Containment>,
}

/// `[profiles.NAME.containment]`: the role that may act, assumed only after an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Containment {
    /// The role's ARN.
    pub role_arn: String,
    /// The external id that its trust asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

impl Profile {
    pub(super) fn read(mut section: Section<'_>, faults: &mut Faults<'_>) -> Self {
        let profile = Self {
            lake: section.text("lake", faults).map(PathBuf::from),
            region: section.text("region", faults),
            aws_profile: section.text("aws_profile", faults),
            role_arn: arn(&mut section, faults),
            external_id: section.text("external_id", faults),
            session_name: section.text("session_name", faults),
            mfa_serial: section.text("mfa_serial", faults),
            workgroup: section.text("workgroup", faults),
            output_location: output_location(&mut section, faults),
            databases: section
                .texts("databases", faults)
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            data_locations: data_locations(&mut section, faults),
            endpoint_url: section.text("endpoint_url", faults),
            budget_usd: section.amount("budget_usd", faults),
            query_budget_usd: section.amount("query_budget_usd", faults),
            usd_per_tb: section.amount("usd_per_tb", faults),
            read_only: section.flag("read_only", faults).unwrap_or(false),
            allow_writes: section.flag("allow_writes", faults).unwrap_or(false),
            aliases: aliases(&mut section, faults),
            containment: containment(&mut section, faults),
        };
        section.finish(faults);
        profile
    }
}

/// A role's ARN; anything else under `role_arn` is a fault.
fn arn(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let value = section.spanned_text("role_arn", faults)?;
    let text = value.get_ref();
    if text.starts_with("arn:") && text.contains(":role/") {
        return Some(value.into_inner());
    }
    faults.add(
        &value.span(),
        format!(
            "`{}` is no ARN of a role: `{text}`",
            section.dotted("role_arn")
        ),
        Some("it reads like arn:aws:iam::111122223333:role/NAME".to_owned()),
    );
    None
}

fn output_location(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let value = section.spanned_text("output_location", faults)?;
    if value.get_ref().starts_with("s3://") {
        return Some(value.into_inner());
    }
    faults.add(
        &value.span(),
        format!(
            "`{}` must begin with s3://",
            section.dotted("output_location")
        ),
        None,
    );
    None
}

fn data_locations(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<String> {
    let mut places = Vec::new();
    for value in section.texts("data_locations", faults) {
        let bucket = value.get_ref().strip_prefix("s3://");
        if bucket.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) {
            places.push(value.into_inner());
            continue;
        }
        faults.add(
            &value.span(),
            format!(
                "`{}` must hold places such as s3://bucket/: `{}` is none",
                section.dotted("data_locations"),
                value.get_ref()
            ),
            None,
        );
    }
    places
}

fn aliases(section: &mut Section<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, String> {
    let Some(table) = section.table("aliases", faults) else {
        return BTreeMap::new();
    };
    let mut aliases = BTreeMap::new();
    for (name, value) in table.entries() {
        match value.get_ref().as_str() {
            Some(text) => {
                aliases.insert(name.to_owned(), text.to_owned());
            }
            None => faults.add(
                &value.span(),
                format!("`{}` must be a string", table.dotted(name)),
                Some("an alias names a table: alias = \"database.table\"".to_owned()),
            ),
        }
    }
    aliases
}

fn containment(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Containment> {
    let mut table = section.table("containment", faults)?;
    let role_arn = arn(&mut table, faults);
    let external_id = table.text("external_id", faults);
    table.finish(faults);
    Some(Containment {
        role_arn: role_arn?,
        external_id,
    })
}
