//! One tolerant lexer over Athena SQL. It feeds highlighting, completion, statements and hints.
//!
//! It never fails: every byte of the text belongs to exactly one token, what cannot be read is
//! [`TokenKind::Other`], and what is left open runs to the end. An own lexer rather than the
//! parser's, because it works line by line ([`lex_line`]), so that a key press costs one line and
//! not the buffer, and because a half-typed string must not take the colour off everything else.

use std::ops::Range;

use super::words::{CALLABLE, KEYWORDS, contains};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Spaces and line ends.
    Whitespace,
    /// A word with a meaning of its own, such as `SELECT`.
    Keyword,
    /// A word that is called: a parenthesis follows on the same line.
    Function,
    /// Any other word.
    Identifier,
    /// `"name"` or `` `name` ``, quotes included.
    QuotedIdentifier,
    /// `'text'`, quotes included.
    String,
    /// `12`, `1.5`, `.5e-3`.
    Number,
    /// `=`, `<>`, `||`, `->` and the like.
    Operator,
    /// `.`, `,`, `;`, brackets and parentheses.
    Punctuation,
    /// `-- to the end of the line` or `/* … */`.
    Comment,
    /// `?`.
    Parameter,
    /// A string, quoted identifier or block comment whose end is missing; runs to the text's end.
    Unterminated,
    /// A character that has no place in SQL.
    Other,
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes in the text that was lexed. Always on character boundaries.
    pub range: Range<usize>,
}

impl Token {
    /// The token's own text.
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or_default()
    }

    /// Whether it carries meaning: neither space nor comment.
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, TokenKind::Whitespace | TokenKind::Comment)
    }

    /// Whether it is this keyword or punctuation, in any case.
    pub fn is(&self, text: &str, word: &str) -> bool {
        matches!(
            self.kind,
            TokenKind::Keyword | TokenKind::Function | TokenKind::Punctuation | TokenKind::Operator
        ) && self.text(text).eq_ignore_ascii_case(word)
    }
}

/// What a line starts inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LineState {
    /// Nothing.
    #[default]
    Plain,
    /// A string that began on an earlier line.
    String,
    /// An identifier in double quotes that began on an earlier line.
    DoubleQuoted,
    /// An identifier in back quotes that began on an earlier line.
    BackQuoted,
    /// A block comment that began on an earlier line.
    BlockComment,
}

/// Lexes one line, which starts in the given state; says in which state the next line starts.
///
/// What is still open at the line's end has the kind it would have if it were closed.
pub fn lex_line(state: LineState, line: &str) -> (Vec<Token>, LineState) {
    let mut scanner = Scanner::new(line);
    let mut open = state;
    if state != LineState::Plain {
        let start = 0;
        if scanner.finish(state) {
            open = LineState::Plain;
        }
        scanner.push(closed_kind(state), start);
    }
    while scanner.position < line.len() {
        open = scanner.next_token(closed_kind);
    }
    (scanner.tokens, open)
}

/// Lexes a whole text. Tokens follow each other without a gap from its first byte to its last.
pub fn lex(text: &str) -> Vec<Token> {
    let mut scanner = Scanner::new(text);
    while scanner.position < text.len() {
        scanner.next_token(|_| TokenKind::Unterminated);
    }
    scanner.tokens
}

