//! Text. Places and lengths count characters (code points), from 1.

mod format;
mod making;
mod parts;
#[cfg(test)]
mod tests;

use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::kernel::Param::List;
use super::kernel::{Family, Function, common_type, element_of};
use super::types;

const TEXT: DataType = DataType::Utf8;
const BIGINT: DataType = DataType::Int64;

fn string(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Strings, name, signature, purpose)
}

pub(super) fn functions() -> Vec<Function> {
    let mut all = parts::functions();
    all.extend(making::functions());
    all.extend(format::functions());
    all
}

fn size(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn count(text: &str) -> i64 {
    size(if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    })
}

/// Casts arrays to the one type that holds the elements of all.
pub(super) fn one_list_type(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    let mut common = DataType::Null;
    for given in given {
        let Some(list) = List.accept(given) else {
            return Ok(None);
        };
        let element = element_of(&list).unwrap_or(&DataType::Null);
        common = common_type(&common, element)?;
    }
    Ok((given.len() > 1).then(|| vec![types::list(common); given.len()]))
}
