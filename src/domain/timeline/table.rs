//! Items as a table, for exports.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Builder, ListBuilder, RecordBatch, RecordBatchOptions, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;

use super::item::{Grouping, TimelineItem};
use super::outline::{Line, Mark, Outline};
use crate::domain::rows::Column;

/// Rows of one batch.
const BATCH: usize = 1_024;

/// A timeline as rows: its columns, and batches that are made as they are asked for.
pub struct ItemTable<I> {
    /// The columns.
    pub columns: Vec<Column>,
    /// The schema.
    pub schema: SchemaRef,
    rows: I,
}

/// A line of an export.
struct Row {
    group: Option<String>,
    /// Whole seconds of the gap before it, where one is marked.
    gap: Option<i64>,
    item: TimelineItem,
}

/// The lines of an outline as a table, in their order. `item` gives the item of a mark; what
/// it has no item for is left out.
///
/// Columns: `event_time`, `discovery_time`, `gap_before_s` (the length of a marked gap before it),
/// `group` where something is grouped, `stage`, `tags`, `entity`, `source`, `summary`, `note`,
/// `origin`. Times are of a time's type in UTC; in another zone they are RFC 3339 texts with their
/// offset, so that every format shows that zone.
pub fn table<'a>(
    outline: &'a Outline,
    grouping: Grouping,
    zone: Tz,
    mut item: impl FnMut(&Mark) -> Option<TimelineItem> + 'a,
) -> ItemTable<impl Iterator<Item = Result<RecordBatch, ArrowError>> + 'a> {
    let grouped = grouping != Grouping::None;
    let schema = schema(zone, grouped);
    let mut group: Option<String> = None;
    let mut gap: Option<i64> = None;
    let mut rows = outline.lines.iter().filter_map(move |line| match line {
        Line::Group(number) => {
            let groups = &outline.groups;
            group = groups.get(*number as usize).and_then(|g| g.name.clone());
            gap = None;
            None
        }
        Line::Gap { span } => {
            gap = Some(span / 1_000_000);
            None
        }
        Line::Item(number) => Some(Row {
            group: group.clone(),
            gap: gap.take(),
            item: item(outline.mark(*number)?)?,
        }),
    });
    let made = Arc::clone(&schema);
    let batches = std::iter::from_fn(move || {
        let next: Vec<Row> = rows.by_ref().take(BATCH).collect();
        (!next.is_empty()).then(|| batch(&made, &next, zone, grouped))
    });
    let columns = schema.fields().iter().map(|field| Column {
        name: field.name().clone(),
    });
    ItemTable {
        columns: columns.collect(),
        schema,
        rows: batches,
    }
}

impl<I: Iterator<Item = Result<RecordBatch, ArrowError>>> Iterator for ItemTable<I> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }
}

fn schema(zone: Tz, grouped: bool) -> SchemaRef {
    let time = if zone == Tz::UTC {
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    } else {
        DataType::Utf8
    };
    let tags = Field::new_list_field(DataType::Utf8, true);
    let mut fields = vec![
        Field::new("event_time", time.clone(), true),
        Field::new("discovery_time", time, true),
        Field::new("gap_before_s", DataType::Int64, true),
    ];
    if grouped {
        fields.push(Field::new("group", DataType::Utf8, true));
    }
    fields.push(Field::new("stage", DataType::Utf8, true));
    fields.push(Field::new("tags", DataType::List(Arc::new(tags)), true));
    for name in ["entity", "source", "summary", "note", "origin"] {
        fields.push(Field::new(name, DataType::Utf8, true));
    }
    Arc::new(Schema::new(fields))
}

fn batch(
    schema: &SchemaRef,
    rows: &[Row],
    zone: Tz,
    grouped: bool,
) -> Result<RecordBatch, ArrowError> {
    let items = || rows.iter().map(|row| &row.item);
    let mut gaps = Int64Builder::new();
    let mut tags = ListBuilder::new(StringBuilder::new());
    for row in rows {
        gaps.append_option(row.gap);
        for tag in &row.item.tags {
            tags.values().append_value(tag);
        }
        tags.append(true);
    }
    let mut arrays: Vec<ArrayRef> = vec![
        times(items().map(|item| item.event_time), zone),
        times(items().map(|item| item.discovered), zone),
        Arc::new(gaps.finish()),
    ];
    if grouped {
        arrays.push(texts(rows.iter().map(|row| row.group.clone())));
    }
    arrays.push(texts(items().map(|item| item.stage.clone())));
    arrays.push(Arc::new(tags.finish()));
    arrays.push(texts(
        items().map(|item| item.entity.as_ref().map(ToString::to_string)),
    ));
    arrays.push(texts(items().map(|item| Some(item.source.clone()))));
    arrays.push(texts(items().map(|item| Some(item.summary.clone()))));
    arrays.push(texts(items().map(|item| Some(item.note.clone()))));
    arrays.push(texts(items().map(|item| Some(item.place.to_string()))));
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
}

fn times(times: impl Iterator<Item = Option<DateTime<Utc>>>, zone: Tz) -> ArrayRef {
    if zone != Tz::UTC {
        return texts(times.map(|time| {
            let time = time?.with_timezone(&zone);
            Some(time.to_rfc3339_opts(SecondsFormat::AutoSi, false))
        }));
    }
    let mut builder = TimestampMicrosecondBuilder::new();
    for time in times {
        builder.append_option(time.map(|time| time.timestamp_micros()));
    }
    Arc::new(builder.finish().with_timezone("UTC"))
}

fn texts(texts: impl Iterator<Item = Option<String>>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    for text in texts {
        builder.append_option(text);
    }
    Arc::new(builder.finish())
}
