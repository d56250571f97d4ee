//! `CAST` and `TRY_CAST` by Trino's rules, as functions of the value and the type's name.
//!
//! The dialect writes `CAST(x AS t)` as `cast_value(x, 't')`, because the parsed statement does not
//! know yet whether `x` is JSON, an address or plain text. Once types are known, a cast on which
//! Arrow and Trino agree becomes DataFusion's own, so that filters still prune.

mod from_json;
mod target;
mod to_json;
mod value;

use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    Cast, ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, TryCast, Volatility,
};

use super::kernel::{Family, FunctionDoc};
use super::types;
use target::Target;
pub(super) use value::{round_to, text};

pub(super) fn functions() -> [ScalarUDF; 2] {
    [
        CastValue::new("cast_value", false).into(),
        CastValue::new("try_cast_value", true).into(),
    ]
}

/// What a person is told of both.
pub(super) fn docs() -> [FunctionDoc; 2] {
    let doc = |name, signature, purpose, note| FunctionDoc {
        name,
        aliases: &[],
        family: Family::Conversion,
        signature,
        purpose,
        note,
    };
    [
        doc(
            "cast",
            "CAST(x AS type)",
            "The value as another type; an error where it has none",
            "JSON to and from arrays, maps and rows; ipaddress; char(n) is varchar(n)",
        ),
        doc(
            "try_cast",
            "TRY_CAST(x AS type)",
            "As CAST, but NULL where the value has none",
            "",
        ),
    ]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CastValue {
    name: &'static str,
    fallible: bool,
    signature: Signature,
}

impl CastValue {
    fn new(name: &'static str, fallible: bool) -> Self {
        Self {
            name,
            fallible,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }

    fn field(&self, source: &Field, target: &Target) -> FieldRef {
        let nullable = self.fallible || source.is_nullable() || types::is_json(source);
        let field = match target {
            Target::Json => types::json_field(self.name),
            _ => Field::new(self.name, target.arrow(), nullable),
        };
        Arc::new(field.with_nullable(nullable))
    }
}

/// The type that the second argument names.
fn target_of(name: Option<&ScalarValue>) -> Result<Target> {
    match name.and_then(|name| name.try_as_str().flatten()) {
        Some(name) => Target::parse(name),
        None => plan_err!("the type of a cast must be a constant"),
    }
}

impl ScalarUDFImpl for CastValue {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [_, name] if name.is_string() => Ok(given.to_vec()),
            _ => plan_err!("{} takes a value and the name of a type", self.name),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of a cast follows from its arguments")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let target = target_of(args.scalar_arguments[1])?;
        let source = &args.arg_fields[0];
        if !target.takes(source) {
            return plan_err!(
                "Cannot cast {} to {target}",
                if types::is_json(source) {
                    "json".into()
                } else {
                    types::trino_name(source.data_type())
                }
            );
        }
        Ok(self.field(source, &target))
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let [value, Expr::Literal(name, _)] = args.as_slice() else {
            return Ok(ExprSimplifyResult::Original(args));
        };
        let target = target_of(Some(name))?;
        let (_, source) = value.to_field(info.schema())?;
        if !target.arrow_agrees(&source) {
            return Ok(ExprSimplifyResult::Original(args));
        }
        let data_type = target.arrow();
        let value = Box::new(value.clone());
        Ok(ExprSimplifyResult::Simplified(if self.fallible {
            Expr::TryCast(TryCast::new(value, data_type))
        } else {
            Expr::Cast(Cast::new(value, data_type))
        }))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ColumnarValue::Scalar(name) = &args.args[1] else {
            return plan_err!("the type of a cast must be a constant");
        };
        let target = target_of(Some(name))?;
        let json = types::is_json(&args.arg_fields[0]);
        let convert = |array: &ArrayRef| {
            if self.fallible {
                value::try_convert(array, json, &target)
            } else {
                value::convert(array, json, &target)
            }
        };
        Ok(match &args.args[0] {
            ColumnarValue::Array(array) => ColumnarValue::Array(convert(array)?),
            ColumnarValue::Scalar(scalar) => {
                let array = convert(&scalar.to_array_of_size(1)?)?;
                ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?)
            }
        })
    }
}

/// As many NULLs of the target's type.
fn nulls(target: &Target, rows: usize) -> ArrayRef {
    new_null_array(&target.arrow(), rows)
}

#[cfg(test)]
mod tests;
