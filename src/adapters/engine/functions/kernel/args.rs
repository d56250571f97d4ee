//! A call as an evaluation sees it: typed columns, constants not expanded, NULL rows passed over.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, BooleanBuilder,
    Date32Array, Date32Builder, Float64Array, Float64Builder, Int64Array, Int64Builder,
    LargeStringArray, StringArray, StringBuilder, StringViewArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, FieldRef, Float64Type, Int64Type, TimeUnit};
use chrono::{DateTime, NaiveDateTime};
use datafusion::common::{Result, exec_err, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::lists::Lists;
use super::zone::Zone;

/// The arguments of one call over one batch.
pub(crate) struct Call<'a> {
    args: &'a ScalarFunctionArgs,
    columns: Vec<(ArrayRef, bool)>,
    /// Rows of the result.
    pub(crate) rows: usize,
    nulls: Option<NullBuffer>,
}

impl<'a> Call<'a> {
    pub(super) fn new(args: &'a ScalarFunctionArgs, rows: usize, strict: bool) -> Result<Self> {
        let columns = args
            .args
            .iter()
            .map(|arg| {
                Ok(match arg {
                    ColumnarValue::Array(array) => {
                        (Arc::clone(array), rows == 1 && array.len() == 1)
                    }
                    ColumnarValue::Scalar(value) => (value.to_array_of_size(1)?, true),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let mut nulls = None;
        if strict {
            for (array, constant) in &columns {
                if array.data_type().is_null() || (*constant && array.is_null(0)) {
                    nulls = Some(NullBuffer::new_null(rows));
                } else if !constant {
                    nulls = NullBuffer::union(nulls.as_ref(), array.logical_nulls().as_ref());
                }
            }
        }
        Ok(Self {
            args,
            columns,
            rows,
            nulls,
        })
    }

    /// Whether every row is NULL for a NULL argument, so that nothing need be evaluated.
    pub(super) fn all_null(&self) -> bool {
        self.rows > 0
            && self
                .nulls
                .as_ref()
                .is_some_and(|nulls| nulls.null_count() == self.rows)
    }

    /// How many arguments were given.
    pub(crate) fn count(&self) -> usize {
        self.columns.len()
    }

    /// An argument's column; constants have one row.
    pub(crate) fn column(&self, arg: usize) -> Result<&ArrayRef> {
        match self.columns.get(arg) {
            Some((array, _)) => Ok(array),
            None => internal_err!("argument {arg} of {} is missing", self.columns.len()),
        }
    }

    /// Whether the argument is the same for all rows and lies in the column's only row.
    pub(crate) fn is_constant(&self, arg: usize) -> bool {
        self.columns.get(arg).is_some_and(|(_, constant)| *constant)
    }

    /// An argument's column with one value for each row.
    pub(crate) fn expanded(&self, arg: usize) -> Result<ArrayRef> {
        let column = self.column(arg)?;
        if self.is_constant(arg) && self.rows != 1 {
            let first = arrow::array::UInt32Array::from(vec![0; self.rows]);
            return Ok(arrow::compute::take(column, &first, None)?);
        }
        Ok(Arc::clone(column))
    }

    /// The argument's field, with its metadata.
    pub(crate) fn field(&self, arg: usize) -> Result<&FieldRef> {
        match self.args.arg_fields.get(arg) {
            Some(field) => Ok(field),
            None => internal_err!("the field of argument {arg} is missing"),
        }
    }

    /// The result's type.
    pub(crate) fn returns(&self) -> &DataType {
        self.args.return_type()
    }

    /// Whether a row is NULL because an argument is.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// A text argument.
    pub(crate) fn texts(&self, arg: usize) -> Result<Texts<'_>> {
        let array = self.column(arg)?;
        let values = match array.data_type() {
            DataType::Utf8 => TextLayout::Short(array.as_string::<i32>()),
            DataType::LargeUtf8 => TextLayout::Long(array.as_string::<i64>()),
            DataType::Utf8View => TextLayout::View(array.as_string_view()),
            other => return internal_err!("argument {arg} is {other}, not text"),
        };
        Ok(Texts {
            values,
            constant: self.is_constant(arg),
        })
    }

    /// A `bigint` argument.
    pub(crate) fn ints(&self, arg: usize) -> Result<Ints<'_>> {
        let values = self.column(arg)?.as_primitive_opt::<Int64Type>();
        typed(values, arg, self.is_constant(arg))
    }

    /// A `double` argument.
    pub(crate) fn doubles(&self, arg: usize) -> Result<Doubles<'_>> {
        let values = self.column(arg)?.as_primitive_opt::<Float64Type>();
        typed(values, arg, self.is_constant(arg))
    }

    /// A `boolean` argument.
    pub(crate) fn bools(&self, arg: usize) -> Result<Bools<'_>> {
        typed(
            self.column(arg)?.as_boolean_opt(),
            arg,
            self.is_constant(arg),
        )
    }

