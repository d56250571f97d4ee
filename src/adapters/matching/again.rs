//! Rows of an object once more, as detections have them: what is too large to be kept beside a
//! detection lies in its object.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Place;
use super::detections::Event;
use crate::adapters::engine::ObjectFault;
use crate::adapters::engine::object::{Rows, Wanted};
use crate::domain::detection::ObjectName;

/// Rows of an object in full, as one JSON object each, without what is NULL; in the object's order.
/// Those that it does not have are left out.
///
/// # Errors
///
/// The object is not there, cannot be had now, or is damaged.
pub fn events_of(
    place: &Place,
    object: &ObjectName,
    rows: &BTreeSet<u64>,
) -> Result<Vec<(u64, String)>, ObjectFault> {
    // Decoders were not written for hostile bytes in every corner.
    catch_unwind(AssertUnwindSafe(|| read(place, object, rows)))
        .unwrap_or_else(|_| Err(ObjectFault::Damaged("its decoder failed".to_owned())))
}

fn read(
    place: &Place,
    object: &ObjectName,
    rows: &BTreeSet<u64>,
) -> Result<Vec<(u64, String)>, ObjectFault> {
    let open = place.open(object)?;
    let layout = open.layout();
    let prepared = open.prepare(&layout)?;
    let whole = Wanted::all(&layout);
    let mut events = Vec::new();
    let mut before = 0_u64;
    for (group, count) in open.groups().into_iter().enumerate() {
        let end = before.saturating_add(count);
        let here: Vec<u64> = rows.range(before..end).map(|row| row - before).collect();
        let mut next = here.iter();
        if !here.is_empty() {
            for batch in prepared.read(&whole, group, &Rows::Some(&here))? {
                let batch = batch?;
                let of_batch = (0..batch.num_rows()).zip(next.by_ref());
                events.extend(
                    of_batch.map(|(at, row)| (before + row, Event::of(&batch, at).into_text())),
                );
            }
        }
        before = end;
    }
    Ok(events)
}
