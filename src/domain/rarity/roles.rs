//! Which columns of a result tell who did what, from where, on what, and when.

use std::borrow::Cow;
use std::net::IpAddr;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMillisecondType};

use super::{DIMENSIONS, HOUR, NETWORK, OPERATION, PRINCIPAL, RESOURCE};
use crate::domain::rows::Column;

const MILLISECONDS_OF_AN_HOUR: i64 = 3_600_000;

/// Names and paths of each dimension, the better first; of several the first that has a value
/// counts. A dotted one leads into a column of records.
const NAMES: [&[&str]; DIMENSIONS - 1] = [
    &[
        "who",
        "principal",
        "caller",
        "actor.user.uuid",
        "actor.user.uid",
        "user",
        "uuid",
        "uid",
    ],
    &["api.operation", "operation", "what", "event_name"],
    &[
        "src_endpoint.ip",
        "address",
        "source_address",
        "src_ip",
        "source_ip",
        "ip",
    ],
    &[
        "resources.type",
        "resource_type",
        "api.service.name",
        "service",
    ],
];

/// Names and paths of the time of an event.
const TIMES: [&str; 4] = ["time_dt", "time", "event_time", "first_time"];

/// The columns of a result that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    places: [Vec<Place>; DIMENSIONS - 1],
    time: Option<Place>,
}

/// A column and the fields inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    column: usize,
    fields: Vec<String>,
    name: &'static str,
}

/// The values of a batch, one array a dimension.
pub(super) struct Values {
    texts: [Option<Vec<StringArray>>; DIMENSIONS - 1],
    /// Milliseconds since 1970.
    times: Option<Int64Array>,
}

impl Roles {
    /// Finds the columns by their display names, and by the fields of those that hold records.
    pub fn of(columns: &[Column], types: &[&DataType]) -> Self {
        let find = |path: &'static str| {
            let mut parts = path.split('.');
            let first = parts.next()?;
            let fields: Vec<String> = parts.map(str::to_owned).collect();
            columns
                .iter()
                .zip(types)
                .enumerate()
                .find_map(|(at, (column, kind))| {
                    let fits = column.name.eq_ignore_ascii_case(first) && leads(kind, &fields);
                    // A display name may be the path itself.
                    let is_whole = column.name.eq_ignore_ascii_case(path);
                    (fits || is_whole).then(|| Place {
                        column: at,
                        fields: if is_whole { Vec::new() } else { fields.clone() },
                        name: path,
                    })
                })
        };
        let time = TIMES.into_iter().find_map(|path| {
            let place = find(path)?;
            let kind = types.get(place.column)?;
            matches!(kind, DataType::Timestamp(..) | DataType::Int64).then_some(place)
        });
        Self {
            places: NAMES.map(|names| names.iter().filter_map(|path| find(path)).collect()),
            time,
        }
    }

    /// Whether anything tells who, what, from where or on what.
    pub fn are_any(&self) -> bool {
        self.places.iter().any(|places| !places.is_empty())
    }

    /// Whether the rows are API calls and nothing else, which the calls of a whole lake can be the
    /// history of.
    pub fn are_calls(&self) -> bool {
        let names = |at: usize| self.places.get(at).and_then(|places| places.first());
        names(OPERATION).is_some_and(|place| place.name.ends_with("operation"))
            && names(PRINCIPAL).or(names(NETWORK)).is_some()
    }

    /// Whether the kind of resource is told by the service that was called.
    pub fn is_service(&self) -> bool {
        let place = self.places.get(RESOURCE).and_then(|places| places.first());
        place.is_some_and(|place| {
            place.name.ends_with("service") || place.name.ends_with("service.name")
        })
    }

    /// The values of a batch.
    pub(super) fn values(&self, batch: &RecordBatch) -> Values {
        let texts = |places: &Vec<Place>| {
            let arrays: Vec<StringArray> = places
                .iter()
                .filter_map(|place| texts(batch.columns().get(place.column)?, &place.fields))
                .collect();
            (!arrays.is_empty()).then_some(arrays)
        };
        let [principal, operation, network, resource] = &self.places;
        Values {
            texts: [
                texts(principal),
                texts(operation),
                texts(network),
                texts(resource),
            ],
            times: self
                .time
                .as_ref()
                .and_then(|place| times(batch.columns().get(place.column)?)),
        }
    }
}

