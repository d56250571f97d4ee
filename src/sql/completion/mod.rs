//! Completion: what may stand at the cursor, best first.
//!
//! Pure: text, cursor and a snapshot of the catalogue in, candidates out. It may run off the loop;
//! whoever asks drops an answer that a newer key press has overtaken.

mod catalogue;
mod rank;
mod scope;

use std::ops::Range;

pub use catalogue::Catalogue;

use super::lexer::lex;
use super::statements;
use super::words::KEYWORDS;
use catalogue::Field;
use rank::Ranking;
use scope::{Place, Source, Typed};

/// What can be put at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completions {
    /// The bytes of the text that the chosen candidate replaces.
    pub replaces: Range<usize>,
    /// The candidates, best first.
    pub candidates: Vec<Candidate>,
}

/// One name to put at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What it is.
    pub kind: CandidateKind,
    /// The text to insert; for a template its name, which stands for its whole statement.
    pub text: String,
    /// Its type, signature, full name or purpose.
    pub detail: String,
}

/// What a candidate is. The order is the one in which equal matches are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CandidateKind {
    /// A column, or a field behind a dot.
    Column,
    /// A field deep inside a column, by its whole path.
    Path,
    /// A table.
    Table,
    /// A saved query.
    Template,
    /// A function.
    Function,
    /// A keyword.
    Keyword,
}

/// How many candidates are given at most.
const MOST: usize = 200;

/// Completes the word at a byte of the text.
pub fn complete(text: &str, offset: usize, catalogue: &Catalogue) -> Completions {
    let offset = floor(text, offset);
    let tokens = lex(text);
    let extent = statements::split(text)
        .into_iter()
        .map(|statement| statement.extent)
        .find(|extent| extent.start <= offset && offset <= extent.end)
        .filter(|extent| {
            // Right behind a `;` a new statement begins.
            offset < extent.end || !text.get(..offset).unwrap_or_default().ends_with(';')
        })
        .unwrap_or_else(|| {
            let before = text.get(..offset).unwrap_or_default();
            let start = before.rfind(';').map_or(0, |semicolon| semicolon + 1);
            start..text.len()
        });
    let tokens: Vec<_> = tokens
        .into_iter()
        .filter(|token| token.range.start >= extent.start && token.range.end <= extent.end)
        .collect();
    let typed = scope::typed(text, &tokens, offset);
    let mut ranking = Ranking::new(&typed.prefix);
    match typed.place {
        Place::Nothing => {}
        Place::Table => tables(&typed, catalogue, &mut ranking),
        _ if !typed.path.is_empty() => {
            let sources = scope::sources(text, &tokens, catalogue);
            fields(&typed, &sources, catalogue, &mut ranking);
        }
        Place::Start => {
            for (name, purpose) in catalogue.templates() {
                ranking.add(CandidateKind::Template, name, purpose);
            }
            for word in ["SELECT", "WITH", "EXPLAIN"] {
                ranking.add(CandidateKind::Keyword, &cased(word, &typed.prefix), "");
            }
        }
        Place::Clause => keywords(&typed, &mut ranking),
        Place::Expression => {
            let sources = scope::sources(text, &tokens, catalogue);
            columns(&typed, &sources, catalogue, &mut ranking);
            for (name, signature) in catalogue.functions() {
                ranking.add(CandidateKind::Function, name, signature);
            }
            keywords(&typed, &mut ranking);
        }
    }
    Completions {
        replaces: typed.range,
        candidates: ranking.best(MOST),
    }
}

fn tables(typed: &Typed, catalogue: &Catalogue, ranking: &mut Ranking) {
    let database = typed.path.join(".").to_lowercase();
    for table in catalogue.tables() {
        if database.is_empty() {
            if let Some(alias) = &table.alias {
                ranking.add(CandidateKind::Table, alias, &table.name);
            }
            ranking.add(CandidateKind::Table, &table.name, "");
        } else if let Some((own, name)) = table.name.rsplit_once('.')
            && own.to_lowercase().ends_with(&database)
        {
            ranking.add(CandidateKind::Table, name, own);
        }
    }
    if typed.path.is_empty() {
        ranking.add(CandidateKind::Keyword, &cased("UNNEST", &typed.prefix), "");
    }
}

fn fields(
    typed: &Typed,
    sources: &[(String, Source<'_>)],
    catalogue: &Catalogue,
    ranking: &mut Ranking,
) {
    let table = match typed.path.as_slice() {
        [name] => sources.iter().find_map(|(own, source)| match source {
            Source::Table(table) if own.eq_ignore_ascii_case(name) => Some(*table),
            _ => None,
        }),
        _ => None,
    };
    let all: Vec<(String, Source<'_>)> = catalogue
        .tables()
        .iter()
        .map(|table| (String::new(), Source::Table(table)))
        .collect();
    // Before FROM is written any table may be meant.
    let sources = if sources.is_empty() { &all } else { sources };
    let found: &[Field] = match table {
        Some(table) => &table.columns,
        None => scope::resolve(sources, &typed.path).map_or(&[], |field| &field.fields),
    };
    for field in found {
        ranking.add(CandidateKind::Column, &field.name, &field.type_text);
    }
}

fn columns(
    typed: &Typed,
    sources: &[(String, Source<'_>)],
    catalogue: &Catalogue,
    ranking: &mut Ranking,
) {
    let deep = typed.prefix.chars().count() >= 2;
    let mut add = |columns: &[Field]| {
        for column in columns {
            ranking.add(CandidateKind::Column, &column.name, &column.type_text);
            if deep && !column.repeated {
                paths(&column.name, &column.fields, ranking);
            }
        }
    };
    if sources.is_empty() {
        for table in catalogue.tables() {
            add(&table.columns);
        }
    }
    for (_, source) in sources {
        if let Source::Table(table) = source {
            add(&table.columns);
        }
    }
    for (name, source) in sources {
        if let Source::Element(field) = source {
            ranking.add(CandidateKind::Column, name, &field.type_text);
        }
    }
}

/// Offers `actor.user.uid` for `uid`.
fn paths(parent: &str, fields: &[Field], ranking: &mut Ranking) {
    for field in fields {
        let path = format!("{parent}.{}", field.name);
        ranking.add_as(CandidateKind::Path, &field.name, &path, &field.type_text);
        if !field.repeated {
            paths(&path, &field.fields, ranking);
        }
    }
}

fn keywords(typed: &Typed, ranking: &mut Ranking) {
    const OF_CASE: [&str; 4] = ["ELSE", "END", "THEN", "WHEN"];
    for word in KEYWORDS {
        if OF_CASE.contains(word) && !typed.in_case {
            continue;
        }
        ranking.add(CandidateKind::Keyword, &cased(word, &typed.prefix), "");
    }
}

/// Keywords follow the case that is being typed.
fn cased(word: &str, prefix: &str) -> String {
    if prefix.chars().any(char::is_lowercase) {
        word.to_lowercase()
    } else {
        word.to_owned()
    }
}

fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests;