/// The name in a template marker such as `/* :from */`, if the comment is one.
pub fn marker_name(comment: &str) -> Option<&str> {
    let name = comment
        .strip_prefix("/*")?
        .strip_suffix("*/")?
        .trim()
        .strip_prefix(':')?;
    let mut characters = name.chars();
    let first = characters.next()?;
    (first.is_ascii_alphabetic()
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
    .then_some(name)
}

fn closed_kind(state: LineState) -> TokenKind {
    match state {
        LineState::Plain => TokenKind::Whitespace,
        LineState::String => TokenKind::String,
        LineState::DoubleQuoted | LineState::BackQuoted => TokenKind::QuotedIdentifier,
        LineState::BlockComment => TokenKind::Comment,
    }
}

struct Scanner<'a> {
    text: &'a str,
    position: usize,
    tokens: Vec<Token>,
    /// The last token was a dot: a word that touches it is a field, whatever it is called. One
    /// behind a space is not, so that `a. FROM`, half typed, keeps its FROM.
    after_dot: bool,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            tokens: Vec::new(),
            after_dot: false,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        if self.position > start {
            self.tokens.push(Token {
                kind,
                range: start..self.position,
            });
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.position += rest.find(|c| !keep(c)).unwrap_or(rest.len());
    }

    /// Moves past the end of what is open; `false` when the text ends before.
    fn finish(&mut self, state: LineState) -> bool {
        let quote = match state {
            LineState::Plain => return true,
            LineState::BlockComment => {
                let rest = self.rest();
                let end = rest.find("*/");
                self.position += end.map_or(rest.len(), |end| end + 2);
                return end.is_some();
            }
            LineState::String => '\'',
            LineState::DoubleQuoted => '"',
            LineState::BackQuoted => '`',
        };
        // A doubled quote is a quote inside; nothing else escapes.
        loop {
            let rest = self.rest();
            let Some(end) = rest.find(quote) else {
                self.position += rest.len();
                return false;
            };
            self.position += end + 1;
            if !self.rest().starts_with(quote) {
                return true;
            }
            self.position += 1;
        }
    }

    /// Reads one token; gives the state that it leaves open at the end of the text.
    fn next_token(&mut self, open_kind: impl Fn(LineState) -> TokenKind) -> LineState {
        let start = self.position;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return LineState::Plain;
        };
        let opened = match first {
            '\'' => Some((LineState::String, 1)),
            '"' => Some((LineState::DoubleQuoted, 1)),
            '`' => Some((LineState::BackQuoted, 1)),
            '/' if rest.starts_with("/*") => Some((LineState::BlockComment, 2)),
            _ => None,
        };
        if let Some((state, width)) = opened {
            self.position += width;
            let closed = self.finish(state);
            let kind = if closed {
                closed_kind(state)
            } else {
                open_kind(state)
            };
            self.push(kind, start);
            self.after_dot = false;
            return if closed { LineState::Plain } else { state };
        }
        let after_dot = std::mem::take(&mut self.after_dot);
        let kind = match first {
            c if c.is_whitespace() => {
                self.take_while(char::is_whitespace);
                TokenKind::Whitespace
            }
            '-' if rest.starts_with("--") => {
                self.take_while(|c| c != '\n');
                TokenKind::Comment
            }
            c if is_word_start(c) => {
                self.take_while(is_word);
                self.word_kind(start, after_dot)
            }
            '0'..='9' => {
                self.number();
                TokenKind::Number
            }
            '.' if rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
                && !self.joins_word() =>
            {
                self.number();
                TokenKind::Number
            }
            '.' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' => {
                self.position += 1;
                self.after_dot = first == '.';
                TokenKind::Punctuation
            }
            '?' => {
                self.position += 1;
                TokenKind::Parameter
            }
            _ => self.operator(first),
        };
        self.push(kind, start);
        LineState::Plain
    }

    /// Whether the token before touches and could own the dot that follows it, as in `t.1`.
    fn joins_word(&self) -> bool {
        self.tokens.last().is_some_and(|token| {
            matches!(
                token.kind,
                TokenKind::Identifier
                    | TokenKind::Keyword
                    | TokenKind::Function
                    | TokenKind::QuotedIdentifier
            )
        })
    }

    fn word_kind(&self, start: usize, after_dot: bool) -> TokenKind {
        let word = self.text.get(start..self.position).unwrap_or_default();
        let called = self.rest().trim_start_matches([' ', '\t']).starts_with('(');
        if after_dot {
            return TokenKind::Identifier;
        }
        match (contains(KEYWORDS, word), called) {
            (true, true) if contains(CALLABLE, word) => TokenKind::Function,
            (true, _) => TokenKind::Keyword,
            (false, true) => TokenKind::Function,
            (false, false) => TokenKind::Identifier,
        }
    }

    fn number(&mut self) {
        self.take_while(|c| c.is_ascii_digit());
        if self.rest().starts_with('.') {
            self.position += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        let mut exponent = self.rest().chars();
        if matches!(exponent.next(), Some('e' | 'E')) {
            let sign = matches!(exponent.clone().next(), Some('+' | '-'));
            if sign {
                exponent.next();
            }
            if exponent.next().is_some_and(|c| c.is_ascii_digit()) {
                self.position += 1 + usize::from(sign);
                self.take_while(|c| c.is_ascii_digit());
            }
        }
    }

    fn operator(&mut self, first: char) -> TokenKind {
        const LONG: [&str; 8] = ["<>", "!=", "<=", ">=", "||", "->", "=>", "::"];
        let rest = self.rest();
        if let Some(long) = LONG.iter().find(|long| rest.starts_with(**long)) {
            self.position += long.len();
            return TokenKind::Operator;
        }
        self.position += first.len_utf8();
        if matches!(
            first,
            '=' | '<' | '>' | '+' | '-' | '*' | '/' | '%' | '|' | '&' | '^' | '~' | '!' | ':'
        ) {
            TokenKind::Operator
        } else {
            TokenKind::Other
        }
    }
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
#[path = "lexer_tests.rs"]
mod tests;
