//! The notification sources of a start: those that the configuration or the command line lists, over
//! one inbox.

use std::sync::Arc;
use std::time::Duration;

use super::lake::settings;
use super::webhook::webhook;
use crate::adapters::aws::{AwsAccess, MfaCode};
use crate::adapters::feed::{
    AwsDoor, FolderSource, ListingOptions, ListingSource, QueueKind, SqsSource,
};
use crate::adapters::inbox::DiskInbox;
use crate::config::{Feed, FeedSource, Paths, Profile};
use crate::domain::query::QueryError;
use crate::ports::{Inbox, InboxError, NotificationSource};

/// The longest that SQS hides a message.
const LONGEST_HIDDEN: f64 = 43_200.0;

/// What the sources of a start share.
#[derive(Clone)]
pub struct FeedSetup {
    /// `[feed]` of the configuration.
    pub feed: Feed,
    /// The way to AWS.
    pub door: AwsDoor,
    /// Where notifications are written down.
    pub inbox: Arc<dyn Inbox>,
    /// Where the webhook finds its key, and writes down what other tools send.
    pub paths: Paths,
    /// Whether the sources end when what is there has been told.
    pub once: bool,
}

/// A source that cannot be made, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(String);

/// Opens the inbox of this user. Blocks on the disk.
///
/// # Errors
///
/// Those of [`DiskInbox::open`].
pub fn open_inbox(paths: &Paths) -> Result<Arc<dyn Inbox>, InboxError> {
    Ok(Arc::new(DiskInbox::open(&paths.inbox_file())?))
}

/// The way to AWS with a profile's rights, or with those of the environment. Where the profile names
/// an MFA device, its code opens a session now.
///
/// # Errors
///
/// What STS says of a code.
pub async fn feed_door(
    profile: Option<&Profile>,
    code: Option<&MfaCode>,
) -> Result<AwsDoor, QueryError> {
    let settings = profile.map(settings).unwrap_or_default();
    if settings.mfa_serial.is_none() {
        return Ok(AwsDoor::of(settings));
    }
    Ok(AwsDoor::through(AwsAccess::open(settings, code).await?))
}

impl FeedSetup {
    /// Makes a source. Nothing is asked of the network yet; a webhook opens its file of documents.
    ///
    /// # Errors
    ///
    /// A location that is none; of a webhook a file or a setting that cannot be used.
    pub fn source(&self, listed: &FeedSource) -> Result<Arc<dyn NotificationSource>, SourceError> {
        let name = listed.to_string();
        Ok(match listed {
            FeedSource::Sqs(url) => self.queue(name, url, QueueKind::Ours),
            FeedSource::SqsPeek(url) => self.queue(name, url, QueueKind::Peek),
            FeedSource::SqsDeadLetters(url) => self.queue(name, url, QueueKind::DeadLetters),
            FeedSource::S3(location) => {
                let (inbox, options) = (Arc::clone(&self.inbox), self.listing());
                let door = self.door.clone();
                let made = ListingSource::new(name, location, door, inbox, options);
                let source = made.map_err(|error| SourceError(error.to_string()))?;
                Arc::new(if self.once { source.once() } else { source })
            }
            FeedSource::Folder(folder) => {
                let source = FolderSource::new(folder.clone())
                    .named(name)
                    .into_inbox(Arc::clone(&self.inbox))
                    .where_it_left_off();
                Arc::new(if self.once { source.once() } else { source })
            }
            FeedSource::Webhook(address) => {
                let made = webhook(name.clone(), address, self);
                Arc::new(made.map_err(|reason| SourceError(format!("{name}: {reason}")))?)
            }
        })
    }

    fn queue(&self, name: String, url: &str, kind: QueueKind) -> Arc<dyn NotificationSource> {
        let mut source = SqsSource::new(name, url, kind, &self.door, Arc::clone(&self.inbox));
        if let Some(seconds) = self.feed.visibility_seconds {
            source = source.hiding_for(Duration::from_secs_f64(seconds.min(LONGEST_HIDDEN)));
        }
        Arc::new(if self.once { source.once() } else { source })
    }

    fn listing(&self) -> ListingOptions {
        let defaults = ListingOptions::default();
        let seconds = self.feed.listing_seconds.unwrap_or(60.0);
        ListingOptions {
            period: Duration::from_secs_f64(seconds.clamp(1.0, 86_400.0)),
            days: self
                .feed
                .listing_days
                .map_or(defaults.days, |days| days.clamp(1.0, 36_500.0) as u32),
        }
    }
}
