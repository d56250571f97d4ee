//! Calls whose syntax or name differs between Athena and the planner.
//!
//! Most Trino functions are plain functions of the same name and are not seen here.

use sqlparser::ast::{
    CastKind, CeilFloorKind, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, Ident, TrimWhereField, UnaryOperator, Value,
    ValueWithSpan, WindowType,
};

use super::ast::{call, call_name, ident, lambda, plain_args, string};
use super::errors::{invalid, unsupported};
use super::rewrite::{nulls_last, take};
use super::text::span_position;
use super::time;
use super::types::row_field_name;
use crate::adapters::engine::functions;
use crate::domain::query::QueryError;

/// Constructors, which are written as calls.
const CONSTRUCTORS: &[&str] = &["row", "map"];

/// A column whose name the parser takes for a call without brackets, such as `user`.
pub(super) fn bare_name(function: &Function) -> Option<Ident> {
    let name = call_name(function)?;
    let bare = matches!(function.args, FunctionArguments::None)
        && !name.starts_with("current_")
        && !name.starts_with("local");
    let ident = function.name.0.first()?.as_ident()?;
    bare.then(|| {
        let mut column = ident.clone();
        column.quote_style = Some('"');
        column
    })
}

/// Looks at a call as it is written, before anything in it is rewritten.
pub(super) fn check(function: &mut Function) -> Result<(), QueryError> {
    check_name(function)?;
    if let FunctionArguments::List(list) = &mut function.args {
        for clause in &mut list.clauses {
            if let FunctionArgumentClause::OrderBy(keys) = clause {
                nulls_last(keys);
            }
        }
    }
    nulls_last(&mut function.within_group);
    if let Some(WindowType::WindowSpec(window)) = &mut function.over {
        nulls_last(&mut window.order_by);
    }
    Ok(())
}

/// Refuses a function that is not known to mean what it does in Athena.
fn check_name(function: &Function) -> Result<(), QueryError> {
    let parts = function.name.0.iter().filter_map(|part| part.as_ident());
    let name = parts
        .map(|part| part.value.as_str())
        .collect::<Vec<_>>()
        .join(".");
    if let Some(name) = call_name(function)
        && (CONSTRUCTORS.contains(&name) || functions::is_supported(name))
    {
        return Ok(());
    }
    let error = unsupported(&name.to_uppercase());
    Err(match functions::nearest(&name).first() {
        Some(near) => error.with_hint(format!("Did you mean {near}?")),
        None => error.with_hint("docs/sql.md lists the functions"),
    })
}

/// Refuses syntax of other dialects that the planner would take.
pub(super) fn check_syntax(expr: &Expr) -> Result<(), QueryError> {
    match expr {
        Expr::ILike { .. } => {
            Err(unsupported("ILIKE").with_hint("Write lower(value) LIKE 'pattern'"))
        }
        Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            Err(unsupported("SIMILAR TO and RLIKE")
                .with_hint("Write regexp_like(value, 'pattern')"))
        }
        Expr::Cast {
            kind: CastKind::DoubleColon,
            ..
        } => Err(unsupported("::").with_hint("Write CAST(value AS type)")),
        Expr::Like { any: true, .. } => Err(unsupported("LIKE ANY")),
        Expr::JsonAccess { .. } => {
            Err(unsupported(":").with_hint("Write json_extract(value, '$.path')"))
        }
        Expr::Convert { .. } => Err(unsupported("CONVERT").with_hint("Write CAST(value AS type)")),
        Expr::Dictionary(_) | Expr::Map(_) | Expr::Struct { .. } => {
            Err(unsupported("{…}").with_hint("Write MAP(ARRAY[…], ARRAY[…]) or ROW(…)"))
        }
        Expr::Collate { .. } => Err(unsupported("COLLATE")),
        Expr::OuterJoin(_) => Err(unsupported("(+)")),
        Expr::Prior(_) => Err(unsupported("PRIOR")),
        Expr::MatchAgainst { .. } => Err(unsupported("MATCH … AGAINST")),
        Expr::MemberOf(_) => Err(unsupported("MEMBER OF")),
        Expr::Overlay { .. } => Err(unsupported("OVERLAY")),
        _ => Ok(()),
    }
}

