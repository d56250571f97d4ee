//! Answers from what was kept: the newest result that provably holds what a statement asks for.

use chrono::{DateTime, Utc};

use super::{KeptError, KeptResult, KeptResults};
use crate::sql::containment::{Answer, Asked, Freshness, Stored, answer, with_parameters};

/// A statement that somebody wants to run, and where.
#[derive(Debug, Clone, Copy)]
pub struct AskKept<'a> {
    /// The statement.
    pub sql: &'a str,
    /// SQL literals for its `?`, in order.
    pub parameters: &'a [String],
    /// The query service that would run it. Only its own results answer.
    pub engine: &'a str,
    /// The profile that it would run with. Only results of the same one answer: elsewhere the
    /// table's name may mean another table.
    pub profile: Option<&'a str>,
    /// The mark of its settings as they are now. Only results of the same ones answer.
    pub settings: Option<&'a str>,
    /// The service is another engine than the one that would answer from the kept rows.
    pub elsewhere: bool,
    /// The present.
    pub now: DateTime<Utc>,
    /// What may have happened to the table since.
    pub freshness: Freshness,
}

impl KeptResults {
    /// The newest result that answers a statement, and the statement over it; `None` where no
    /// result provably does.
    ///
    /// # Errors
    ///
    /// [`KeptError::Folder`] where the folder cannot be listed. Damaged results answer nothing.
    pub fn answer(&self, ask: &AskKept<'_>) -> Result<Option<(KeptResult, Answer)>, KeptError> {
        let Some(sql) = with_parameters(ask.sql, ask.parameters) else {
            return Ok(None);
        };
        let asked = Asked {
            sql: &sql,
            now: ask.now,
            elsewhere: ask.elsewhere,
        };
        let results = self.list()?.results;
        Ok(results.into_iter().rev().find_map(|result| {
            let same_lake = result.engine == ask.engine
                && result.profile.as_deref() == ask.profile
                && result.settings.as_deref() == ask.settings;
            if !same_lake {
                return None;
            }
            let found = from_result(&result, &asked, ask.freshness)?;
            Some((result, found))
        }))
    }
}

fn from_result(result: &KeptResult, asked: &Asked<'_>, freshness: Freshness) -> Option<Answer> {
    let sql = with_parameters(&result.sql, &result.parameters)?;
    let columns = result.stored_columns();
    let stored = Stored {
        table: &result.name,
        sql: &sql,
        ran: result.ran_within(),
        columns: &columns,
        rows: result.rows,
    };
    answer(&stored, asked, freshness)
}
