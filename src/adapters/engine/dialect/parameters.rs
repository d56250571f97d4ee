//! Parameters: each `?` of a statement is replaced by the tokens of one literal.

use sqlparser::ast::{CastKind, Expr, UnaryOperator};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::athena::Athena;
use super::errors::invalid;
use super::text::{SqlText, position};
use crate::domain::query::QueryError;

/// Puts the parameters in, in order. A parameter is a literal and nothing else, so that no value
/// becomes syntax.
pub(super) fn bind(text: &mut SqlText, parameters: &[String]) -> Result<(), QueryError> {
    let is_mark = |token: &TokenWithSpan| matches!(&token.token, Token::Placeholder(_));
    let marks = text.tokens.iter().filter(|token| is_mark(token)).count();
    if marks != parameters.len() {
        let mut error = invalid(format!(
            "The statement has {marks} parameters (?), and {} values are given",
            parameters.len()
        ));
        error.position = text
            .tokens
            .iter()
            .filter(|token| is_mark(token))
            .nth(parameters.len())
            .map(|token| position(token.span.start));
        return Err(error);
    }
    let mut values = parameters.iter();
    let mut bound = Vec::with_capacity(text.tokens.len());
    for token in std::mem::take(&mut text.tokens) {
        if !is_mark(&token) {
            bound.push(token);
            continue;
        }
        let value = values.next().map_or("NULL", String::as_str);
        let place = position(token.span.start);
        let tokens = literal_tokens(value).ok_or_else(|| {
            invalid("A parameter's value is no SQL literal")
                .at(place)
                .with_hint("Give a number, a quoted string, TRUE, FALSE, NULL or such as DATE '2026-01-01'")
        })?;
        bound.extend(tokens.into_iter().map(|value| TokenWithSpan {
            token: value,
            span: token.span,
        }));
    }
    text.tokens = bound;
    Ok(())
}

/// The tokens of a text that is one literal.
fn literal_tokens(value: &str) -> Option<Vec<Token>> {
    let tokens = Tokenizer::new(&Athena, value).tokenize().ok()?;
    let tokens: Vec<Token> = tokens
        .into_iter()
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    let mut parser = Parser::new(&Athena).with_tokens(tokens.clone());
    let expr = parser.parse_expr().ok()?;
    (parser.peek_token().token == Token::EOF && is_literal(&expr)).then_some(tokens)
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => !matches!(value.value, sqlparser::ast::Value::Placeholder(_)),
        Expr::TypedString(_) => true,
        Expr::Interval(interval) => is_literal(&interval.value),
        Expr::Array(array) => array.elem.iter().all(is_literal),
        Expr::Nested(inner) => is_literal(inner),
        Expr::Cast {
            kind: CastKind::Cast,
            expr,
            ..
        } => is_literal(expr),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_literal(expr),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{run_in, session};
    use super::super::translate;
    use crate::domain::query::QueryErrorKind;

    fn bound(sql: &str, values: &[&str]) -> Result<String, crate::domain::query::QueryError> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let (_, batches) = run_in(&session(), sql, &values)?;
        let column = batches[0].column(0);
        Ok(arrow::util::display::array_value_to_string(column, 0).unwrap())
    }

    #[test]
    fn literals_take_the_place_of_marks() {
        assert_eq!(bound("SELECT ? || ?", &["'a'", "'b''c'"]).unwrap(), "ab'c");
        assert_eq!(bound("SELECT 5 -?", &["-3"]).unwrap(), "8");
        assert_eq!(
            bound("SELECT TIMESTAMP '2026-01-02' > ?", &["DATE '2026-01-01'"]).unwrap(),
            "true"
        );
        assert_eq!(bound("SELECT 'why?'", &[]).unwrap(), "why?");
    }

    #[test]
    fn a_value_never_becomes_syntax() {
        for value in [
            "1 OR 1 = 1",
            "(SELECT 1)",
            "a",
            "now()",
            "1, 2",
            "",
            "'a",
            "1 -- x\n + 1",
            "?",
        ] {
            let error = translate("SELECT ?", &[value.to_owned()]).unwrap_err();
            assert_eq!(error.kind, QueryErrorKind::Invalid, "{value}: {error:?}");
            assert_eq!(error.position.unwrap().column, 8, "{value}");
        }
    }

    #[test]
    fn marks_and_values_are_counted() {
        let error = translate("SELECT ?, ?", &["1".to_owned()]).unwrap_err();
        assert!(error.message.contains("2 parameters"), "{error:?}");
        assert_eq!(error.position.unwrap().column, 11);
        assert!(translate("SELECT 1", &["1".to_owned()]).is_err());
    }
}
