//! Arguments as typed columns, whatever Arrow layout they arrive in.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array,
    LargeStringArray, StringArray, StringViewArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDateTime};
use datafusion::common::{Result, exec_err, internal_err};

use super::zone::Zone;

pub(super) fn typed<T>(values: Option<&T>, arg: usize, constant: bool) -> Result<Typed<'_, T>> {
    match values {
        Some(values) => Ok(Typed { values, constant }),
        None => internal_err!("argument {arg} has not the type that was asked for"),
    }
}

/// An argument in Arrow's own layout.
pub(crate) struct Typed<'a, T> {
    values: &'a T,
    constant: bool,
}

impl<T: Array> Typed<'_, T> {
    fn place(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }

    /// Whether the row's value is NULL; only asked by functions that see NULLs.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.values.is_null(self.place(row))
    }
}

/// A `bigint` argument.
pub(crate) type Ints<'a> = Typed<'a, Int64Array>;
/// A `double` argument.
pub(crate) type Doubles<'a> = Typed<'a, Float64Array>;
/// A `boolean` argument.
pub(crate) type Bools<'a> = Typed<'a, BooleanArray>;
/// A `varbinary` argument.
pub(crate) type Bytes<'a> = Typed<'a, BinaryArray>;
/// A `date` argument.
pub(crate) type Days<'a> = Typed<'a, Date32Array>;

impl Typed<'_, Int64Array> {
    /// The row's value.
    pub(crate) fn at(&self, row: usize) -> i64 {
        self.values.value(self.place(row))
    }
}

impl Typed<'_, Float64Array> {
    /// The row's value.
    pub(crate) fn at(&self, row: usize) -> f64 {
        self.values.value(self.place(row))
    }
}

impl Typed<'_, BooleanArray> {
    /// The row's value.
    pub(crate) fn at(&self, row: usize) -> bool {
        self.values.value(self.place(row))
    }
}

impl<'a> Typed<'a, BinaryArray> {
    /// The row's value.
    pub(crate) fn at(&self, row: usize) -> &'a [u8] {
        self.values.value(self.place(row))
    }
}

impl Typed<'_, Date32Array> {
    /// The row's value, in days since 1970-01-01.
    pub(crate) fn at(&self, row: usize) -> i32 {
        self.values.value(self.place(row))
    }
}

pub(super) enum TextLayout<'a> {
    Short(&'a StringArray),
    Long(&'a LargeStringArray),
    View(&'a StringViewArray),
}

/// A text argument in any of Arrow's layouts.
pub(crate) struct Texts<'a> {
    pub(super) values: TextLayout<'a>,
    pub(super) constant: bool,
}

impl<'a> Texts<'a> {
    /// The row's value.
    pub(crate) fn at(&self, row: usize) -> &'a str {
        let row = if self.constant { 0 } else { row };
        match self.values {
            TextLayout::Short(values) => values.value(row),
            TextLayout::Long(values) => values.value(row),
            TextLayout::View(values) => values.value(row),
        }
    }

    /// The row's value, or `None` for NULL; for functions that see NULLs.
    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        let place = if self.constant { 0 } else { row };
        let null = match self.values {
            TextLayout::Short(values) => values.is_null(place),
            TextLayout::Long(values) => values.is_null(place),
            TextLayout::View(values) => values.is_null(place),
        };
        (!null).then(|| self.at(row))
    }
}

/// A timestamp argument of any unit, with or without zone.
pub(crate) struct Instants {
    micros: ArrayRef,
    /// The zone of the values, where their type has one.
    pub(crate) zone: Option<Zone>,
    constant: bool,
}

impl Instants {
    pub(super) fn new(array: &ArrayRef, constant: bool) -> Result<Self> {
        let DataType::Timestamp(_, zone) = array.data_type() else {
            return internal_err!("{} is no timestamp", array.data_type());
        };
        let zone = zone.as_deref().map(Zone::parse).transpose()?;
        // Without the zone, the cast only changes the unit.
        let micros = cast(
            &cast_away_zone(array)?,
            &DataType::Timestamp(TimeUnit::Microsecond, None),
        )?;
        Ok(Self {
            micros,
            zone,
            constant,
        })
    }

    /// The row's instant in microseconds since 1970-01-01 UTC (a value without zone is UTC).
    pub(crate) fn micros(&self, row: usize) -> i64 {
        let row = if self.constant { 0 } else { row };
        self.micros
            .as_primitive::<arrow::datatypes::TimestampMicrosecondType>()
            .value(row)
    }

    /// Whether the wall clock is that of UTC.
    pub(crate) fn is_utc(&self) -> bool {
        self.zone.is_none_or(|zone| zone.is_utc())
    }

    /// The row's wall clock: in the value's zone, where it has one.
    pub(crate) fn local(&self, row: usize) -> Result<NaiveDateTime> {
        let utc = utc_time(self.micros(row))?;
        Ok(match &self.zone {
            None => utc,
            Some(zone) => zone.local(utc),
        })
    }

    /// The instant of a wall clock in the values' zone, in microseconds.
    pub(crate) fn instant(&self, local: NaiveDateTime) -> i64 {
        match &self.zone {
            None => local.and_utc().timestamp_micros(),
            Some(zone) => zone.utc(local).and_utc().timestamp_micros(),
        }
    }
}

fn cast_away_zone(array: &ArrayRef) -> Result<ArrayRef> {
    use arrow::datatypes::{
        TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType,
    };
    Ok(match array.data_type() {
        DataType::Timestamp(_, None) => Arc::clone(array),
        DataType::Timestamp(TimeUnit::Second, _) => Arc::new(
            array
                .as_primitive::<TimestampSecondType>()
                .clone()
                .with_timezone_opt(None::<&str>),
        ),
        DataType::Timestamp(TimeUnit::Millisecond, _) => Arc::new(
            array
                .as_primitive::<TimestampMillisecondType>()
                .clone()
                .with_timezone_opt(None::<&str>),
        ),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Arc::new(
            array
                .as_primitive::<TimestampMicrosecondType>()
                .clone()
                .with_timezone_opt(None::<&str>),
        ),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Arc::new(
            array
                .as_primitive::<TimestampNanosecondType>()
                .clone()
                .with_timezone_opt(None::<&str>),
        ),
        other => return internal_err!("{other} is no timestamp"),
    })
}

/// The calendar time of an instant.
pub(crate) fn utc_time(micros: i64) -> Result<NaiveDateTime> {
    match DateTime::from_timestamp_micros(micros) {
        Some(time) => Ok(time.naive_utc()),
        None => exec_err!("the timestamp {micros} µs is out of range"),
    }
}
