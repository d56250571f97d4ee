//! Athena's failures as a person's: what happened, where in the text, what to do next.

use aws_sdk_athena::types::QueryExecution;

use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

/// A fix for the first code that begins so, or the first words that the text holds.
struct Fix {
    mark: &'static str,
    kind: QueryErrorKind,
    hint: &'static str,
}

const fn fix(mark: &'static str, kind: QueryErrorKind, hint: &'static str) -> Fix {
    Fix { mark, kind, hint }
}

use QueryErrorKind as Kind;

/// By Trino's code, which stands before the text. The longer codes first.
const CODES: &[Fix] = &[
    fix(
        "TABLE_NOT_FOUND",
        Kind::UnknownName,
        "look at the database and the Region in the table's name; the command `tables` lists the tables",
    ),
    fix(
        "SCHEMA_NOT_FOUND",
        Kind::UnknownName,
        "name the database as the Glue catalogue does; a resource link must exist in this account",
    ),
    fix(
        "CATALOG_NOT_FOUND",
        Kind::UnknownName,
        "name the data catalogue as Athena does; the usual one is AwsDataCatalog",
    ),
    fix(
        "COLUMN_NOT_FOUND",
        Kind::UnknownName,
        "`DESCRIBE table` lists the columns; the two versions of the source differ in theirs",
    ),
    fix(
        "FUNCTION_NOT_FOUND",
        Kind::UnknownName,
        "look at the function's name and at the types of its arguments",
    ),
    fix(
        "AMBIGUOUS_NAME",
        Kind::Invalid,
        "put the table's name or alias and a dot before the column",
    ),
    fix(
        "TYPE_MISMATCH",
        Kind::Invalid,
        "cast one side, such as CAST(x AS varchar)",
    ),
    fix(
        "MISSING_COLUMN_ALIASES",
        Kind::Invalid,
        "give the expression a name with AS",
    ),
    fix(
        "SYNTAX_ERROR",
        Kind::Syntax,
        "look at the marked place and at what stands before it",
    ),
    fix(
        "MALFORMED_QUERY",
        Kind::Syntax,
        "look at the marked place and at what stands before it",
    ),
    fix(
        "INVALID_CAST_ARGUMENT",
        Kind::Execution,
        "TRY_CAST gives NULL where a value does not fit",
    ),
    fix(
        "DIVISION_BY_ZERO",
        Kind::Execution,
        "NULLIF(x, 0) gives NULL where the divisor is zero",
    ),
    fix(
        "INVALID_FUNCTION_ARGUMENT",
        Kind::Execution,
        "TRY(…) gives NULL where a value does not fit",
    ),
    fix("EXCEEDED_GLOBAL_MEMORY", Kind::Resources, SMALLER),
    fix("EXCEEDED_LOCAL_MEMORY", Kind::Resources, SMALLER),
    fix("EXCEEDED_MEMORY", Kind::Resources, SMALLER),
    fix(
        "EXCEEDED_TIME_LIMIT",
        Kind::Resources,
        "narrow the time range: Athena ends a query after 30 minutes",
    ),
    fix("EXCEEDED_SCAN_LIMIT", Kind::TooLarge, BILLED),
    fix(
        "QUERY_TEXT_TOO_LARGE",
        Kind::Refused,
        "put long lists of values into a table, or split the statement",
    ),
    fix(
        "HIVE_BAD_DATA",
        Kind::Execution,
        "an object's columns are not of the table's types; leave that column out, or that partition",
    ),
    fix(
        "HIVE_CANNOT_OPEN_SPLIT",
        Kind::Storage,
        "an object could not be read: it is gone, or its bucket or key policy refuses; run it again",
    ),
    fix(
        "HIVE_CURSOR_ERROR",
        Kind::Storage,
        "an object could not be read to its end; run it again, or leave its partition out",
    ),
    fix(
        "HIVE_METASTORE_ERROR",
        Kind::Storage,
        "the Glue catalogue refused or failed; a Lake Formation grant may be missing",
    ),
    fix(
        "HIVE_PARTITION_SCHEMA_MISMATCH",
        Kind::Execution,
        "the partition's columns differ from the table's; leave that partition out",
    ),
    fix(
        "HIVE_INVALID_METADATA",
        Kind::Execution,
        "the table's definition in Glue is not one that Athena reads",
    ),
    fix(
        "HIVE_UNKNOWN_ERROR",
        Kind::Storage,
        "run it again; where it stays, leave partitions out to find the object",
    ),
    fix(
        "HIVE_",
        Kind::Storage,
        "the table's data or definition could not be read; run it again, or leave that partition out",
    ),
    fix(
        "ICEBERG_",
        Kind::Storage,
        "the table's Iceberg metadata or data could not be read; run it again",
    ),
    fix("PERMISSION_DENIED", Kind::Denied, PERMISSION),
    fix("ACCESS_DENIED", Kind::Denied, PERMISSION),
    fix(
        "NOT_SUPPORTED",
        Kind::Unsupported,
        "Athena does not know this; look at its SQL reference for another way",
    ),
    fix(
        "TOO_MANY_REQUESTS",
        Kind::Busy,
        "wait a moment and run it again",
    ),
    fix(
        "GENERIC_INTERNAL_ERROR",
        Kind::Storage,
        "Athena failed itself; run it again",
    ),
    fix(
        "INTERNAL_ERROR",
        Kind::Storage,
        "Athena failed itself; run it again",
    ),
];

