//! Choosing between values.

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::when;

use super::kernel::{Call, Family, Function, common_type, comparable};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            Family::Conditional,
            "if",
            "if(condition, value [, otherwise])",
            "The value where the condition holds, else the other one, or NULL",
        )
        .takes_custom(condition_and_values, |types| Ok(types[1].clone()), choose)
        .sees_nulls()
        .becomes(|mut arguments| {
            let otherwise = (arguments.len() == 3).then(|| arguments.pop()).flatten();
            let (value, condition) = (arguments.pop(), arguments.pop());
            let (Some(value), Some(condition)) = (value, condition) else {
                return Ok(None);
            };
            let mut case = when(condition, value);
            let case = match otherwise {
                Some(otherwise) => case.otherwise(otherwise)?,
                None => case.end()?,
            };
            Ok(Some(case))
        }),
        extreme(
            "greatest",
            "greatest(a, b, …)",
            "The largest value; NULL if one is NULL",
            |call| pick(call, |candidate, best| candidate > best),
        ),
        extreme(
            "least",
            "least(a, b, …)",
            "The smallest value; NULL if one is NULL",
            |call| pick(call, |candidate, best| candidate < best),
        ),
    ]
}

fn extreme(
    name: &'static str,
    signature: &'static str,
    purpose: &'static str,
    eval: fn(&Call<'_>) -> Result<ArrayRef>,
) -> Function {
    Function::new(Family::Conditional, name, signature, purpose).takes_custom(
        one_type,
        |types| Ok(types[0].clone()),
        eval,
    )
}

fn condition_and_values(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    let condition = |given: &DataType| matches!(given, DataType::Boolean | DataType::Null);
    match given {
        [first, value] if condition(first) => Ok(Some(vec![DataType::Boolean, value.clone()])),
        [first, value, otherwise] if condition(first) => {
            let common = common_type(value, otherwise)?;
            Ok(Some(vec![DataType::Boolean, common.clone(), common]))
        }
        _ => Ok(None),
    }
}

/// Casts all arguments to the one type that holds them all.
pub(super) fn one_type(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    let mut common = DataType::Null;
    for given in given {
        common = common_type(&common, given)?;
    }
    Ok((!given.is_empty()).then(|| vec![common; given.len()]))
}

/// Only reached where the optimizer has not made a CASE of the call.
fn choose(call: &Call<'_>) -> Result<ArrayRef> {
    let condition = call.expanded(0)?;
    let condition = condition.as_boolean();
    let value = call.expanded(1)?;
    let otherwise = match call.count() {
        3 => call.expanded(2)?,
        _ => arrow::array::new_null_array(value.data_type(), call.rows),
    };
    let holds = match condition.null_count() {
        0 => condition.clone(),
        _ => arrow::compute::prep_null_mask_filter(condition),
    };
    Ok(arrow::compute::kernels::zip::zip(
        &holds, &value, &otherwise,
    )?)
}

type RowOf<'a> = arrow::row::Row<'a>;

fn pick(call: &Call<'_>, better: fn(&RowOf<'_>, &RowOf<'_>) -> bool) -> Result<ArrayRef> {
    let columns = (0..call.count())
        .map(|arg| call.expanded(arg))
        .collect::<Result<Vec<_>>>()?;
    let sources: Vec<&ArrayRef> = columns.iter().collect();
    let rows = comparable(&sources)?;
    let chosen = (0..call.rows).map(|row| {
        if call.is_null(row) {
            return None;
        }
        let mut best = 0;
        for other in 1..rows.len() {
            if better(&rows[other].row(row), &rows[best].row(row)) {
                best = other;
            }
        }
        Some((best * call.rows + row) as u64)
    });
    let chosen = UInt64Array::from_iter(chosen);
    let arrays: Vec<&dyn Array> = columns.iter().map(|column| column.as_ref()).collect();
    Ok(arrow::compute::take(
        &arrow::compute::concat(&arrays)?,
        &chosen,
        None,
    )?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fails, gives, gives_rows};

    #[test]
    fn if_evaluates_only_the_branch_taken() {
        gives("if(1 = 1, 'yes', 'no')", "yes");
        gives("if(1 = 2, 'yes')", "NULL");
        gives("if(NULL, 1, 2)", "2");
        gives_rows("if(v = 0, -1, 10 / v)", "(0), (5)", &["-1", "2"]);
        fails("if(1, 2, 3)", "Unexpected parameters");
        fails("if(true, 1, 'a')", "common type");
    }

    #[test]
    fn greatest_and_least_give_null_for_null() {
        gives("greatest(1, 3, 2)", "3");
        gives("greatest(1, 2.5)", "2.5");
        gives("least('b', 'a')", "a");
        gives("greatest(1, NULL)", "NULL");
        gives_rows("least(v, 3)", "(1), (NULL), (7)", &["1", "NULL", "3"]);
    }
}
