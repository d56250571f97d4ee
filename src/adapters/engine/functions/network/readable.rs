//! Addresses as text, at any depth of a column.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::error::ArrowError;

use super::super::types::IPADDRESS;
use super::address;

/// The type that [`readable`] gives for a type.
pub(crate) fn readable_type(data_type: &DataType) -> DataType {
    let field = |field: &FieldRef| Arc::new(with_type(field, readable_type(field.data_type())));
    match data_type {
        other if *other == IPADDRESS => DataType::Utf8,
        DataType::List(item) => DataType::List(field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        other => other.clone(),
    }
}

fn with_type(field: &FieldRef, data_type: DataType) -> Field {
    field.as_ref().clone().with_data_type(data_type)
}

/// The column with every address in it as its canonical text; other columns as they are.
pub(crate) fn readable(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let target = readable_type(array.data_type());
    if target == *array.data_type() {
        return Ok(Arc::clone(array));
    }
    Ok(match &target {
        DataType::List(item) => {
            let list = array.as_list::<i32>();
            let values = readable(list.values())?;
            Arc::new(ListArray::try_new(
                Arc::clone(item),
                list.offsets().clone(),
                values,
                list.nulls().cloned(),
            )?)
        }
        DataType::Struct(fields) => {
            let row = array.as_struct();
            let columns = row
                .columns()
                .iter()
                .map(readable)
                .collect::<Result<_, _>>()?;
            Arc::new(StructArray::try_new(
                fields.clone(),
                columns,
                row.nulls().cloned(),
            )?)
        }
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let all = readable(&(Arc::new(map.entries().clone()) as ArrayRef))?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            Arc::new(MapArray::try_new(
                Arc::clone(entries),
                offsets,
                all.as_struct().clone(),
                nulls,
                *sorted,
            )?)
        }
        _ => {
            let addresses = array.as_fixed_size_binary().iter();
            Arc::new(
                addresses
                    .map(|bytes| bytes.map(address::to_text))
                    .collect::<StringArray>(),
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{column, shown};
    use super::*;

    #[test]
    fn addresses_are_text_at_any_depth() {
        let address = "cast_value('10.0.0.1', 'ipaddress')";
        for (expression, expected) in [
            (address.to_owned(), "10.0.0.1"),
            (format!("[{address}]"), "[10.0.0.1]"),
            (
                format!("named_struct('a', {address}, 'b', 1)"),
                "{a: 10.0.0.1, b: 1}",
            ),
            (format!("map(['k'], [{address}])"), "{k: 10.0.0.1}"),
            ("[1, 2]".to_owned(), "[1, 2]"),
        ] {
            let column = column(&format!("SELECT {expression}")).unwrap();
            let text = readable(&column).unwrap();
            assert_eq!(*text.data_type(), readable_type(column.data_type()));
            assert_eq!(shown(&text), [expected]);
        }
    }
}
