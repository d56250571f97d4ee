//! Which statements run here, and what is said to the others.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use sqlparser::ast::Statement;

use super::errors::{refused, unsupported};
use super::text::{SqlText, position};
use crate::domain::query::{QueryError, QueryErrorKind};

/// Refuses everything that is not one query, before it is parsed.
pub(super) fn check(text: &SqlText) -> Result<(), QueryError> {
    let mut tokens = text.tokens.iter();
    let Some(first) = tokens.find(|token| !matches!(token.token, Token::SemiColon | Token::EOF))
    else {
        return Err(refused("The statement is empty").with_hint("Write a query, such as SELECT 1"));
    };
    let place = position(first.span.start);
    let word = match &first.token {
        Token::LParen => return Ok(()),
        Token::Word(word) if word.quote_style.is_none() => word,
        other => {
            return Err(QueryError::new(
                QueryErrorKind::Syntax,
                format!("A statement cannot start with “{other}”"),
            )
            .at(place)
            .with_hint("A query starts with SELECT, WITH, VALUES or TABLE"));
        }
    };
    let name = word.value.to_uppercase();
    let (reason, hint) = match word.keyword {
        Keyword::SELECT
        | Keyword::WITH
        | Keyword::VALUES
        | Keyword::TABLE
        | Keyword::EXPLAIN
        | Keyword::DESCRIBE
        | Keyword::DESC => {
            return Ok(());
        }
        Keyword::SHOW => (
            format!("{name} is not run here"),
            "`lakehound tables` lists the tables, `lakehound tables NAME` one table's columns",
        ),
        Keyword::INSERT
        | Keyword::UPDATE
        | Keyword::DELETE
        | Keyword::MERGE
        | Keyword::TRUNCATE => (
            format!("{name} would change data, and a lake is evidence: it is only ever read"),
            "Ask with SELECT",
        ),
        Keyword::CREATE
        | Keyword::ALTER
        | Keyword::DROP
        | Keyword::MSCK
        | Keyword::VACUUM
        | Keyword::REPAIR => (
            format!("{name} would change the catalogue, and only queries run here"),
            "Name a part of a query with WITH in place of a view; export a result in place of a table",
        ),
        Keyword::UNLOAD | Keyword::COPY => (
            format!("{name} writes files by SQL, and only queries run here"),
            "Run the SELECT and export its result, for instance to Parquet",
        ),
        Keyword::PREPARE | Keyword::EXECUTE | Keyword::DEALLOCATE => (
            format!("{name} is not needed here"),
            "Write the query with ? and give the parameters with it",
        ),
        Keyword::GRANT | Keyword::REVOKE | Keyword::DENY => (
            format!("{name} changes permissions, and only queries run here"),
            "Permissions on the lake are set in Lake Formation",
        ),
        Keyword::USE
        | Keyword::SET
        | Keyword::RESET
        | Keyword::CALL
        | Keyword::ANALYZE
        | Keyword::COMMIT
        | Keyword::ROLLBACK
        | Keyword::START
        | Keyword::BEGIN
        | Keyword::OPTIMIZE
        | Keyword::COMMENT
        | Keyword::REFRESH => (
            format!("{name} is no query, and only queries run here"),
            "Write database.table in place of a current database",
        ),
        _ => {
            return Err(QueryError::new(
                QueryErrorKind::Syntax,
                format!("A statement cannot start with “{}”", word.value),
            )
            .at(place)
            .with_hint("A query starts with SELECT, WITH, VALUES or TABLE"));
        }
    };
    Err(refused(reason).at(place).with_hint(hint))
}

