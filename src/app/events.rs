//! Events of detections once more, out of the objects that they lie in.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{AppOptions, LakePlace};
use crate::adapters::engine::ObjectStore;
use crate::adapters::matching::{Place, events_of};
use crate::config::FeedSource;
use crate::domain::detection::ObjectName;
use crate::domain::lake::LOCAL_BUCKET;

/// Where the objects of detections lie.
pub(super) struct EventReader {
    folders: Vec<PathBuf>,
    objects: ObjectStore,
}

impl EventReader {
    /// The folder of the lake, those that the feed watches, and S3.
    pub(super) fn of(options: &AppOptions, objects: ObjectStore) -> Self {
        let mut folders = Vec::new();
        if let LakePlace::Folder(folder) = &options.place {
            folders.push(folder.clone());
        }
        for source in &options.config.feed.sources {
            if let FeedSource::Folder(folder) = source {
                folders.push(folder.clone());
            }
        }
        Self { folders, objects }
    }

    /// Rows of an object in full, or why they cannot be read. Blocks.
    pub(super) fn read(
        &self,
        object: &ObjectName,
        rows: &BTreeSet<u64>,
    ) -> Result<Vec<(u64, String)>, String> {
        let named = format!("s3://{}/{}", object.bucket, object.key);
        let place = match self.file(&object.key) {
            Some(path) => Place::Disk(path),
            None if object.bucket == LOCAL_BUCKET => {
                return Err(format!("{} lies in no folder of the feed", object.key));
            }
            None => Place::S3(self.objects.clone()),
        };
        events_of(&place, object, rows).map_err(|fault| format!("{named} {fault}"))
    }

    /// The file below one of the folders. A key is what a stranger wrote: it leads nowhere else.
    fn file(&self, key: &str) -> Option<PathBuf> {
        let below = Path::new(key);
        let mut parts = below.components();
        if key.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let files = self.folders.iter().map(|folder| folder.join(below));
        files.into_iter().find(|file| file.is_file())
    }
}
