//! `=` and `<>` of rows and arrays, whose elements may be NULL: different where two elements
//! certainly differ, unknown where it depends on a NULL, equal otherwise.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt64Array};
use arrow::compute::kernels::boolean::{and_kleene, not};
use arrow::compute::kernels::cmp;
use arrow::compute::{cast, take};
use arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::adapters::engine::functions::type_name;

/// Whether two types are both rows or both arrays.
pub(super) fn applies(left: &DataType, right: &DataType) -> bool {
    matches!(
        (left, right),
        (DataType::Struct(_), DataType::Struct(_)) | (DataType::List(_), DataType::List(_))
    )
}

/// The comparison.
pub(super) fn equal((left, right): (Expr, Expr), negated: bool) -> Expr {
    let equal = NestedEqual {
        negated,
        signature: Signature::user_defined(Volatility::Immutable),
    };
    ScalarUDF::from(equal).call(vec![left, right])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NestedEqual {
    negated: bool,
    signature: Signature,
}

impl ScalarUDFImpl for NestedEqual {
    fn name(&self) -> &'static str {
        if self.negated {
            "nested_not_equal"
        } else {
            "nested_equal"
        }
    }

    fn display_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [left, right] => Ok(format!(
                "{left} {} {right}",
                if self.negated { "<>" } else { "=" }
            )),
            _ => internal_err!("an operator has two operands"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [left, right] if comparable(left, right) => Ok(given.to_vec()),
            [left, right] => plan_err!(
                "Cannot compare {} with {}",
                type_name(left),
                type_name(right)
            ),
            _ => plan_err!("a comparison has two operands"),
        }
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [left, right] = arrays.as_slice() else {
            return internal_err!("an operator has two operands");
        };
        let equal = compare(left, right)?;
        let result = if self.negated { not(&equal)? } else { equal };
        Ok(ColumnarValue::Array(Arc::new(result)))
    }
}

/// Whether Trino compares two types.
fn comparable(left: &DataType, right: &DataType) -> bool {
    let both = |test: fn(&DataType) -> bool| test(left) && test(right);
    match (left, right) {
        (DataType::Struct(a), DataType::Struct(b)) => {
            let mut pairs = a.iter().zip(b);
            a.len() == b.len() && pairs.all(|(a, b)| comparable(a.data_type(), b.data_type()))
        }
        (DataType::List(a), DataType::List(b)) => comparable(a.data_type(), b.data_type()),
        (DataType::Map(..), _) | (_, DataType::Map(..)) => false,
        _ => {
            left == right
                || left.is_null()
                || right.is_null()
                || both(DataType::is_numeric)
                || both(DataType::is_string)
                || both(DataType::is_temporal)
        }
    }
}

fn compare(left: &ArrayRef, right: &ArrayRef) -> Result<BooleanArray> {
    let rows = left.len();
    if left.data_type().is_null() || right.data_type().is_null() {
        return Ok(BooleanArray::new_null(rows));
    }
    match (left.data_type(), right.data_type()) {
        (DataType::Struct(_), DataType::Struct(_)) => {
            let (a, b) = (left.as_struct(), right.as_struct());
            let mut equal = BooleanArray::from(vec![true; rows]);
            for (a, b) in a.columns().iter().zip(b.columns()) {
                equal = and_kleene(&equal, &compare(a, b)?)?;
            }
            Ok(known(&equal, left, right))
        }
        (DataType::List(_), DataType::List(_)) => {
            let equal = lists(left.as_list::<i32>(), right.as_list::<i32>())?;
            Ok(known(&equal, left, right))
        }
        (a, b) if a == b => Ok(cmp::eq(left, right)?),
        (a, b) => match comparison_coercion(a, b) {
            Some(common) => Ok(cmp::eq(&cast(left, &common)?, &cast(right, &common)?)?),
            None => plan_err!("Cannot compare {} with {}", type_name(a), type_name(b)),
        },
    }
}

/// The same, unknown where one of both sides is NULL as a whole.
fn known(equal: &BooleanArray, left: &ArrayRef, right: &ArrayRef) -> BooleanArray {
    let rows = (0..equal.len()).map(|row| {
        let whole = left.is_valid(row) && right.is_valid(row) && equal.is_valid(row);
        whole.then(|| equal.value(row))
    });
    rows.collect()
}

fn lists(left: &ListArray, right: &ListArray) -> Result<BooleanArray> {
    let bounds = |list: &ListArray, row: usize| {
        let offsets = list.value_offsets();
        (offsets[row] as u64, offsets[row + 1] as u64)
    };
    let (mut at_left, mut at_right) = (Vec::new(), Vec::new());
    // How many elements of each row are compared; `None` where the lengths differ.
    let mut compared: Vec<Option<usize>> = Vec::with_capacity(left.len());
    for row in 0..left.len() {
        let ((a, a_end), (b, b_end)) = (bounds(left, row), bounds(right, row));
        let same = a_end - a == b_end - b && left.is_valid(row) && right.is_valid(row);
        if same {
            at_left.extend(a..a_end);
            at_right.extend(b..b_end);
        }
        compared.push(same.then_some((a_end - a) as usize));
    }
    let left = take(left.values(), &UInt64Array::from(at_left), None)?;
    let right = take(right.values(), &UInt64Array::from(at_right), None)?;
    let elements = compare(&left, &right)?;
    let mut next = 0;
    let rows = compared.into_iter().map(|count| {
        let Some(count) = count else {
            return Some(false);
        };
        let range = next..next + count;
        next = range.end;
        let different = |at: usize| elements.is_valid(at) && !elements.value(at);
        if range.clone().any(different) {
            Some(false)
        } else {
            range
                .into_iter()
                .all(|at| elements.is_valid(at))
                .then_some(true)
        }
    });
    Ok(rows.collect())
}
