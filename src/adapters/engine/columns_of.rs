//! Which columns a table has, found by reading as few footers as will do.
//!
//! Most statements name their columns, and most of those are documented: then three files of the
//! table are looked at. A statement with a `*`, or one that names a column found in none of those,
//! has every file's columns counted (up to a limit, beyond which a note says so). What was found
//! stays until the lake changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;

use super::footer::FooterCache;
use super::lake::{LakeFile, Snapshot, TableKey};
use super::schema::TableColumns;
use super::watch::Watch;

/// Files whose columns a quick look takes.
const SAMPLE: usize = 3;

/// Files whose columns a thorough look takes.
const THOROUGH: usize = 2_000;

/// The columns of tables, by snapshot.
#[derive(Debug, Default)]
pub(super) struct ColumnsOf {
    known: Mutex<HashMap<(TableKey, bool), (u64, TableColumns)>>,
}

impl ColumnsOf {
    /// A table's columns; `deep` counts all its files.
    pub(super) fn get(
        &self,
        key: &TableKey,
        snapshot: &Snapshot,
        deep: bool,
        footers: &FooterCache,
        threads: usize,
        watch: &Watch,
    ) -> TableColumns {
        let files = snapshot.files(key);
        // Nothing documents a plain folder's columns, so that its sample is not enough.
        let deep = deep || matches!(key, TableKey::Folder(_)) || files.len() <= SAMPLE;
        if deep && files.len() > THOROUGH {
            watch.note(format!(
                "the columns are those of {THOROUGH} of {} files: name a column to be sure that it is found",
                files.len()
            ));
        }
        let place = (key.clone(), deep);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((generation, columns)) = known.get(&place)
            && *generation == snapshot.generation
        {
            return columns.clone();
        }
        drop(known);
        let sample = spread(files, if deep { THOROUGH } else { SAMPLE });
        let mut found: Vec<SchemaRef> = Vec::new();
        for footer in footers.get_all(&sample, threads).into_iter().flatten() {
            if !found.iter().any(|known| Arc::ptr_eq(known, &footer.schema)) {
                found.push(Arc::clone(&footer.schema));
            }
        }
        let columns = TableColumns::of(key, &found);
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(place, (snapshot.generation, columns.clone()));
        columns
    }
}

/// At most so many files, spread evenly, the first and the last among them.
fn spread(files: &[Arc<LakeFile>], most: usize) -> Vec<Arc<LakeFile>> {
    if files.len() <= most {
        return files.to_vec();
    }
    (0..most)
        .filter_map(|at| files.get(at * (files.len() - 1) / (most - 1).max(1)))
        .map(Arc::clone)
        .collect()
}
