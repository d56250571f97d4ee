//! What a person's own files know of an entity: lists (CSV) and databases of addresses (MaxMind's
//! format) in one folder. Nothing is asked over the network, and nothing is written.

#![allow(
    clippy::disallowed_methods,
    reason = "this room reads the folder of lists and databases"
)]

mod database;
mod list;

use std::path::{Path, PathBuf};

use database::Databases;

use crate::domain::entity::Entity;
use crate::domain::entity::facts::Fact;

/// Facts of one file that are told.
const MOST_OF_A_FILE: usize = 40;
/// The longest text of a fact, in characters.
const LONGEST: usize = 400;

/// The files of a folder. Databases stay open until they change; lists are read each time.
#[derive(Debug)]
pub struct Enricher {
    folder: PathBuf,
    databases: Databases,
}

impl Enricher {
    /// Reads nothing yet.
    pub fn of(folder: PathBuf) -> Self {
        Self {
            folder,
            databases: Databases::default(),
        }
    }

    /// What the files say of an entity, in the order of their names. A file that cannot be read says
    /// so as its only fact, and hides no other. Blocks on the disk.
    pub fn facts(&self, entity: &Entity) -> Vec<Fact> {
        let files = files(&self.folder);
        self.databases.keep(&files);
        let of_file = |file: &PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            of_file(&self.databases, file, &name, entity)
        };
        files.iter().flat_map(of_file).collect()
    }
}

/// The files of a folder that enrichment reads; none where there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_list(path) || is_database(path))
        .collect();
    files.sort_unstable();
    files
}

fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "csv")
}

fn is_database(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "mmdb")
}

fn of_file(databases: &Databases, file: &Path, source: &str, entity: &Entity) -> Vec<Fact> {
    let found = match is_database(file) {
        true => database::find(databases, file, entity),
        false => list::find(file, entity),
    };
    let fact = |name: String, text: String| Fact {
        source: source.to_owned(),
        name,
        text: text.chars().take(LONGEST).collect(),
    };
    match found {
        Ok(found) => {
            let found = found.into_iter().take(MOST_OF_A_FILE);
            found.map(|(name, text)| fact(name, text)).collect()
        }
        Err(reason) => vec![fact("cannot be read".to_owned(), reason)],
    }
}

#[cfg(test)]
mod tests;
