//! A statement's tokens that carry meaning, and walking among them.

use std::ops::Range;

use crate::sql::lexer::{Token, TokenKind, lex};

/// A statement with its meaningful tokens and how deep in parentheses each stands.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) sql: &'a str,
    tokens: Vec<Token>,
    depths: Vec<usize>,
}

impl<'a> Text<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        let mut tokens = lex(sql);
        tokens.retain(Token::is_significant);
        let mut depth = 0_usize;
        let mut depths = Vec::with_capacity(tokens.len());
        for token in &tokens {
            let closes = token.is(sql, ")") || token.is(sql, "]");
            depth = depth.saturating_sub(usize::from(closes));
            depths.push(depth);
            let opens = token.is(sql, "(") || token.is(sql, "[");
            depth += usize::from(opens);
        }
        Self {
            sql,
            tokens,
            depths,
        }
    }

    /// Every token.
    pub(super) fn all(&self) -> Range<usize> {
        0..self.tokens.len()
    }

    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.is(self.sql, word))
    }

    pub(super) fn is_one_of(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    pub(super) fn depth(&self, at: usize) -> usize {
        self.depths.get(at).copied().unwrap_or(0)
    }

    pub(super) fn token(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text(self.sql))
    }

    /// A name without its quotes, in lower case; `None` where there is none.
    pub(super) fn name(&self, at: usize) -> Option<String> {
        let token = self.tokens.get(at)?;
        matches!(
            token.kind,
            TokenKind::Identifier | TokenKind::QuotedIdentifier | TokenKind::Function
        )
        .then(|| {
            let text = token.text(self.sql);
            text.trim_matches(['"', '`']).to_lowercase()
        })
    }

    /// The bytes from a token's beginning to another's end.
    pub(super) fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        let start = self.tokens.get(tokens.start).map_or(0, |t| t.range.start);
        let end = tokens.end.checked_sub(1).and_then(|at| self.tokens.get(at));
        start..end.map_or(start, |t| t.range.end).max(start)
    }

    /// The text of some tokens.
    pub(super) fn slice(&self, tokens: &Range<usize>) -> &'a str {
        self.sql.get(self.bytes(tokens)).unwrap_or_default()
    }

    /// The first of some tokens that is one of the words and stands no deeper than the first token.
    pub(super) fn find(&self, tokens: &Range<usize>, words: &[&str]) -> Option<usize> {
        let depth = self.depth(tokens.start);
        tokens
            .clone()
            .find(|at| self.depth(*at) == depth && self.is_one_of(*at, words))
    }

    /// The token that closes what one opens.
    pub(super) fn closing(&self, open: usize) -> Option<usize> {
        let depth = self.depth(open);
        (open + 1..self.tokens.len())
            .find(|at| self.depth(*at) == depth && (self.is(*at, ")") || self.is(*at, "]")))
    }

    /// Without the parentheses around all of it.
    pub(super) fn unwrapped(&self, tokens: Range<usize>) -> Range<usize> {
        let mut tokens = tokens;
        while self.is(tokens.start, "(")
            && self.closing(tokens.start).map(|close| close + 1) == Some(tokens.end)
        {
            tokens = tokens.start + 1..tokens.end - 1;
        }
        tokens
    }
}
