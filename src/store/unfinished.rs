//! Runs elsewhere that were begun and not seen to their end: by an earlier start, or by this one
//! before its credentials expired.

use super::command::Command;
use super::effect::Effect;
use super::results::{LastEnd, Origin, Phase, Tab};
use super::state::State;
use crate::domain::query::{QueryRequest, UnfinishedRun};

/// Such runs are known: they are offered, not taken up. What they cost is a person's to decide.
pub(super) fn known(state: &mut State, runs: Vec<UnfinishedRun>) {
    let count = runs.len();
    state.unfinished = runs;
    if count > 0 {
        let key = state.setting.keymap.label(Command::ResumeQueries);
        state.warn(format!(
            "{count} {} begun at Athena and not seen to the end; {} takes {} up",
            if count == 1 {
                "query was"
            } else {
                "queries were"
            },
            key.unwrap_or_default(),
            if count == 1 { "it" } else { "them" },
        ));
    }
}

/// Takes every one of them up, in the tab that was cut off, or in one of its own.
pub(super) fn take_up(state: &mut State) -> Vec<Effect> {
    if state.unfinished.is_empty() {
        state.inform("no query is known that was begun and not seen to its end".to_owned());
        return Vec::new();
    }
    let mut effects = Vec::new();
    for run in std::mem::take(&mut state.unfinished) {
        let query = state.fresh_query();
        let cut_off = |tab: &Tab| {
            matches!(
                tab.phase,
                Phase::NotLoaded(LastEnd::CutOff) | Phase::Failed(_)
            ) && tab.origin.parameters == run.parameters
                && tab.origin.sql.trim() == run.sql.trim()
        };
        let place = state.results.tabs.iter().position(cut_off);
        let origin = match place.and_then(|place| state.results.tabs.get(place)) {
            Some(tab) => tab.origin.clone(),
            None => Origin {
                parameters: run.parameters.clone(),
                ..Origin::statement("taken up", &run.sql)
            },
        };
        let cut_off = place.and_then(|place| state.results.tabs.get(place));
        let cut_off = cut_off.map(|tab| tab.query);
        let tab = Tab::new(query, origin, run.begun_at, Phase::Running);
        match place.and_then(|place| state.results.tabs.get_mut(place)) {
            Some(old) => *old = tab,
            None => state.results.push(tab),
        }
        super::case::hand_over(state, cut_off, query);
        effects.push(Effect::StartQuery(QueryRequest {
            parameters: run.parameters,
            resume: Some(run.token),
            ..QueryRequest::new(query, run.sql)
        }));
    }
    effects.extend(state.session_changed());
    effects
}