/// By words of the text, where no code stands before it.
const WORDS: &[Fix] = &[
    fix("exceeded scan limit", Kind::TooLarge, BILLED),
    fix("bytes scanned limit", Kind::TooLarge, BILLED),
    fix("data scanned limit", Kind::TooLarge, BILLED),
    fix("query exhausted resources", Kind::Resources, SMALLER),
    fix(
        "insufficient lake formation permission",
        Kind::Denied,
        LAKE_FORMATION,
    ),
    fix("insufficient permissions", Kind::Denied, PERMISSION),
    fix("access denied", Kind::Denied, PERMISSION),
    fix("not authorized", Kind::Denied, PERMISSION),
    fix(
        "output bucket",
        Kind::Denied,
        "look at the output location of the profile or the workgroup, and at the right to write there",
    ),
    fix(
        "output location",
        Kind::Refused,
        "set `output_location = \"s3://bucket/prefix/\"` in the profile, or one in the workgroup",
    ),
    fix(
        "slow down",
        Kind::Busy,
        "S3 throttles this prefix; wait a moment and run it again",
    ),
    fix(
        "workgroup",
        Kind::UnknownName,
        "look at the workgroup's name and at the Region",
    ),
    fix(
        "incorrect number of parameters",
        Kind::Invalid,
        "give a value for every `?`",
    ),
    fix(
        "mismatched input",
        Kind::Syntax,
        "look at the marked place and at what stands before it",
    ),
    fix(
        "extraneous input",
        Kind::Syntax,
        "look at the marked place and at what stands before it",
    ),
    fix(
        "no viable alternative",
        Kind::Syntax,
        "look at the marked place and at what stands before it",
    ),
    fix(
        "query timeout",
        Kind::Resources,
        "narrow the time range: Athena ends a query after 30 minutes",
    ),
];

const SMALLER: &str = "narrow the time range, ask for fewer columns, or aggregate before joining";
const BILLED: &str = "the workgroup's limit ended it, and what was scanned until then is billed; narrow the time range or the partitions";
const PERMISSION: &str = "the role needs the right to the table (Glue and Lake Formation), to its objects in S3 and to their key";
const LAKE_FORMATION: &str =
    "ask for a Lake Formation grant of SELECT and DESCRIBE on this table for the role";

