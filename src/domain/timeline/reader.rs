//! A row of a result read as an item: which column tells the time, what happened, to whom.
//!
//! Rows come from strangers and results have whatever columns somebody asked for: what is not there
//! is left empty, every text is bounded, nothing panics.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use chrono::{DateTime, NaiveDateTime, Utc};

use super::item::{Moment, Place, TimelineItem, UNDATED, time_of};
use super::stage;
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::entity::extract::{Found, row as entities_of};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::rows::Column;

/// Names of the column that tells when something happened, the surest first.
const TIME_NAMES: [&str; 12] = [
    "time_dt",
    "time",
    "event_time",
    "eventtime",
    "event_time_dt",
    "timestamp",
    "@timestamp",
    "start_time_dt",
    "start_time",
    "first_seen_time_dt",
    "first_seen_time",
    "created_time_dt",
];

/// Columns in which entities are looked for only when the others name none: they are large, and
/// repeat what the others say.
const HEAVY: [&str; 6] = [
    "observables",
    "unmapped",
    "api",
    "raw_data",
    "metadata",
    "enrichments",
];

/// What paths to who acted begin with.
const ACTOR: &str = "actor";

/// Where the head of a summary stands, the most telling first.
const HEADS: [&str; 15] = [
    "finding_info.title",
    "finding.title",
    "title",
    "what",
    "api.operation",
    "operation",
    "eventname",
    "query.hostname",
    "http_request.url.path",
    "http_request.url.url_string",
    "message",
    "activity_name",
    "activity",
    "type_name",
    "class_name",
];

/// Where the thing stands that something was done to.
const OBJECTS: [&str; 5] = [
    "resources.uid",
    "resources.name",
    "resource.uid",
    "resource",
    "dst_endpoint.instance_uid",
];

/// Where the outcome stands.
const OUTCOMES: [&str; 5] = ["status", "result", "disposition", "action", "rcode"];

/// Where the source stands.
const SOURCES: [&str; 3] = ["source", "metadata.product.name", "product_name"];

/// The longest part of a summary, in bytes.
const LONGEST: usize = 160;

/// Columns of a summary where nothing telling is among them.
const PLAIN_COLUMNS: usize = 4;

/// The column that tells when a row happened: by its name where one of the usual names is there
/// with a type that can tell it, else the first of a time's type. Whole numbers are milliseconds
/// since 1970, as OCSF has them.
pub fn time_column(schema: &Schema, columns: &[Column]) -> Option<usize> {
    let named = |wanted: &str| {
        let mut fields = schema.fields().iter().zip(columns);
        fields.position(|(field, column)| {
            column.name.eq_ignore_ascii_case(wanted) && tells_time(field.data_type())
        })
    };
    TIME_NAMES.into_iter().find_map(named).or_else(|| {
        let mut fields = schema.fields().iter();
        fields.position(|field| matches!(field.data_type(), DataType::Timestamp(..)))
    })
}

/// When the event of a row happened; `None` where the row does not say.
pub fn event_time(batch: &RecordBatch, columns: &[Column], row: usize) -> Option<DateTime<Utc>> {
    let column = time_column(&batch.schema(), columns)?;
    if row >= batch.num_rows() {
        return None;
    }
    let moment = moment_of(&Cell::of(batch.columns().get(column)?.as_ref(), row))?;
    time_of(moment)
}

fn tells_time(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(..)
        | DataType::Date64
        | DataType::Int64
        | DataType::UInt64
        | DataType::Float64
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => tells_time(values),
        _ => false,
    }
}

/// The moment that a value tells.
fn moment_of(cell: &Cell<'_>) -> Option<Moment> {
    let time = match cell {
        Cell::Timestamp(time) => time.utc().map(|utc| utc.and_utc()),
        Cell::Int(value) => DateTime::from_timestamp_millis(*value),
        Cell::UInt(value) => DateTime::from_timestamp_millis(i64::try_from(*value).ok()?),
        // The cast saturates, and what saturates is beyond the calendar.
        Cell::Float(value) if value.is_finite() => DateTime::from_timestamp_millis(*value as i64),
        Cell::Text(text) => time_in(text),
        _ => None,
    };
    time.map(|time| time.timestamp_micros())
}

/// A time as RFC 3339, or as Athena prints it.
fn time_in(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let bare = text.strip_suffix(" UTC").unwrap_or(text);
    let naive = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok())?;
    Some(naive.and_utc())
}

