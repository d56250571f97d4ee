//! What may be handed to Athena: one statement, not too long, and none that writes unless the
//! profile and a person allow it.

use crate::domain::nearest::did_you_mean;
use crate::domain::query::{QueryError, QueryErrorKind, QueryRequest};
use crate::sql::lexer::{TokenKind, lex};
use crate::sql::statements::{position_of, split};

use super::AthenaOptions;

/// The longest statement that Athena takes, in bytes.
pub(super) const LONGEST: usize = 262_144;

/// First words of statements that only read.
const READS: &[&str] = &[
    "SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN",
];

/// First words of statements that change data, tables or the account's catalogue.
const WRITES: &[&str] = &[
    "ALTER", "CALL", "CREATE", "DELETE", "DROP", "INSERT", "MERGE", "MSCK", "OPTIMIZE", "TRUNCATE",
    "UNLOAD", "UPDATE", "VACUUM",
];

/// The statement to send: the text up to its last token, so that places in it stay where they are.
///
/// # Errors
///
/// `Refused` with the reason; `Syntax` where the text holds no statement; `Unsupported` for files
/// that stand as tables.
pub(super) fn admit(request: &QueryRequest, options: &AthenaOptions) -> Result<String, QueryError> {
    let text = request.sql.as_str();
    let statements = split(text);
    let statement = match statements.as_slice() {
        [] => {
            return Err(QueryError::new(
                QueryErrorKind::Syntax,
                "there is no statement to run",
            ));
        }
        [one] => one,
        [_, second, ..] => {
            return Err(QueryError::new(
                QueryErrorKind::Refused,
                format!("{} statements cannot run as one", statements.len()),
            )
            .at(position_of(text, second.range.start))
            .with_hint("run them one after the other"));
        }
    };
    if let Some(file) = request.attached.first() {
        return Err(QueryError::new(
            QueryErrorKind::Unsupported,
            format!("the file `{}` cannot be a table on Athena", file.name),
        )
        .with_hint("run it on the embedded engine"));
    }
    let sent = text.get(..statement.range.end).unwrap_or(text);
    if sent.len() > LONGEST {
        return Err(QueryError::new(
            QueryErrorKind::Refused,
            format!(
                "the statement has {} bytes and Athena takes at most {LONGEST}",
                sent.len()
            ),
        )
        .with_hint("put long lists of values into a table, or split the statement"));
    }
    match first_word(sent) {
        Word::Reads => Ok(sent.to_owned()),
        Word::Writes(word) => may_write(&word, request, options).map(|()| sent.to_owned()),
        Word::Unknown(word, at) => {
            let error = QueryError::new(
                QueryErrorKind::Refused,
                format!("`{word}` begins no statement that is run here"),
            )
            .at(position_of(text, at));
            let known = READS.iter().chain(WRITES).copied();
            Err(match did_you_mean(&word, known) {
                Some(hint) => error.with_hint(hint),
                None => error,
            })
        }
    }
}

fn may_write(
    word: &str,
    request: &QueryRequest,
    options: &AthenaOptions,
) -> Result<(), QueryError> {
    let refuse = |reason: String, hint: &str| {
        Err(QueryError::new(QueryErrorKind::Refused, reason).with_hint(hint))
    };
    if options.read_only {
        return refuse(
            format!("{word} writes, and the profile is read-only"),
            "use a profile without `read_only`",
        );
    }
    if !options.allow_writes {
        return refuse(
            format!("{word} writes, and the profile does not allow that"),
            "set `allow_writes = true` in the profile to be asked before each such statement",
        );
    }
    if !request.confirmed {
        let question = format!("{word} writes, and nobody has confirmed it");
        return Err(QueryError::new(QueryErrorKind::Unconfirmed, question)
            .with_hint("`--yes` confirms it; the console asks"));
    }
    Ok(())
}

enum Word {
    Reads,
    Writes(String),
    Unknown(String, usize),
}

