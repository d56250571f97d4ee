//! What rows tell of credentials: that one was given out, and what was done with one.

use chrono::{DateTime, Utc};

/// A call that gave out a credential, or a sign-in at the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Such as `AssumeRole`; `ConsoleLogin` for a sign-in.
    pub operation: &'a str,
    /// The key id with which the call was made.
    pub caller_key: Option<&'a str>,
    /// Who made it: ARN or name.
    pub caller: Option<&'a str>,
    /// That principal's account.
    pub caller_account: Option<&'a str>,
    /// The service of AWS that made it.
    pub invoked_by: Option<&'a str>,
    /// The id of the key that was given out.
    pub key: Option<&'a str>,
    /// The ARN of the role that was assumed.
    pub role: Option<&'a str>,
    /// The ARN of the session or federated user.
    pub session_arn: Option<&'a str>,
    /// The name of the session.
    pub session_name: Option<&'a str>,
    /// The user that a long-term key was made for.
    pub user: Option<&'a str>,
    /// Where the call came from.
    pub address: Option<&'a str>,
}

impl Issue<'_> {
    /// A call of an operation at a time that tells nothing else.
    pub fn new(at: DateTime<Utc>, operation: &'static str) -> Self {
        Self {
            at,
            operation,
            caller_key: None,
            caller: None,
            caller_account: None,
            invoked_by: None,
            key: None,
            role: None,
            session_arn: None,
            session_name: None,
            user: None,
            address: None,
        }
    }
}

/// What was done with a key, counted by service, address and account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use<'a> {
    /// The key's id.
    pub key: &'a str,
    /// Who it acts as: ARN or name.
    pub principal: Option<&'a str>,
    /// That principal's account.
    pub principal_account: Option<&'a str>,
    /// The ARN of the role whose session it is.
    pub role: Option<&'a str>,
    /// The account that recorded the calls.
    pub account: Option<&'a str>,
    /// The service that was called.
    pub service: Option<&'a str>,
    /// Where the calls came from.
    pub address: Option<&'a str>,
    /// The first call.
    pub first: DateTime<Utc>,
    /// The last call.
    pub last: DateTime<Utc>,
    /// How many.
    pub calls: u64,
    /// How many of them failed.
    pub failures: u64,
    /// When the session began.
    pub began: Option<DateTime<Utc>>,
}
