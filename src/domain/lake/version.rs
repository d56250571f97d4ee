//! An object in one state: what names the rows that were read of it for good.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Notification;

/// The bucket's name of objects of a folder that no notification names: there is none.
pub const LOCAL_BUCKET: &str = "local";

/// The scheme of a location on S3.
const SCHEME: &str = "s3://";

/// An object in one state, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectVersion {
    /// The bucket; `local` for a folder.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The name of its version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The mark of its state, without quotes.
    pub etag: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
}

impl From<&Notification> for ObjectVersion {
    fn from(notification: &Notification) -> Self {
        Self {
            bucket: notification.bucket.clone(),
            key: notification.key.key.clone(),
            version_id: None,
            etag: notification.etag.as_deref().map(unquoted),
            size: notification.size,
        }
    }
}

impl ObjectVersion {
    /// Its location, such as `s3://bucket/key`.
    pub fn location(&self) -> String {
        format!("{SCHEME}{}/{}", self.bucket, self.key)
    }

    /// Whether both are the same object, in whatever state.
    pub fn is_object(&self, other: &Self) -> bool {
        self.bucket == other.bucket && self.key == other.key
    }

    /// Whether it is certain that the object was another one when the other was told.
    pub fn differs(&self, other: &Self) -> bool {
        fn apart<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        apart(self.etag.as_ref(), other.etag.as_ref())
            || apart(self.size.as_ref(), other.size.as_ref())
    }
}

/// Bucket and key of a location on S3, such as `s3://bucket/key`; `None` for the path of a file.
pub fn object_at(location: &Path) -> Option<(&str, &str)> {
    let rest = location.to_str()?.strip_prefix(SCHEME)?;
    let (bucket, key) = rest.split_once('/')?;
    (!bucket.is_empty() && !key.is_empty()).then_some((bucket, key))
}

/// A mark as it is told without the quotes that a store writes around it.
pub fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_location_names_an_object_and_a_path_does_not() {
        let at = |text| object_at(Path::new(text));
        assert_eq!(at("s3://b/a//c.parquet"), Some(("b", "a//c.parquet")));
        for none in [
            "", "s3://", "s3://b", "s3://b/", "s3:///k", "/b/k", "s3:/b/k",
        ] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn only_what_both_tell_can_differ() {
        let of = |etag: Option<&str>, size| ObjectVersion {
            etag: etag.map(unquoted),
            size,
            ..ObjectVersion::default()
        };
        let told = of(Some("e"), Some(3));
        for (read, differs) in [
            (of(Some("\"e\""), Some(3)), false),
            (of(None, None), false),
            (of(Some("f"), Some(3)), true),
            (of(None, Some(4)), true),
        ] {
            assert_eq!(told.differs(&read), differs, "{read:?}");
        }
    }

    proptest! {
        #[test]
        fn the_location_of_an_object_leads_to_it(bucket in "[a-z0-9.-]{3,20}", key in "\\PC{1,60}") {
            let version = ObjectVersion { bucket, key, ..ObjectVersion::default() };
            let location = version.location();
            let (bucket, key) = object_at(Path::new(&location)).unwrap();
            prop_assert_eq!((bucket, key), (version.bucket.as_str(), version.key.as_str()));
        }
    }
}
