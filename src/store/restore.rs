//! The start from where the last session ended.

use super::command::Command;
use super::effect::Effect;
use super::session::Session;
use super::state::State;
use super::{case, results};
use crate::domain::case::Key;

/// Puts the panes back as the session had them. Rows are gone: a tab says so and can run again.
pub(super) fn restore(state: &mut State, session: Session) -> Vec<Effect> {
    if let Some(borders) = session.borders {
        state.screen.borders = borders;
    }
    if let Some(theme) = session
        .theme
        .filter(|name| state.setting.themes.contains(name))
    {
        state.theme = theme;
    }
    state.screen.zoomed = session.zoomed;
    state.feed.set_filter(&session.feed_filter);
    state.queue.shown = session.queue;
    state.queue.grouping = session.queue_grouping;
    for saved in &session.buffers {
        state.editor.open(Some(&saved.name), &saved.text);
        let (line, column) = saved.cursor;
        let position = crate::domain::query::TextPosition { line, column };
        state.editor.buffer_mut().go_to(position);
    }
    state.editor.go_to(session.buffer);
    let mut effects = Vec::new();
    let mut interrupted = 0;
    let mut keys = Vec::new();
    let mut asked_from = Vec::new();
    for saved in session.tabs {
        interrupted += usize::from(saved.was_running);
        let id = state.fresh_query();
        let end = saved.end.unwrap_or(if saved.was_running {
            results::LastEnd::CutOff
        } else {
            results::LastEnd::Unknown
        });
        let phase = results::Phase::NotLoaded(end);
        let mut tab = results::Tab::new(id, saved.origin, saved.started, phase);
        tab.answered = saved.answered;
        keys.extend(saved.query.map(|key| (id, Key(key))));
        asked_from.push((id, saved.from));
        if let Some(name) = saved.kept {
            tab.kept = Some(name.clone());
            effects.push(Effect::LoadKept { query: id, name });
        }
        state.results.push(tab);
    }
    for (query, from) in &asked_from {
        let from = from.and_then(|place| asked_from.get(place));
        if let Some(tab) = state.results.by_query(*query) {
            tab.from = from.map(|(query, _)| *query);
        }
    }
    effects.extend(session.case.map(|id| case::restore(state, id, keys)));
    let last = state.results.tabs.len().saturating_sub(1);
    state.results.current = session.tab.min(last);
    state.playbook.restore(session.playbook, session.runs);
    state.playbook.choose_from(&state.content.playbooks);
    if let Some(pane) = session.focus {
        state.focus(pane);
    }
    state.relayout();
    if interrupted > 0 {
        let again = state
            .setting
            .keymap
            .label(Command::ResultsRerun)
            .unwrap_or_default();
        state.warn(format!(
            "{interrupted} running {} cut off when the console ended; in its result {again} runs it again",
            if interrupted == 1 { "query was" } else { "queries were" }
        ));
    }
    effects
}
