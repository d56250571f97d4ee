//! Takes a statement apart, if it has no part but those that are understood.

use chrono::{DateTime, Utc};
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, LimitClause, ObjectName, OrderBy, OrderByKind, Query,
    Select, SelectItem, SetExpr, Statement as Parsed, TableAlias, TableFactor, Value,
    ValueWithSpan,
};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::literal::Literal;
use super::term::{Term, Terms};

/// Longer statements are not looked at, in bytes.
const LONGEST: usize = 64 << 10;

/// Operators that a statement may have: each makes its tree deeper.
const MOST_OPERATORS: usize = 300;

/// How deep the parser may nest.
const PARSER_DEPTH: usize = 50;

/// A statement of one table.
#[derive(Debug)]
pub(super) struct Statement {
    /// The table's name, part by part, in lower case.
    pub(super) table: Vec<String>,
    /// What may stand before a column to name the table.
    pub(super) qualifiers: Vec<Vec<String>>,
    pub(super) distinct: bool,
    /// The output columns; `None` for `*`.
    pub(super) items: Option<Vec<Item>>,
    /// Conditions that all hold.
    pub(super) filter: Vec<Term>,
    pub(super) group_by: Vec<Key>,
    pub(super) having: Option<Term>,
    pub(super) order_by: Vec<Order>,
    pub(super) limit: Option<u64>,
}

/// An output column.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) term: Term,
    /// Its name as typed: the alias, else the last part of a dotted name.
    pub(super) name: Option<String>,
}

/// What is grouped or sorted by.
#[derive(Debug)]
pub(super) enum Key {
    /// An output column, from 0.
    Place(usize),
    Term(Term),
}

/// A key of ORDER BY.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) key: Key,
    pub(super) ascending: Option<bool>,
    pub(super) nulls_first: Option<bool>,
}

impl Statement {
    /// Whether each of its rows is one row of the table and it leaves none out but by its
    /// conditions. A LIMIT that its rows do not reach leaves none out.
    pub(super) fn only_filters(&self, rows: u64) -> bool {
        !self.distinct
            && self.limit.is_none_or(|limit| rows < limit)
            && self.group_by.is_empty()
            && self.having.is_none()
            && !self.has_aggregates()
    }

    /// Whether rows are put together.
    pub(super) fn is_grouped(&self) -> bool {
        !self.group_by.is_empty() || self.having.is_some() || self.has_aggregates()
    }

    fn has_aggregates(&self) -> bool {
        let items = self.items.iter().flatten().map(|item| &item.term);
        let keys = self.order_by.iter().filter_map(|order| match &order.key {
            Key::Term(term) => Some(term),
            Key::Place(_) => None,
        });
        items.chain(keys).any(Term::is_aggregate)
    }
}

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

/// Takes a statement apart; `now` is the span in which its `current_timestamp` lies.
pub(super) fn statement(sql: &str, now: (DateTime<Utc>, DateTime<Utc>)) -> Option<Statement> {
    let query = parse(sql)?;
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    let [from] = select.from.as_slice() else {
        return None;
    };
    let TableFactor::Table { name, alias, .. } = &from.relation else {
        return None;
    };
    // What is taken apart here, put together again: a clause that is not looked at would miss.
    if written(&query, select, name, alias.as_ref())? != query.to_string() {
        return None;
    }
    let table = table_name(name)?;
    let qualifiers = match alias {
        Some(alias) => vec![vec![alias.name.value.to_lowercase()]],
        None => (0..table.len())
            .filter_map(|skip| table.get(skip..).map(<[String]>::to_vec))
            .collect(),
    };
    let terms = Terms {
        qualifiers: &qualifiers,
        now: Literal::moment(now.0, now.1, true),
    };
    let items = items(&select.projection, &terms)?;
    let filter = match &select.selection {
        None => Vec::new(),
        Some(expr) => terms.read(expr)?.conjuncts(),
    };
    if filter.iter().any(Term::is_aggregate) {
        return None;
    }
    let GroupByExpr::Expressions(group_by, _) = &select.group_by else {
        return None;
    };
    let mut keys = Vec::with_capacity(group_by.len());
    for expr in group_by {
        keys.push(match place(expr) {
            Some(place) => Key::Place(place),
            None => Key::Term(terms.read(expr)?),
        });
    }
    let having = match &select.having {
        None => None,
        Some(expr) => Some(terms.read(expr)?),
    };
    let statement = Statement {
        distinct: select.distinct.is_some(),
        filter,
        group_by: keys,
        having,
        order_by: order_by(query.order_by.as_ref(), items.as_deref(), &terms)?,
        limit: limit(query.limit_clause.as_ref())?,
        table,
        items,
        qualifiers: qualifiers.clone(),
    };
    let source_terms = statement.filter.iter().chain(&statement.having).chain(
        statement.group_by.iter().filter_map(|key| match key {
            Key::Term(term) => Some(term),
            Key::Place(_) => None,
        }),
    );
    for term in source_terms {
        if is_ambiguous(term, statement.items.as_deref()) {
            return None;
        }
    }
    Some(statement)
}

