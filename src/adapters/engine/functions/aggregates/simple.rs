//! Aggregates that are DataFusion's under Trino's name.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions_aggregate as theirs;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{
    AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs,
};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility, when,
};
use datafusion::prelude::lit;

use super::super::kernel::FunctionDoc;
use super::{Aggregate, doc};

pub(super) fn functions() -> Vec<Aggregate> {
    let also = |function: Arc<AggregateUDF>, doc: FunctionDoc, aliases: &'static [&'static str]| {
        Aggregate {
            function: function
                .as_ref()
                .clone()
                .with_aliases(aliases.iter().copied()),
            doc: FunctionDoc { aliases, ..doc },
        }
    };
    vec![
        also(
            theirs::any_value::any_value_udaf(),
            doc("any_value", "any_value(x)", "Some value that is not NULL"),
            &["arbitrary"],
        ),
        also(
            theirs::bool_and_or::bool_and_udaf(),
            doc("bool_and", "bool_and(x)", "Whether all are true"),
            &["every"],
        ),
        also(
            theirs::bit_and_or_xor::bit_and_udaf(),
            doc("bit_and", "bitwise_and_agg(x)", "The bits set in all"),
            &["bitwise_and_agg"],
        ),
        also(
            theirs::bit_and_or_xor::bit_or_udaf(),
            doc("bit_or", "bitwise_or_agg(x)", "The bits set in one of all"),
            &["bitwise_or_agg"],
        ),
        also(
            theirs::bit_and_or_xor::bit_xor_udaf(),
            doc(
                "bit_xor",
                "bitwise_xor_agg(x)",
                "The bits set in an odd number",
            ),
            &["bitwise_xor_agg"],
        ),
        also(
            theirs::variance::var_samp_udaf(),
            doc("var_samp", "var_samp(x)", "The variance of a sample"),
            &["variance"],
        ),
        also(
            theirs::string_agg::string_agg_udaf(),
            doc(
                "string_agg",
                "listagg(text, separator) WITHIN GROUP (ORDER BY …)",
                "The texts joined with a separator",
            ),
            &["listagg"],
        ),
        Aggregate {
            function: AggregateUDF::from(CountIf {
                signature: Signature::exact(vec![DataType::Boolean], Volatility::Immutable),
            }),
            doc: doc(
                "count_if",
                "count_if(condition)",
                "How many rows meet a condition",
            ),
        },
    ]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CountIf {
    signature: Signature,
}

impl AggregateUDFImpl for CountIf {
    fn name(&self) -> &'static str {
        "count_if"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    /// `count` counts groups at once.
    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        Some(Box::new(|function, _| {
            let mut params = function.params.clone();
            let Some(condition) = params.args.pop() else {
                return Ok(Expr::AggregateFunction(function));
            };
            params.args = vec![when(condition, lit(1)).end()?];
            Ok(Expr::AggregateFunction(AggregateFunction {
                func: count_udaf(),
                params,
            }))
        }))
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Counted(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format_state_name(args.name, "count"),
            DataType::Int64,
            false,
        ))])
    }
}

/// Rows so far; for windows, which go without simplification.
#[derive(Debug)]
struct Counted(i64);

impl Accumulator for Counted {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.0 += columns[0].as_boolean().true_count() as i64;
        Ok(())
    }

    fn retract_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.0 -= columns[0].as_boolean().true_count() as i64;
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0 += states[0]
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .sum::<i64>();
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.0)))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Int64(Some(self.0))])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
