//! A condition as the parser's tree, and the values that it compares columns with.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArguments, Ident, UnaryOperator, Value, ValueWithSpan,
    visit_expressions,
};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};
use std::ops::ControlFlow;

use crate::sql::lexer::{TokenKind, lex};

/// Longer conditions are not looked into, in bytes.
const LONGEST: usize = 16 << 10;

/// How deep the parser may nest.
const PARSER_DEPTH: usize = 50;

/// Athena's words and quotes, as far as conditions use them.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || matches!(ch, '_' | '$')
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }
}

/// A condition's tree; `None` where the parser does not know its syntax.
pub(super) fn parse(condition: &str) -> Option<Expr> {
    if condition.len() > LONGEST {
        return None;
    }
    let mut tokens = Tokenizer::new(&Plain, condition)
        .tokenize_with_location()
        .ok()?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    names_beside_dots(&mut tokens);
    let mut parser = Parser::new(&Plain)
        .with_recursion_limit(PARSER_DEPTH)
        .with_tokens_with_locations(tokens);
    let expr = parser.parse_expr().ok()?;
    (parser.peek_token_ref().token == Token::EOF).then_some(expr)
}

/// A word beside a dot is a name, whatever else it means.
fn names_beside_dots(tokens: &mut [TokenWithSpan]) {
    let dots: Vec<bool> = tokens
        .iter()
        .map(|token| token.token == Token::Period)
        .collect();
    let dot = |at: Option<usize>| at.and_then(|at| dots.get(at)).copied() == Some(true);
    for (at, token) in tokens.iter_mut().enumerate() {
        if let Token::Word(word) = &mut token.token
            && (dot(at.checked_sub(1)) || dot(at.checked_add(1)))
        {
            word.quote_style = Some('"');
            word.keyword = Keyword::NoKeyword;
        }
    }
}

/// A column's path, part by part in lower case.
pub(super) fn path(expr: &Expr) -> Option<Vec<String>> {
    let lower = |part: &Ident| part.value.to_lowercase();
    match expr {
        Expr::Identifier(name) => Some(vec![lower(name)]),
        Expr::CompoundIdentifier(parts) => Some(parts.iter().map(lower).collect()),
        Expr::Nested(inner) => path(inner),
        _ => None,
    }
}

/// Every column that a condition names.
pub(super) fn paths(expr: &Expr) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let _ = visit_expressions(expr, |expr| {
        found.extend(path(expr));
        ControlFlow::<()>::Continue(())
    });
    found
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    Equal,
    Among,
    Like,
}

/// A value written in the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) value: String,
    /// Its bytes in the condition.
    pub(super) range: Range<usize>,
    pub(super) number: bool,
}

/// A column that must have one of some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    /// What is compared, as SQL.
    pub(super) column: String,
    /// Its path, where it is a column alone.
    pub(super) path: Option<Vec<String>>,
    /// The outermost function around the column, such as `lower`.
    pub(super) called: Option<String>,
    pub(super) compared: Compared,
    pub(super) values: Vec<Written>,
}

impl Leaf {
    /// What is compared, for people.
    pub(super) fn told(&self) -> String {
        unquoted(&self.column)
    }
}

/// The comparisons of columns with values in a condition, whatever AND and OR put together.
pub(super) fn leaves(condition: &str, expr: &Expr) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    collect(condition, expr, &mut leaves);
    leaves
}

fn collect(text: &str, expr: &Expr, leaves: &mut Vec<Leaf>) {
    match expr {
        Expr::Nested(inner) => collect(text, inner, leaves),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And | BinaryOperator::Or,
            right,
        } => {
            collect(text, left, leaves);
            collect(text, right, leaves);
        }
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => {
            let leaf = written(text, right)
                .and_then(|value| leaf(left, Compared::Equal, vec![value]))
                .or_else(|| leaf(right, Compared::Equal, vec![written(text, left)?]));
            leaves.extend(leaf);
        }
        Expr::InList {
            expr,
            list,
            negated: false,
        } => {
            let values: Vec<Written> = list.iter().filter_map(|v| written(text, v)).collect();
            if values.len() == list.len() {
                leaves.extend(leaf(expr, Compared::Among, values));
            }
        }
        Expr::Like {
            negated: false,
            expr,
            pattern,
            escape_char: None,
            ..
        } => {
            let value = written(text, pattern);
            leaves.extend(value.and_then(|value| leaf(expr, Compared::Like, vec![value])));
        }
        _ => {}
    }
}

