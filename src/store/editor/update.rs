//! What the editor's commands and keys do.

use std::time::Duration;

use super::{Completion, bill};
use crate::sql::completion::{self, CandidateKind};
use crate::store::command::Command;
use crate::store::effect::{Effect, TimerId};
use crate::store::key::{Chord, KeyCode};
use crate::store::overlay::{Overlay, PageContent, Prompt, PromptKind, open_page};
use crate::store::state::State;

/// How long the text rests before completion looks at it.
const COMPLETE_AFTER: Duration = Duration::from_millis(120);

/// Runs a command of the editor.
pub fn update(state: &mut State, command: Command) -> Vec<Effect> {
    let editor = &mut state.editor;
    match command {
        Command::EditorHints => {
            open_page(state, PageContent::Hints);
            return Vec::new();
        }
        Command::EditorNextPlaceholder => {
            if !editor.buffer_mut().select_next_placeholder() {
                state.inform("this buffer has no placeholder".to_owned());
            }
            return Vec::new();
        }
        Command::EditorComplete => {
            complete(state, true);
            return Vec::new();
        }
        Command::EditorFormat => format_statement(state),
        Command::EditorUndo => {
            editor.buffer_mut().undo();
        }
        Command::EditorRedo => {
            editor.buffer_mut().redo();
        }
        Command::EditorNew => editor.open(None, ""),
        Command::EditorClose => close(state),
        Command::EditorReopen => reopen(state),
        Command::EditorNextBuffer => editor.step(1),
        Command::EditorPreviousBuffer => editor.step(-1),
        Command::EditorSelectAll => editor.buffer_mut().select_all(),
        Command::EditorCopy => return copy(state),
        Command::EditorSave => {
            let prompt = Prompt::new(PromptKind::SaveTemplate, "");
            state.overlay = Some(Overlay::Prompt(prompt));
        }
        _ => {}
    }
    state.editor.refresh_hints();
    changed(state)
}

/// The buffer, or what stands in it, is another.
fn changed(state: &mut State) -> Vec<Effect> {
    state.editor.bill = None;
    let mut effects = state.session_changed();
    effects.extend(bill::ask_soon(state));
    effects
}

fn close(state: &mut State) {
    if let Some(name) = state.editor.close() {
        let again = state.setting.keymap.label(Command::EditorReopen);
        let how = again.map_or_else(String::new, |key| format!("; {key} opens it again"));
        state.inform(format!("`{name}` is closed{how}"));
    }
}

fn reopen(state: &mut State) {
    if !state.editor.reopen() {
        state.inform("no buffer was closed".to_owned());
    }
}

/// Whether a key walks an open list of candidates.
pub fn walks(chord: Chord) -> bool {
    let plain = !chord.ctrl && !chord.alt && !chord.shift;
    plain
        && matches!(
            chord.code,
            KeyCode::Up | KeyCode::Down | KeyCode::Esc | KeyCode::Tab | KeyCode::Enter
        )
}

/// A key that is no command edits the text, or walks the open list of candidates.
pub fn edit(state: &mut State, chord: Chord) -> Vec<Effect> {
    if let Some(open) = &mut state.editor.completion {
        let last = open.offered.candidates.len().saturating_sub(1);
        match chord.code {
            KeyCode::Up => {
                open.selected = open.selected.checked_sub(1).unwrap_or(last);
                open.wanted = true;
            }
            KeyCode::Down => {
                open.selected = if open.selected == last {
                    0
                } else {
                    open.selected + 1
                };
                open.wanted = true;
            }
            KeyCode::Esc => state.editor.end_completion(),
            KeyCode::Enter if !open.wanted => {
                // Nobody chose anything: a new line is a new line.
                state.editor.end_completion();
                return type_key(state, chord);
            }
            KeyCode::Tab | KeyCode::Enter => {
                accept(state);
                return changed(state);
            }
            _ => return type_key(state, chord),
        }
        return Vec::new();
    }
    type_key(state, chord)
}

/// Pasted text goes in at the cursor and is never run.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    state.editor.end_completion();
    state.editor.buffer_mut().insert(text);
    state.editor.refresh_hints();
    changed(state)
}

fn type_key(state: &mut State, chord: Chord) -> Vec<Effect> {
    let page = state.editor.page;
    let is_other = state.editor.buffer_mut().press(chord, page);
    if !is_other {
        state.editor.end_completion();
        // The cursor may stand in another statement.
        return bill::ask_soon(state).into_iter().collect();
    }
    state.editor.refresh_hints();
    let mut effects = changed(state);
    if state.editor.completion.is_some() {
        complete(state, false);
    } else if chord
        .typed()
        .is_some_and(|c| c.is_alphanumeric() || c == '.' || c == '_')
    {
        state.editor.awaits_completion = true;
        effects.push(Effect::SetTimer(TimerId::Complete, COMPLETE_AFTER));
    }
    effects
}

/// Offers candidates for the word before the cursor. On demand an empty list is said; else only
/// what a person has begun to type is looked up.
pub fn complete(state: &mut State, on_demand: bool) {
    let text = state.editor.buffer().text();
    let offset = crate::sql::statements::offset_of(&text, state.editor.buffer().position());
    let offered = completion::complete(&text, offset, &state.catalogue);
    let nothing_new = match offered.candidates.as_slice() {
        [] => true,
        // The word is already what the only candidate says.
        [only] => !on_demand && text.get(offered.replaces.clone()) == Some(only.text.as_str()),
        _ => false,
    };
    state.editor.completion = if nothing_new {
        if on_demand {
            state.inform("nothing to complete here".to_owned());
        }
        None
    } else {
        // Typing on narrows a list that was asked for; it is still asked for.
        let was_wanted = state
            .editor
            .completion
            .as_ref()
            .is_some_and(|open| open.wanted);
        Some(Completion {
            offered,
            selected: 0,
            wanted: on_demand || was_wanted,
        })
    };
}

fn accept(state: &mut State) {
    let Some(open) = state.editor.completion.take() else {
        return;
    };
    let Some(candidate) = open.offered.candidates.get(open.selected) else {
        return;
    };
    if candidate.kind == CandidateKind::Template {
        let found = state
            .content
            .templates
            .iter()
            .find(|template| template.name == candidate.text);
        if let Some(template) = found.cloned() {
            state
                .editor
                .buffer_mut()
                .replace(open.offered.replaces, &template.sql);
        }
    } else {
        state
            .editor
            .buffer_mut()
            .replace(open.offered.replaces, &candidate.text);
    }
    state.editor.refresh_hints();
}

fn format_statement(state: &mut State) {
    let buffer = state.editor.buffer_mut();
    let Some(statement) = buffer.statement() else {
        return;
    };
    let formatted = crate::sql::format::format(statement.text(&buffer.text()));
    buffer.replace(statement.range, &formatted);
}

fn copy(state: &mut State) -> Vec<Effect> {
    let buffer = state.editor.buffer();
    let picked = buffer
        .selected_text()
        .or_else(|| Some(buffer.statement()?.text(&buffer.text()).to_owned()))
        .filter(|text| !text.is_empty());
    picked.map_or_else(Vec::new, |text| state.copy(text))
}
