//! The functions that are understood, and where their arguments must be written out.

use super::literal::Literal;
use super::term::Term;

/// Functions of one row.
pub(super) const SCALARS: &[&str] = &[
    "coalesce",
    "concat",
    "date_format",
    "date_trunc",
    "day",
    "element_at",
    "ends_with",
    "hour",
    "if",
    "json_extract_scalar",
    "length",
    "lower",
    "ltrim",
    "minute",
    "month",
    "nullif",
    "regexp_like",
    "replace",
    "reverse",
    "rtrim",
    "split_part",
    "starts_with",
    "strpos",
    "upper",
    "year",
];

/// Functions of many rows that do not depend on their order.
pub(super) const AGGREGATES: &[&str] = &[
    "bool_and", "bool_or", "count", "count_if", "max", "min", "sum",
];

/// Functions that may give another engine's value for rare texts: case and blanks beyond ASCII,
/// patterns, formats.
const VARYING: &[&str] = &[
    "date_format",
    "json_extract_scalar",
    "lower",
    "ltrim",
    "regexp_like",
    "rtrim",
    "upper",
];

/// Whether two engines could disagree on a term.
pub(super) fn varies(term: &Term) -> bool {
    term.any(&|term| matches!(term, Term::Call { name, .. } if VARYING.contains(&name.as_str())))
}

/// Whether a function raises no error for any row: what could is written out in the statement, and
/// wrong there for each of its rows.
pub(super) fn is_total(name: &str, arguments: &[Term]) -> bool {
    match (name, arguments) {
        ("date_trunc", [Term::Literal(Literal::Text(_)), _])
        | (
            "date_format" | "regexp_like" | "json_extract_scalar",
            [_, Term::Literal(Literal::Text(_))],
        )
        | ("element_at", [Term::Path(_), Term::Literal(Literal::Text(_))]) => true,
        (
            "split_part",
            [
                _,
                Term::Literal(Literal::Text(between)),
                Term::Literal(Literal::Int(place)),
            ],
        ) => !between.is_empty() && *place > 0,
        (
            "date_trunc"
            | "date_format"
            | "regexp_like"
            | "json_extract_scalar"
            | "element_at"
            | "split_part",
            _,
        ) => false,
        _ => true,
    }
}
