//! DataFusion's errors as a person's: what happened, where, what to do next, in plain words.

use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;

use super::reader::read_fault;
use super::storage::s3::ReadFault;
use crate::domain::nearest::did_you_mean;
use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

/// What to do when memory has run out; there is no setting for more.
const SMALLER: &str = "narrow the time range, group by fewer columns, or keep fewer values of a group (LIMIT, max_by, approx_distinct)";

/// Says what an error of planning or running means.
pub(super) fn explain(error: &DataFusionError) -> QueryError {
    let mut explained = explain_root(root(error));
    if explained.position.is_none() {
        explained.position = error
            .diagnostic()
            .and_then(|diagnostic| diagnostic.span)
            .and_then(|span| position(span.start.line, span.start.column));
    }
    explained
}

/// The error at the bottom, with the first of a collection taken for all.
fn root(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Collection(errors) => errors.first().map_or(error, root),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => root(inner),
        DataFusionError::Shared(inner) => root(inner),
        DataFusionError::External(inner) => {
            inner.downcast_ref::<DataFusionError>().map_or(error, root)
        }
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::ExternalError(inner) => {
                inner.downcast_ref::<DataFusionError>().map_or(error, root)
            }
            _ => error,
        },
        other => other,
    }
}

fn explain_root(error: &DataFusionError) -> QueryError {
    use QueryErrorKind as Kind;
    match error {
        DataFusionError::SchemaError(inner, _) => explain_names(inner),
        DataFusionError::SQL(inner, _) => explain_syntax(inner),
        DataFusionError::External(inner) => match inner.downcast_ref::<QueryError>() {
            Some(ours) => ours.clone(),
            None if let Some(task) = inner.downcast_ref::<tokio::task::JoinError>() => {
                explain_task(task.is_panic())
            }
            None if let Some(task) = inner.downcast_ref::<Arc<tokio::task::JoinError>>() => {
                explain_task(task.is_panic())
            }
            None => QueryError::new(Kind::Execution, tidy(&inner.to_string())),
        },
        DataFusionError::ResourcesExhausted(_) => QueryError::new(
            Kind::Resources,
            "the query needs more memory than it may use",
        )
        .with_hint(SMALLER),
        DataFusionError::NotImplemented(text) => QueryError::new(
            Kind::Unsupported,
            format!("not supported by the embedded engine: {}", tidy(text)),
        ),
        DataFusionError::Plan(text) => explain_plan(text),
        DataFusionError::Configuration(text) => QueryError::new(Kind::Invalid, tidy(text)),
        DataFusionError::Execution(text) => explain_execution(text),
        DataFusionError::ArrowError(inner, _) => explain_arrow(inner),
        DataFusionError::ParquetError(inner)
            if let Some(ReadFault::Failed(ours)) = read_fault(inner) =>
        {
            ours.clone()
        }
        DataFusionError::ParquetError(inner) => match filter_error(&inner.to_string()) {
            Some(inner) => explain_execution(&inner),
            None => QueryError::new(
                Kind::Storage,
                format!(
                    "a file of the lake cannot be read: {}",
                    tidy(&inner.to_string())
                ),
            ),
        },
        DataFusionError::ExecutionJoin(inner) => explain_task(inner.is_panic()),
        DataFusionError::IoError(inner) => explain_io(inner),
        DataFusionError::ObjectStore(inner) => {
            QueryError::new(Kind::Storage, tidy(&inner.to_string()))
        }
        DataFusionError::Internal(text) => {
            QueryError::new(Kind::Internal, format!("the engine failed: {}", tidy(text)))
                .with_hint("this is a fault of the program: please report the statement")
        }
        other => QueryError::new(
            Kind::Internal,
            format!("the engine failed: {}", tidy(&other.strip_backtrace())),
        ),
    }
}

fn explain_names(error: &SchemaError) -> QueryError {
    match error {
        SchemaError::FieldNotFound {
            field,
            valid_fields,
        } => {
            let name = field.name();
            let error = QueryError::new(
                QueryErrorKind::UnknownName,
                format!("there is no column `{name}`"),
            );
            match did_you_mean(name, valid_fields.iter().map(|valid| valid.name())) {
                Some(hint) => error.with_hint(hint),
                None => {
                    error.with_hint("`DESCRIBE table` or the command `tables` lists the columns")
                }
            }
        }
        SchemaError::AmbiguousReference { field } => QueryError::new(
            QueryErrorKind::Invalid,
            format!("the column `{}` is in more than one table", field.name()),
        )
        .with_hint("put the table's name or alias and a dot before it"),
        other => QueryError::new(QueryErrorKind::Invalid, tidy(&other.to_string())),
    }
}

fn explain_syntax(error: &ParserError) -> QueryError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply".to_owned(),
    };
    let (text, position) = split_position(&text);
    let mut error = QueryError::new(QueryErrorKind::Syntax, tidy(&text));
    error.position = position;
    error
}

/// Takes `… at Line: 3, Column: 14` off a parser's message.
fn split_position(text: &str) -> (String, Option<TextPosition>) {
    let Some((before, after)) = text.rsplit_once(" at Line: ") else {
        return (text.to_owned(), None);
    };
    let mut numbers = after
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(line)), Some(Ok(column))) => (before.to_owned(), position(line, column)),
        _ => (text.to_owned(), None),
    }
}