impl Values {
    /// The hour of a row since 1970.
    pub(super) fn hour(&self, row: usize) -> Option<i32> {
        let hour = self.time(row)?.div_euclid(MILLISECONDS_OF_AN_HOUR);
        i32::try_from(hour).ok()
    }

    /// When a row's event was, in milliseconds since 1970.
    pub(super) fn time(&self, row: usize) -> Option<i64> {
        let times = self.times.as_ref()?;
        (row < times.len() && times.is_valid(row)).then(|| times.value(row))
    }

    /// A row's value in a dimension: `None` where the result does not tell it, empty where the row
    /// has none.
    pub(super) fn text(&self, dimension: usize, row: usize) -> Option<Cow<'_, str>> {
        if dimension == HOUR {
            self.times.as_ref()?;
            return Some(match self.hour(row) {
                Some(hour) => Cow::Owned(format!("{:02}", hour.rem_euclid(24))),
                None => Cow::Borrowed(""),
            });
        }
        let arrays = self.texts.get(dimension)?.as_ref()?;
        let text = arrays
            .iter()
            .find(|array| array.is_valid(row) && !array.value(row).is_empty())
            .map_or("", |array| array.value(row));
        Some(match dimension {
            NETWORK => network(text),
            PRINCIPAL => without_session(text),
            _ => Cow::Borrowed(text),
        })
    }
}

/// Whether a type has these fields, whatever lists are on the way.
fn leads(kind: &DataType, fields: &[String]) -> bool {
    match (kind, fields.split_first()) {
        (DataType::List(inner) | DataType::LargeList(inner), _) if !fields.is_empty() => {
            leads(inner.data_type(), fields)
        }
        (DataType::Struct(inner), Some((first, rest))) => inner
            .iter()
            .find(|field| field.name().eq_ignore_ascii_case(first))
            .is_some_and(|field| leads(field.data_type(), rest)),
        (DataType::Struct(_), None) => false,
        (_, rest) => rest.is_none(),
    }
}

/// The texts at the end of a way; of a list its first element.
fn texts(array: &ArrayRef, fields: &[String]) -> Option<StringArray> {
    if let Some(list) = array.as_list_opt::<i32>() {
        let firsts: UInt64Array = (0..list.len())
            .map(|row| {
                let has_one = list.is_valid(row) && list.value_length(row) > 0;
                let at = list.value_offsets().get(row).copied().filter(|_| has_one);
                at.and_then(|at| u64::try_from(at).ok())
            })
            .collect();
        return texts(&take(list.values(), &firsts, None).ok()?, fields);
    }
    if let Some(record) = array.as_struct_opt() {
        let (first, rest) = fields.split_first()?;
        let names = record.fields();
        let at = names
            .iter()
            .position(|f| f.name().eq_ignore_ascii_case(first))?;
        return texts(record.columns().get(at)?, rest);
    }
    if !fields.is_empty() {
        return None;
    }
    let array = cast(array, &DataType::Utf8).ok()?;
    array.as_string_opt::<i32>().cloned()
}

fn times(array: &ArrayRef) -> Option<Int64Array> {
    let wanted = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let array = cast(array, &wanted).ok()?;
    let array = array.as_primitive_opt::<TimestampMillisecondType>()?;
    Some(array.reinterpret_cast::<Int64Type>())
}

/// The network of an address: the first 16 bits of version 4, the first 32 of version 6. What is no
/// address (a service's name) stays as it is.
fn network(text: &str) -> Cow<'_, str> {
    match text.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => {
            let [a, b, ..] = ip.octets();
            Cow::Owned(format!("{a}.{b}.0.0/16"))
        }
        Ok(IpAddr::V6(ip)) => {
            let [a, b, ..] = ip.segments();
            Cow::Owned(format!("{a:x}:{b:x}::/32"))
        }
        Err(_) => Cow::Borrowed(text),
    }
}

/// A session is taken for its role: each has a name of its own, which was never seen before.
fn without_session(text: &str) -> Cow<'_, str> {
    let role = text.split_once(":assumed-role/").and_then(|(head, rest)| {
        let (role, _) = rest.split_once('/')?;
        Some(head.len() + ":assumed-role/".len() + role.len())
    });
    Cow::Borrowed(role.and_then(|end| text.get(..end)).unwrap_or(text))
}
