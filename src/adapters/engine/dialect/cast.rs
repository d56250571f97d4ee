//! CAST and TRY_CAST: in the statement a call with the value and the type's name. The function,
//! which knows the value's type, is one of [`crate::adapters::engine::functions`].

use sqlparser::ast::{CastKind, DataType, Expr};

use super::ast::{call, call_name, plain_args, string};
use super::errors::unsupported;
use super::types::{TrinoType, row_field_name};
use crate::domain::query::QueryError;

/// The function that stands for `CAST(value AS type)`.
pub(super) const CAST: &str = "cast_value";

/// The function that stands for `TRY_CAST(value AS type)`.
pub(super) const TRY_CAST: &str = "try_cast_value";

/// The call that takes the place of a cast.
pub(super) fn rewrite(
    kind: &CastKind,
    value: Expr,
    data_type: &DataType,
) -> Result<Expr, QueryError> {
    let target = TrinoType::of(data_type).ok_or_else(|| unsupported(&data_type.to_string()))?;
    let function = match kind {
        CastKind::Cast => CAST,
        CastKind::TryCast => TRY_CAST,
        CastKind::SafeCast | CastKind::DoubleColon => {
            return Err(unsupported("this form of a cast").with_hint("Write CAST(value AS type)"));
        }
    };
    Ok(cast_to(function, value, &target))
}

fn cast_to(function: &str, value: Expr, target: &TrinoType) -> Expr {
    if let TrinoType::Row(fields) = target
        && let Some(values) = row_values(&value, fields.len())
    {
        let parts = fields.iter().zip(values).enumerate();
        let parts = parts.flat_map(|(index, ((name, data_type), value))| {
            let name = name.clone().unwrap_or_else(|| row_field_name(index));
            [string(name), cast_to(function, value, data_type)]
        });
        return call("named_struct", parts.collect());
    }
    call(function, vec![value, string(target.to_string())])
}

/// The values of a ROW constructor, which its cast names one by one.
fn row_values(value: &Expr, count: usize) -> Option<Vec<Expr>> {
    let Expr::Function(function) = value else {
        return None;
    };
    if call_name(function) != Some("named_struct") {
        return None;
    }
    let args = plain_args(function)?;
    if args.len() != count * 2 {
        return None;
    }
    Some(args.chunks(2).map(|pair| pair[1].clone()).collect())
}