/// Some of a result's columns, by place and name.
type Part = (Vec<usize>, Vec<Column>);

/// Reads the rows of one result.
#[derive(Debug, Clone)]
pub struct RowReader {
    columns: Vec<Column>,
    time: Option<usize>,
    /// The columns that tell who acted.
    actor: Part,
    /// The columns that are not [`HEAVY`].
    light: Part,
}

impl RowReader {
    /// A reader of rows of a schema; `columns` are the display names.
    pub fn new(schema: &Schema, columns: &[Column]) -> Self {
        let part = |is_in: &dyn Fn(&str) -> bool| -> Part {
            let columns = columns.iter().enumerate();
            let chosen = columns
                .filter(|(place, column)| *place < schema.fields().len() && is_in(&column.name));
            chosen
                .map(|(place, column)| (place, column.clone()))
                .unzip()
        };
        let is_heavy = |name: &str| HEAVY.iter().any(|heavy| name.eq_ignore_ascii_case(heavy));
        Self {
            columns: columns.to_vec(),
            time: time_column(schema, columns),
            actor: part(&|name| name.starts_with(ACTOR)),
            light: part(&|name| !is_heavy(name)),
        }
    }

    /// The column that tells the time.
    pub fn time_column(&self) -> Option<&Column> {
        self.columns.get(self.time?)
    }

    /// When a row happened; [`UNDATED`] where it does not say.
    pub fn moment(&self, batch: &RecordBatch, row: usize) -> Moment {
        let array = self.time.and_then(|place| batch.columns().get(place));
        let told = array.and_then(|array| moment_of(&Cell::of(array.as_ref(), row)));
        told.unwrap_or(UNDATED)
    }

    /// Who or what a row is about first: whom `known` knows where it is given, else who acted, with
    /// what, from where, on what.
    pub fn entity(
        &self,
        batch: &RecordBatch,
        row: usize,
        known: Option<&dyn Fn(&Entity) -> bool>,
    ) -> Option<Entity> {
        let nobody = |_: &Entity| false;
        let within = |(places, columns): &Part| {
            let part = batch.project(places).ok()?;
            lead(&entities_of(&part, columns, row), known.unwrap_or(&nobody))
        };
        // Who acted goes before all others: where nobody is known, the rest need not be read.
        if known.is_none()
            && !self.actor.0.is_empty()
            && let Some(found) = within(&self.actor)
        {
            return Some(found);
        }
        if let Some(found) = within(&self.light) {
            return Some(found);
        }
        lead(
            &entities_of(batch, &self.columns, row),
            known.unwrap_or(&nobody),
        )
    }

    /// What recorded a row.
    pub fn source(&self, batch: &RecordBatch, row: usize) -> Option<String> {
        self.first(batch, row, &SOURCES)
    }

    /// The stage that a finding says it belongs to.
    pub fn stage(&self, batch: &RecordBatch, row: usize) -> Option<String> {
        let tactics = [
            "attacks.tactic.name",
            "attacks.tactics.name",
            "finding_info.attacks.tactic.name",
        ];
        if let Some(tactic) = self.first(batch, row, &tactics)
            && let Some(known) = stage::tactic(&tactic)
        {
            return Some(known.to_owned());
        }
        let types = ["finding_info.types", "finding.types"];
        types.into_iter().find_map(|path| {
            let Some(Cell::List(types)) = self.cell(batch, row, path) else {
                return None;
            };
            types.iter().take(16).find_map(|cell| match cell {
                Cell::Text(text) => stage::of_finding_type(text),
                _ => None,
            })
        })
    }

    /// What happened, in one line.
    pub fn summary(&self, batch: &RecordBatch, row: usize) -> String {
        let head = self.first(batch, row, &HEADS);
        let address = self.first(batch, row, &["dst_endpoint.ip"]);
        let is_flow = self
            .first(batch, row, &["api.operation", "operation"])
            .is_none();
        let mut parts: Vec<String> = head.into_iter().collect();
        if let Some(address) = address.filter(|_| is_flow) {
            let port = self.first(batch, row, &["dst_endpoint.port"]);
            let port = port.map(|port| format!(" port {port}")).unwrap_or_default();
            parts.push(format!("to {address}{port}"));
        } else {
            parts.extend(self.first(batch, row, &OBJECTS));
        }
        if parts.is_empty() {
            return self.plain(batch, row);
        }
        parts.extend(self.first(batch, row, &OUTCOMES));
        parts.dedup();
        parts.join(" · ")
    }

