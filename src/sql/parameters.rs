//! The only place where a value becomes SQL.

/// A text as an SQL string literal: `'` is doubled, nothing else has a meaning inside.
pub fn quote_text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