fn leaf(column: &Expr, compared: Compared, values: Vec<Written>) -> Option<Leaf> {
    let names = !paths(column).is_empty();
    names.then(|| Leaf {
        column: column.to_string(),
        path: path(column),
        called: match column {
            Expr::Function(function) => match &function.args {
                FunctionArguments::List(_) => Some(function.name.to_string().to_lowercase()),
                _ => None,
            },
            _ => None,
        },
        compared,
        values,
    })
}

fn written(text: &str, expr: &Expr) -> Option<Written> {
    let (value, negative) = match expr {
        Expr::Value(value) => (value, false),
        Expr::Nested(inner) => return written(text, inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match expr.as_ref() {
            Expr::Value(value) => (value, true),
            _ => return None,
        },
        _ => return None,
    };
    let range = place(text, value)?;
    Some(match &value.value {
        Value::SingleQuotedString(text) if !negative => Written {
            value: text.clone(),
            range,
            number: false,
        },
        Value::Number(digits, false) => Written {
            value: if negative {
                format!("-{digits}")
            } else {
                digits.clone()
            },
            range,
            number: true,
        },
        _ => return None,
    })
}

/// The bytes of a value in the text that was parsed.
pub(super) fn place(text: &str, value: &ValueWithSpan) -> Option<Range<usize>> {
    let start = offset(text, value.span.start)?;
    // The span of a text may end before its quotes: the lexer knows where it ends.
    let tokens = lex(text);
    let token = tokens.iter().find(|token| token.range.start == start)?;
    matches!(token.kind, TokenKind::String | TokenKind::Number).then(|| token.range.clone())
}

fn offset(text: &str, location: Location) -> Option<usize> {
    let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
    let mut start = 0;
    for _ in 0..line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let rest = text.get(start..)?;
    let (at, _) = rest.char_indices().nth(column)?;
    Some(start + at)
}

/// SQL without the quotes around names that need none.
pub(super) fn unquoted(sql: &str) -> String {
    let mut told = String::with_capacity(sql.len());
    for token in lex(sql) {
        let text = token.text(sql);
        let inner = text.trim_matches('"');
        let plain =
            !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        told.push_str(match token.kind {
            TokenKind::QuotedIdentifier if plain => inner,
            _ => text,
        });
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_their_places() {
        let text = "actor.user.name = 'é''x' OR\n (status IN ('a', 'b') AND lower(x.y) LIKE '%q%') OR 7 = n";
        let leaves = leaves(text, &parse(text).unwrap());
        let told: Vec<(String, Vec<&str>)> = leaves
            .iter()
            .map(|leaf| {
                let values = leaf.values.iter().map(|v| &text[v.range.clone()]);
                (leaf.told(), values.collect())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("actor.user.name".to_owned(), vec!["'é''x'"]),
                ("status".to_owned(), vec!["'a'", "'b'"]),
                ("lower(x.y)".to_owned(), vec!["'%q%'"]),
                ("n".to_owned(), vec!["7"]),
            ]
        );
        assert_eq!(leaves[2].called.as_deref(), Some("lower"));
        assert_eq!(leaves[0].values[0].value, "é'x");
    }

    #[test]
    fn what_is_denied_is_no_leaf() {
        for text in [
            "NOT a = 'x'",
            "a <> 'x'",
            "a NOT IN ('x')",
            "a IS NULL",
            "a = b",
        ] {
            assert!(leaves(text, &parse(text).unwrap()).is_empty(), "{text}");
        }
    }
}
