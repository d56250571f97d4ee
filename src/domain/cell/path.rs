//! Where a value lies inside a row, as an expression of Athena SQL.

use std::fmt::Write as _;

/// One step from a nested value to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A column of the result, or a field of a row value.
    Field(String),
    /// An element of an array, counted from 1 as in SQL.
    Index(usize),
    /// A value of a map by its key's text.
    Key(String),
}

/// The path as SQL spells it: `actor.user.uid`, `resources[1].uid`,
/// `unmapped['requestParameters.bucketName']`, `"odd name"`.
pub fn display_path(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Field(name) => {
                if !out.is_empty() {
                    out.push('.');
                }
                if is_plain_name(name) {
                    out.push_str(name);
                } else {
                    let _ = write!(out, "\"{}\"", name.replace('"', "\"\""));
                }
            }
            Step::Index(index) => {
                let _ = write!(out, "[{index}]");
            }
            Step::Key(key) => {
                let _ = write!(out, "['{}']", key.replace('\'', "''"));
            }
        }
    }
    out
}

fn is_plain_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
