//! The new statement over the stored columns.

use super::Stored;
use super::columns::{ColumnKind, Columns};
use super::implies::Proof;
use super::read::{Key, Order, Statement};
use super::term::Term;
use crate::sql::parameters::{quote_identifier, quote_text};

/// Writes the statement; `None` where a column is missing, or where rows that sort alike would
/// decide what a LIMIT leaves. There are never more rows than were stored.
pub(super) fn over(
    stored: &Stored<'_>,
    wanted: &Statement,
    kept: &[Term],
    columns: &Columns<'_>,
    proof: &Proof<'_>,
) -> Option<String> {
    let cuts = wanted.limit.is_some_and(|limit| limit < stored.rows);
    if cuts && !order_decides(wanted) {
        return None;
    }
    let writer = Writer { columns };
    let mut sql = "SELECT ".to_owned();
    if wanted.distinct {
        sql += "DISTINCT ";
    }
    sql += &writer.items(wanted)?;
    sql += &format!(
        " FROM {} AS {}",
        quote_identifier(stored.table),
        quote_identifier(&columns.alias)
    );
    let mut conditions = Vec::new();
    for condition in &wanted.filter {
        match writer.plain(condition) {
            Some(text) => conditions.push(text),
            // Every stored row fulfils it: there is nothing left to ask.
            None if proof.implies(kept, condition) => {}
            None => return None,
        }
    }
    if !conditions.is_empty() {
        sql += &format!(" WHERE {}", conditions.join(" AND "));
    }
    if !wanted.group_by.is_empty() {
        let keys = wanted.group_by.iter().map(|key| writer.key(key, wanted));
        sql += &format!(" GROUP BY {}", keys.collect::<Option<Vec<_>>>()?.join(", "));
    }
    if let Some(having) = &wanted.having {
        sql += &format!(" HAVING {}", writer.plain(having)?);
    }
    if !wanted.order_by.is_empty() {
        let keys = wanted
            .order_by
            .iter()
            .map(|order| writer.order(order, wanted));
        sql += &format!(" ORDER BY {}", keys.collect::<Option<Vec<_>>>()?.join(", "));
    }
    if let Some(limit) = wanted.limit {
        sql += &format!(" LIMIT {limit}");
    }
    Some(sql)
}

/// Whether rows that sort alike are alike: then it does not matter which of them a LIMIT leaves.
fn order_decides(wanted: &Statement) -> bool {
    let Some(items) = &wanted.items else {
        return false;
    };
    let sorted = |term: &Term, place: Option<usize>| {
        wanted.order_by.iter().any(|order| match &order.key {
            Key::Place(at) => {
                Some(*at) == place || items.get(*at).is_some_and(|item| item.term == *term)
            }
            Key::Term(other) => other == term,
        })
    };
    let all_columns = items.iter().enumerate().all(|(place, item)| {
        matches!(item.term, Term::Literal(_)) || sorted(&item.term, Some(place))
    });
    let all_groups = wanted.is_grouped()
        && wanted.group_by.iter().all(|key| match key {
            Key::Term(term) => sorted(term, None),
            Key::Place(at) => items
                .get(*at)
                .is_some_and(|item| sorted(&item.term, Some(*at))),
        });
    all_columns || all_groups
}

struct Writer<'a> {
    columns: &'a Columns<'a>,
}

