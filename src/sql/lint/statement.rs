//! A statement as the rules see it: its names, its tables, what is compared with what.

use std::ops::Range;

use crate::domain::lake::{Source, SourceVersion, told_by_name};
use crate::sql::lexer::{Token, TokenKind};

/// A dotted name.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// In lower case, without quotes.
    pub(super) name: String,
    pub(super) range: Range<usize>,
    /// Its first and one past its last token.
    pub(super) tokens: Range<usize>,
}

impl Path {
    pub(super) fn ends_with(&self, tail: &str) -> bool {
        self.name
            .strip_suffix(tail)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// A statement's meaningful tokens and the names in it.
pub(super) struct Statement<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<&'a Token>,
    pub(super) paths: Vec<Path>,
}

impl<'a> Statement<'a> {
    pub(super) fn new(text: &'a str, tokens: Vec<&'a Token>) -> Self {
        let mut statement = Self {
            text,
            tokens,
            paths: Vec::new(),
        };
        statement.paths = statement.find_paths();
        statement
    }

    fn find_paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        let mut index = 0;
        while let Some(token) = self.tokens.get(index) {
            let start = index;
            index += 1;
            if !is_name(token) {
                continue;
            }
            let mut name = plain(token.text(self.text));
            let mut end = token.range.end;
            while self.is(index, ".")
                && let Some(next) = self.tokens.get(index + 1).filter(|token| is_name(token))
            {
                name.push('.');
                name.push_str(&plain(next.text(self.text)));
                end = next.range.end;
                index += 2;
            }
            paths.push(Path {
                name,
                range: token.range.start..end,
                tokens: start..index,
            });
        }
        paths
    }

    fn is(&self, index: usize, word: &str) -> bool {
        self.tokens
            .get(index)
            .is_some_and(|token| token.is(self.text, word))
    }

    pub(super) fn before(&self, index: usize, words: &[&str]) -> bool {
        index
            .checked_sub(1)
            .is_some_and(|before| words.iter().any(|word| self.is(before, word)))
    }

    /// The tables of a lake that the statement reads, with their version.
    pub(super) fn tables(&self) -> Vec<(Path, SourceVersion)> {
        self.paths
            .iter()
            .filter(|path| self.before(path.tokens.start, &["FROM", "JOIN", ","]))
            .filter_map(|path| {
                let table = path.name.rsplit('.').next().unwrap_or_default();
                let is_alias = |source: &Source| source.alias() == table;
                let version = match told_by_name(table) {
                    Some((_, version)) => version,
                    None => Source::ALL
                        .iter()
                        .any(is_alias)
                        .then_some(SourceVersion::V2)?,
                };
                // `, waf` in a select list is no table: only FROM's own list is.
                let listed = !self.before(path.tokens.start, &[","])
                    || self
                        .tokens
                        .iter()
                        .take(path.tokens.start)
                        .any(|t| t.is(self.text, "FROM"));
                listed.then(|| (path.clone(), version))
            })
            .collect()
    }

    /// The column that a literal is compared with: by an operator, LIKE, IN or BETWEEN.
    pub(super) fn compared(&self, literal: usize) -> Option<&Path> {
        let mut at = literal.checked_sub(1)?;
        // Back over the list of an IN and over the first bound of a BETWEEN.
        while self.tokens.get(at)?.kind == TokenKind::String
            || self.is(at, ",")
            || self.is(at, "(")
            || (self.is(at, "AND")
                && at
                    .checked_sub(2)
                    .is_some_and(|before| self.is(before, "BETWEEN")))
        {
            at = at.checked_sub(1)?;
        }
        const COMPARES: [&str; 9] = ["=", "<>", "!=", "<", ">", "<=", ">=", "IN", "LIKE"];
        if !(COMPARES.iter().any(|word| self.is(at, word)) || self.is(at, "BETWEEN")) {
            return None;
        }
        at = at.checked_sub(1)?;
        if self.is(at, "NOT") {
            at = at.checked_sub(1)?;
        }
        self.paths.iter().find(|path| path.tokens.end == at + 1)
    }
}

fn is_name(token: &Token) -> bool {
    matches!(
        token.kind,
        TokenKind::Identifier | TokenKind::QuotedIdentifier
    )
}

fn plain(name: &str) -> String {
    name.trim_matches(['"', '`']).to_lowercase()
}
