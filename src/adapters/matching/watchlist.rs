//! The file of standing watches: TOML that people may edit, written whole or not at all.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the file of standing watches"
)]

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::entity::{Entity, EntityType};
use crate::domain::sigma::Level;
use crate::domain::standing::StandingWatch;

/// The most watches: each is looked for in every event.
pub const MOST_WATCHES: usize = 500;
/// The largest file that is read.
const LARGEST: u64 = 1 << 20;
/// The longest note, in bytes.
const LONGEST_NOTE: usize = 1_024;

/// Why the watches cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file of watches {} {what}", path.display())]
pub struct WatchlistError {
    path: PathBuf,
    what: String,
}

/// The file.
#[derive(Debug, Clone)]
pub struct Watchlist {
    path: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    watch: Vec<WrittenWatch>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWatch {
    #[serde(rename = "type")]
    kind: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Watchlist {
    /// The file at this place; it need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn fault(&self, what: impl Into<String>) -> WatchlistError {
        WatchlistError {
            path: self.path.clone(),
            what: what.into(),
        }
    }

    /// The watches; none where there is no file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or says something else; with the place where.
    pub fn read(&self) -> Result<Vec<StandingWatch>, WatchlistError> {
        match fs::metadata(&self.path) {
            Ok(found) if found.len() > LARGEST => {
                return Err(self.fault(format!("has more than {LARGEST} bytes")));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.fault(format!("cannot be read: {error}"))),
        }
        let text = fs::read_to_string(&self.path)
            .map_err(|error| self.fault(format!("cannot be read: {error}")))?;
        let written: Written = toml::from_str(&text)
            .map_err(|error| self.fault(format!("is not what it should be: {error}")))?;
        if written.watch.len() > MOST_WATCHES {
            return Err(self.fault(format!("has more than {MOST_WATCHES} watches")));
        }
        written
            .watch
            .into_iter()
            .map(|watch| {
                watch
                    .meant()
                    .map_err(|why| self.fault(format!("says: {why}")))
            })
            .collect()
    }

    /// Adds a watch, in the place of one on the same entity. Tells whether there was one.
    ///
    /// # Errors
    ///
    /// Those of reading and writing; too many watches.
    pub fn add(&self, watch: StandingWatch) -> Result<bool, WatchlistError> {
        let mut watches = self.read()?;
        let before = watches.len();
        watches.retain(|known| known.entity != watch.entity);
        let replaced = watches.len() < before;
        if watches.len() >= MOST_WATCHES {
            return Err(self.fault(format!(
                "has {MOST_WATCHES} watches, and no room for more; remove one first"
            )));
        }
        watches.push(watch);
        self.write(&watches)?;
        Ok(replaced)
    }

    /// Removes the watch on an entity. Tells whether there was one.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub fn remove(&self, entity: &Entity) -> Result<bool, WatchlistError> {
        let mut watches = self.read()?;
        let before = watches.len();
        watches.retain(|known| known.entity != *entity);
        if watches.len() == before {
            return Ok(false);
        }
        self.write(&watches)?;
        Ok(true)
    }

    fn write(&self, watches: &[StandingWatch]) -> Result<(), WatchlistError> {
        let written = Written {
            watch: watches.iter().map(WrittenWatch::of).collect(),
        };
        let text = toml::to_string_pretty(&written)
            .map_err(|error| self.fault(format!("cannot be written: {error}")))?;
        let cannot = |error: std::io::Error| self.fault(format!("cannot be written: {error}"));
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(cannot)?;
        }
        let beside = self.path.with_extension("toml.new");
        let mut file = fs::File::create(&beside).map_err(cannot)?;
        file.write_all(text.as_bytes()).map_err(cannot)?;
        file.sync_all().map_err(cannot)?;
        fs::rename(&beside, &self.path).map_err(cannot)
    }
}

impl WrittenWatch {
    fn of(watch: &StandingWatch) -> Self {
        Self {
            kind: watch.entity.kind.name().to_owned(),
            value: watch.entity.value.clone(),
            level: Some(watch.level.name().to_owned()),
            note: watch.note.clone(),
        }
    }

    fn meant(self) -> Result<StandingWatch, String> {
        let kind: EntityType = self.kind.parse().map_err(|error| format!("{error}"))?;
        let entity = Entity::parse(kind, &self.value).map_err(|error| error.to_string())?;
        let level = match self.level {
            None => Level::High,
            Some(name) => Level::named(&name).ok_or_else(|| {
                format!("`{name}` is no level: informational, low, medium, high or critical")
            })?,
        };
        if self
            .note
            .as_ref()
            .is_some_and(|note| note.len() > LONGEST_NOTE)
        {
            return Err(format!(
                "the note on {entity} has more than {LONGEST_NOTE} bytes"
            ));
        }
        Ok(StandingWatch {
            entity,
            level,
            note: self.note,
        })
    }
}
