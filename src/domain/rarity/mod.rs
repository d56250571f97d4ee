//! Rare first: how surprising each row of a result is, against a history, and why, in words.
//!
//! A row is taken for five things: who did what, from which network, on what kind of resource, at
//! which hour of the day ([`Roles`] finds the columns that tell). A [`History`] counts each value
//! and each pair of values by the hour. A row's surprise is that of its rarest value or pair:
//!
//! - of a value, `log2((n + ½(k+1)) / (c + ½)) − H`, where it was seen `c` times among `n` events,
//!   its dimension has `k` values and the entropy `H`: bits beyond what a value of that kind usually
//!   tells, so that a dimension in which every value is rare surprises nobody;
//! - of a pair, `log2((e + ½) / (c + ½))`, where it was seen `c` times and would have been seen
//!   `e = a·b/n` times if its parts, seen `a` and `b` times, had nothing to do with each other: two
//!   common values that never met surprise, two rare ones do not surprise twice.
//!
//! What counts is what was seen up to a day before the row, so that a burst is judged as a whole and
//! does not make itself common. Where there is too little before, all of the history counts, without
//! the row itself.

mod history;
mod roles;
mod score;
#[cfg(test)]
mod tests;
mod words;

pub use history::{Builder, History};
pub use roles::Roles;
pub use score::{Ranking, Score};

/// What a row is taken for.
const DIMENSIONS: usize = 5;

/// Who.
const PRINCIPAL: usize = 0;
/// Did what.
const OPERATION: usize = 1;
/// From where.
const NETWORK: usize = 2;
/// On what.
const RESOURCE: usize = 3;
/// At which hour of the day, in UTC.
const HOUR: usize = 4;

/// Every pair of dimensions.
const PAIRS: [(usize, usize); 10] = [
    (PRINCIPAL, OPERATION),
    (PRINCIPAL, NETWORK),
    (PRINCIPAL, RESOURCE),
    (PRINCIPAL, HOUR),
    (OPERATION, NETWORK),
    (OPERATION, RESOURCE),
    (OPERATION, HOUR),
    (NETWORK, RESOURCE),
    (NETWORK, HOUR),
    (RESOURCE, HOUR),
];
