//! Which files a predicate cannot be true in, and in which it surely finds something to look at, by
//! the dictionaries of their columns: a Parquet writer puts the distinct texts of a column in front
//! of its rows, and a few kilobytes there decide over the megabytes behind them.
//!
//! Only what a dictionary proves leaves a file out: every page of the column must be written by it.

mod page;
mod question;

use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::logical_expr::Expr;

use self::page::Dictionaries;
use self::question::Question;
use super::footer::Footer;
use super::lake::{Home, LakeFile};
use super::schema::TableColumns;
use super::shares::in_shares;
use super::watch::Watch;

/// What the dictionaries of a file say about a predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chance {
    /// It is true of no row.
    None,
    /// It may be true of some.
    Some,
    /// A value that it asks for is in the file.
    Good,
}

/// How dictionaries are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    /// Counts what is read of them.
    pub watch: &'a Watch,
    /// The threads that read them.
    pub threads: usize,
}

/// Files that are worth a thread of their own.
const WORTH_A_THREAD: usize = 8;

/// The chances of files of this machine, in their order; `None` where the filters ask nothing that
/// a dictionary could answer. Every other file has some chance.
pub(super) fn chances(
    session: &dyn Session,
    filters: &[Expr],
    columns: &TableColumns,
    files: &[(Arc<LakeFile>, Arc<Footer>)],
    look: Look<'_>,
) -> Option<Vec<Chance>> {
    let question = Question::of(session, filters, columns)?;
    let chance = |(file, footer): &(Arc<LakeFile>, Arc<Footer>)| match file.home {
        Home::Disk => question.chance(&mut Dictionaries::of(file, footer, look.watch)),
        Home::S3(_) | Home::Prefix => Chance::Some,
    };
    Some(in_shares(
        files,
        look.threads,
        WORTH_A_THREAD,
        chance,
        &Chance::Some,
    ))
}

#[cfg(test)]
mod tests;
