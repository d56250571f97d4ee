//! The bill before enter: what the statement under the cursor would read and cost.

use std::time::Duration;

use crate::domain::query::{QueryError, QueryId, QueryRequest, ScanEstimate};
use crate::store::effect::{Effect, TimerId};
use crate::store::state::State;

/// How long the text rests before its bill is asked for.
const ASK_AFTER: Duration = Duration::from_millis(300);

/// What is known of one statement's bill.
#[derive(Debug, Clone, PartialEq)]
pub struct Bill {
    /// Which estimate was asked for.
    asked: QueryId,
    /// Of this statement.
    sql: String,
    /// What it would read and cost; `None` until that is known, or where it cannot be told.
    pub estimate: Option<ScanEstimate>,
}

/// The bill is asked for once the text has come to rest. Where reading costs nothing there is none.
pub fn ask_soon(state: &State) -> Option<Effect> {
    let costs = state.setting.on_aws;
    costs.then_some(Effect::SetTimer(TimerId::Estimate, ASK_AFTER))
}

/// The text has come to rest: asks for the bill of the statement under the cursor.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let buffer = state.editor.buffer();
    let Some(statement) = buffer.statement() else {
        state.editor.bill = None;
        return Vec::new();
    };
    let text = buffer.text();
    let sql = statement.text(&text);
    if state
        .editor
        .bill
        .as_ref()
        .is_some_and(|bill| bill.sql == sql)
    {
        return Vec::new();
    }
    let sql = sql.to_owned();
    let asked = state.fresh_query();
    let request = QueryRequest::new(asked, sql.clone());
    state.editor.bill = Some(Bill {
        asked,
        sql,
        estimate: None,
    });
    vec![Effect::Estimate(request)]
}

/// A bill has come. One that was asked for before the text changed is of no use.
pub fn answer(state: &mut State, id: QueryId, outcome: Result<ScanEstimate, QueryError>) {
    if let Some(bill) = &mut state.editor.bill
        && bill.asked == id
    {
        // What keeps a statement from being estimated is told when it runs.
        bill.estimate = outcome.ok();
    }
}
