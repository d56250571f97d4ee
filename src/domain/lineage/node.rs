//! A credential in the tree: who it is, where it came from, what was done with it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};

/// What stands at a place of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An access key that lasts until somebody deletes it (`AKIA…`).
    LongTermKey,
    /// The key of a session (`ASIA…`).
    SessionKey,
    /// A service of AWS that was given credentials in its own name.
    Service,
    /// Somebody who came with the word of an identity provider.
    Federated,
    /// A caller whose key no row tells: a principal of another account, a sign-in by password.
    Caller,
}

impl Kind {
    /// The kind in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::LongTermKey => "long-term key",
            Self::SessionKey => "session key",
            Self::Service => "service",
            Self::Federated => "federated identity",
            Self::Caller => "caller without a key",
        }
    }

    /// Whether it is a key, which rows of its own can name.
    pub fn is_key(self) -> bool {
        matches!(self, Self::LongTermKey | Self::SessionKey)
    }
}

/// The call that gave a credential out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// When.
    pub at: DateTime<Utc>,
    /// By which operation, such as `AssumeRole`.
    pub operation: String,
    /// From which address.
    pub address: Option<String>,
}

/// What is to be known of a node besides its counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// No call that gave the key out was found.
    NotIssuedHere,
    /// The call that gave the key out does not say who made it.
    IssuerUnknown,
    /// Another call says that it gave out the same key.
    IssuedAgain {
        /// When.
        at: DateTime<Utc>,
        /// Which credential made that call, as far as it is told.
        by: String,
    },
    /// The credential that gave this one out is said to come from this one.
    CycleCut {
        /// The credential at the other end of the edge that was left out.
        by: String,
    },
    /// It was used before it was given out.
    UsedBefore {
        /// How many seconds before.
        seconds: i64,
    },
    /// The session began with a sign-in at the console.
    SignedIn {
        /// When.
        at: DateTime<Utc>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |at: &DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%SZ").to_string();
        match self {
            Self::NotIssuedHere => f.write_str(
                "issued before the window, or in an account whose trail is not in the lake",
            ),
            Self::IssuerUnknown => f.write_str("the call that issued it does not say who made it"),
            Self::IssuedAgain { at, by } => {
                write!(f, "issued twice: also by {by} at {}", time(at))
            }
            Self::CycleCut { by } => {
                write!(
                    f,
                    "cycle cut: {by}, which comes from it, is said to have issued it"
                )
            }
            Self::UsedBefore { seconds } => {
                write!(f, "used {seconds} s before it was issued")
            }
            Self::SignedIn { at } => write!(f, "signed in at the console at {}", time(at)),
        }
    }
}

/// A credential, or whoever gave one out without a key that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The access key id; of what is no key, the name of the service or the caller.
    pub id: String,
    /// The ARN or name of the user, role session or federated user that it acts as.
    pub principal: Option<String>,
    /// The account of that principal.
    pub account: Option<String>,
    /// The ARN of the role whose session it is.
    pub role: Option<String>,
    /// The session's name.
    pub session: Option<String>,
    /// How it was given out.
    pub issued: Option<Issued>,
    /// The place of the node that gave it out.
    pub parent: Option<usize>,
    /// The places of the nodes that it gave out, in the order of time.
    pub children: Vec<usize>,
    /// The time of the first call made with it.
    pub first: Option<DateTime<Utc>>,
    /// The time of the last call made with it.
    pub last: Option<DateTime<Utc>>,
    /// Calls made with it.
    pub calls: u64,
    /// Calls among them that failed.
    pub failures: u64,
    /// Calls by service.
    pub services: BTreeMap<String, u64>,
    /// Calls by source address.
    pub addresses: BTreeMap<String, u64>,
    /// Calls by the account that recorded them.
    pub accounts: BTreeMap<String, u64>,
    /// What else is to be known.
    pub notes: Vec<Note>,
    /// Credentials below it, over all steps.
    pub below: u64,
    /// Calls made with it and with all credentials below it.
    pub calls_below: u64,
    /// When its session began, as its calls tell.
    pub(super) began: Option<DateTime<Utc>>,
}

impl Node {
    pub(super) fn new(kind: Kind, id: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            principal: None,
            account: None,
            role: None,
            session: None,
            issued: None,
            parent: None,
            children: Vec::new(),
            first: None,
            last: None,
            calls: 0,
            failures: 0,
            services: BTreeMap::new(),
            addresses: BTreeMap::new(),
            accounts: BTreeMap::new(),
            notes: Vec::new(),
            below: 0,
            calls_below: 0,
            began: None,
        }
    }

    /// Who it is in few words: role and session, or the user, without what an ARN repeats.
    pub fn who(&self) -> String {
        let role = self.role.as_deref().map(last_part);
        match (role, self.session.as_deref(), self.principal.as_deref()) {
            (Some(role), Some(session), _) => format!("{role} / {session}"),
            (Some(role), None, _) => role.to_owned(),
            (None, _, Some(principal)) => short(principal).to_owned(),
            (None, Some(session), None) => session.to_owned(),
            (None, None, None) => String::new(),
        }
    }

    /// When it came to be: its issue, or else its first call.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.issued.as_ref().map(|issued| issued.at).or(self.first)
    }

    /// The address from which most calls came, and how many others there are.
    pub fn main_address(&self) -> Option<(&str, usize)> {
        most(&self.addresses)
    }

    /// The service that was called most, and how many others there are.
    pub fn main_service(&self) -> Option<(&str, usize)> {
        most(&self.services)
    }
}

fn most(counts: &BTreeMap<String, u64>) -> Option<(&str, usize)> {
    // Of equal ones the first by name.
    let most = counts.iter().rev().max_by_key(|(_, count)| **count)?;
    Some((most.0, counts.len() - 1))
}

/// The name at the end of an ARN.
pub(super) fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// What an ARN names, without partition, service and account.
fn short(arn: &str) -> &str {
    match arn.starts_with("arn:") {
        true => arn.splitn(6, ':').last().unwrap_or(arn),
        false => arn,
    }
}
