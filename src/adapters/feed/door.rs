//! With whose rights a source reads what is on AWS.

use crate::adapters::aws::{AwsAccess, AwsSettings};
use crate::domain::query::QueryError;

/// The way to AWS: opened when it is first needed, and anew where credentials have expired, so that
/// new ones are seen without a start of the program.
#[derive(Debug, Clone)]
pub struct AwsDoor {
    settings: AwsSettings,
    open: Option<AwsAccess>,
}

impl AwsDoor {
    /// Over a profile's settings.
    pub fn of(settings: AwsSettings) -> Self {
        Self {
            settings,
            open: None,
        }
    }

    /// Over an access that is open and stays as it is, such as one that a code opened.
    pub fn through(access: AwsAccess) -> Self {
        Self {
            settings: AwsSettings::default(),
            open: Some(access),
        }
    }

    /// The same in the Region and at the address that a queue's URL names. The profile's own address
    /// counts before that of the URL.
    pub(super) fn to_queue(&self, url: &str) -> Self {
        let place = QueuePlace::of(url);
        let mut settings = self.settings.clone();
        settings.region = place.region.clone().or(settings.region);
        settings.endpoint_url = settings.endpoint_url.or(place.endpoint.clone());
        let open = self.open.as_ref();
        Self {
            settings,
            open: open.map(|access| access.to(place.region.as_deref(), place.endpoint.as_deref())),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// Those of [`AwsAccess::open`].
    pub async fn open(&self) -> Result<AwsAccess, QueryError> {
        match &self.open {
            Some(access) => Ok(access.clone()),
            None => AwsAccess::open(self.settings.clone(), None).await,
        }
    }
}

/// Where a queue is, as its URL tells.
#[derive(Debug, PartialEq, Eq)]
struct QueuePlace {
    region: Option<String>,
    endpoint: Option<String>,
}

impl QueuePlace {
    fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let host = rest.split('/').next().unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        let is_aws = name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn");
        let mut parts = name.split('.');
        let region = match (parts.next(), parts.next()) {
            // `sqs.REGION.amazonaws.com`, and the old `REGION.queue.amazonaws.com`.
            (Some("sqs"), Some(region)) if is_aws => Some(region),
            (Some(region), Some("queue")) if is_aws => Some(region),
            _ => None,
        };
        Self {
            region: region.map(str::to_owned),
            endpoint: (!is_aws && !host.is_empty()).then(|| format!("{scheme}://{host}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_queues_url_tells_region_or_address() {
        let place = |url| {
            let place = QueuePlace::of(url);
            (place.region, place.endpoint)
        };
        let region = |name: &str| (Some(name.to_owned()), None);
        assert_eq!(
            place("https://sqs.eu-west-1.amazonaws.com/111122223333/q"),
            region("eu-west-1")
        );
        assert_eq!(
            place("https://sqs.cn-north-1.amazonaws.com.cn/1/q"),
            region("cn-north-1")
        );
        assert_eq!(
            place("https://us-west-2.queue.amazonaws.com/1/q"),
            region("us-west-2")
        );
        assert_eq!(
            place("http://127.0.0.1:4566/000000000000/q"),
            (None, Some("http://127.0.0.1:4566".to_owned()))
        );
    }

    proptest! {
        #[test]
        fn no_url_makes_the_reader_panic(url in ".{0,60}") {
            let place = QueuePlace::of(&url);
            prop_assert!(place.region.is_none() || place.endpoint.is_none());
        }
    }
}
