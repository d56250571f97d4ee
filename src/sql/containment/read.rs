//! Takes a statement apart, if it has no part but those that are understood.

use chrono::{DateTime, Utc};
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, LimitClause, ObjectName, OrderBy, OrderByKind, SelectItem, SetExpr,
    TableFactor, Value, ValueWithSpan,
};

use super::expressions::Terms;
use super::literal::Literal;
use super::parse::{parse, written};
use super::term::Term;

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

impl Key {
    fn term(&self) -> Option<&Term> {
        match self {
            Self::Place(_) => None,
            Self::Term(term) => Some(term),
        }
    }
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
        self.terms().any(Term::is_aggregate)
    }

    /// Every expression in it.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        let keys = self.order_by.iter().map(|order| &order.key);
        let keys = keys.chain(&self.group_by).filter_map(Key::term);
        let items = self.items.iter().flatten().map(|item| &item.term);
        items.chain(&self.filter).chain(&self.having).chain(keys)
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
    let grouped = statement.group_by.iter().filter_map(Key::term);
    let source_terms = statement
        .filter
        .iter()
        .chain(&statement.having)
        .chain(grouped);
    for term in source_terms {
        if is_ambiguous(term, statement.items.as_deref()) {
            return None;
        }
    }
    Some(statement)
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
