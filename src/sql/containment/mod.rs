//! Proves that a new statement is answered by the rows of a stored result.
//!
//! Owns the proof and the statement over the stored rows that it allows; no data, no I/O. It is
//! narrow on purpose: what is not understood is not proved, and then nothing is offered. Both
//! statements read one table. The stored one only filters and projects; the new one may filter
//! further, project, group, sort and limit. The steps, a file each:
//!
//! 1. [`read`] takes a statement apart, [`expressions`] its conditions and columns: what is not on their lists ends
//!    the proof, so that every function is deterministic and no row can raise an error.
//! 2. [`implies`] shows that the new condition implies the stored one: every row that the new
//!    statement wants has been kept.
//! 3. The time asked about must have ended before the stored run, or the lake may hold more now.
//! 4. [`rewrite`] says the new statement over the stored columns; a column that was not kept ends
//!    the proof, unless the stored condition already decides what it was asked for.

mod columns;
mod expressions;
mod functions;
mod implies;
mod literal;
mod parse;
mod read;
mod rewrite;
mod same;
mod term;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Days, TimeDelta, Utc};

pub use columns::{ColumnKind, StoredColumn};
pub use same::{same_text, with_parameters};

use columns::Columns;
use implies::Proof;
use literal::Literal;
use term::{Comparison, Term};

/// How much later than its own time an event may reach the lake, where nobody says otherwise.
pub const LATE_ARRIVAL: TimeDelta = TimeDelta::hours(2);

/// Milliseconds since 1970 are above this, seconds since 1970 below: it lies in 1973 and in 5138.
const MILLISECONDS: i64 = 100_000_000_000;

/// A result whose rows are at hand.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// The name by which its rows are a table.
    pub table: &'a str,
    /// The statement that gave them, its parameters filled in ([`with_parameters`]).
    pub sql: &'a str,
    /// The times between which its `current_timestamp` lay: the run's start and end.
    pub ran: (DateTime<Utc>, DateTime<Utc>),
    /// Its columns, in order.
    pub columns: &'a [StoredColumn],
    /// Its rows: fewer than its LIMIT are all there were.
    pub rows: u64,
}

/// A statement that somebody wants to run.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The statement, its parameters filled in.
    pub sql: &'a str,
    /// Its `current_timestamp`.
    pub now: DateTime<Utc>,
    /// It would run on another engine than the one that answers from stored rows. Functions whose
    /// engines may differ in rare values are then not worked out here.
    pub elsewhere: bool,
}

/// What may have happened to the table since the stored run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Events came in. A stored result answers for times that ended this long before its run.
    Growing {
        /// How late an event may come.
        late: TimeDelta,
    },
    /// Nothing: whoever says so knows it, for instance by the same list of files.
    Unchanged,
}

impl Default for Freshness {
    fn default() -> Self {
        Self::Growing { late: LATE_ARRIVAL }
    }
}

/// A statement over the stored rows that gives what the new one would give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The statement. It has no parameters, and its only table is [`Stored::table`].
    pub sql: String,
}

/// The answer to a new statement from a stored result, where that is proved; else `None`.
///
/// Rows are the same, each as often. Their order is the same as far as the statement fixes it.
pub fn answer(stored: &Stored<'_>, asked: &Asked<'_>, freshness: Freshness) -> Option<Answer> {
    let (earliest, latest) = stored.ran;
    let kept = read::statement(stored.sql, (earliest, latest))?;
    let wanted = read::statement(asked.sql, (asked.now, asked.now))?;
    if !kept.only_filters(stored.rows) || kept.table != wanted.table {
        return None;
    }
    if asked.elsewhere && wanted.terms().any(functions::varies) {
        return None;
    }
    let columns = Columns::of(&kept, stored.columns)?;
    if columns.hide(&kept) || columns.hide(&wanted) {
        return None;
    }
    let proof = Proof::new(&columns);
    if !kept
        .filter
        .iter()
        .all(|condition| proof.implies(&wanted.filter, condition))
    {
        return None;
    }
    if let Freshness::Growing { late } = freshness {
        let until = earliest.checked_sub_signed(late)?;
        if !has_ended(&wanted.filter, until, &proof)? {
            return None;
        }
    }
    rewrite::over(stored, &wanted, &kept.filter, &columns, &proof).map(|sql| Answer { sql })
}

/// Whether a condition holds for no event after a time. Looks at the columns that tell an event's
/// time in the lake's tables.
fn has_ended(filter: &[Term], until: DateTime<Utc>, proof: &Proof<'_>) -> Option<bool> {
    let at_most = |column: &str, bound: Literal| {
        let goal = Term::compare(
            Comparison::Le,
            Term::Path(vec![column.to_owned()]),
            Term::Literal(bound),
        );
        proof.implies(filter, &goal)
    };
    let moment = Literal::moment(until, until, true);
    if at_most("time_dt", moment.clone()) || at_most("time", moment) {
        return Some(true);
    }
    // A number of seconds since 1970 would pass for one of milliseconds long ago.
    let in_milliseconds = Term::compare(
        Comparison::Ge,
        Term::Path(vec!["time".to_owned()]),
        Term::Literal(Literal::Int(MILLISECONDS)),
    );
    if at_most("time", Literal::Int(until.timestamp_millis()))
        && proof.implies(filter, &in_milliseconds)
    {
        return Some(true);
    }
    let last_day = until.date_naive().checked_sub_days(Days::new(1))?;
    let text = Literal::Text(last_day.format("%Y%m%d").to_string());
    Some(at_most("eventday", text) || at_most("eventday", Literal::Day(last_day)))
}
