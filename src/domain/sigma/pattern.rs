//! Texts with wildcards, as values of rules are.

/// A text with wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pattern(pub Vec<Piece>);

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// This text.
    Text(String),
    /// Anything, also nothing.
    Anything,
    /// One character.
    One,
}

impl Pattern {
    /// Reads a value: `*` and `?` are wildcards, a backslash before one of them or before another
    /// backslash takes its meaning away, and stands for itself elsewhere.
    pub fn parse(value: &str) -> Self {
        let mut pattern = Self::default();
        let mut chars = value.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => pattern.push_anything(),
                '?' => pattern.0.push(Piece::One),
                '\\' => match chars.next_if(|next| matches!(next, '*' | '?' | '\\')) {
                    Some(next) => pattern.push(next),
                    None => pattern.push('\\'),
                },
                c => pattern.push(c),
            }
        }
        pattern
    }

    /// Whether a character is in one of its texts.
    pub fn has(&self, sought: char) -> bool {
        let mut pieces = self.0.iter();
        pieces.any(|piece| matches!(piece, Piece::Text(text) if text.contains(sought)))
    }

    /// Whether its last text ends with a character.
    pub fn ends_with(&self, sought: char) -> bool {
        let mut texts = self.0.iter().rev().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            _ => None,
        });
        texts.next().is_some_and(|text| text.ends_with(sought))
    }

    /// A text without wildcards.
    pub fn exact(text: &str) -> Self {
        match text.is_empty() {
            true => Self::default(),
            false => Self(vec![Piece::Text(text.to_owned())]),
        }
    }

    /// The text, where it has no wildcard.
    pub fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The same with anything before or after it.
    #[must_use]
    pub fn open(mut self, before: bool, after: bool) -> Self {
        if before && self.0.first() != Some(&Piece::Anything) {
            self.0.insert(0, Piece::Anything);
        }
        if after && self.0.last() != Some(&Piece::Anything) {
            self.0.push(Piece::Anything);
        }
        self
    }

    /// The same with its texts changed.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let change = |piece: &Piece| match piece {
            Piece::Text(text) => Piece::Text(change(text)),
            other => other.clone(),
        };
        Self(self.0.iter().map(change).collect())
    }

    fn push(&mut self, c: char) {
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.0.push(Piece::Text(c.to_string())),
        }
    }

    fn push_anything(&mut self) {
        if self.0.last() != Some(&Piece::Anything) {
            self.0.push(Piece::Anything);
        }
    }
}
