//! The types of entities and their names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::nearest::did_you_mean;

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityType {
    /// An IP address, version 4 or 6.
    Ip,
    /// A network, such as `10.0.0.0/8`.
    Cidr,
    /// A user: ARN, name, or unique id (`AIDA…`, `AROA…`).
    Principal,
    /// A role: ARN or name.
    Role,
    /// A session of a role: ARN, `AROA…:name`, or name.
    Session,
    /// An access key id.
    AccessKey,
    /// An AWS account, twelve digits.
    Account,
    /// A bucket, object, instance, function, key, snapshot and the like: id, name or ARN.
    Resource,
    /// A domain name.
    Domain,
    /// A URL.
    Url,
    /// A digest of a file, in hexadecimal digits.
    Hash,
    /// A user agent.
    UserAgent,
    /// A process or its file.
    Process,
    /// A container or its image.
    Container,
    /// An object of Kubernetes.
    Kubernetes,
    /// The id of a finding.
    Finding,
}

impl EntityType {
    /// Every type, in the order in which they are listed to people.
    pub const ALL: [Self; 16] = [
        Self::Ip,
        Self::Cidr,
        Self::Principal,
        Self::Role,
        Self::Session,
        Self::AccessKey,
        Self::Account,
        Self::Resource,
        Self::Domain,
        Self::Url,
        Self::Hash,
        Self::UserAgent,
        Self::Process,
        Self::Container,
        Self::Kubernetes,
        Self::Finding,
    ];

    /// The name, such as `access-key`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Cidr => "cidr",
            Self::Principal => "principal",
            Self::Role => "role",
            Self::Session => "session",
            Self::AccessKey => "access-key",
            Self::Account => "account",
            Self::Resource => "resource",
            Self::Domain => "domain",
            Self::Url => "url",
            Self::Hash => "hash",
            Self::UserAgent => "user-agent",
            Self::Process => "process",
            Self::Container => "container",
            Self::Kubernetes => "kubernetes",
            Self::Finding => "finding",
        }
    }

    /// Whether everything of the other type is of this one too: roles and their sessions are
    /// principals.
    pub fn covers(self, other: Self) -> bool {
        self == other || (self == Self::Principal && matches!(other, Self::Role | Self::Session))
    }

    /// What a value of the type looks like, for errors.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Ip => "an IP address such as 192.0.2.1 or 2001:db8::1",
            Self::Cidr => "a network such as 10.0.0.0/8 or 2001:db8::/32",
            Self::Account => "an AWS account id: up to twelve digits",
            Self::AccessKey => "an access key id such as AKIAIOSFODNN7EXAMPLE",
            Self::Domain => "a domain name such as host.example.com",
            Self::Url => "a URL such as https://example.com/path",
            Self::Hash => "a digest in hexadecimal digits (MD5, SHA-1, SHA-256 or SHA-512)",
            Self::Principal
            | Self::Role
            | Self::Session
            | Self::Resource
            | Self::UserAgent
            | Self::Process
            | Self::Container
            | Self::Kubernetes
            | Self::Finding => "a name",
        }
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no type has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no type of entity; {hint}")]
pub struct UnknownType {
    /// The name given.
    pub name: String,
    /// The nearest names, or all of them.
    pub hint: String,
}

impl FromStr for EntityType {
    type Err = UnknownType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| {
            let all = Self::ALL.map(Self::name);
            UnknownType {
                name: name.to_owned(),
                hint: did_you_mean(name, all)
                    .unwrap_or_else(|| format!("there are {}", all.join(", "))),
            }
        })
    }
}
