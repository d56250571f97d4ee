//! Where the cursor stands in a statement, and which tables its names can mean.

use std::ops::Range;

use super::catalogue::{Catalogue, Field, Table};
use crate::sql::lexer::{Token, TokenKind};

/// What may stand at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The first word of a statement.
    Start,
    /// A table.
    Table,
    /// A clause: the words before are complete.
    Clause,
    /// An expression.
    Expression,
    /// Nothing: inside a string, a number, a comment, or where a new name is made.
    Nothing,
}

/// The word that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) place: Place,
    /// The bytes that a completion replaces.
    pub(super) range: Range<usize>,
    /// The part of the word before the cursor.
    pub(super) prefix: String,
    /// The names before it, up to a dot each: `actor.user.` gives two.
    pub(super) path: Vec<String>,
    /// A CASE is open before the cursor.
    pub(super) in_case: bool,
}

/// A source of columns in a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    Table(&'a Table),
    /// A column made by UNNEST.
    Element(&'a Field),
}

/// Looks at the tokens of a statement with the cursor at a byte of the text.
pub(super) fn typed(text: &str, tokens: &[Token], offset: usize) -> Typed {
    let is_word = |token: &Token| {
        matches!(
            token.kind,
            TokenKind::Identifier | TokenKind::Keyword | TokenKind::Function
        )
    };
    let under = tokens
        .iter()
        .position(|token| token.range.start < offset && offset <= token.range.end);
    let word = under.filter(|index| tokens.get(*index).is_some_and(is_word));
    let blocked = under
        .and_then(|index| tokens.get(index))
        .is_some_and(|token| {
            let inside = offset < token.range.end || token.kind == TokenKind::Unterminated;
            match token.kind {
                TokenKind::String | TokenKind::QuotedIdentifier => inside,
                TokenKind::Comment => inside || token.text(text).starts_with("--"),
                TokenKind::Unterminated | TokenKind::Number => true,
                _ => false,
            }
        });
    let range = word
        .and_then(|index| tokens.get(index))
        .map_or(offset..offset, |token| token.range.clone());
    let prefix = text
        .get(range.start..offset.min(range.end))
        .unwrap_or_default()
        .to_owned();
    let before: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.range.end <= range.start && token.is_significant())
        .collect();
    let (path, rest) = path_before(text, &before);
    let cases = before.iter().filter(|token| token.is(text, "CASE")).count();
    let ends = before.iter().filter(|token| token.is(text, "END")).count();
    let place = if blocked {
        Place::Nothing
    } else {
        place(text, rest)
    };
    Typed {
        place,
        range,
        prefix,
        path,
        in_case: cases > ends,
    }
}

/// The dotted names that end the tokens, subscripts left out, and the tokens before them.
fn path_before<'t, 'a>(text: &str, before: &'t [&'a Token]) -> (Vec<String>, &'t [&'a Token]) {
    let mut path = Vec::new();
    let mut end = before.len();
    while end > 0 && before.get(end - 1).is_some_and(|token| token.is(text, ".")) {
        let mut at = end - 1;
        while at > 0 && before.get(at - 1).is_some_and(|token| token.is(text, "]")) {
            let open = before
                .get(..at - 1)
                .and_then(|tokens| tokens.iter().rposition(|token| token.is(text, "[")));
            match open {
                Some(open) => at = open,
                None => break,
            }
        }
        let Some(name) = at.checked_sub(1).and_then(|index| before.get(index)) else {
            break;
        };
        path.insert(0, unquoted(name.text(text)));
        end = at - 1;
    }
    (path, before.get(..end).unwrap_or_default())
}

fn place(text: &str, before: &[&Token]) -> Place {
    const CLAUSES: [&str; 14] = [
        "SELECT", "FROM", "JOIN", "WHERE", "ON", "BY", "HAVING", "LIMIT", "UNION", "WITH", "WHEN",
        "THEN", "ELSE", "USING",
    ];
    let Some(last) = before.last() else {
        return Place::Start;
    };
    if last.is(text, "FROM") || last.is(text, "JOIN") || last.is(text, "DESCRIBE") {
        return Place::Table;
    }
    if last.is(text, "AS") || last.is(text, "WITH") {
        return Place::Nothing;
    }
    // The clause around, over closed parentheses and out of open ones.
    let mut depth = 0_usize;
    let mut opened = false;
    let mut clause = None;
    for token in before.iter().rev() {
        if token.is(text, ")") {
            depth += 1;
        } else if token.is(text, "(") {
            opened |= depth == 0;
            depth = depth.saturating_sub(1);
        } else if depth == 0
            && let Some(word) = CLAUSES.iter().find(|word| token.is(text, word))
        {
            clause = Some(*word);
            break;
        }
    }
    let complete = matches!(
        last.kind,
        TokenKind::Identifier
            | TokenKind::QuotedIdentifier
            | TokenKind::String
            | TokenKind::Number
            | TokenKind::Parameter
    ) || last.is(text, ")")
        || last.is(text, "]");
    match clause {
        Some("FROM" | "JOIN") if !opened && last.is(text, ",") => Place::Table,
        _ if complete => Place::Clause,
        _ => Place::Expression,
    }
}

