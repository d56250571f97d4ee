//! LIKE: the planner's patterns take a backslash for an escape and nothing else, Trino's take what
//! ESCAPE names and nothing without it.

use sqlparser::ast::{Expr, Value, ValueWithSpan};

use super::ast::{call, string, string_literal};
use super::errors::{invalid, unsupported};
use super::rewrite::take;
use crate::domain::query::QueryError;

/// Brings a pattern into the planner's form.
pub(super) fn normalize(
    pattern: &mut Expr,
    escape: &mut Option<ValueWithSpan>,
) -> Result<(), QueryError> {
    let escape = match escape.take().map(|escape| escape.value) {
        None => None,
        Some(Value::SingleQuotedString(text)) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(escape), None) => Some(escape),
                _ => {
                    return Err(invalid("ESCAPE names one character")
                        .with_hint("Write LIKE 'a$_b' ESCAPE '$'"));
                }
            }
        }
        Some(_) => return Err(unsupported("ESCAPE with anything but a string")),
    };
    if let Some(text) = string_literal(pattern) {
        let text = match escape {
            None => text.replace('\\', "\\\\"),
            Some(escape) => with_backslashes(text, escape)?,
        };
        *pattern = string(text);
        return Ok(());
    }
    if escape.is_some() {
        return Err(unsupported(
            "ESCAPE with a pattern that is no string literal",
        ));
    }
    *pattern = call("replace", vec![take(pattern), string("\\"), string("\\\\")]);
    Ok(())
}

/// The pattern with backslashes in place of another escape.
fn with_backslashes(pattern: &str, escape: char) -> Result<String, QueryError> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars();
    while let Some(ch) = chars.next() {
        if ch == escape {
            match chars.next() {
                Some(next) if matches!(next, '%' | '_') || next == escape => {
                    out.push('\\');
                    out.push(next);
                }
                _ => {
                    return Err(invalid(format!(
                        "The escape {escape} stands before neither %, _ nor itself in “{pattern}”"
                    )));
                }
            }
        } else {
            if ch == '\\' {
                out.push('\\');
            }
            out.push(ch);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{failure, value};

    #[test]
    fn escapes_are_those_that_the_statement_names() {
        for (expression, expected) in [
            ("'a_c' LIKE 'a$_c' ESCAPE '$'", "true"),
            ("'abc' LIKE 'a$_c' ESCAPE '$'", "false"),
            ("'50%' LIKE '50$%' ESCAPE '$'", "true"),
            ("'a$c' LIKE 'a$$c' ESCAPE '$'", "true"),
            (r"'a\c' LIKE 'a\c'", "true"),
            (r"'C:\Users\x' LIKE 'C:\Users\%'", "true"),
            (r"'a_c' LIKE 'a\_c' ESCAPE '\'", "true"),
            (r"'a\bc' LIKE 'a\_c'", "true"),
            (r"'a\bc' LIKE concat('a\', '%')", "true"),
            ("'abc' NOT LIKE '%b%'", "false"),
            ("NULL LIKE 'a'", "NULL"),
        ] {
            assert_eq!(value(expression), expected, "{expression}");
        }
        assert!(
            failure("SELECT 'a' LIKE 'a$' ESCAPE '$'")
                .message
                .contains("escape")
        );
        assert!(
            failure("SELECT 'a' LIKE 'a' ESCAPE 'xy'")
                .message
                .contains("one character")
        );
    }
}
