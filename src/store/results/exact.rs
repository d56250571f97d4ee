//! Running a result's statement again so that its arrays, maps and rows come exactly.

use super::news::ask;
use super::{Origin, Phase, Tab};
use crate::domain::query::{QueryError, QueryErrorKind};
use crate::domain::rows::is_printed;
use crate::domain::size::Size;
use crate::sql::exact::as_json;
use crate::store::effect::Effect;
use crate::store::state::State;

/// Opens a tab for the exact rows of the shown result. They are paid for once more, so that a
/// person is asked first.
pub(super) fn exact(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let Some(rows) = &tab.rows else {
        state.inform("its columns are not known yet".to_owned());
        return Vec::new();
    };
    let schema = rows.schema();
    let printed: Vec<bool> = schema
        .fields()
        .iter()
        .map(|field| is_printed(field))
        .collect();
    if !printed.contains(&true) {
        state.inform("every value of this result is exact already".to_owned());
        return Vec::new();
    }
    let names = rows.columns().iter().map(|column| column.name.as_str());
    let columns: Vec<(&str, bool)> = names.zip(printed).collect();
    let Some(sql) = as_json(&tab.origin.sql, &columns) else {
        state.warn("only the rows of a query can come as JSON".to_owned());
        return Vec::new();
    };
    let origin = Origin {
        title: format!("{} as JSON", tab.origin.title),
        sql,
        ..tab.origin.clone()
    };
    let scanned = match &tab.phase {
        Phase::Finished(summary) => summary.execution.as_ref().map(|run| run.scanned_bytes),
        _ => None,
    };
    let cost = scanned.map_or_else(String::new, |bytes| {
        format!(": it scanned {} the last time", Size(bytes))
    });
    let question = QueryError::new(
        QueryErrorKind::Unconfirmed,
        format!(
            "The statement runs again, which is paid for{cost}. \
             Its rows may come in another order"
        ),
    );
    let query = state.fresh_query();
    let tab = Tab::new(query, origin, state.now, Phase::Failed(question));
    state.results.push(tab);
    let mut effects: Vec<Effect> = ask(state, query).into_iter().collect();
    effects.extend(state.session_changed());
    effects
}