    /// A `varbinary` argument.
    pub(crate) fn bytes(&self, arg: usize) -> Result<Bytes<'_>> {
        typed(
            self.column(arg)?.as_binary_opt::<i32>(),
            arg,
            self.is_constant(arg),
        )
    }

    /// A `date` argument.
    pub(crate) fn days(&self, arg: usize) -> Result<Days<'_>> {
        let values = self.column(arg)?.as_primitive_opt::<Date32Type>();
        typed(values, arg, self.is_constant(arg))
    }

    /// A `timestamp` argument.
    pub(crate) fn instants(&self, arg: usize) -> Result<Instants> {
        Instants::new(Arc::clone(self.column(arg)?), self.is_constant(arg))
    }

    /// An array argument.
    pub(crate) fn lists(&self, arg: usize) -> Result<Lists> {
        Lists::new(self.column(arg)?, self.is_constant(arg))
    }

    /// One value for each row of which no argument is NULL.
    pub(crate) fn each<T>(
        &self,
        mut value: impl FnMut(usize) -> Result<Option<T>>,
        mut push: impl FnMut(Option<T>),
    ) -> Result<()> {
        for row in 0..self.rows {
            push(if self.is_null(row) { None } else { value(row)? });
        }
        Ok(())
    }

    /// A text result.
    pub(crate) fn to_texts<T: AsRef<str>>(
        &self,
        value: impl FnMut(usize) -> Result<Option<T>>,
    ) -> Result<ArrayRef> {
        let mut built = StringBuilder::with_capacity(self.rows, self.rows * 16);
        self.each(value, |value| built.append_option(value))?;
        Ok(Arc::new(built.finish()))
    }

    /// A `bigint` result.
    pub(crate) fn to_ints(
        &self,
        value: impl FnMut(usize) -> Result<Option<i64>>,
    ) -> Result<ArrayRef> {
        let mut built = Int64Builder::with_capacity(self.rows);
        self.each(value, |value| built.append_option(value))?;
        Ok(Arc::new(built.finish()))
    }

    /// A `double` result.
    pub(crate) fn to_doubles(
        &self,
        value: impl FnMut(usize) -> Result<Option<f64>>,
    ) -> Result<ArrayRef> {
        let mut built = Float64Builder::with_capacity(self.rows);
        self.each(value, |value| built.append_option(value))?;
        Ok(Arc::new(built.finish()))
    }

    /// A `boolean` result.
    pub(crate) fn to_bools(
        &self,
        value: impl FnMut(usize) -> Result<Option<bool>>,
    ) -> Result<ArrayRef> {
        let mut built = BooleanBuilder::with_capacity(self.rows);
        self.each(value, |value| built.append_option(value))?;
        Ok(Arc::new(built.finish()))
    }

    /// A `varbinary` result.
    pub(crate) fn to_bytes<T: AsRef<[u8]>>(
        &self,
        value: impl FnMut(usize) -> Result<Option<T>>,
    ) -> Result<ArrayRef> {
        let mut built = BinaryBuilder::with_capacity(self.rows, self.rows * 16);
        self.each(value, |value| built.append_option(value))?;
        Ok(Arc::new(built.finish()))
    }

    /// A `date` result, in days since 1970-01-01.
    pub(crate) fn to_days(
        &self,
        value: impl FnMut(usize) -> Result<Option<i32>>,
    ) -> Result<ArrayRef> {
        let mut built = Date32Builder::with_capacity(self.rows);
        self.each(value, |value| built.append_option(value))?;
        Ok(Arc::new(built.finish()))
    }

    /// A `timestamp` result from microseconds since 1970-01-01, in the result type's unit and zone.
    pub(crate) fn to_instants(
        &self,
        value: impl FnMut(usize) -> Result<Option<i64>>,
    ) -> Result<ArrayRef> {
        let DataType::Timestamp(unit, zone) = self.returns() else {
            return internal_err!("{} is no timestamp", self.returns());
        };
        let mut built: Vec<Option<i64>> = Vec::with_capacity(self.rows);
        self.each(value, |value| built.push(value))?;
        let zone = zone.clone();
        Ok(match unit {
            TimeUnit::Second => Arc::new(
                TimestampSecondArray::from_iter(
                    built
                        .into_iter()
                        .map(|micros| micros.map(|micros| micros.div_euclid(1_000_000))),
                )
                .with_timezone_opt(zone),
            ),
            TimeUnit::Millisecond => Arc::new(
                TimestampMillisecondArray::from_iter(
                    built
                        .into_iter()
                        .map(|micros| micros.map(|micros| micros.div_euclid(1_000))),
                )
                .with_timezone_opt(zone),
            ),
            TimeUnit::Microsecond => {
                Arc::new(TimestampMicrosecondArray::from(built).with_timezone_opt(zone))
            }
            TimeUnit::Nanosecond => {
                let mut nanos = Vec::with_capacity(built.len());
                for micros in built {
                    nanos.push(match micros {
                        None => None,
                        Some(micros) => match micros.checked_mul(1_000) {
                            Some(nanos) => Some(nanos),
                            None => return exec_err!("a timestamp is out of range"),
                        },
                    });
                }
                Arc::new(TimestampNanosecondArray::from(nanos).with_timezone_opt(zone))
            }
        })
    }
}

fn typed<T>(values: Option<&T>, arg: usize, constant: bool) -> Result<Typed<'_, T>> {
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

enum TextLayout<'a> {
    Short(&'a StringArray),
    Long(&'a LargeStringArray),
    View(&'a StringViewArray),
}

/// A text argument in any of Arrow's layouts.
pub(crate) struct Texts<'a> {
    values: TextLayout<'a>,
    constant: bool,
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
    fn new(array: ArrayRef, constant: bool) -> Result<Self> {
        let DataType::Timestamp(_, zone) = array.data_type() else {
            return internal_err!("{} is no timestamp", array.data_type());
        };
        let zone = zone.as_deref().map(Zone::parse).transpose()?;
        // Without the zone, the cast only changes the unit.
        let micros = cast(
            &cast_away_zone(&array)?,
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