    /// The first values of a row that says nothing telling.
    fn plain(&self, batch: &RecordBatch, row: usize) -> String {
        let cells = self.columns.iter().zip(batch.columns()).enumerate();
        let others = cells.filter(|(place, _)| Some(*place) != self.time);
        let values = others.filter_map(|(_, (column, array))| {
            let value = Cell::of(array.as_ref(), row).short(TimeStyle::Athena, LONGEST / 4)?;
            (!value.is_empty()).then(|| format!("{}={value}", column.name))
        });
        values.take(PLAIN_COLUMNS).collect::<Vec<_>>().join(" ")
    }

    /// A row as an item. `result` is what its result is called, `number` the row in it, from 0.
    pub fn item(
        &self,
        batch: &RecordBatch,
        row: usize,
        result: &str,
        number: usize,
    ) -> TimelineItem {
        TimelineItem {
            event_time: time_of(self.moment(batch, row)),
            discovered: None,
            source: self.source(batch, row).unwrap_or_else(|| result.to_owned()),
            entity: self.entity(batch, row, None),
            tags: Vec::new(),
            stage: self.stage(batch, row),
            note: String::new(),
            summary: self.summary(batch, row),
            place: Place::Row {
                result: result.to_owned(),
                row: number as u64 + 1,
            },
        }
    }

    /// The first of some paths that holds a text or a number.
    fn first(&self, batch: &RecordBatch, row: usize, paths: &[&str]) -> Option<String> {
        paths.iter().find_map(|path| {
            let cell = self.cell(batch, row, path)?;
            if cell.is_nested() {
                return None;
            }
            let text = cell.short(TimeStyle::Athena, LONGEST)?;
            (!text.trim().is_empty()).then_some(text)
        })
    }

    /// The value at a dotted path: a column of that very name, or a field within one; of an array
    /// on the way the first element.
    fn cell<'a>(&self, batch: &'a RecordBatch, row: usize, path: &str) -> Option<Cell<'a>> {
        let column = |name: &str| {
            let mut columns = self.columns.iter();
            let place = columns.position(|column| column.name.eq_ignore_ascii_case(name))?;
            Some(Cell::of(batch.columns().get(place)?.as_ref(), row))
        };
        if let Some(cell) = column(path) {
            return Some(cell);
        }
        let mut steps = path.split('.');
        let mut cell = column(steps.next()?)?;
        for step in steps {
            if let Cell::List(list) = &cell {
                cell = list.get(0);
            }
            cell = match &cell {
                Cell::Struct(fields) => fields.get(step)?,
                _ => return None,
            };
        }
        Some(cell)
    }
}

/// The entity that an item is known by.
fn lead(found: &[Found], known: &dyn Fn(&Entity) -> bool) -> Option<Entity> {
    let acts = |found: &Found| found.paths.iter().any(|path| path.starts_with(ACTOR));
    let who = |kind: EntityType| EntityType::Principal.covers(kind);
    let entities = found
        .iter()
        .filter_map(|found| Some((found, rank(found.entity.kind)?)));
    entities
        .min_by_key(|(found, rank)| {
            let entity = &found.entity;
            // A name alone may be that of somebody in another account.
            let is_bare = who(entity.kind) && !entity.value.starts_with("arn:");
            (
                !known(entity),
                !acts(found),
                !who(entity.kind),
                is_bare,
                *rank,
            )
        })
        .map(|(found, _)| found.entity.clone())
}

/// How well a type stands for what happened, the best first; `None` for what says too little.
fn rank(kind: EntityType) -> Option<u8> {
    Some(match kind {
        EntityType::Principal => 0,
        EntityType::Session => 1,
        EntityType::Role => 2,
        EntityType::AccessKey => 3,
        EntityType::Kubernetes | EntityType::Container | EntityType::Process => 4,
        EntityType::Ip => 5,
        EntityType::Resource => 6,
        EntityType::Domain | EntityType::Url | EntityType::Hash => 7,
        EntityType::Finding => 8,
        EntityType::Cidr => 9,
        EntityType::Account => 10,
        EntityType::UserAgent => return None,
    })
}
