//! The notification sources of a start: those that the configuration or the command line lists, over
//! one inbox.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::runtime::Handle;

use super::lake::settings;
use super::webhook::webhook;
use super::{AppOptions, LakePlace};
use crate::adapters::aws::{AwsAccess, MfaCode};
use crate::adapters::engine::ObjectStore;
use crate::adapters::feed::{
    AwsDoor, FolderSource, ListingOptions, ListingSource, QueueKind, SqsSource, WithPast,
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

/// Opens the inbox of this user, for a process that writes a line for each notification or not.
/// Blocks on the disk.
///
/// # Errors
///
/// Those of [`DiskInbox::open`].
pub fn open_inbox(paths: &Paths, writes_lines: bool) -> Result<Arc<dyn Inbox>, InboxError> {
    let inbox = DiskInbox::open(&paths.inbox_file())?;
    Ok(Arc::new(if writes_lines {
        inbox.owing_lines()
    } else {
        inbox
    }))
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

    /// Where the objects are read that notifications tell of: those of folders below them, others
    /// from S3 by the same way as the notifications, asked for on a runtime.
    pub fn objects(&self, runtime: &Handle) -> ObjectStore {
        objects_behind(self.door.clone(), runtime)
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

/// The objects of S3 that a console opens, by the same way as what its feed tells of.
pub(super) fn objects_of_a_console(
    options: &AppOptions,
    access: Option<&AwsAccess>,
    runtime: &Handle,
) -> ObjectStore {
    objects_behind(door_of_a_console(options, access), runtime)
}

fn objects_behind(door: AwsDoor, runtime: &Handle) -> ObjectStore {
    let open = move || {
        let door = door.clone();
        async move { door.open().await }.boxed()
    };
    ObjectStore::new(open, runtime.clone())
}

/// What a console listens to.
pub(super) struct Watched {
    pub(super) sources: Vec<Arc<dyn NotificationSource>>,
    /// Why it does not listen to everything that the configuration names.
    pub(super) fault: Option<String>,
    /// What they share, where notifications can be written down.
    pub(super) setup: Option<FeedSetup>,
}

/// The folder of a local lake, and what the configuration lists.
pub(super) fn of_a_console(options: &AppOptions, access: Option<&AwsAccess>) -> Watched {
    let mut watched = Watched {
        sources: Vec::new(),
        fault: None,
        setup: None,
    };
    let own = match &options.place {
        LakePlace::Folder(folder) => Some(folder.clone()),
        LakePlace::Aws { .. } | LakePlace::Nowhere => None,
    };
    let listed = &options.config.feed.sources;
    if own.is_none() && (listed.is_empty() || matches!(options.place, LakePlace::Nowhere)) {
        return watched;
    }
    let inbox = match open_inbox(&options.paths, false) {
        Ok(inbox) => Some(inbox),
        Err(error) => {
            watched.fault = Some(error.0);
            None
        }
    };
    if let Some(folder) = &own {
        let mut source = FolderSource::new(folder.clone());
        if let Some(inbox) = &inbox {
            source = source.into_inbox(Arc::clone(inbox));
        }
        watched.sources.push(Arc::new(source));
    }
    // A message that cannot be written down must not be received.
    let Some(inbox) = inbox else { return watched };
    let setup = FeedSetup {
        feed: options.config.feed.clone(),
        door: door_of_a_console(options, access),
        inbox: Arc::clone(&inbox),
        paths: options.paths.clone(),
        once: false,
    };
    for listed in listed {
        let is_own =
            matches!(listed, FeedSource::Folder(folder) if same(Some(folder), own.as_ref()));
        if is_own {
            continue;
        }
        match setup.source(listed) {
            // What a folder holds it tells itself.
            Ok(source) if matches!(listed, FeedSource::Folder(_)) => watched.sources.push(source),
            Ok(source) => {
                let with_past = WithPast::new(source, Arc::clone(&inbox));
                watched.sources.push(Arc::new(with_past));
            }
            Err(error) => watched.fault = Some(error.0),
        }
    }
    watched.setup = Some(setup);
    watched
}

/// With the rights that `[feed]` names, else with those of the lake.
fn door_of_a_console(options: &AppOptions, access: Option<&AwsAccess>) -> AwsDoor {
    let config = &options.config;
    let named = config.feed.profile.as_ref();
    if let Some(profile) = named.and_then(|name| config.profiles.get(name)) {
        return AwsDoor::of(settings(profile));
    }
    match (&options.place, access) {
        // The code that opened the lake's session counts once.
        (LakePlace::Aws { profile, .. }, Some(access)) if profile.mfa_serial.is_some() => {
            AwsDoor::through(access.clone())
        }
        (LakePlace::Aws { profile, .. }, _) => AwsDoor::of(settings(profile)),
        (LakePlace::Folder(_) | LakePlace::Nowhere, _) => {
            let default = config.default_profile.as_ref();
            let profile = default.and_then(|name| config.profiles.get(name));
            let on_aws = profile.filter(|profile| profile.lake.is_none());
            AwsDoor::of(on_aws.map(settings).unwrap_or_default())
        }
    }
}

/// Whether both are the same folder, however they are written.
fn same(one: Option<&PathBuf>, other: Option<&PathBuf>) -> bool {
    let real = |folder: Option<&PathBuf>| folder?.canonicalize().ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}
