//! Which rows of a result are shown, in which order, and where among them a text is.

use std::sync::Arc;

use super::Find;
use super::update::{selected_page, step_grid};
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::query::{QueryId, QueryRequest};
use crate::domain::rarity::{Ranking, Roles};
use crate::domain::view::Step;
use crate::sql::pivot::{Window, history};
use crate::store::effect::{CellRef, Effect, OrderId, OrderSpec, Sort, Surprise};
use crate::store::state::State;

/// Ascending, then descending, then as it came.
pub(super) fn sort(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let column = tab.view.column;
    let next = match tab.spec.sort {
        Some(Sort {
            column: by,
            descending: false,
        }) if by == column => Some(Sort {
            column,
            descending: true,
        }),
        Some(Sort {
            column: by,
            descending: true,
        }) if by == column => None,
        _ => Some(Sort {
            column,
            descending: false,
        }),
    };
    let spec = OrderSpec {
        sort: next,
        surprise: None,
        ..tab.spec.clone()
    };
    reorder(state, spec)
}

/// The most surprising rows first, or as they came again. They are judged off the loop.
pub(super) fn rare_first(state: &mut State) -> Vec<Effect> {
    let id = state.fresh_order();
    let past_id = state.fresh_query();
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    if tab.spec.surprise.is_some() {
        let spec = OrderSpec {
            surprise: None,
            ..tab.spec.clone()
        };
        return reorder(state, spec);
    }
    let Some(rows) = &tab.rows else {
        not_yet(state);
        return Vec::new();
    };
    let schema = rows.schema();
    let types: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.data_type())
        .collect();
    let roles = Roles::of(rows.columns(), &types);
    if !roles.are_any() {
        state.inform("none of these columns tells who, what, from where or on what".to_owned());
        return Vec::new();
    }
    // Counting the lake costs nothing in a folder; on AWS nobody has asked for it.
    let past = (!state.setting.on_aws && roles.are_calls())
        .then(|| history(&state.pivots.tables, Window::EVER, roles.is_service()).ok())
        .flatten()
        .map(|statement| {
            Box::new(QueryRequest {
                parameters: statement.parameters,
                fresh: true,
                ..QueryRequest::new(past_id, statement.sql)
            })
        });
    let query = tab.query;
    if let Some(tab) = state.results.tab_mut() {
        tab.judging = Some(id);
    }
    vec![Effect::Judge { id, query, past }]
}

/// The rows were judged: the most surprising go first.
pub fn answer_judged(state: &mut State, id: OrderId, ranking: Arc<Ranking>) -> Vec<Effect> {
    let order = state.fresh_order();
    let tabs = &mut state.results.tabs;
    let Some(tab) = tabs.iter_mut().find(|tab| tab.judging == Some(id)) else {
        return Vec::new();
    };
    tab.judging = None;
    tab.find = None;
    let told = format!("the most surprising first, against {}", ranking.against);
    tab.spec = OrderSpec {
        surprise: Some(Surprise(ranking)),
        sort: None,
        ..tab.spec.clone()
    };
    tab.ordering = Some(order);
    let effect = Effect::Order {
        id: order,
        query: tab.query,
        spec: tab.spec.clone(),
    };
    state.inform(told);
    vec![effect]
}

/// Shows only the rows that contain a text; an empty one shows all.
pub fn filter(state: &mut State, text: &str) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let contains = (!text.is_empty()).then(|| text.to_owned());
    let spec = OrderSpec {
        contains,
        ..tab.spec.clone()
    };
    reorder(state, spec)
}

pub(super) fn filter_cell(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let Some(row) = tab.selected_row() else {
        return Vec::new();
    };
    let same_as = Some(CellRef {
        row,
        column: tab.view.column,
    });
    let spec = OrderSpec {
        same_as,
        ..tab.spec.clone()
    };
    reorder(state, spec)
}

/// Shows all the rows again; their order stays.
pub(super) fn clear(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab_mut() else {
        return Vec::new();
    };
    tab.find = None;
    let spec = OrderSpec {
        sort: tab.spec.sort,
        surprise: tab.spec.surprise.clone(),
        ..OrderSpec::default()
    };
    if tab.spec == spec {
        return Vec::new();
    }
    reorder(state, spec)
}

/// A key that needs rows, pressed before there are any, is answered.
pub(super) fn not_yet(state: &mut State) {
    state.inform("the rows are not here yet: try again in a moment".to_owned());
}

fn reorder(state: &mut State, spec: OrderSpec) -> Vec<Effect> {
    let id = state.fresh_order();
    let page = state.grid_page();
    let Some(tab) = state.results.tab_mut() else {
        return Vec::new();
    };
    if tab.rows.is_none() {
        not_yet(state);
        return Vec::new();
    }
    tab.spec = spec.clone();
    tab.find = None;
    if spec.is_plain() {
        tab.ordering = None;
        tab.order = None;
        let (rows, columns) = (tab.shown_rows(), tab.columns());
        tab.view.fit(rows, columns, page);
        return Vec::new();
    }
    tab.follows_row = false;
    tab.ordering = Some(id);
    vec![Effect::Order {
        id,
        query: tab.query,
        spec,
    }]
}