/// The tables and unnested columns of a statement with the names that they go by there.
pub(super) fn sources<'a>(
    text: &str,
    tokens: &[Token],
    catalogue: &'a Catalogue,
) -> Vec<(String, Source<'a>)> {
    let tokens: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.is_significant())
        .collect();
    let mut found: Vec<(String, Source<'a>)> = Vec::new();
    let mut unnests: Vec<(Vec<String>, String)> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let rest = tokens.get(index + 1..).unwrap_or_default();
        if token.is(text, "UNNEST") {
            unnests.extend(unnest(text, rest));
        } else if token.is(text, "FROM") || token.is(text, "JOIN") || token.is(text, ",") {
            let (name, width) = name_at(text, rest);
            let table = name.last().and_then(|last| catalogue.table(last));
            if let Some(table) = table.filter(|_| !name.is_empty()) {
                let after = rest.get(width..).unwrap_or_default();
                let alias = alias_at(text, after).map(|(alias, _)| alias);
                let own = name.last().cloned().unwrap_or_default();
                found.push((alias.unwrap_or(own), Source::Table(table)));
            }
        }
    }
    for (path, column) in unnests {
        if let Some(field) = resolve(&found, &path) {
            found.push((column, Source::Element(field)));
        }
    }
    found
}

/// `UNNEST(path) [AS] t(column)`: the path and the column, or the alias where no column is named.
fn unnest(text: &str, rest: &[&Token]) -> Option<(Vec<String>, String)> {
    rest.first().filter(|token| token.is(text, "("))?;
    let (path, width) = name_at(text, rest.get(1..)?);
    let after = rest.get(1 + width..)?;
    after.first().filter(|token| token.is(text, ")"))?;
    let after = after.get(1..)?;
    let (alias, used) = alias_at(text, after)?;
    let columns = after.get(used..)?;
    let column = columns
        .first()
        .filter(|token| token.is(text, "("))
        .and_then(|_| columns.get(1))
        .map(|token| unquoted(token.text(text)));
    Some((path, column.unwrap_or(alias)))
}

/// A dotted name at the front, with the count of its tokens.
fn name_at(text: &str, tokens: &[&Token]) -> (Vec<String>, usize) {
    let mut name = Vec::new();
    let mut width = 0;
    while let Some(token) = tokens.get(width)
        && matches!(
            token.kind,
            TokenKind::Identifier | TokenKind::QuotedIdentifier
        )
    {
        name.push(unquoted(token.text(text)));
        width += 1;
        if !tokens.get(width).is_some_and(|token| token.is(text, ".")) {
            break;
        }
        width += 1;
    }
    (name, width)
}

/// `[AS] alias` at the front, with the count of its tokens.
fn alias_at(text: &str, tokens: &[&Token]) -> Option<(String, usize)> {
    let skip = usize::from(tokens.first().is_some_and(|token| token.is(text, "AS")));
    let alias = tokens.get(skip)?;
    matches!(
        alias.kind,
        TokenKind::Identifier | TokenKind::QuotedIdentifier | TokenKind::Function
    )
    .then(|| (unquoted(alias.text(text)), skip + 1))
}

/// The field that a path leads to.
pub(super) fn resolve<'a>(sources: &[(String, Source<'a>)], path: &[String]) -> Option<&'a Field> {
    let (first, rest) = path.split_first()?;
    let named = sources
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(first));
    let start = match named {
        Some((_, Source::Element(field))) => return descend(field, rest),
        Some((_, Source::Table(table))) if !rest.is_empty() => {
            let (column, rest) = rest.split_first()?;
            return descend(field_of(&table.columns, column)?, rest);
        }
        _ => sources.iter().find_map(|(_, source)| match source {
            Source::Table(table) => field_of(&table.columns, first),
            Source::Element(_) => None,
        })?,
    };
    descend(start, rest)
}

fn descend<'a>(field: &'a Field, path: &[String]) -> Option<&'a Field> {
    path.iter()
        .try_fold(field, |field, name| field_of(&field.fields, name))
}

fn field_of<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))
}

/// A name without its quotes.
pub(super) fn unquoted(name: &str) -> String {
    name.trim_matches(['"', '`']).replace("\"\"", "\"")
}
