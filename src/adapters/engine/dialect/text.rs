//! The statement's text as tokens: limits, nesting, identifiers, and places for messages.

use std::collections::HashMap;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use super::athena::Athena;
use super::depth;
use super::numbers;
use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

/// Athena's limit for the text of one statement, in bytes.
pub(super) const MAX_STATEMENT_BYTES: usize = 262_144;

/// The tokens of a statement with their places in the original text.
pub(super) struct SqlText {
    /// Everything but whitespace and comments, with identifiers in lower case: Trino compares
    /// them without regard to case, quoted or not.
    pub(super) tokens: Vec<TokenWithSpan>,
    /// Identifiers whose case was changed, by where they start.
    typed: HashMap<(u64, u64), String>,
}

impl SqlText {
    /// Splits a text into tokens, or says where it cannot be split.
    pub(super) fn read(sql: &str) -> Result<Self, QueryError> {
        // A mark that some editors put before a file's text.
        let sql = sql.strip_prefix('\u{feff}').unwrap_or(sql);
        if sql.len() > MAX_STATEMENT_BYTES {
            return Err(QueryError::new(
                QueryErrorKind::Refused,
                format!(
                    "The statement has {} bytes and Athena takes at most {MAX_STATEMENT_BYTES}",
                    sql.len()
                ),
            )
            .with_hint(
                "Shorten it, for instance by joining an attached file in place of a long IN list",
            ));
        }
        let mut raw = Vec::new();
        if let Err(error) = Tokenizer::new(&Athena, sql).tokenize_with_location_into_buf(&mut raw) {
            return Err(tokenizer_error(sql, &error.message, error.location));
        }
        let raw = raw.into_iter().filter(|token| !is_blank(&token.token));
        let mut text = Self {
            tokens: numbers::read(raw.collect())?,
            typed: HashMap::new(),
        };
        depth::check(&text)?;
        text.normalize_words();
        Ok(text)
    }

    /// The identifier as it was typed.
    pub(super) fn typed(&self, value: &str, span: Span) -> String {
        self.typed
            .get(&(span.start.line, span.start.column))
            .cloned()
            .unwrap_or_else(|| value.to_owned())
    }

    /// The place behind the last token.
    pub(super) fn end(&self) -> TextPosition {
        let mut tokens = self.tokens.iter().rev();
        let last = tokens.find(|token| token.token != Token::EOF);
        position(last.map_or(Location::new(1, 1), |token| token.span.end))
    }

    /// Every dotted name with the places of its parts.
    pub(super) fn dotted(&self) -> Vec<Vec<(String, TextPosition)>> {
        let mut paths: Vec<Vec<(String, TextPosition)>> = Vec::new();
        let mut behind_dot = false;
        for token in &self.tokens {
            match &token.token {
                Token::Word(word) => {
                    let part = (word.value.clone(), position(token.span.start));
                    match paths.last_mut() {
                        Some(path) if behind_dot => path.push(part),
                        _ => paths.push(vec![part]),
                    }
                    behind_dot = false;
                }
                other => behind_dot = *other == Token::Period,
            }
        }
        paths.retain(|path| path.len() > 1);
        paths
    }

    /// The names before a place, each followed by a dot.
    pub(super) fn path_before(&self, place: TextPosition) -> Vec<String> {
        let found = self
            .tokens
            .iter()
            .position(|token| position(token.span.start) == place);
        let mut before = self.tokens[..found.unwrap_or(0)].iter().rev();
        let mut path = Vec::new();
        while let (Some(dot), Some(name)) = (before.next(), before.next()) {
            match (&dot.token, &name.token) {
                (Token::Period, Token::Word(word)) => path.push(word.value.clone()),
                _ => break,
            }
        }
        path.reverse();
        path
    }

    /// Where a name first stands as a word of its own; with `call` before an opening bracket.
    pub(super) fn find_word(&self, name: &str, call: bool) -> Option<TextPosition> {
        let is_name = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case(name));
        let mut words = self.tokens.iter().enumerate();
        let found = words.find(|(index, token)| {
            let next = self.tokens.get(index + 1).map(|next| &next.token);
            is_name(token) && (!call || next == Some(&Token::LParen))
        });
        found.map(|(_, token)| position(token.span.start))
    }

    /// Lower-cases identifiers and takes the meaning of a keyword from every word that can only be
    /// a name: one beside a dot (`actor.user.name`), one before a lambda's arrow.
    fn normalize_words(&mut self) {
        for index in 0..self.tokens.len() {
            let after_dot = index > 0 && self.tokens[index - 1].token == Token::Period;
            let next = self.tokens.get(index + 1).map(|next| &next.token);
            let before_dot = next == Some(&Token::Period);
            let before_arrow = next == Some(&Token::Arrow);
            let called = next == Some(&Token::LParen);
            let start = self.tokens[index].span.start;
            let Token::Word(word) = &mut self.tokens[index].token else {
                continue;
            };
            let lower = word.value.to_lowercase();
            if lower != word.value {
                self.typed.insert(
                    (start.line, start.column),
                    std::mem::replace(&mut word.value, lower),
                );
            }
            if word.quote_style.is_none() && ((after_dot && !called) || before_dot || before_arrow)
            {
                word.quote_style = Some('"');
                word.keyword = Keyword::NoKeyword;
            }
        }
    }
}

/// The failure for a statement that nests deeper than is walked here.
pub(super) fn too_deep() -> QueryError {
    QueryError::new(QueryErrorKind::Syntax, "The statement is nested too deeply")
        .with_hint("Name its parts with WITH and put them together")
}

/// A place as the domain counts it.
pub(super) fn position(location: Location) -> TextPosition {
    TextPosition {
        line: usize::try_from(location.line).unwrap_or(1).max(1),
        column: usize::try_from(location.column).unwrap_or(1).max(1),
    }
}

/// The place where a span starts; none for a span that the rewriter made.
pub(super) fn span_position(span: Span) -> Option<TextPosition> {
    (span.start.line > 0).then(|| position(span.start))
}

fn is_blank(token: &Token) -> bool {
    matches!(
        token,
        Token::Whitespace(
            Whitespace::Space
                | Whitespace::Newline
                | Whitespace::Tab
                | Whitespace::SingleLineComment { .. }
                | Whitespace::MultiLineComment(_)
        )
    )
}

/// Says in words what the tokenizer met. It reports an open string or comment at its start or at
/// the end of the text, whichever it has; the start is what a person needs.
fn tokenizer_error(sql: &str, message: &str, location: Location) -> QueryError {
    let lower = message.to_lowercase();
    let (message, hint) = if lower.contains("comment") {
        (
            "A comment that starts with /* is not closed",
            "Close it with */",
        )
    } else if lower.contains("string literal") || lower.contains("single") {
        (
            "A string is not closed",
            "Close it with ', and write a quote inside it as ''",
        )
    } else if lower.contains("close delimiter") || lower.contains("delimit") {
        (
            "A quoted name is not closed",
            "Close it with a double quote",
        )
    } else {
        return QueryError::new(QueryErrorKind::Syntax, format!("Not SQL: {message}"))
            .at(position(location));
    };
    let place = if lower.contains("comment") {
        open_comment(sql).unwrap_or_else(|| position(location))
    } else {
        position(location)
    };
    QueryError::new(QueryErrorKind::Syntax, message)
        .at(place)
        .with_hint(hint)
}

/// Where the comment that runs to the end of the text starts.
fn open_comment(sql: &str) -> Option<TextPosition> {
    let start = sql.rfind("/*")?;
    let before = &sql[..start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Some(TextPosition { line, column })
}
