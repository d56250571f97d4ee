//! `sum` and `avg` as Trino has them: a sum of whole numbers that grows out of bigint is an error,
//! a sum of decimals has 38 digits, and the mean of decimals has their own scale.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err};
use datafusion::functions_aggregate as theirs;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF,
    Signature, utils::AggregateOrderSensitivity,
};

use super::{Aggregate, doc};

pub(super) fn functions() -> Vec<Aggregate> {
    vec![
        Aggregate {
            function: AggregateUDF::from(Sum {
                theirs: theirs::sum::sum_udaf(),
            }),
            doc: doc("sum", "sum(x)", "The sum; an error where it is no bigint"),
        },
        Aggregate {
            function: AggregateUDF::from(Mean {
                theirs: theirs::average::avg_udaf(),
            }),
            doc: doc("avg", "avg(x)", "The mean"),
        },
    ]
}

fn overflow(a: i64, b: i64) -> DataFusionError {
    exec_datafusion_err!(
        "sum: bigint addition overflow: {a} + {b}; sum(CAST(x AS decimal(38, 0))) has room"
    )
}

fn plus(a: i64, b: i64) -> Result<i64> {
    a.checked_add(b).ok_or_else(|| overflow(a, b))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Sum {
    /// The planner's own, for everything but bigint.
    theirs: Arc<AggregateUDF>,
}

fn is_whole(args: &AccumulatorArgs<'_>) -> bool {
    *args.return_field.data_type() == DataType::Int64 && !args.is_distinct
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        self.theirs.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [DataType::Decimal128(_, scale)] => Ok(DataType::Decimal128(38, *scale)),
            _ => self.theirs.return_type(types),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if is_whole(&args) {
            Ok(Box::new(WholeSum(None)))
        } else {
            self.theirs.accumulator(args)
        }
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        if is_whole(&args) {
            Ok(Box::new(SlidingSum { sum: 0, count: 0 }))
        } else {
            self.theirs.create_sliding_accumulator(args)
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.theirs.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        is_whole(&args) || self.theirs.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        if is_whole(&args) {
            Ok(Box::new(WholeSums::default()))
        } else {
            self.theirs.create_groups_accumulator(args)
        }
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// The sum so far; NULL before there is a value.
#[derive(Debug)]
struct WholeSum(Option<i64>);

impl Accumulator for WholeSum {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let values = columns[0].as_primitive::<Int64Type>();
        if values.null_count() < values.len() {
            let mut sum = self.0.unwrap_or(0);
            if values.null_count() == 0 {
                for value in values.values() {
                    sum = plus(sum, *value)?;
                }
            } else {
                for value in values.iter().flatten() {
                    sum = plus(sum, value)?;
                }
            }
            self.0 = Some(sum);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Int64(self.0)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(self.0))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sum of a window's moving frame, which may be too large in between.
#[derive(Debug)]
struct SlidingSum {
    sum: i128,
    count: u64,
}

impl Accumulator for SlidingSum {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        for value in columns[0].as_primitive::<Int64Type>().iter().flatten() {
            self.sum += i128::from(value);
            self.count += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        for value in columns[0].as_primitive::<Int64Type>().iter().flatten() {
            self.sum -= i128::from(value);
            self.count -= 1;
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = (self.count > 0).then(|| i64::try_from(self.sum));
        let sum = sum.transpose().map_err(|_| {
            exec_datafusion_err!("sum: the sum {} of a window is no bigint", self.sum)
        })?;
        Ok(ScalarValue::Int64(sum))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sums of all groups.
#[derive(Debug, Default)]
struct WholeSums {
    sums: Vec<i64>,
    seen: Vec<bool>,
}

impl WholeSums {
    fn add(&mut self, group: usize, value: i64) -> Result<()> {
        let sum = &mut self.sums[group];
        *sum = plus(*sum, value)?;
        self.seen[group] = true;
        Ok(())
    }

    fn emit(&mut self, emit: EmitTo) -> ArrayRef {
        let sums = emit.take_needed(&mut self.sums);
        let seen = emit.take_needed(&mut self.seen);
        Arc::new(Int64Array::new(sums.into(), Some(NullBuffer::from(seen))))
    }
}

impl GroupsAccumulator for WholeSums {
    fn update_batch(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.sums.resize(total, 0);
        self.seen.resize(total, false);
        let values = columns[0].as_primitive::<Int64Type>();
        let rows = groups.iter().zip(values.values());
        if values.null_count() == 0 && filter.is_none() {
            for (group, value) in rows {
                self.add(*group, *value)?;
            }
            return Ok(());
        }
        for (row, (group, value)) in rows.enumerate() {
            let kept = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if kept && values.is_valid(row) {
                self.add(*group, *value)?;
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update_batch(states, groups, None, total)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        Ok(self.emit(emit))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.emit(emit)])
    }

    fn convert_to_state(
        &self,
        columns: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let Some(filter) = filter else {
            return Ok(vec![Arc::clone(&columns[0])]);
        };
        let values = columns[0].as_primitive::<Int64Type>().iter();
        let kept: Int64Array = values
            .zip(filter)
            .map(|(value, kept)| value.filter(|_| kept == Some(true)))
            .collect();
        Ok(vec![Arc::new(kept)])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sums.capacity() * size_of::<i64>() + self.seen.capacity()
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Mean {
    /// The planner's own, whose means of decimals have four digits more.
    theirs: Arc<AggregateUDF>,
}

impl Mean {
    /// The same arguments with the result's type that the planner's own has, where the two differ.
    fn wider(&self, args: &AccumulatorArgs<'_>) -> Result<Option<FieldRef>> {
        let types = args
            .expr_fields
            .iter()
            .map(|field| field.data_type().clone());
        let wide = self.theirs.return_type(&types.collect::<Vec<_>>())?;
        let wider = wide != *args.return_field.data_type();
        Ok(wider.then(|| Arc::new(Field::new(args.return_field.name(), wide, true))))
    }
}

impl AggregateUDFImpl for Mean {
    fn name(&self) -> &'static str {
        "avg"
    }

    fn signature(&self) -> &Signature {
        self.theirs.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.theirs.coerce_types(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [decimal @ DataType::Decimal128(..)] => Ok(decimal.clone()),
            _ => self.theirs.return_type(types),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let Some(return_field) = self.wider(&args)? else {
            return self.theirs.accumulator(args);
        };
        let to = args.return_field.data_type().clone();
        let mean = self.theirs.accumulator(AccumulatorArgs {
            return_field,
            ..args
        })?;
        Ok(Box::new(Rounded { mean, to }))
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        let Some(return_field) = self.wider(&args)? else {
            return self.theirs.create_sliding_accumulator(args);
        };
        let to = args.return_field.data_type().clone();
        let mean = self.theirs.create_sliding_accumulator(AccumulatorArgs {
            return_field,
            ..args
        })?;
        Ok(Box::new(Rounded { mean, to }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.theirs.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.wider(&args).is_ok_and(|wider| wider.is_none())
            && self.theirs.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.theirs.create_groups_accumulator(args)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// A mean of decimals, rounded to their scale in the end.
#[derive(Debug)]
struct Rounded {
    mean: Box<dyn Accumulator>,
    to: DataType,
}

impl Accumulator for Rounded {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.mean.update_batch(columns)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.mean.merge_batch(states)
    }

    fn retract_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.mean.retract_batch(columns)
    }

    fn supports_retract_batch(&self) -> bool {
        self.mean.supports_retract_batch()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.mean.state()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mean = self.mean.evaluate()?.to_array()?;
        ScalarValue::try_from_array(&cast(&mean, &self.to)?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.mean.size()
    }
}
