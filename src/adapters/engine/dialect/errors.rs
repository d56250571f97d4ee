//! Failures in words. Those that arise while planning or running are worded by the engine, which
//! passes ours through.

use datafusion::common::DataFusionError;
use sqlparser::parser::ParserError;

use super::text::too_deep;
use super::types::UNSUPPORTED;
use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

/// A syntax or function that the engine does not have.
pub(super) fn unsupported(what: &str) -> QueryError {
    QueryError::new(QueryErrorKind::Unsupported, format!("{UNSUPPORTED}{what}"))
}

/// A statement whose parts do not fit together.
pub(super) fn invalid(message: impl Into<String>) -> QueryError {
    QueryError::new(QueryErrorKind::Invalid, message)
}

/// A statement that is none that runs here.
pub(super) fn refused(message: impl Into<String>) -> QueryError {
    QueryError::new(QueryErrorKind::Refused, message)
}

/// Puts the parser's complaint into words and takes its place out of the message.
pub(super) fn from_parser(error: &ParserError) -> QueryError {
    let text = match error {
        ParserError::RecursionLimitExceeded => return too_deep(),
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
    };
    let (message, place) = split_location(text);
    let error = if message.starts_with(UNSUPPORTED) {
        QueryError::new(QueryErrorKind::Unsupported, message)
    } else if let Some((expected, found)) = message
        .strip_prefix("Expected")
        .map(|rest| rest.trim_start_matches([':', ' ']))
        .and_then(|rest| rest.split_once(", found: "))
    {
        let found = if found == "EOF" {
            "the end of the statement".to_owned()
        } else {
            format!("“{found}”")
        };
        let error = QueryError::new(
            QueryErrorKind::Syntax,
            format!("Expected {expected}, found {found}"),
        );
        if found.contains('`') {
            error.with_hint("Names are quoted with double quotes in Athena's queries")
        } else {
            error
        }
    } else {
        QueryError::new(QueryErrorKind::Syntax, message)
    };
    match place {
        Some(place) => error.at(place),
        None => error,
    }
}

/// Splits `… at Line: 1, Column: 5` off a message.
fn split_location(text: &str) -> (&str, Option<TextPosition>) {
    let split = || {
        let (message, rest) = text.rsplit_once(" at Line: ")?;
        let (line, column) = rest.split_once(", Column: ")?;
        let place = TextPosition {
            line: line.trim().parse().ok()?,
            column: column.trim().parse().ok()?,
        };
        Some((message, place))
    };
    match split() {
        Some((message, place)) => (message, Some(place)),
        None => (text, None),
    }
}

/// A failure met while planning, on its way through DataFusion.
pub(super) fn planning(error: QueryError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