/// What the statement does, by its first word; of an `EXPLAIN ANALYZE`, by the explained one's,
/// because that runs.
fn first_word(sql: &str) -> Word {
    let tokens = lex(sql);
    let mut words = tokens
        .iter()
        .filter(|token| token.is_significant())
        .skip_while(|token| token.text(sql) == "(");
    let Some(first) = words.next() else {
        return Word::Unknown(String::new(), 0);
    };
    let word = first.text(sql).to_ascii_uppercase();
    if word == "EXPLAIN" {
        let mut rest = words.peekable();
        let runs = rest
            .next_if(|token| token.text(sql).eq_ignore_ascii_case("ANALYZE"))
            .is_some();
        let writing = rest
            .map(|token| token.text(sql).to_ascii_uppercase())
            .find(|word| READS.contains(&word.as_str()) || WRITES.contains(&word.as_str()))
            .filter(|word| WRITES.contains(&word.as_str()));
        return match writing {
            Some(word) if runs => Word::Writes(word),
            _ => Word::Reads,
        };
    }
    // A quoted name or a number is no word, whatever it spells.
    let is_word = matches!(
        first.kind,
        TokenKind::Keyword | TokenKind::Function | TokenKind::Identifier
    );
    if is_word && READS.contains(&word.as_str()) {
        Word::Reads
    } else if is_word && WRITES.contains(&word.as_str()) {
        Word::Writes(word)
    } else {
        Word::Unknown(
            first.text(sql).chars().take(40).collect(),
            first.range.start,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::query::{QueryId, TextPosition};
    use proptest::prelude::*;

    fn options(allow_writes: bool, read_only: bool) -> AthenaOptions {
        AthenaOptions {
            allow_writes,
            read_only,
            ..AthenaOptions::default()
        }
    }

    fn reading(sql: &str) -> Result<String, QueryError> {
        admit(&QueryRequest::new(QueryId(1), sql), &options(false, false))
    }

    #[test]
    fn statements_that_read_are_sent_up_to_their_last_token() {
        assert_eq!(
            reading("-- who?\nSELECT ';' FROM t ; -- end\n").unwrap(),
            "-- who?\nSELECT ';' FROM t"
        );
        for sql in [
            "with a as (select 1) select * from a",
            "(SELECT 1) UNION (SELECT 2)",
            "VALUES 1",
            "SHOW TABLES",
            "describe t",
            "EXPLAIN SELECT 1",
            "EXPLAIN INSERT INTO t SELECT 1",
            "EXPLAIN ANALYZE SELECT 1",
        ] {
            assert_eq!(reading(sql).unwrap(), sql);
        }
    }

    #[test]
    fn statements_that_write_need_the_profile_and_a_person() {
        for sql in [
            "CREATE TABLE t AS SELECT 1",
            "insert into t values 1",
            "/* SELECT */ UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'PARQUET')",
            "DROP TABLE t",
            "MSCK REPAIR TABLE t",
            "EXPLAIN ANALYZE VERBOSE INSERT INTO t SELECT 1",
        ] {
            let mut request = QueryRequest::new(QueryId(1), sql);
            let mut refused = |allow, read_only, confirmed| {
                request.confirmed = confirmed;
                admit(&request, &options(allow, read_only))
                    .err()
                    .map(|error| (error.kind, error.message))
            };
            use QueryErrorKind::{Refused, Unconfirmed};
            for (allow, read_only, confirmed, wanted, reason) in [
                (false, false, true, Refused, "does not allow"),
                (true, true, true, Refused, "read-only"),
                (true, false, false, Unconfirmed, "nobody has confirmed"),
            ] {
                let (kind, message) = refused(allow, read_only, confirmed).unwrap();
                assert_eq!(kind, wanted);
                assert!(message.contains(reason), "{message}");
            }
            assert_eq!(refused(true, false, true), None);
        }
    }

    #[test]
    fn what_is_no_single_statement_is_refused_with_its_place() {
        let error = reading("SELECT 1;\nSELECT 2").unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Refused);
        assert_eq!(error.position, Some(TextPosition { line: 2, column: 1 }));
        assert_eq!(
            reading(" -- nothing\n;").unwrap_err().kind,
            QueryErrorKind::Syntax
        );
        let typo = reading("\n SELEC 1").unwrap_err();
        assert_eq!(typo.position, Some(TextPosition { line: 2, column: 2 }));
        assert_eq!(typo.hint.as_deref(), Some("did you mean `SELECT`?"));
        for sql in [
            "EXECUTE p",
            "\"SELECT\" 1",
            "'INSERT'",
            "USING EXTERNAL FUNCTION f(x int) RETURNS int LAMBDA 'l' SELECT f(1)",
        ] {
            assert_eq!(reading(sql).unwrap_err().kind, QueryErrorKind::Refused);
        }
    }

    #[test]
    fn the_longest_statement_is_counted_in_bytes() {
        let fits = format!("SELECT '{}'", "ß".repeat((LONGEST - 9) / 2));
        assert!(fits.len() <= LONGEST);
        assert!(reading(&fits).is_ok());
        let error = reading(&format!("SELECT '{}'", "ß".repeat(LONGEST / 2))).unwrap_err();
        assert!(error.message.contains("262144"), "{}", error.message);
    }

    proptest! {
        #[test]
        fn what_is_sent_is_the_beginning_of_the_text(sql in any::<String>()) {
            if let Ok(sent) = reading(&sql) {
                prop_assert!(sql.starts_with(&sent));
                prop_assert!(sent.len() <= LONGEST);
            }
        }

        #[test]
        fn no_writing_word_is_let_through(
            word in proptest::sample::select(WRITES),
            before in "(-- [a-z]*\n|/\\* SELECT \\*/|[ (]){0,3}",
            after in "[a-z0-9 ]{0,10}",
        ) {
            let sql = format!("{before}{word} {after}");
            prop_assert!(reading(&sql).is_err());
        }
    }
}
