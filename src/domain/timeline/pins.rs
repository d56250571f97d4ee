//! The pins of a case as items of its timeline.

use arrow::array::RecordBatch;

use super::item::{Place, TimelineItem, time_of};
use super::reader::RowReader;
use super::stage;
use crate::domain::case::{CaseState, EntityRef, PinState, Source, Verdict};
use crate::domain::entity::Entity;
use crate::domain::lake::ObjectKey;
use crate::domain::rows::Column;

/// The live pins of a case by event time, those without a time last; at the same time in the order
/// of pinning.
pub fn items_of(case: &CaseState) -> Vec<TimelineItem> {
    let judged = |entity: &Entity| {
        let entity = EntityRef {
            entity_type: entity.kind.name().to_owned(),
            value: entity.value.clone(),
        };
        matches!(
            case.verdict(&entity),
            Verdict::Suspicious | Verdict::Malicious
        )
    };
    let mut items: Vec<TimelineItem> = case.live_pins().map(|pin| item_of(pin, &judged)).collect();
    items.sort_by_key(|item| (item.event_time.is_none(), item.event_time));
    items
}

/// A pin as an item. Of the entities of its row, one that `judged` knows for the attack's goes
/// first.
pub fn item_of(pin: &PinState, judged: &dyn Fn(&Entity) -> bool) -> TimelineItem {
    let row = read(pin);
    let entity = row
        .as_ref()
        .and_then(|(reader, batch)| reader.entity(batch, 0, Some(judged)));
    let told = row
        .as_ref()
        .and_then(|(reader, batch)| time_of(reader.moment(batch, 0)));
    let by_row = row
        .as_ref()
        .and_then(|(reader, batch)| reader.source(batch, 0));
    let stage = stage::of_tags(&pin.tags).or_else(|| {
        let (reader, batch) = row.as_ref()?;
        reader.stage(batch, 0)
    });
    let summary = row
        .as_ref()
        .map(|(reader, batch)| reader.summary(batch, 0))
        .unwrap_or_default();
    TimelineItem {
        event_time: pin.pin.event_time.or(told),
        discovered: Some(pin.pinned.at),
        source: source_of(&pin.pin.source, by_row),
        entity,
        tags: pin.tags.clone(),
        stage,
        note: pin.note.clone(),
        summary,
        place: Place::Pin(pin.pin.pin.clone()),
    }
}

/// The pin's row as a batch. A row that a stranger's capsule made up may be none: then the pin
/// stands with what it says itself.
fn read(pin: &PinState) -> Option<(RowReader, RecordBatch)> {
    let batch = pin.pin.row.batch().ok()?;
    let names = pin.pin.row.columns.iter();
    let columns: Vec<Column> = names
        .map(|column| Column {
            name: column.name.clone(),
        })
        .collect();
    Some((RowReader::new(batch.schema_ref(), &columns), batch))
}

/// The native source where the object's key tells it, else what the row says, else where it was
/// had.
fn source_of(source: &Source, by_row: Option<String>) -> String {
    match source {
        Source::Object { key, .. } => ObjectKey::parse(key)
            .ok()
            .map(|key| key.source_name)
            .filter(|name| !name.is_empty())
            .or(by_row)
            .unwrap_or_else(|| key.clone()),
        Source::Run { result, engine, .. } => by_row
            .or_else(|| result.as_ref().map(|result| result.name.clone()))
            .unwrap_or_else(|| engine.clone()),
    }
}
