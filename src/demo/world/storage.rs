//! Buckets and functions.

use super::{Account, DATA, PRODUCTION, REGIONS, SANDBOX, SECURITY, SHARED};
use crate::demo::dice::Dice;

/// An S3 bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// The account's index.
    pub(crate) account: usize,
    pub(crate) name: String,
    /// The folders that its keys begin with.
    pub(crate) folders: [&'static str; 2],
}

impl Bucket {
    /// The bucket's ARN.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }
}

/// A Lambda function.
#[derive(Debug)]
pub(crate) struct Function {
    /// The account's index.
    pub(crate) account: usize,
    pub(crate) name: &'static str,
    pub(crate) arn: String,
    /// The service that calls it, or nothing where people and programs do.
    pub(crate) caller: Option<&'static str>,
}

/// The buckets; the first one of [`DATA`] holds what is worth taking.
pub(super) fn buckets(dice: &mut Dice) -> Vec<Bucket> {
    [
        (DATA, "customer-exports", ["exports/daily", "exports/adhoc"]),
        (DATA, "lake-raw", ["raw/orders", "raw/clicks"]),
        (DATA, "lake-curated", ["curated/revenue", "curated/cohorts"]),
        (DATA, "models", ["models/churn", "models/ranking"]),
        (PRODUCTION, "assets", ["static/js", "static/img"]),
        (PRODUCTION, "uploads", ["avatars", "invoices"]),
        (PRODUCTION, "access-logs", ["alb", "cdn"]),
        (SHARED, "artifacts", ["builds/main", "builds/branches"]),
        (SHARED, "packages", ["stable", "nightly"]),
        (SANDBOX, "scratch", ["tmp", "notebooks"]),
        (SECURITY, "audit-archive", ["trail", "config"]),
    ]
    .into_iter()
    .map(|(account, name, folders)| Bucket {
        account,
        // The digits come last, so that no name is a part of another.
        name: format!("example-{name}-{}", dice.hex(6)),
        folders,
    })
    .collect()
}

/// The functions.
pub(super) fn functions(dice: &mut Dice, accounts: &[Account]) -> Vec<Function> {
    let suffix = dice.hex(4);
    [
        (PRODUCTION, "thumbnailer", Some("s3.amazonaws.com")),
        (PRODUCTION, "order-events", Some("events.amazonaws.com")),
        (PRODUCTION, "session-cleanup", Some("events.amazonaws.com")),
        (PRODUCTION, "checkout-api", Some("apigateway.amazonaws.com")),
        (PRODUCTION, "fraud-score", None),
        (DATA, "report-builder", Some("events.amazonaws.com")),
        (DATA, "partition-loader", Some("s3.amazonaws.com")),
        (DATA, "schema-check", None),
    ]
    .into_iter()
    .map(|(account, name, caller)| Function {
        account,
        name,
        arn: format!(
            "arn:aws:lambda:{}:{}:function:{name}-{suffix}",
            REGIONS[0], accounts[account].id
        ),
        caller,
    })
    .collect()
}