fn parse(sql: &str) -> Option<Box<Query>> {
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
fn written(
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

fn table_name(name: &ObjectName) -> Option<Vec<String>> {
    let part = |part: &sqlparser::ast::ObjectNamePart| {
        part.as_ident().map(|name| name.value.to_lowercase())
    };
    name.0.iter().map(part).collect()
}

#[allow(
    clippy::option_option,
    reason = "outside: whether it is understood; inside: whether it is a list"
)]
fn items(projection: &[SelectItem], terms: &Terms<'_>) -> Option<Option<Vec<Item>>> {
    if let [SelectItem::Wildcard(more)] = projection {
        // EXCEPT, REPLACE and the like show in its text.
        return (more.to_string().is_empty()).then_some(None);
    }
    let item = |item: &SelectItem| {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => return None,
        };
        let name: Option<&Ident> = match (alias, expr) {
            (Some(alias), _) => Some(alias),
            (None, Expr::Identifier(name)) => Some(name),
            (None, Expr::CompoundIdentifier(names)) => names.last(),
            _ => None,
        };
        Some(Item {
            term: terms.read(expr)?,
            name: name.map(|name| name.value.clone()),
        })
    };
    projection
        .iter()
        .map(item)
        .collect::<Option<Vec<_>>>()
        .map(Some)
}

/// The output column that `ORDER BY 2` names.
fn place(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(ValueWithSpan {
            value: Value::Number(digits, false),
            ..
        }) => digits.parse::<usize>().ok()?.checked_sub(1),
        _ => None,
    }
}

fn order_by(
    order_by: Option<&OrderBy>,
    items: Option<&[Item]>,
    terms: &Terms<'_>,
) -> Option<Vec<Order>> {
    let keys = match order_by {
        None => return Some(Vec::new()),
        Some(OrderBy {
            kind: OrderByKind::Expressions(keys),
            interpolate: None,
        }) => keys,
        Some(_) => return None,
    };
    let mut orders = Vec::with_capacity(keys.len());
    for key in keys {
        orders.push(Order {
            key: order_key(&key.expr, items, terms)?,
            ascending: key.options.asc,
            nulls_first: key.options.nulls_first,
        });
    }
    Some(orders)
}

/// A name in ORDER BY is that of an output column first.
fn order_key(expr: &Expr, items: Option<&[Item]>, terms: &Terms<'_>) -> Option<Key> {
    if let Some(place) = place(expr) {
        return Some(Key::Place(place));
    }
    let listed = items.unwrap_or_default();
    if let Expr::Identifier(name) = expr {
        let mut named = listed.iter().enumerate().filter(|(_, item)| {
            item.name
                .as_ref()
                .is_some_and(|other| other.eq_ignore_ascii_case(&name.value))
        });
        match (named.next(), named.next()) {
            (Some((place, _)), None) => return Some(Key::Place(place)),
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
    }
    let term = terms.read(expr)?;
    if is_ambiguous(&term, items) {
        return None;
    }
    Some(match listed.iter().position(|item| item.term == term) {
        Some(place) => Key::Place(place),
        None => Key::Term(term),
    })
}

/// Whether a name in an expression is also that of an output column which is something else.
fn is_ambiguous(term: &Term, items: Option<&[Item]>) -> bool {
    let is_other = |path: &[String]| {
        let [name] = path else { return false };
        items.unwrap_or_default().iter().any(|item| {
            let named = item.name.as_ref().map(|name| name.to_lowercase());
            named.as_ref() == Some(name)
                && !matches!(&item.term, Term::Path(other) if other.as_slice() == path)
        })
    };
    term.any(&|term| matches!(term, Term::Path(path) if is_other(path)))
}

#[allow(
    clippy::option_option,
    reason = "outside: whether it is understood; inside: whether there is one"
)]
fn limit(clause: Option<&LimitClause>) -> Option<Option<u64>> {
    match clause {
        None => Some(None),
        Some(LimitClause::LimitOffset {
            limit:
                Some(Expr::Value(ValueWithSpan {
                    value: Value::Number(digits, false),
                    ..
                })),
            ..
        }) => digits.parse().ok().map(Some),
        Some(_) => None,
    }
}
