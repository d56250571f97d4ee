//! What was kept: the columns of a stored result, and what of the table they stand for.

use serde::{Deserialize, Serialize};

use super::read::Statement;
use super::term::Term;
use crate::sql::parameters::quote_identifier;

/// What the values of a column are to SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// varchar.
    Text,
    /// tinyint to bigint.
    Integer,
    /// boolean.
    Boolean,
    /// timestamp, with or without a zone.
    Timestamp,
    /// date.
    Date,
    /// row: its fields in order, in lower case.
    Row(Vec<(String, ColumnKind)>),
    /// map from varchar: what its values are.
    Map(Box<ColumnKind>),
    /// Anything else. It is given as it was kept and never computed with.
    Opaque,
}

impl ColumnKind {
    /// Whether such values are compared, grouped and sorted alike wherever that is done.
    pub(super) fn is_plain(&self) -> bool {
        !matches!(self, Self::Row(_) | Self::Map(_) | Self::Opaque)
    }
}

/// A column of a stored result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredColumn {
    /// Its name in SQL over the stored rows.
    pub name: String,
    /// The name that the statement gave it.
    pub display: String,
    /// What its values are.
    pub kind: ColumnKind,
}

/// The stored columns by what they hold.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    held: Vec<(Term, &'a StoredColumn)>,
    /// All columns of the table in order, where the stored statement asked for `*`.
    pub(super) star: Option<&'a [StoredColumn]>,
    /// The stored rows' name inside the answer; no column is called the same.
    pub(super) alias: String,
}

impl<'a> Columns<'a> {
    /// `None` where the columns are not those of the statement.
    pub(super) fn of(kept: &Statement, stored: &'a [StoredColumn]) -> Option<Self> {
        let mut alias = "kept".to_owned();
        while stored
            .iter()
            .any(|column| column.name.eq_ignore_ascii_case(&alias))
        {
            alias.push('_');
        }
        let (held, star) = match &kept.items {
            Some(items) if items.len() == stored.len() => {
                let terms = items.iter().map(|item| item.term.clone());
                // A constant's column holds nothing of the table.
                let held = terms
                    .zip(stored)
                    .filter(|(term, _)| !matches!(term, Term::Literal(_)))
                    .collect();
                (held, None)
            }
            Some(_) => return None,
            None => {
                let root = |column: &StoredColumn| Term::Path(vec![column.display.to_lowercase()]);
                let held: Vec<_> = stored.iter().map(|column| (root(column), column)).collect();
                let twice = held.iter().enumerate().any(|(at, (term, _))| {
                    held.iter().skip(at + 1).any(|(other, _)| other == term)
                });
                if twice {
                    return None;
                }
                (held, Some(stored))
            }
        };
        Some(Self { held, star, alias })
    }

    /// Whether a column is called like what a statement calls its table: then a dotted name has
    /// two meanings.
    pub(super) fn hide(&self, statement: &Statement) -> bool {
        self.held.iter().any(|(term, _)| match term {
            Term::Path(path) => path
                .first()
                .is_some_and(|root| statement.qualifiers.iter().flatten().any(|q| q == root)),
            _ => false,
        })
    }

    /// The stored column that holds exactly this, as SQL, with its kind.
    pub(super) fn whole(&self, term: &Term) -> Option<(String, ColumnKind)> {
        let (_, column) = self.held.iter().find(|(held, _)| held == term)?;
        Some((self.sql(&column.name, &[]), column.kind.clone()))
    }

    /// A path of the table over the stored columns: one that holds it, or a row that it lies in.
    pub(super) fn path(&self, path: &[String]) -> Option<(String, ColumnKind)> {
        if let Some(found) = self.whole(&Term::Path(path.to_vec())) {
            return Some(found);
        }
        (1..path.len()).rev().find_map(|length| {
            let (outer, inner) = path.split_at(length);
            let (_, column) = self
                .held
                .iter()
                .find(|(held, _)| matches!(held, Term::Path(held) if held == outer))?;
            let mut kind = &column.kind;
            for name in inner {
                let ColumnKind::Row(fields) = kind else {
                    return None;
                };
                let mut named = fields.iter().filter(|(field, _)| field == name);
                kind = &named.next()?.1;
                if named.next().is_some() {
                    return None;
                }
            }
            Some((self.sql(&column.name, inner), kind.clone()))
        })
    }

    /// The value of a key in a map that was kept, as the map's SQL and the value's kind.
    pub(super) fn element(&self, map: &Term) -> Option<(String, ColumnKind)> {
        let Term::Path(path) = map else { return None };
        match self.path(path)? {
            (sql, ColumnKind::Map(value)) => Some((sql, *value)),
            _ => None,
        }
    }

    fn sql(&self, column: &str, inner: &[String]) -> String {
        let mut sql = format!(
            "{}.{}",
            quote_identifier(&self.alias),
            quote_identifier(column)
        );
        for name in inner {
            sql.push('.');
            sql.push_str(&quote_identifier(name));
        }
        sql
    }
}
