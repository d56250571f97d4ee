//! With whose rights a lake on AWS is read, as the status line shows it. Never a secret.

use chrono::{DateTime, Utc};

/// Who the caller is for AWS, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The account, twelve digits.
    pub account: String,
    /// The caller's ARN, as STS gives it: of a user, or of an assumed role with its session.
    pub arn: String,
    /// The Region of the queries.
    pub region: String,
    /// When the credentials expire; `None` where they do not, or do not tell.
    pub expires: Option<DateTime<Utc>>,
}

impl Access {
    /// The ARN without what the account already says: `role/ir-read/session`.
    pub fn short_name(&self) -> &str {
        self.arn.splitn(6, ':').nth(5).unwrap_or(&self.arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_the_resource_of_the_arn() {
        let access = |arn: &str| Access {
            account: "111122223333".to_owned(),
            arn: arn.to_owned(),
            region: "us-east-1".to_owned(),
            expires: None,
        };
        let role = "arn:aws:sts::111122223333:assumed-role/ir-read/me:now";
        assert_eq!(access(role).short_name(), "assumed-role/ir-read/me:now");
        assert_eq!(access("nonsense").short_name(), "nonsense");
    }
}