fn position(line: u64, column: u64) -> Option<TextPosition> {
    Some(TextPosition {
        line: usize::try_from(line).ok().filter(|line| *line > 0)?,
        column: usize::try_from(column).ok().filter(|column| *column > 0)?,
    })
}

fn explain_plan(text: &str) -> QueryError {
    if let Some(rest) = text.strip_prefix("Invalid function '")
        && let Some((name, rest)) = rest.split_once('\'')
    {
        let error = QueryError::new(
            QueryErrorKind::UnknownName,
            format!("there is no function `{name}`"),
        );
        return match rest.split('\'').nth(1) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error,
        };
    }
    QueryError::new(QueryErrorKind::Invalid, tidy(text))
}

fn explain_execution(text: &str) -> QueryError {
    QueryError::new(QueryErrorKind::Execution, tidy(text))
}

fn explain_arrow(error: &ArrowError) -> QueryError {
    use QueryErrorKind as Kind;
    match error {
        ArrowError::DivideByZero => QueryError::new(Kind::Execution, "division by zero"),
        ArrowError::ArithmeticOverflow(text) => QueryError::new(
            Kind::Execution,
            format!("a number grew too large: {}", tidy(text)),
        ),
        ArrowError::ComputeError(text) => explain_execution(text),
        ArrowError::CastError(text)
        | ArrowError::ParseError(text)
        | ArrowError::InvalidArgumentError(text) => QueryError::new(Kind::Execution, tidy(text))
            .with_hint("try(…) gives NULL where a value does not fit"),
        ArrowError::NotYetImplemented(text) => QueryError::new(
            Kind::Unsupported,
            format!("not supported by the embedded engine: {}", tidy(text)),
        ),
        ArrowError::MemoryError(_) => {
            QueryError::new(Kind::Resources, "memory ran out").with_hint(SMALLER)
        }
        ArrowError::IoError(_, inner) => explain_io(inner),
        other => QueryError::new(Kind::Execution, tidy(&other.to_string())),
    }
}

/// A task of the engine's that ended before its work did.
fn explain_task(panicked: bool) -> QueryError {
    if panicked {
        super::run::engine_fault()
    } else {
        super::run::stopped()
    }
}

fn explain_io(error: &std::io::Error) -> QueryError {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => QueryError::new(
            QueryErrorKind::Resources,
            "the disk is full: the query's intermediate rows do not fit",
        )
        .with_hint(SMALLER),
        _ => QueryError::new(QueryErrorKind::Storage, error.to_string()),
    }
}

/// The error inside a row filter's, which reaches us as text.
fn filter_error(text: &str) -> Option<String> {
    let (_, inner) = text.split_once("Error evaluating filter predicate: ")?;
    // The innermost quoted text of a debug print is what a person can read.
    let quoted = inner.split('"').nth(1).unwrap_or(inner);
    Some(quoted.replace("\\'", "'"))
}

/// Prefixes under which DataFusion and Arrow stack their messages.
const PREFIXES: [&str; 16] = [
    "Error during planning: ",
    "External error: ",
    "Arrow error: ",
    "Parquet error: ",
    "Execution error: ",
    "Optimizer rule ",
    "This feature is not implemented: ",
    "Internal error: ",
    "Compute error: ",
    "Cast error: ",
    "Parser error: ",
    "Invalid argument error: ",
    "SQL error: ",
    "sql parser error: ",
    "Schema error: ",
    "type_coercion\ncaused by\n",
];

/// One sentence without stacked prefixes, backtraces or a full stop.
fn tidy(text: &str) -> String {
    let text = text
        .split("\n\nbacktrace:")
        .next()
        .unwrap_or(text)
        .split(".\nThis issue was likely caused by")
        .next()
        .unwrap_or(text);
    let mut text = match text.rsplit_once("caused by\n") {
        Some((_, cause)) => cause,
        None => text,
    };
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_message_gives_its_position() {
        let error = DataFusionError::SQL(
            Box::new(ParserError::ParserError(
                "Expected: an expression, found: FROM at Line: 2, Column: 8".to_owned(),
            )),
            None,
        );
        let explained = explain(&error);
        assert_eq!(explained.kind, QueryErrorKind::Syntax);
        assert_eq!(explained.message, "Expected: an expression, found: FROM");
        assert_eq!(
            explained.position,
            Some(TextPosition { line: 2, column: 8 })
        );
    }

    #[test]
    fn prefixes_and_context_are_peeled_off() {
        let error = DataFusionError::Context(
            "type_coercion".to_owned(),
            Box::new(DataFusionError::Plan(
                "Error during planning: Cannot coerce x.".to_owned(),
            )),
        );
        assert_eq!(explain(&error).message, "Cannot coerce x");
    }

    #[test]
    fn our_own_errors_pass_through() {
        let ours = QueryError::new(QueryErrorKind::Refused, "not a query").with_hint("SELECT");
        let error = DataFusionError::Context(
            "c".to_owned(),
            Box::new(DataFusionError::External(Box::new(ours.clone()))),
        );
        assert_eq!(explain(&error), ours);
    }

    #[test]
    fn a_filters_error_is_found_inside_the_readers() {
        let text = r#"Arrow: Compute error: Error evaluating filter predicate: ArrowError(CastError("Cannot cast string 'x' to value of Int32 type"), None)"#;
        assert_eq!(
            filter_error(text).as_deref(),
            Some("Cannot cast string 'x' to value of Int32 type")
        );
    }
}
