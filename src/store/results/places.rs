//! Where the rows of a result stand that are rows of many objects.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::domain::case::ObjectRow;
use crate::domain::detection::ObjectName;
use crate::domain::lake::ObjectVersion;

/// The object of each row, and the row in it, in the order of the rows. Empty where that is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowPlaces {
    objects: Vec<ObjectName>,
    /// For each row the place of its object in the list, and its row there, from 0.
    rows: Vec<(usize, u64)>,
}

impl RowPlaces {
    /// Of rows in their order.
    pub fn of(places: impl IntoIterator<Item = (ObjectName, u64)>) -> Self {
        let mut all = Self::default();
        let mut known: HashMap<ObjectName, usize> = HashMap::new();
        for (object, row) in places {
            let at = *known.entry(object).or_insert_with_key(|object| {
                all.objects.push(object.clone());
                all.objects.len() - 1
            });
            all.rows.push((at, row));
        }
        all
    }

    /// Whether it tells nothing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The object of a row of the result, and the row in it.
    pub fn at(&self, row: usize) -> Option<ObjectRow> {
        let (object, row) = self.rows.get(row)?;
        let object = self.objects.get(*object)?;
        let version = ObjectVersion {
            bucket: object.bucket.clone(),
            key: object.key.clone(),
            ..ObjectVersion::default()
        };
        Some(ObjectRow::of(&version, row.saturating_add(1)))
    }
}
