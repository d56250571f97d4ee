//! What the playbook's commands do.

use super::super::command::Command;
use super::super::content::Content;
use super::super::effect::Effect;
use super::super::overlay::{Overlay, PageContent, Picker, Prompt, PromptKind, open_page};
use super::super::screen::Pane;
use super::super::state::State;

/// Runs a command of the playbook.
pub fn update(state: &mut State, command: Command) -> Vec<Effect> {
    let page = state.layout.inner_height(Pane::Playbook).max(2) / 2;
    let now = state.now;
    let pane = &mut state.playbook;
    match command {
        Command::PlaybookUp => pane.select(pane.selected.saturating_sub(1)),
        Command::PlaybookDown => pane.select(pane.selected + 1),
        Command::PlaybookPageUp => pane.select(pane.selected.saturating_sub(page)),
        Command::PlaybookPageDown => pane.select(pane.selected + page),
        Command::PlaybookTop => pane.select(0),
        Command::PlaybookBottom => pane.select(usize::MAX),
        Command::PlaybookNextOpen => pane.to_next_open(),
        Command::PlaybookFold => pane.fold(),
        Command::PlaybookTick if pane.toggle(now) => {
            crate::store::case::step_ticked(state);
            return state.session_changed();
        }
        Command::PlaybookNote if pane.step().is_some() => {
            let text = pane.note_text().unwrap_or_default().to_owned();
            state.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::Note, &text)));
        }
        Command::PlaybookSql => return sql_to_editor(state),
        Command::PlaybookCopy => return copy(state),
        Command::PlaybookChoose => state.overlay = Some(Overlay::Playbooks(Picker::default())),
        _ => {}
    }
    Vec::new()
}

fn sql_to_editor(state: &mut State) -> Vec<Effect> {
    let Some(block) = state.playbook.sql() else {
        state.inform("this step has no SQL; `sql` marks those that have".to_owned());
        return Vec::new();
    };
    let (text, blanks) = (block.text.clone(), block.placeholders.len());
    state.editor.open(Some("step"), text.trim_end());
    state.focus(Pane::Editor);
    if blanks > 0 && state.editor.buffer_mut().select_next_placeholder() {
        let noun = if blanks == 1 {
            "placeholder"
        } else {
            "placeholders"
        };
        let next = state.setting.keymap.label(Command::EditorNextPlaceholder);
        let next = next.map_or_else(String::new, |key| format!("; {key} goes to the next"));
        state.inform(format!("fill in {blanks} {noun} before you run it{next}"));
    }
    state.session_changed()
}

fn copy(state: &mut State) -> Vec<Effect> {
    let Some(step) = state.playbook.step() else {
        return Vec::new();
    };
    let block = step.blocks().next();
    let text = block
        .map_or(&step.text, |block| &block.text)
        .trim_end()
        .to_owned();
    state.copy(text)
}

/// Saved queries and playbooks have been read.
pub fn content_read(state: &mut State, content: Content) -> Vec<Effect> {
    state.playbook.choose_from(&content.playbooks);
    let faults = content.problems.len();
    state.content = content;
    if faults > 0 {
        open_page(state, PageContent::Problems);
    }
    Vec::new()
}
