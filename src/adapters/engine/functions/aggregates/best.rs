//! `max_by` and `min_by`: a value of the row in which another one is largest or smallest.

use std::cmp::Ordering;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};

use super::super::kernel::{common_type, unexpected};
use super::super::types;
use super::gather::{Gather, top};
use super::{Aggregate, doc};

pub(super) fn functions() -> Vec<Aggregate> {
    let both = [
        (
            doc(
                "max_by",
                "max_by(x, y [, n])",
                "The value of x where y is largest, or an array of the first n",
            ),
            Ordering::Greater,
        ),
        (
            doc(
                "min_by",
                "min_by(x, y [, n])",
                "The value of x where y is smallest, or an array of the first n",
            ),
            Ordering::Less,
        ),
    ];
    let made = both.into_iter().map(|(doc, better)| Aggregate {
        function: AggregateUDF::from(Best {
            name: doc.name,
            signature: Signature::user_defined(Volatility::Immutable),
            better,
        }),
        doc,
    });
    made.collect()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Best {
    name: &'static str,
    signature: Signature,
    better: Ordering,
}

impl Best {
    /// The form with a number, which gives arrays.
    fn several(&self) -> Gather {
        top(self.name, self.better)
    }
}

impl AggregateUDFImpl for Best {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [_, _] => Ok(given.to_vec()),
            [x, y, n] if n.is_integer() => Ok(vec![
                x.clone(),
                y.clone(),
                common_type(n, &DataType::Int64)?,
            ]),
            _ => unexpected(self.name, given, "max_by(x, y [, n])"),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match types {
            [x, _, _] => types::list(x.clone()),
            _ => types.first().cloned().unwrap_or(DataType::Null),
        })
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if args.expr_fields.len() == 3 {
            return self.several().accumulator(args);
        }
        Ok(Box::new(BestRow {
            value: ScalarValue::try_from(args.expr_fields[0].data_type())?,
            by: ScalarValue::try_from(args.expr_fields[1].data_type())?,
            better: self.better,
        }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        args.expr_fields.len() == 3 && self.several().groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.several().create_groups_accumulator(args)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if args.input_fields.len() == 3 {
            return self.several().state_fields(args);
        }
        let state = |part: &str, field: &FieldRef| {
            Arc::new(Field::new(
                format_state_name(args.name, part),
                field.data_type().clone(),
                true,
            ))
        };
        Ok(vec![
            state("value", &args.input_fields[0]),
            state("by", &args.input_fields[1]),
        ])
    }
}

/// The best row so far. `by` is NULL before there is one.
#[derive(Debug)]
struct BestRow {
    value: ScalarValue,
    by: ScalarValue,
    better: Ordering,
}

impl Accumulator for BestRow {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let (values, by) = (&columns[0], &columns[1]);
        let compare = make_comparator(by.as_ref(), by.as_ref(), SortOptions::default())?;
        let nulls = by.logical_nulls();
        let rows =
            (0..by.len()).filter(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row)));
        let Some(best) = rows.reduce(|best, row| {
            if compare(row, best) == self.better {
                row
            } else {
                best
            }
        }) else {
            return Ok(());
        };
        let candidate = ScalarValue::try_from_array(by, best)?;
        if self.by.is_null() || candidate.partial_cmp(&self.by) == Some(self.better) {
            self.value = ScalarValue::try_from_array(values, best)?;
            self.value.compact();
            self.by = candidate;
            self.by.compact();
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.value.clone())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value.clone(), self.by.clone()])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size() + self.by.size()
    }
}
