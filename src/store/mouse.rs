//! What the mouse does: the wheel moves, a press gives a pane the focus and chooses a line.

use super::command::Command;
use super::effect::Effect;
use super::event::{Mouse, MouseKind};
use super::results;
use super::screen::Pane;
use super::state::State;
use super::update::{focus, run_command};

/// The mouse was used.
pub(super) fn used(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    if state.overlay.is_some() {
        let command = match mouse.kind {
            MouseKind::ScrollUp => Command::OverlayUp,
            MouseKind::ScrollDown => Command::OverlayDown,
            MouseKind::Press => return Vec::new(),
        };
        return run_command(state, command);
    }
    let Some(pane) = state.layout.pane_at(mouse.column, mouse.row) else {
        return Vec::new();
    };
    let scroll = match (pane, mouse.kind) {
        (_, MouseKind::Press) => return press_pane(state, pane, mouse),
        (Pane::Feed, MouseKind::ScrollUp) if state.queue.shown => Command::QueueUp,
        (Pane::Feed, MouseKind::ScrollDown) if state.queue.shown => Command::QueueDown,
        (Pane::Feed, MouseKind::ScrollUp) => Command::FeedUp,
        (Pane::Feed, MouseKind::ScrollDown) => Command::FeedDown,
        (Pane::Results, kind) => {
            let in_record = state.results.tab().is_some_and(|tab| tab.record.is_some());
            match (in_record, kind == MouseKind::ScrollUp) {
                (true, true) => Command::RecordUp,
                (true, false) => Command::RecordDown,
                (false, true) => Command::ResultsUp,
                (false, false) => Command::ResultsDown,
            }
        }
        (Pane::Playbook, MouseKind::ScrollUp) => Command::PlaybookUp,
        (Pane::Playbook, MouseKind::ScrollDown) => Command::PlaybookDown,
        (Pane::Editor, _) => return Vec::new(),
    };
    run_command(state, scroll)
}

/// A press gives the pane the focus and selects the line under it.
fn press_pane(state: &mut State, pane: Pane, mouse: Mouse) -> Vec<Effect> {
    let effects = focus(state, pane);
    let Some(area) = state.layout.pane(pane).map(|area| area.inner()) else {
        return effects;
    };
    let Some(line) = mouse.row.checked_sub(area.y).map(usize::from) else {
        return effects;
    };
    match pane {
        Pane::Feed if state.queue.shown => {
            super::queue::press_row(state, area.width, area.height, line);
        }
        Pane::Feed => {
            let target = state.feed.first_in_sight(usize::from(area.height)) + line;
            if target < state.feed.len() {
                state.feed.selected = target;
                state.feed.follow = false;
            }
        }
        Pane::Results => results::press_row(state, line),
        Pane::Playbook | Pane::Editor => {}
    }
    effects
}