impl Writer<'_> {
    fn items(&self, wanted: &Statement) -> Option<String> {
        let Some(items) = &wanted.items else {
            let all = self.columns.star?;
            if wanted.distinct || wanted.is_grouped() {
                return None;
            }
            let columns = all.iter().map(|column| {
                let path = vec![column.display.to_lowercase()];
                let (sql, _) = self.columns.path(&path)?;
                Some(format!("{sql} AS {}", quote_identifier(&column.display)))
            });
            return Some(columns.collect::<Option<Vec<_>>>()?.join(", "));
        };
        let columns = items.iter().enumerate().map(|(place, item)| {
            // A column that is only shown is shown as it was kept, whatever it holds.
            let shown = match &item.term {
                Term::Literal(_) => None,
                Term::Path(path) => self.columns.path(path),
                other => self.columns.whole(other),
            };
            let sql = match shown {
                Some((sql, kind)) if !wanted.distinct || kind.is_plain() => sql,
                Some(_) => return None,
                None => self.plain(&item.term)?,
            };
            // The name that the statement itself would give, which the stored column may not have.
            let name = item.name.clone().unwrap_or_else(|| format!("_col{place}"));
            Some(format!("{sql} AS {}", quote_identifier(&name)))
        });
        Some(columns.collect::<Option<Vec<_>>>()?.join(", "))
    }

    fn key(&self, key: &Key, wanted: &Statement) -> Option<String> {
        match key {
            Key::Term(term) => self.plain(term),
            Key::Place(place) => {
                let item = wanted.items.as_ref()?.get(*place)?;
                self.plain(&item.term)?;
                Some((place + 1).to_string())
            }
        }
    }

    fn order(&self, order: &Order, wanted: &Statement) -> Option<String> {
        let mut sql = self.key(&order.key, wanted)?;
        match order.ascending {
            None => {}
            Some(true) => sql += " ASC",
            Some(false) => sql += " DESC",
        }
        match order.nulls_first {
            None => {}
            Some(true) => sql += " NULLS FIRST",
            Some(false) => sql += " NULLS LAST",
        }
        Some(sql)
    }

    /// A term that is computed with: every column in it is of a kind that computes alike wherever
    /// it lies.
    fn plain(&self, term: &Term) -> Option<String> {
        if !matches!(term, Term::Path(_) | Term::Literal(_))
            && let Some((sql, kind)) = self.columns.whole(term)
        {
            return kind.is_plain().then_some(sql);
        }
        Some(match term {
            Term::Path(path) => {
                let (sql, kind) = self.columns.path(path)?;
                kind.is_plain().then_some(sql)?
            }
            Term::Literal(value) => value.sql()?,
            Term::Compare { how, left, right } => {
                format!(
                    "({} {} {})",
                    self.plain(left)?,
                    how.sql(),
                    self.plain(right)?
                )
            }
            Term::In { subject, values } => {
                let values = values.iter().map(|value| value.sql());
                let values = values.collect::<Option<Vec<_>>>()?.join(", ");
                format!("({} IN ({values}))", self.plain(subject)?)
            }
            Term::IsNull { subject, negated } => {
                let not = if *negated { "NOT " } else { "" };
                format!("({} IS {not}NULL)", self.plain(subject)?)
            }
            Term::Like {
                subject,
                pattern,
                escape,
                negated,
            } => {
                let not = if *negated { "NOT " } else { "" };
                let escape = escape.as_ref().map_or_else(String::new, |escape| {
                    format!(" ESCAPE {}", quote_text(escape))
                });
                format!(
                    "({} {not}LIKE {}{escape})",
                    self.plain(subject)?,
                    quote_text(pattern)
                )
            }
            Term::And(terms) => format!("({})", self.list(terms, " AND ")?),
            Term::Or(terms) => format!("({})", self.list(terms, " OR ")?),
            Term::Not(inner) => format!("(NOT {})", self.plain(inner)?),
            Term::Case {
                operand,
                branches,
                otherwise,
            } => {
                let mut sql = "CASE".to_owned();
                if let Some(operand) = operand {
                    sql += &format!(" {}", self.plain(operand)?);
                }
                for (when, then) in branches {
                    sql += &format!(" WHEN {} THEN {}", self.plain(when)?, self.plain(then)?);
                }
                if let Some(otherwise) = otherwise {
                    sql += &format!(" ELSE {}", self.plain(otherwise)?);
                }
                sql + " END"
            }
            Term::Call {
                name, arguments, ..
            } if name == "||" => format!("({})", self.list(arguments, " || ")?),
            Term::Call {
                name,
                distinct,
                arguments,
            } => self.call(name, *distinct, arguments)?,
        })
    }

    fn call(&self, name: &str, distinct: bool, arguments: &[Term]) -> Option<String> {
        if name == "count" && arguments.is_empty() {
            return Some("count(*)".to_owned());
        }
        if let ("element_at", [map, key]) = (name, arguments) {
            let (map, kind) = self.columns.element(map)?;
            let key = self.plain(key)?;
            return kind.is_plain().then(|| format!("element_at({map}, {key})"));
        }
        // Doubles add up to another sum in another order.
        if name == "sum" && !arguments.iter().all(|argument| self.is_integer(argument)) {
            return None;
        }
        let distinct = if distinct { "DISTINCT " } else { "" };
        Some(format!("{name}({distinct}{})", self.list(arguments, ", ")?))
    }

    fn is_integer(&self, term: &Term) -> bool {
        matches!(term, Term::Path(path)
            if self.columns.path(path).is_some_and(|(_, kind)| kind == ColumnKind::Integer))
    }

    fn list(&self, terms: &[Term], between: &str) -> Option<String> {
        let terms = terms.iter().map(|term| self.plain(term));
        Some(terms.collect::<Option<Vec<_>>>()?.join(between))
    }
}