/// All rows of a result are there: they are put as its origin says, unless somebody has ordered
/// or narrowed them already.
pub(super) fn order_at_end(state: &mut State, query: QueryId) -> Option<Effect> {
    let id = state.fresh_order();
    let tab = state.results.by_query(query)?;
    let wanted = tab.origin.end_order.as_ref()?;
    let columns = tab.rows.as_ref()?.columns();
    let column = columns.iter().position(|c| c.name == wanted.column)?;
    if !tab.spec.is_plain() || tab.ordering.is_some() || tab.judging.is_some() {
        return None;
    }
    tab.spec.sort = Some(Sort {
        column,
        descending: wanted.descending,
    });
    tab.ordering = Some(id);
    tab.follows_row = true;
    Some(Effect::Order {
        id,
        query,
        spec: tab.spec.clone(),
    })
}

/// The rows in their new order have come.
pub fn answer_order(state: &mut State, id: OrderId, order: Arc<[u32]>) {
    let page = state.grid_page();
    let Some(tab) = state
        .results
        .tabs
        .iter_mut()
        .find(|tab| tab.ordering == Some(id))
    else {
        return;
    };
    let followed = std::mem::take(&mut tab.follows_row)
        .then(|| tab.selected_row().filter(|_| tab.view.row > 0))
        .flatten();
    let place = followed.and_then(|row| order.iter().position(|at| *at as usize == row));
    tab.ordering = None;
    tab.order = Some(order);
    tab.view.row = 0;
    tab.view.top = 0;
    let (rows, columns) = (tab.shown_rows(), tab.columns());
    tab.view.fit(rows, columns, page);
    if let Some(place) = place {
        tab.view.step(Step::Row(place), rows, columns, page);
    }
}

/// Looks for a text in the shown rows; an empty one ends the find.
pub fn find(state: &mut State, text: &str) -> Vec<Effect> {
    let id = state.fresh_order();
    let Some(tab) = state.results.tab_mut() else {
        return Vec::new();
    };
    if text.is_empty() {
        tab.find = None;
        return Vec::new();
    }
    if tab.rows.is_none() {
        not_yet(state);
        return Vec::new();
    }
    tab.find = Some(Find {
        text: text.to_owned(),
        matches: None,
    });
    tab.finding = Some(id);
    let (query, spec) = (tab.query, tab.spec.clone());
    vec![Effect::Find {
        id,
        query,
        spec,
        text: text.to_owned(),
    }]
}

/// The places of a find have come.
pub fn answer_find(state: &mut State, id: OrderId, places: Arc<[u32]>) {
    let Some(tab) = state
        .results
        .tabs
        .iter_mut()
        .find(|tab| tab.finding == Some(id))
    else {
        return;
    };
    tab.finding = None;
    let Some(find) = &mut tab.find else { return };
    find.matches = Some(places);
    let stands_on_one = tab
        .find
        .as_ref()
        .and_then(|find| find.matches.as_ref())
        .is_some_and(|m| m.iter().any(|place| *place as usize == tab.view.row));
    if stands_on_one {
        to_matching_cell(state);
    } else {
        find_step(state, true);
    }
}

pub(super) fn find_step(state: &mut State, forward: bool) {
    let Some(find) = state.results.tab().and_then(|tab| tab.find.as_ref()) else {
        state.inform("nothing was looked for yet".to_owned());
        return;
    };
    let Some(matches) = &find.matches else {
        state.inform("still looking; the key counts when the matches are there".to_owned());
        return;
    };
    if matches.is_empty() {
        let text = format!("no row contains `{}`", find.text);
        state.warn(text);
        return;
    }
    let here = state.results.tab().map_or(0, |tab| tab.view.row);
    let at = |place: &u32| *place as usize;
    let place = if forward {
        matches
            .iter()
            .map(at)
            .find(|place| *place > here)
            .unwrap_or(at(&matches[0]))
    } else {
        let last = at(&matches[matches.len() - 1]);
        matches
            .iter()
            .rev()
            .map(at)
            .find(|place| *place < here)
            .unwrap_or(last)
    };
    step_grid(state, Step::Row(place));
    to_matching_cell(state);
}

/// Goes to the first cell of the selected row that contains what was looked for, unless the
/// selected one does.
fn to_matching_cell(state: &mut State) {
    let times = TimeStyle::Shown(state.setting.zone);
    let found = state.results.tab().and_then(|tab| {
        let needle = tab.find.as_ref()?.text.to_lowercase();
        let (page, at) = selected_page(tab)?;
        let columns = page.batch.columns();
        let contains = |column: &usize| {
            columns
                .get(*column)
                .and_then(|array| Cell::of(array.as_ref(), at).text(times))
                .is_some_and(|text| text.to_lowercase().contains(&needle))
        };
        std::iter::once(tab.view.column)
            .chain(0..columns.len())
            .find(contains)
    });
    if let Some(column) = found {
        step_grid(state, Step::Column(column));
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
