//! From text to the parser's tree, within limits, and back to the text of the parts that are read.

use sqlparser::ast::{
    Distinct, GroupByExpr, LimitClause, ObjectName, OrderBy, OrderByKind, Query, Select,
    Statement as Parsed, TableAlias,
};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// Longer statements are not looked at, in bytes.
const LONGEST: usize = 64 << 10;

/// Operators that a statement may have: each makes its tree deeper.
const MOST_OPERATORS: usize = 300;

/// How deep the parser may nest.
const PARSER_DEPTH: usize = 50;

/// The parser's dialect: Athena's words and quotes, nothing special.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }
}

pub(super) fn parse(sql: &str) -> Option<Box<Query>> {
    if sql.len() > LONGEST {
        return None;
    }
    let mut tokens = Tokenizer::new(&Plain, sql).tokenize_with_location().ok()?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    let operators = tokens.iter().filter(|token| is_operator(&token.token));
    if operators.count() > MOST_OPERATORS {
        return None;
    }
    names_beside_dots(&mut tokens);
    let mut parser = Parser::new(&Plain)
        .with_recursion_limit(PARSER_DEPTH)
        .with_tokens_with_locations(tokens);
    let parsed = parser.parse_statement().ok()?;
    while parser.consume_token(&Token::SemiColon) {}
    match parsed {
        Parsed::Query(query) if parser.peek_token_ref().token == Token::EOF => Some(query),
        _ => None,
    }
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::IS | Keyword::UNION
        ),
        Token::Comma | Token::Period | Token::LParen | Token::RParen => false,
        Token::SingleQuotedString(_) | Token::Number(..) => false,
        _ => true,
    }
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

/// The statement made of the parts that are looked at.
pub(super) fn written(
    query: &Query,
    select: &Select,
    name: &ObjectName,
    alias: Option<&TableAlias>,
) -> Option<String> {
    let list = |parts: Vec<String>| parts.join(", ");
    let mut text = "SELECT ".to_owned();
    match select.distinct {
        None => {}
        Some(Distinct::Distinct) => text += "DISTINCT ",
        Some(_) => return None,
    }
    text += &list(select.projection.iter().map(ToString::to_string).collect());
    text += &format!(" FROM {name}");
    if let Some(alias) = alias {
        if !alias.columns.is_empty() || alias.at.is_some() {
            return None;
        }
        text += &format!(" {alias}");
    }
    if let Some(filter) = &select.selection {
        text += &format!(" WHERE {filter}");
    }
    if let GroupByExpr::Expressions(keys, _) = &select.group_by
        && !keys.is_empty()
    {
        text += " GROUP BY ";
        text += &list(keys.iter().map(ToString::to_string).collect());
    }
    if let Some(having) = &select.having {
        text += &format!(" HAVING {having}");
    }
    if let Some(OrderBy {
        kind: OrderByKind::Expressions(keys),
        ..
    }) = &query.order_by
    {
        text += " ORDER BY ";
        text += &list(keys.iter().map(ToString::to_string).collect());
    }
    if let Some(LimitClause::LimitOffset {
        limit: Some(limit), ..
    }) = &query.limit_clause
    {
        text += &format!(" LIMIT {limit}");
    }
    Some(text)
}
