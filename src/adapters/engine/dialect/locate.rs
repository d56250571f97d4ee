//! Failures of the planner, which knows nothing of the text: the place of the name that they are
//! about, and words for what only a person who sees the text can be told.

use super::text::SqlText;
use super::types::UNSUPPORTED;
use crate::domain::query::{QueryError, QueryErrorKind};

/// The same failure with its place in the text and, where there is more to say, better words.
pub(super) fn locate(mut error: QueryError, text: &SqlText) -> QueryError {
    if let Some(rest) = error.message.strip_prefix("Field ")
        && let Some(name) = rest.strip_suffix(" not found in struct")
    {
        let name = name.to_owned();
        error.kind = QueryErrorKind::UnknownName;
        error.message = format!("there is no field `{name}`");
        error.hint = Some("`DESCRIBE table` or the command `tables` lists the fields".to_owned());
        error.position = text.find_word(&name, false);
        return error;
    }
    if let Some(rest) = error.message.strip_prefix("Function '")
        && let Some((_, inner)) = rest.split_once("failed with: Error during planning: ")
    {
        let end = inner.find(" No function matches").unwrap_or(inner.len());
        let place = rest
            .split('\'')
            .next()
            .and_then(|name| text.find_word(name, true));
        let message = inner[..end].trim_end_matches(['.', ' ']).to_owned();
        error.message = message;
        error.position = error.position.or(place);
        return error;
    }
    if error.kind == QueryErrorKind::Unsupported && error.message.contains("Lambda(") {
        error.message = format!("{UNSUPPORTED}a lambda that is no argument of a function");
        return error;
    }
    if let Some(name) = quoted(&error.message).map(str::to_owned) {
        error.position = error.position.or_else(|| text.find_word(&name, false));
        let like_text = name.chars().any(|ch| !ch.is_alphanumeric() && ch != '_');
        if error.kind == QueryErrorKind::UnknownName
            && error.message.contains("column")
            && like_text
        {
            error.hint = Some(format!("A text is written in single quotes: '{name}'"));
        }
    }
    error
}

/// The first name between backticks.
fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{create, failure_in, session};
    use crate::domain::query::QueryErrorKind;

    #[test]
    fn failures_of_the_planner_have_a_place() {
        let context = session();
        create(
            &context,
            "t",
            "SELECT * FROM (VALUES (1, CAST(ROW('x') AS ROW(name varchar)))) AS v(id, actor)",
        );
        for (sql, words, column) in [
            ("SELECT actor.nope FROM t", "no field `nope`", 14),
            ("SELECT id FROM t ORDER BY nope", "no column `nope`", 27),
            ("SELECT id, substr() FROM t", "substr(text, start", 12),
            ("SELECT id FROM t WHERE id = \"a.b\"", "no column", 29),
        ] {
            let error = failure_in(&context, sql);
            assert!(error.message.contains(words), "{sql}: {error:?}");
            assert_eq!(
                error.position.map(|place| place.column),
                Some(column),
                "{sql}: {error:?}"
            );
        }
        let text = failure_in(&context, "SELECT id FROM t WHERE actor.name = \"10.0.0.1\"");
        assert!(text.hint.is_some_and(|hint| hint.contains("single quotes")));
        let lambda = failure_in(&context, "SELECT x -> 1 FROM t");
        assert_eq!(lambda.kind, QueryErrorKind::Unsupported);
        assert!(
            lambda.message.ends_with("argument of a function"),
            "{lambda:?}"
        );
    }
}
