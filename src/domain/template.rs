//! Saved queries with typed parameters.
//!
//! A template is a plain `.sql` file that also runs, unchanged, in Athena's own console. A header of
//! comments names it; in the body a marker stands before each default that a parameter replaces:
//!
//! ```sql
//! -- name: api-by-ip
//! -- purpose: What an address called, oldest first.
//! -- classes: 6003, 3002
//! -- tables: cloud_trail_mgmt
//! -- param: ip ip "Address to look for"
//! SELECT … WHERE src_endpoint.ip = /* :ip */ '192.0.2.1'
//! ```
//!
//! This file holds what a template is. Reading one (`Template::parse`) and filling one
//! (`Template::bind`) need the lexer and the quoting of values: both stand in `sql::template`.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::domain::nearest::nearest;

/// What kind of value a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParameterType {
    /// Any text.
    Text,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A network such as `10.0.0.0/8`.
    Cidr,
    /// An AWS account id of twelve digits.
    Account,
    /// An AWS Region such as `eu-west-1`.
    Region,
    /// An access key id such as `AKIA…`.
    AccessKey,
    /// A user or role: an ARN, a name or a unique id.
    Principal,
    /// An ARN.
    Arn,
    /// The name of an S3 bucket.
    Bucket,
    /// A domain name.
    Domain,
    /// A whole number.
    Integer,
    /// A point in time.
    Timestamp,
    /// A span of time such as `7 days`.
    Interval,
}

impl ParameterType {
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Text,
        Self::Ip,
        Self::Cidr,
        Self::Account,
        Self::Region,
        Self::AccessKey,
        Self::Principal,
        Self::Arn,
        Self::Bucket,
        Self::Domain,
        Self::Integer,
        Self::Timestamp,
        Self::Interval,
    ];

    /// The name in a template's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Ip => "ip",
            Self::Cidr => "cidr",
            Self::Account => "account",
            Self::Region => "region",
            Self::AccessKey => "access-key",
            Self::Principal => "principal",
            Self::Arn => "arn",
            Self::Bucket => "bucket",
            Self::Domain => "domain",
            Self::Integer => "integer",
            Self::Timestamp => "timestamp",
            Self::Interval => "interval",
        }
    }
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ParameterType {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(())
    }
}

/// A parameter of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, as in `/* :name */`.
    pub name: String,
    /// What it takes.
    pub kind: ParameterType,
    /// What to enter, for a person.
    pub help: String,
    /// The SQL that stands in the file and is used when no value is given.
    pub default_sql: String,
    /// The default as a person would type it, where it is a plain literal.
    pub default_text: Option<String>,
}

impl Parameter {
    /// Whether the default only shows the form of a value (a documentation address, AWS's example
    /// key and account): such a parameter wants a value before the template says anything.
    pub fn is_example(&self) -> bool {
        const DOCUMENTATION: [&str; 9] = [
            "1234567890abcdef0",
            "192.0.2.",
            "198.51.100.",
            "203.0.113.",
            "2001:db8:",
            "111122223333",
            "amzn-s3-demo-",
            "EXAMPLE",
            "example.",
        ];
        self.default_text
            .as_deref()
            .is_some_and(|text| DOCUMENTATION.iter().any(|mark| text.contains(mark)))
    }
}

/// A place in the body where a parameter's value goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Which parameter, by its place in [`Template::parameters`].
    pub parameter: usize,
    /// The default expression's bytes in [`Template::sql`].
    pub range: Range<usize>,
}

/// A saved query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name: the header's, else the file's without its ending.
    pub name: String,
    /// What it answers, one sentence.
    pub purpose: String,
    /// The OCSF classes whose rows it reads.
    pub classes: Vec<u32>,
    /// The short names of the tables that it reads.
    pub tables: Vec<String>,
    /// Its parameters in the header's order.
    pub parameters: Vec<Parameter>,
    /// The statement, without header and final `;`. Runs as it is.
    pub sql: String,
    /// The places of values in `sql`, in order.
    pub sites: Vec<Site>,
}

/// A template file that cannot be used: where, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}; {hint}")]
pub struct TemplateError {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// The templates of some files: what can be used, and what is wrong with the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    /// The usable templates, sorted by name.
    pub templates: Vec<Template>,
    /// What could not be read.
    pub problems: Vec<TemplateError>,
}

impl Library {
    /// The template of that name.
    pub fn get(&self, name: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.name == name)
    }

    /// The names nearest to a mistyped one, best first.
    pub fn nearest(&self, name: &str) -> Vec<&str> {
        nearest(name, self.templates.iter().map(|t| t.name.as_str()))
    }
}
