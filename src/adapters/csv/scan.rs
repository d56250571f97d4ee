//! Where a row ends that comes in pieces.

use memchr::memchr;

use super::split::QUOTE;

/// Where in a row a piece of it ends: what must be known to find the row's end in the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// Before the first byte of a value.
    Start,
    /// In a value without quotes.
    Bare,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: the end, or the first of a doubled one.
    Closed,
}

impl Scan {
    /// Goes through the next piece; how much of it belongs to the row, and whether the row ends.
    pub(super) fn run(&mut self, piece: &[u8], separator: u8) -> (usize, bool) {
        let mut at = 0;
        loop {
            let rest = piece.get(at..).unwrap_or_default();
            if *self == Self::Quoted {
                match memchr(QUOTE, rest) {
                    Some(found) => at += found + 1,
                    None => return (piece.len(), false),
                }
                *self = Self::Closed;
                continue;
            }
            let Some(byte) = rest.first().copied() else {
                return (piece.len(), false);
            };
            at += 1;
            *self = match (*self, byte) {
                (Self::Start | Self::Closed, QUOTE) => Self::Quoted,
                (_, b'\n') => {
                    *self = Self::Start;
                    return (at, true);
                }
                (_, byte) if byte == separator => Self::Start,
                (Self::Closed, b'\r') => Self::Closed,
                _ => Self::Bare,
            };
        }
    }
}
