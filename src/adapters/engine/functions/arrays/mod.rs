//! Arrays. Places count from 1; a result is a choice of its arguments' elements, whatever their
//! type, and elements compare as whole values.

mod build;
mod search;
mod select;
mod sequence;
mod sets;

use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::kernel::Param::List;
use super::kernel::{Family, Function, common_type, element_of};
use super::types;

fn array(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Arrays, name, signature, purpose)
}

pub(super) fn functions() -> Vec<Function> {
    [
        select::functions(),
        search::functions(),
        sets::functions(),
        build::functions(),
        sequence::functions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The first argument's type, cast as it may be.
fn same_type(types: &[DataType]) -> Result<DataType> {
    Ok(types[0].clone())
}

/// The element type of the first argument.
fn element_type(types: &[DataType]) -> Result<DataType> {
    Ok(element_of(&types[0]).cloned().unwrap_or(DataType::Null))
}

/// `(array(T), T)`, both cast to what holds the elements and the value.
fn list_and_element(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    let [list, element] = given else {
        return Ok(None);
    };
    let Some(list) = List.accept(list) else {
        return Ok(None);
    };
    let common = common_type(element_of(&list).unwrap_or(&DataType::Null), element)?;
    Ok(Some(vec![types::list(common.clone()), common]))
}

/// `(array(T), array(T))`, cast to one type.
fn two_lists(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    match given {
        [_, _] => super::strings::one_list_type(given),
        _ => Ok(None),
    }
}
