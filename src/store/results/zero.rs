//! Why a result is empty: asked by itself where that is free, by a person where it costs.

use std::sync::Arc;

use super::{Phase, Tab};
use crate::domain::emptiness::Explanation;
use crate::domain::query::{QueryError, QueryId, QueryRequest};
use crate::store::coverage;
use crate::store::effect::Effect;
use crate::store::screen::Pane;
use crate::store::state::State;

/// What is known of why a result is empty.
#[derive(Debug, Clone, PartialEq)]
pub enum Zero {
    /// It is being found out.
    Asked,
    /// It was found out.
    Told(Arc<Explanation>),
    /// It could not be found out.
    Failed(String),
}

impl Tab {
    /// Whether its query ended without a row.
    pub fn is_empty(&self) -> bool {
        matches!(self.phase, Phase::Finished(_))
            && self.rows.as_ref().is_some_and(|rows| rows.is_empty())
    }
}

/// A query has ended: where it gave no row and asking is free, it is asked why.
pub(super) fn ended(state: &mut State, query: QueryId) -> Vec<Effect> {
    if state.setting.on_aws {
        return Vec::new();
    }
    ask(state, query)
}

/// A person asks why the shown result is empty.
pub(super) fn explain(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    if !tab.is_empty() {
        state.inform("this result is not empty: there is nothing to explain".to_owned());
        return Vec::new();
    }
    ask(state, tab.query)
}

fn ask(state: &mut State, query: QueryId) -> Vec<Effect> {
    let seen = if state.setting.on_aws {
        coverage::seen(state).map(Arc::new)
    } else {
        None
    };
    let tab = state.results.by_query(query).filter(|tab| tab.is_empty());
    let Some(tab) = tab.filter(|tab| tab.zero != Some(Zero::Asked)) else {
        return Vec::new();
    };
    tab.zero = Some(Zero::Asked);
    let request = QueryRequest {
        parameters: tab.origin.parameters.clone(),
        attached: tab.origin.attached_files(),
        route: tab.origin.route,
        fresh: true,
        ..QueryRequest::new(query, tab.origin.sql.clone())
    };
    vec![Effect::ExplainEmpty {
        request: Box::new(request),
        seen,
    }]
}

/// It was found out, or not.
pub(super) fn answer(tab: &mut Tab, told: Result<Explanation, QueryError>) {
    tab.zero = Some(match told {
        Ok(told) => Zero::Told(Arc::new(told)),
        Err(error) => Zero::Failed(error.message),
    });
}

/// Puts the corrected statement into the editor.
pub(super) fn correct(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let correction = match &tab.zero {
        Some(Zero::Told(told)) => told.correction.clone(),
        _ => None,
    };
    let Some(correction) = correction else {
        state.inform("no correction of this statement is known".to_owned());
        return Vec::new();
    };
    let title = tab.origin.title.clone();
    state.editor.open(Some(&title), &correction.sql);
    state.focus(Pane::Editor);
    state.session_changed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::emptiness::{Cause, Correction};
    use crate::domain::query::QueryErrorKind;
    use crate::store::event::{Event, QueryNews};
    use crate::store::testing::{finished, noon, press, rows, state};
    use crate::store::update;

    fn told() -> Explanation {
        Explanation {
            correction: Some(Correction {
                sql: "SELECT 2".to_owned(),
                told: "with Failure".to_owned(),
            }),
            ..Explanation::new(Cause::CannotMatch, "it cannot hold")
        }
    }

    fn asks(effects: &[Effect]) -> bool {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::ExplainEmpty { .. }))
    }

    #[test]
    fn in_a_folder_an_empty_result_is_explained_by_itself() {
        let mut state = state(120, 40);
        let query = finished(&mut state, rows(0, |_| String::new()));
        assert_eq!(state.results.tab().unwrap().zero, Some(Zero::Asked));
        let news = QueryNews::Explained(Ok(told()));
        update(&mut state, Event::Query(query, news), noon());
        state.focus(Pane::Results);
        press(&mut state, "W");
        assert_eq!(state.editor.buffer().text(), "SELECT 2");
        assert_eq!(state.screen.focus, Pane::Editor);
    }

    #[test]
    fn on_aws_a_person_asks_and_only_once_at_a_time() {
        let mut state = state(120, 40);
        state.setting.on_aws = true;
        let query = finished(&mut state, rows(0, |_| String::new()));
        assert_eq!(state.results.tab().unwrap().zero, None);
        state.focus(Pane::Results);
        assert!(asks(&press(&mut state, "w")));
        assert!(!asks(&press(&mut state, "w")));
        let error = QueryError::new(QueryErrorKind::Denied, "no rights");
        let news = QueryNews::Explained(Err(error));
        update(&mut state, Event::Query(query, news), noon());
        let zero = state.results.tab().unwrap().zero.clone();
        assert_eq!(zero, Some(Zero::Failed("no rights".to_owned())));
        assert!(asks(&press(&mut state, "w")));
    }

    #[test]
    fn a_result_with_rows_is_not_explained() {
        let mut state = state(120, 40);
        finished(&mut state, rows(3, |_| "x".to_owned()));
        assert_eq!(state.results.tab().unwrap().zero, None);
        state.focus(Pane::Results);
        assert!(!asks(&press(&mut state, "w")));
        let before = state.editor.buffer().text();
        press(&mut state, "W");
        assert_eq!(state.editor.buffer().text(), before);
    }
}