/// What a failed execution says. The position is the one in the statement that was sent.
pub(super) fn of_execution(execution: &QueryExecution) -> QueryError {
    let status = execution.status();
    let fault = status.and_then(|status| status.athena_error());
    let reason = status.and_then(|status| status.state_change_reason());
    let detail = fault.and_then(|fault| fault.error_message());
    // The reason is the fuller one where both are there.
    let text = match (reason, detail) {
        (Some(reason), Some(detail)) if detail.len() > reason.len() => detail,
        (Some(reason), _) => reason,
        (None, Some(detail)) => detail,
        (None, None) => "Athena gave no reason",
    };
    let mut error = of_text(text);
    let category = fault.and_then(|fault| fault.error_category());
    if let Some(name) = category.and_then(category_name)
        && error.hint.is_none()
    {
        error = error.with_hint(format!("Athena counts it as {name}"));
    }
    if error.kind == Kind::Execution && category == Some(1) {
        error.kind = Kind::Storage;
    }
    if fault.is_some_and(|fault| fault.retryable()) {
        let hint = error.hint.take().unwrap_or_default();
        let joint = if hint.is_empty() { "" } else { "; " };
        error.hint = Some(format!(
            "{hint}{joint}Athena says that it may succeed when run again"
        ));
    }
    error
}

/// What a text of Athena's says, such as a StateChangeReason.
pub(super) fn of_text(text: &str) -> QueryError {
    let text = text.trim();
    let code = code(text);
    let lower = text.to_lowercase();
    let known = code
        .and_then(|code| CODES.iter().find(|fix| code.starts_with(fix.mark)))
        .or_else(|| WORDS.iter().find(|fix| lower.contains(fix.mark)));
    let kind = known.map_or(Kind::Execution, |fix| fix.kind);
    let mut error = QueryError::new(kind, sentence(text, code));
    error.position = position(text);
    error.hint = known.map(|fix| fix.hint.to_owned());
    error
}

/// The category of an AthenaError in words.
fn category_name(category: i32) -> Option<&'static str> {
    match category {
        1 => Some("a fault of the service (category 1, system)"),
        2 => Some("a fault of the query (category 2, user)"),
        3 => Some("another fault (category 3, other)"),
        _ => None,
    }
}

/// The code before the first colon, such as `TABLE_NOT_FOUND`.
fn code(text: &str) -> Option<&str> {
    let (code, _) = text.split_once(':')?;
    let fits = code.len() >= 4
        && code
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    fits.then_some(code)
}

/// The text without its position, which is told apart, and without what follows its first line; the
/// code stays, at the end, because people search for it.
fn sentence(text: &str, code: Option<&str>) -> String {
    let mut rest = text;
    if let Some(code) = code {
        rest = rest.get(code.len() + 1..).unwrap_or(rest).trim_start();
    }
    if let Some((at, behind)) = place(rest)
        && at == 0
    {
        rest = rest.get(behind..).unwrap_or(rest);
        rest = rest.trim_start_matches([':', ' ']);
    }
    let line = rest
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', ' ']);
    let line = if line.is_empty() { text } else { line };
    match code {
        Some(code) if line != code => format!("{line} ({code})"),
        _ => line.to_owned(),
    }
}

/// The place that a text names as `line L:C`.
fn position(text: &str) -> Option<TextPosition> {
    let (at, behind) = place(text)?;
    let (line, column) = text.get(at + "line ".len()..behind)?.split_once(':')?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    (line > 0 && column > 0).then_some(TextPosition { line, column })
}