/// The expression that takes the place of a call or of a literal, where it needs another one.
pub(super) fn rewrite(expr: &mut Expr) -> Result<Option<Expr>, QueryError> {
    Ok(match expr {
        Expr::Array(array) => Some(call("make_array", std::mem::take(&mut array.elem))),
        Expr::Tuple(values) if values.len() > 1 => Some(row(std::mem::take(values))),
        Expr::Substring {
            expr,
            substring_from,
            substring_for,
            ..
        } => {
            let mut args = vec![take(expr)];
            args.extend(substring_from.take().map(|from| *from));
            args.extend(substring_for.take().map(|length| *length));
            Some(call("substr", args))
        }
        Expr::Position { expr, r#in } => Some(call("strpos", vec![take(r#in), take(expr)])),
        Expr::Trim {
            trim_where,
            trim_what,
            expr,
            trim_characters: None,
        } => {
            let name = match trim_where {
                None | Some(TrimWhereField::Both) => "trim",
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
            };
            let mut args = vec![take(expr)];
            args.extend(trim_what.take().map(|what| *what));
            Some(call(name, args))
        }
        Expr::Ceil {
            expr,
            field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
        } => Some(call("ceil", vec![take(expr)])),
        Expr::Floor {
            expr,
            field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
        } => Some(call("floor", vec![take(expr)])),
        Expr::Extract { field, expr, .. } => Some(extract(field, take(expr))?),
        Expr::Value(ValueWithSpan {
            value: Value::Number(digits, _),
            ..
        }) if digits.contains(['e', 'E']) => {
            Some(time::cast_to(string(std::mem::take(digits)), "Float64"))
        }
        Expr::Function(function) => named(function)?,
        _ => None,
    })
}

/// `ROW(a, b)`: fields without names are called after their places.
fn row(values: Vec<Expr>) -> Expr {
    let fields = values
        .into_iter()
        .enumerate()
        .flat_map(|(index, value)| [string(row_field_name(index)), value]);
    call("named_struct", fields.collect())
}

fn extract(field: &DateTimeField, value: Expr) -> Result<Expr, QueryError> {
    let name = field.to_string().to_lowercase();
    let function = match name.as_str() {
        "year" | "quarter" | "month" | "week" | "day" | "hour" | "minute" | "second"
        | "day_of_month" | "day_of_week" | "day_of_year" | "year_of_week" | "timezone_hour"
        | "timezone_minute" => name.as_str(),
        "dow" => "day_of_week",
        "doy" => "day_of_year",
        "yow" => "year_of_week",
        _ => return Err(unsupported(&format!("EXTRACT({field} FROM …)"))),
    };
    Ok(call(function, vec![value]))
}

fn named(function: &mut Function) -> Result<Option<Expr>, QueryError> {
    let Some(name) = call_name(function).map(str::to_owned) else {
        return Ok(None);
    };
    let alone = matches!(function.args, FunctionArguments::None)
        || plain_args(function).is_some_and(|args| args.len() <= 1);
    if alone && let Some(current) = time::current(&name) {
        return Ok(Some(current));
    }
    if let "array_sort" | "regexp_replace" = name.as_str()
        && plain_args(function)
            .is_some_and(|args| args.iter().any(|arg| matches!(arg, Expr::Lambda(_))))
    {
        let error = unsupported(&format!("{name} with a lambda"));
        let ident = function.name.0.first().and_then(|part| part.as_ident());
        return Err(match ident.and_then(|ident| span_position(ident.span)) {
            Some(place) => error.at(place),
            None => error,
        });
    }
    Ok(match name.as_str() {
        "row" => Some(row(arguments(function, &name)?)),
        "map" if plain_args(function).is_some_and(|args| args.is_empty()) => {
            let empty = || call("make_array", Vec::new());
            Some(call("map", vec![empty(), empty()]))
        }
        "listagg" => {
            list_in_order(function)?;
            None
        }
        "try" => {
            let [value] = exactly(function, &name)?;
            Some(call(
                super::higher_order::TRY,
                vec![lambda(ident("#row"), value)],
            ))
        }
        "any_match" => {
            rename(function, "array_any_match");
            None
        }
        "filter" => {
            rename(function, "array_filter");
            None
        }
        "transform" => {
            rename(function, "array_transform");
            None
        }
        "none_match" => {
            rename(function, "array_any_match");
            Some(not(Expr::Function(function.clone())))
        }
        "all_match" => {
            let [array, predicate] = exactly(function, &name)?;
            let Expr::Lambda(mut predicate) = predicate else {
                return Err(invalid("all_match takes a lambda, such as x -> x > 0"));
            };
            *predicate.body = not(take(&mut predicate.body));
            Some(not(call(
                "array_any_match",
                vec![array, Expr::Lambda(predicate)],
            )))
        }
        _ => None,
    })
}

/// `listagg(text, separator) WITHIN GROUP (ORDER BY key)` as an aggregate with an order.
fn list_in_order(function: &mut Function) -> Result<(), QueryError> {
    let keys = std::mem::take(&mut function.within_group);
    let FunctionArguments::List(list) = &mut function.args else {
        return Err(invalid("listagg takes a text and a separator"));
    };
    if list.args.len() == 1 {
        list.args
            .push(FunctionArg::Unnamed(FunctionArgExpr::Expr(string(""))));
    }
    for clause in &list.clauses {
        if !matches!(clause, FunctionArgumentClause::OrderBy(_)) {
            return Err(unsupported("LISTAGG with ON OVERFLOW"));
        }
    }
    if !keys.is_empty() {
        list.clauses.push(FunctionArgumentClause::OrderBy(keys));
    }
    rename(function, "string_agg");
    Ok(())
}

fn not(expr: Expr) -> Expr {
    Expr::UnaryOp {
        op: UnaryOperator::Not,
        expr: Box::new(Expr::Nested(Box::new(expr))),
    }
}

fn rename(function: &mut Function, name: &str) {
    function.name = sqlparser::ast::ObjectName::from(vec![ident(name)]);
}

/// Takes the plain arguments out of a call.
fn arguments(function: &mut Function, name: &str) -> Result<Vec<Expr>, QueryError> {
    let wrong = || invalid(format!("{name} takes plain arguments only"));
    let FunctionArguments::List(list) = &mut function.args else {
        return Err(wrong());
    };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(wrong());
    }
    std::mem::take(&mut list.args)
        .into_iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            _ => Err(wrong()),
        })
        .collect()
}

fn exactly<const N: usize>(function: &mut Function, name: &str) -> Result<[Expr; N], QueryError> {
    let args = arguments(function, name)?;
    let count = args.len();
    args.try_into()
        .map_err(|_| invalid(format!("{name} takes {N} arguments, and here are {count}")))
}
