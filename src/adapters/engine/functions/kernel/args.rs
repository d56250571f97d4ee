//! A call as an evaluation sees it: typed columns, constants not expanded, NULL rows passed over.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder,
    Int64Builder, StringBuilder, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Date32Type, FieldRef, Float64Type, Int64Type, TimeUnit};
use datafusion::common::{Result, exec_err, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::columns::{Bools, Bytes, Days, Doubles, Instants, Ints, TextLayout, Texts, typed};
use super::lists::Lists;

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
        Instants::new(self.column(arg)?, self.is_constant(arg))
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
