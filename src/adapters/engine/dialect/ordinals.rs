//! The numbers from 1 that WITH ORDINALITY puts beside the elements of arrays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Builder, ListBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::lists::ListView;

/// For each row the list `[1, 2, …]` as long as the longest of its arguments.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Ordinals {
    signature: Signature,
}

impl Default for Ordinals {
    fn default() -> Self {
        Self {
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Ordinals {
    fn name(&self) -> &str {
        "unnest_ordinality"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(
            DataType::Int64,
            true,
        ))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let lists = arrays
            .iter()
            .map(ListView::new)
            .collect::<Result<Vec<_>>>()?;
        let rows = arrays.first().map_or(args.number_rows, |array| array.len());
        let mut builder = ListBuilder::new(Int64Builder::new());
        for row in 0..rows {
            let longest = lists
                .iter()
                .map(|list| list.range(row).map_or(0, |range| range.len()))
                .max()
                .unwrap_or(0);
            for number in (1_i64..).take(longest) {
                builder.values().append_value(number);
            }
            builder.append(true);
        }
        let ordinals: ArrayRef = Arc::new(builder.finish());
        Ok(ColumnarValue::Array(ordinals))
    }
}
