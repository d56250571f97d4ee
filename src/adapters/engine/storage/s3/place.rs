//! Where objects lie, and which object is meant.

use std::fmt;
use std::time::SystemTime;

/// A prefix of a bucket: where a table or a lake begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct S3Place {
    /// The bucket.
    pub bucket: String,
    /// The prefix: empty, or with a slash at its end.
    pub prefix: String,
}

impl S3Place {
    /// Of a location such as `s3://bucket/prefix/`; `s3a` and `s3n` mean the same. `None` where it
    /// is none of S3's.
    pub fn parse(location: &str) -> Option<Self> {
        let (scheme, rest) = location.split_once("://")?;
        if !["s3", "s3a", "s3n"].contains(&scheme) {
            return None;
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return None;
        }
        let mut prefix = prefix.to_owned();
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        Some(Self {
            bucket: bucket.to_owned(),
            prefix,
        })
    }

    /// A prefix below this one.
    pub(crate) fn below(&self, folder: &str) -> Self {
        Self {
            bucket: self.bucket.clone(),
            prefix: format!("{}{folder}", self.prefix),
        }
    }

    /// Another prefix of the same bucket.
    pub(crate) fn at(&self, prefix: &str) -> Self {
        Self {
            bucket: self.bucket.clone(),
            prefix: prefix.to_owned(),
        }
    }
}

impl fmt::Display for S3Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// One object in one state, as a listing told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3Object {
    /// The bucket.
    pub bucket: String,
    /// The whole key.
    pub key: String,
    /// The mark of its state, quoted as the store writes it.
    pub etag: Option<String>,
    /// The name of its version, where the store told it: a listing does not.
    pub version: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: SystemTime,
}

impl fmt::Display for S3Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_location_is_a_bucket_and_a_prefix() {
        let place = S3Place::parse("s3://b/aws/VPC_FLOW/2.0").unwrap();
        assert_eq!(
            (place.bucket.as_str(), place.prefix.as_str()),
            ("b", "aws/VPC_FLOW/2.0/")
        );
        assert_eq!(place.to_string(), "s3://b/aws/VPC_FLOW/2.0/");
        assert_eq!(S3Place::parse("s3a://b").unwrap().prefix, "");
        for none in [
            "",
            "b/prefix",
            "s3://",
            "s3:///x",
            "https://b/x",
            "hdfs://b/x",
        ] {
            assert_eq!(S3Place::parse(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_a_place_shows_is_read_as_the_same_place(text in ".{0,60}") {
            if let Some(place) = S3Place::parse(&text) {
                prop_assert!(place.prefix.is_empty() || place.prefix.ends_with('/'));
                prop_assert_eq!(S3Place::parse(&place.to_string()), Some(place));
            }
        }
    }
}