/// Where a text says `line L:C`: the bytes from its beginning to its end.
fn place(text: &str) -> Option<(usize, usize)> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.bytes().take_while(u8::is_ascii_digit).count()
    };
    text.match_indices("line ").find_map(|(at, mark)| {
        let line = at + mark.len();
        let colon = line + digits(line);
        let column = colon + 1;
        let end = column + digits(column);
        let fits = colon > line && text.as_bytes().get(colon) == Some(&b':') && end > column;
        fits.then_some((at, end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_athena::types::{AthenaError, QueryExecutionStatus};
    use proptest::prelude::*;

    #[test]
    fn codes_give_kind_place_and_fix() {
        let error =
            of_text("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.a.b' does not exist");
        assert_eq!(error.kind, Kind::UnknownName);
        assert_eq!(
            error.position,
            Some(TextPosition {
                line: 1,
                column: 15
            })
        );
        assert_eq!(
            error.message,
            "Table 'awsdatacatalog.a.b' does not exist (TABLE_NOT_FOUND)"
        );
        assert!(error.hint.unwrap().contains("`tables`"));
        for (text, kind, hint) in [
            (
                "COLUMN_NOT_FOUND: line 2:3: Column 'x' cannot be resolved",
                Kind::UnknownName,
                "DESCRIBE",
            ),
            (
                "TYPE_MISMATCH: line 1:8: Cannot apply operator",
                Kind::Invalid,
                "CAST",
            ),
            (
                "HIVE_BAD_DATA: Error parsing field value for field 3",
                Kind::Execution,
                "partition",
            ),
            (
                "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://b/k",
                Kind::Storage,
                "run it again",
            ),
            (
                "EXCEEDED_MEMORY_LIMIT: Query exceeded per-node memory",
                Kind::Resources,
                "narrow",
            ),
            (
                "Query cancelled! : Bytes scanned limit was exceeded",
                Kind::TooLarge,
                "billed",
            ),
            (
                "Insufficient Lake Formation permission(s): Required Select on t",
                Kind::Denied,
                "SELECT and DESCRIBE",
            ),
            (
                "Insufficient permissions to execute the query.",
                Kind::Denied,
                "Lake Formation",
            ),
            (
                "GENERIC_INTERNAL_ERROR: Something",
                Kind::Storage,
                "run it again",
            ),
            (
                "line 1:7: mismatched input 'x'. Expecting: <EOF>",
                Kind::Syntax,
                "marked place",
            ),
            (
                "No output location provided. An output location is required",
                Kind::Refused,
                "output_location",
            ),
        ] {
            let error = of_text(text);
            assert_eq!(error.kind, kind, "{text}");
            assert!(error.hint.unwrap().contains(hint), "{text}");
        }
    }

    #[test]
    fn a_text_without_a_known_word_is_told_as_it_is() {
        let error = of_text("Something new\nwith a trace");
        assert_eq!(error.kind, Kind::Execution);
        assert_eq!(error.message, "Something new");
        assert_eq!((error.position, error.hint), (None, None));
        assert_eq!(of_text("").message, "");
        assert_eq!(of_text("online 3: 4").position, None);
    }

    #[test]
    fn an_error_of_the_service_says_that_it_may_pass() {
        let status = QueryExecutionStatus::builder()
            .state_change_reason("Strange")
            .athena_error(
                AthenaError::builder()
                    .error_category(1)
                    .retryable(true)
                    .build(),
            )
            .build();
        let error = of_execution(&QueryExecution::builder().status(status).build());
        assert_eq!(error.kind, Kind::Storage);
        let hint = error.hint.unwrap();
        assert!(hint.contains("category 1"), "{hint}");
        assert!(hint.contains("may succeed"), "{hint}");
    }

    proptest! {
        #[test]
        fn any_text_is_explained(text in any::<String>()) {
            let error = of_text(&text);
            prop_assert!(!error.message.contains('\n') || text.trim_start().starts_with('\n') || error.message.is_empty() || error.message == text.trim());
        }

        #[test]
        fn places_are_found_wherever_they_stand(
            before in "[a-zA-Z :]{0,20}", line in 1_usize..10_000, column in 1_usize..10_000,
        ) {
            prop_assume!(!before.contains("line"));
            let text = format!("{before} line {line}:{column}: x");
            prop_assert_eq!(of_text(&text).position, Some(TextPosition { line, column }));
        }
    }
}
