//! Pages of a bucket's listing.

use chrono::DateTime;

use super::tree::Place;
use crate::adapters::aws::{AwsAccess, Fault, again, fault_of};
use crate::domain::lake::{Notification, ObjectKey};

/// Why a pass ends early.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Nobody listens any more.
    Unheard,
    /// Something was not granted.
    Refused {
        /// In words, with what to do.
        reason: String,
        /// Whether the same may be granted a moment later.
        may_pass: bool,
    },
}

impl Trouble {
    /// What does not pass by itself.
    pub(super) fn final_of(reason: String) -> Self {
        Self::Refused {
            reason,
            may_pass: false,
        }
    }
}

/// A bucket with the access to it.
pub(super) struct Bucket {
    access: AwsAccess,
    client: aws_sdk_s3::Client,
    name: String,
}

/// One page of objects.
pub(super) struct Page {
    pub(super) objects: Vec<Notification>,
    /// The last key of the page, whatever it is of.
    pub(super) last: Option<String>,
    pub(super) more: bool,
}

impl Bucket {
    pub(super) fn new(access: AwsAccess, name: &str) -> Self {
        Self {
            client: access.s3(),
            access,
            name: name.to_owned(),
        }
    }

    /// The prefixes right below one, and whether objects lie there too.
    pub(super) async fn below(&self, prefix: &str) -> Result<(Vec<String>, bool), Trouble> {
        let (mut below, mut has_objects, mut token) = (Vec::new(), false, None::<String>);
        loop {
            let ask = || {
                self.client
                    .list_objects_v2()
                    .bucket(&self.name)
                    .prefix(prefix)
                    .delimiter("/")
                    .set_continuation_token(token.clone())
                    .send()
            };
            let page = again(ask).await.map_err(|error| self.refusal(&error))?;
            let prefixes = page.common_prefixes.unwrap_or_default();
            below.extend(prefixes.into_iter().filter_map(|below| below.prefix));
            has_objects |= page
                .contents
                .unwrap_or_default()
                .iter()
                .any(|object| object.size != Some(0));
            let next = page.next_continuation_token;
            match next
                .filter(|next| page.is_truncated == Some(true) && token.as_ref() != Some(next))
            {
                Some(next) => token = Some(next),
                None => return Ok((below, has_objects)),
            }
        }
    }

    /// The next objects of a place behind a key.
    pub(super) async fn page(&self, place: &Place, after: Option<&str>) -> Result<Page, Trouble> {
        let ask = || {
            self.client
                .list_objects_v2()
                .bucket(&self.name)
                .prefix(&place.prefix)
                .set_delimiter(place.alone.then(|| "/".to_owned()))
                .set_start_after(after.map(str::to_owned))
                .send()
        };
        let page = again(ask).await.map_err(|error| self.refusal(&error))?;
        let found = page.contents.unwrap_or_default();
        let last = found.iter().filter_map(|object| object.key.clone()).max();
        let objects = found.into_iter().filter_map(|object| {
            let key = object.key?;
            // A marker of a folder is no object of a lake.
            if key.ends_with('/') {
                return None;
            }
            Some(Notification {
                bucket: self.name.clone(),
                key: ObjectKey::parse(&key).unwrap_or_else(|_| ObjectKey::foreign(&key)),
                size: object.size.and_then(|size| size.try_into().ok()),
                // Quoted here and bare in a notification: it is the same.
                etag: object.e_tag.map(|etag| etag.trim_matches('"').to_owned()),
                sequencer: None,
                time: object
                    .last_modified
                    .and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos())),
            })
        });
        Ok(Page {
            objects: objects.collect(),
            more: page.is_truncated.unwrap_or(false),
            last,
        })
    }

    fn refusal<E: crate::adapters::aws::ServiceFault>(
        &self,
        error: &aws_sdk_s3::error::SdkError<E>,
    ) -> Trouble {
        let fault = fault_of(error);
        let error = self.access.fault("s3:ListBucket", error);
        let hint = error.hint.map(|hint| format!("; {hint}"));
        Trouble::Refused {
            reason: format!(
                "s3://{} cannot be listed: {}{}",
                self.name,
                error.message,
                hint.unwrap_or_default()
            ),
            may_pass: fault.may_pass() || fault == Fault::Credentials,
        }
    }
}
