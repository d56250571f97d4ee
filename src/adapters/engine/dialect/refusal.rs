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
        Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::TABLE | Keyword::EXPLAIN => {
            return Ok(());
        }
        Keyword::SHOW | Keyword::DESCRIBE | Keyword::DESC => (
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
        Statement::Query(_) => Ok(()),
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