/// Refuses what has the first word of a query and yet is none.
pub(super) fn check_parsed(statement: &Statement) -> Result<(), QueryError> {
    match statement {
        Statement::Query(_) | Statement::ExplainTable { .. } => Ok(()),
        Statement::Explain {
            statement,
            format,
            options,
            ..
        } => {
            if format.is_some() || options.is_some() {
                return Err(unsupported("options of EXPLAIN"));
            }
            match statement.as_ref() {
                Statement::Query(_) => Ok(()),
                _ => Err(refused("Only a query is explained here")),
            }
        }
        _ => Err(
            refused("The statement is no query, and only queries run here")
                .with_hint("Ask with SELECT"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::translate;
    use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

    fn error(sql: &str) -> QueryError {
        translate(sql, &[]).expect_err(sql)
    }

    fn at(line: usize, column: usize) -> Option<TextPosition> {
        Some(TextPosition { line, column })
    }

    #[test]
    fn what_is_no_query_is_refused_with_the_reason() {
        for sql in [
            "",
            "  -- nothing\n",
            ";",
            "CREATE TABLE t AS SELECT 1",
            "create view v as select 1",
            "INSERT INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "DELETE FROM t",
            "DROP TABLE t",
            "MERGE INTO t USING s ON a = b",
            "UNLOAD (SELECT 1) TO 's3://x'",
            "GRANT SELECT ON t TO u",
            "PREPARE p FROM SELECT 1",
            "EXECUTE p",
            "MSCK REPAIR TABLE t",
            "USE db",
            "SHOW TABLES",
            "ALTER TABLE t ADD COLUMNS (a int)",
            "SELECT 1; SELECT 2",
            "VACUUM t",
            "OPTIMIZE t",
            "EXPLAIN DELETE FROM t",
            "TRUNCATE TABLE t",
            "CALL p()",
        ] {
            let error = error(sql);
            assert_eq!(error.kind, QueryErrorKind::Refused, "{sql}: {error:?}");
            assert!(!error.message.is_empty(), "{sql}");
        }
        assert_eq!(error("SELECT 1;\n  DROP TABLE t").position, at(2, 3));
        assert_eq!(error("\n INSERT INTO t SELECT 1").position, at(2, 2));
    }

    #[test]
    fn queries_may_end_with_semicolons() {
        for sql in [
            "SELECT 1",
            "SELECT 1;",
            "SELECT 1 ; ; -- end",
            "(SELECT 1)",
            "VALUES 1, 2",
            "TABLE t",
            "SELECT 1 UNION ALL TABLE t",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "EXPLAIN SELECT 1",
            "DESCRIBE t",
        ] {
            assert!(
                translate(sql, &[]).is_ok(),
                "{sql}: {:?}",
                translate(sql, &[])
            );
        }
    }

    #[test]
    fn syntax_errors_have_their_place() {
        for (sql, position) in [
            ("SELECT 'abc", at(1, 8)),
            ("SELECT 1 /* open", at(1, 10)),
            ("SELECT a FROM t WHERE", at(1, 22)),
            ("SELECT (1", at(1, 10)),
            ("SELECT", at(1, 7)),
            ("SELECT 1\n FROM t WHERE", at(2, 14)),
            ("FOO BAR", at(1, 1)),
            ("SELECT 1 2", at(1, 10)),
            ("SELECT a FROM t GROUP a", at(1, 17)),
        ] {
            let error = error(sql);
            assert_eq!(error.kind, QueryErrorKind::Syntax, "{sql}: {error:?}");
            assert_eq!(error.position, position, "{sql}: {error:?}");
        }
    }

    #[test]
    fn foreign_syntax_is_unsupported_by_name() {
        for (sql, name) in [
            ("SELECT a::int FROM t", "::"),
            ("SELECT a ILIKE 'x' FROM t", "ILIKE"),
            (
                "SELECT * FROM t QUALIFY row_number() OVER () = 1",
                "QUALIFY",
            ),
            ("SELECT CAST(a AS hyperloglog) FROM t", "HYPERLOGLOG"),
            ("SELECT EXTRACT(EPOCH FROM a) FROM t", "EPOCH"),
            ("SELECT * FROM t FETCH FIRST 3 ROWS WITH TIES", "WITH TIES"),
            ("SELECT a[1:2] FROM t", "[from:to]"),
        ] {
            let error = error(sql);
            assert!(
                matches!(
                    error.kind,
                    QueryErrorKind::Unsupported | QueryErrorKind::Syntax
                ),
                "{sql}: {error:?}"
            );
            if error.kind == QueryErrorKind::Unsupported {
                assert!(error.message.contains(name), "{sql}: {error:?}");
            }
        }
    }

    #[test]
    fn depth_and_length_have_limits_and_no_stack_is_lost() {
        let deep = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
        assert_eq!(error(&deep).message, "The statement is nested too deeply");
        let arrays = format!("SELECT {}1{}", "ARRAY[".repeat(3_000), "]".repeat(3_000));
        assert_eq!(error(&arrays).message, "The statement is nested too deeply");
        let tables = format!("SELECT * FROM {}t{}", "(".repeat(100), ")".repeat(100));
        assert!(translate(&tables, &[]).is_ok());
        let minus = format!("SELECT {}1", "- ".repeat(20_000));
        assert_eq!(error(&minus).kind, QueryErrorKind::Syntax);
        let long = format!("SELECT '{}'", "x".repeat(262_144));
        assert_eq!(error(&long).kind, QueryErrorKind::Refused);
        let chain = vec!["a = 1"; 10_000].join(" OR ");
        assert!(translate(&format!("SELECT * FROM t WHERE {chain}"), &[]).is_ok());
        let sum = format!("SELECT 1{}", " + 1".repeat(50_000));
        assert_eq!(error(&sum).message, "The statement is nested too deeply");
        let union = vec!["SELECT 1"; 10_000].join(" UNION ALL ");
        assert_eq!(error(&union).message, "The statement is nested too deeply");
    }

    proptest! {
        #[test]
        fn any_text_is_translated_or_refused(text in ".{0,200}") {
            let _ = translate(&text, &[]);
            let _ = translate(&format!("SELECT {text}"), &[]);
        }

        #[test]
        fn any_heap_of_tokens_is_translated_or_refused(
            tokens in prop::collection::vec(prop::sample::select(vec![
                "SELECT", "FROM", "WHERE", "UNNEST", "(", ")", "[", "]", ",", ".", "*", "->", "x", "t",
                "AS", "CROSS", "JOIN", "LEFT", "ON", "TRUE", "ARRAY", "ROW", "MAP", "CAST", "TRY",
                "INTERVAL", "'1'", "DAY", "AT", "TIME", "ZONE", "TIMESTAMP", "'2026-01-01'", "1", "?",
                "IS", "NOT", "DISTINCT", "EXISTS", "IN", "VALUES", "UNION", "WITH", "ORDER", "BY",
                "GROUP", "LIMIT", "AND", "OR", "=", "-", "user", "any_match", "\"q\"", ";", "CASE",
                "WHEN", "THEN", "END", "BETWEEN", "TABLESAMPLE", "EXTRACT", "YEAR", "1e3",
            ]), 0..40)
        ) {
            let _ = translate(&tokens.join(" "), &[]);
            let _ = translate(&format!("SELECT {}", tokens.join(" ")), &["1".to_owned()]);
        }
    }
}
