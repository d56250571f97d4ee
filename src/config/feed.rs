//! Where notifications come from, as the configuration and the command line spell it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// One source of notifications: `sqs:URL`, `sqs-peek:URL`, `sqs-dlq:URL`, `webhook:ADDRESS`,
/// `dir:FOLDER` or `s3:URI`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedSource {
    /// The queue of a subscriber.
    Sqs(String),
    /// A queue that belongs to somebody else: looked at, nothing deleted.
    SqsPeek(String),
    /// The dead-letter queue of a subscriber's queue, taken in again.
    SqsDeadLetters(String),
    /// An address to listen on for an HTTPS subscriber's requests.
    Webhook(String),
    /// A folder in which notification files appear.
    Folder(PathBuf),
    /// A bucket and prefix that is listed now and then.
    S3(String),
}

/// A text that is no source of notifications.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no source of notifications: it begins with sqs:, sqs-peek:, sqs-dlq:, webhook:, dir: or s3:"
)]
pub struct FeedSourceError(String);

impl FromStr for FeedSource {
    type Err = FeedSourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((_, "")) | None => Err(FeedSourceError(text.to_owned())),
            Some(("sqs", url)) => Ok(Self::Sqs(url.to_owned())),
            Some(("sqs-peek", url)) => Ok(Self::SqsPeek(url.to_owned())),
            Some(("sqs-dlq", url)) => Ok(Self::SqsDeadLetters(url.to_owned())),
            Some(("webhook", address)) => Ok(Self::Webhook(address.to_owned())),
            Some(("dir", folder)) => Ok(Self::Folder(PathBuf::from(folder))),
            Some(("s3", uri)) => Ok(Self::S3(uri.to_owned())),
            Some(_) => Err(FeedSourceError(text.to_owned())),
        }
    }
}

impl fmt::Display for FeedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqs(url) => write!(f, "sqs:{url}"),
            Self::SqsPeek(url) => write!(f, "sqs-peek:{url}"),
            Self::SqsDeadLetters(url) => write!(f, "sqs-dlq:{url}"),
            Self::Webhook(address) => write!(f, "webhook:{address}"),
            Self::Folder(folder) => write!(f, "dir:{}", folder.display()),
            Self::S3(uri) => write!(f, "s3:{uri}"),
        }
    }
}

impl Serialize for FeedSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_kind_is_read_and_written_back() {
        for text in [
            "sqs:https://sqs.us-east-1.amazonaws.com/111122223333/q",
            "sqs-peek:https://sqs.us-east-1.amazonaws.com/111122223333/q",
            "sqs-dlq:https://sqs.us-east-1.amazonaws.com/111122223333/q",
            "webhook:127.0.0.1:8080",
            "dir:/var/notifications",
            "s3:s3://bucket/prefix",
        ] {
            assert_eq!(text.parse::<FeedSource>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "sqs", "dir:", "ftp:host"] {
            assert!(text.parse::<FeedSource>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_back(text in ".{0,60}") {
            if let Ok(source) = text.parse::<FeedSource>() {
                prop_assert_eq!(source.to_string(), text);
            }
        }
    }
}
