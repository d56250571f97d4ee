//! What keys and commands do while an overlay is open.

use super::{
    Overlay, Page, PageContent, Picker, Prompt, PromptKind, QUIET, Question, palette_rows,
};
use crate::domain::format::Format;
use crate::sql::parameters;
use crate::store::case::{self, CaseMenu};
use crate::store::command::{Command, Context};
use crate::store::effect::{Effect, TimerId};
use crate::store::key::Chord;
use crate::store::lineage;
use crate::store::pivot::{self, PivotMenu};
use crate::store::queue::{self, QueueMenu};
use crate::store::results::Origin;
use crate::store::screen::Pane;
use crate::store::state::State;
use crate::store::timeline;

/// Runs a command of the open overlay.
pub fn update(state: &mut State, command: Command) -> Vec<Effect> {
    let page = usize::from(state.screen.height / 2).max(1);
    let down = |by: usize, at: usize| at.saturating_add(by);
    match command {
        Command::OverlayClose => close(state),
        Command::QuestionNo => state.overlay = None,
        Command::QuestionYes if is_deaf(state) => return wait_anew(),
        Command::QuestionYes => {
            if let Some(Overlay::Question(question)) = state.overlay.take() {
                return agreed(state, &question);
            }
        }
        Command::QuestionLetRun if can_let_run(state) => return state.leave_running(),
        Command::OverlayAccept if matches!(state.overlay, Some(Overlay::Page(_))) => {
            close(state);
        }
        Command::OverlayAccept => return accept(state),
        Command::OverlayUp => scroll(state, |at| at.saturating_sub(1)),
        Command::OverlayDown => scroll(state, |at| down(1, at)),
        Command::OverlayPageUp => scroll(state, |at| at.saturating_sub(page)),
        Command::OverlayPageDown => scroll(state, |at| down(page, at)),
        Command::OverlayNextField | Command::OverlayPreviousField => {
            if let Some(Overlay::Case(menu)) = state.overlay.clone() {
                return case::choose_other(state, &menu);
            }
            if matches!(state.overlay, Some(Overlay::Pivot(_))) {
                let wider = command == Command::OverlayNextField;
                pivot::widen(state, if wider { 1 } else { -1 });
            }
            if let Some(Overlay::Mute(form)) = &mut state.overlay {
                let forth = command == Command::OverlayNextField;
                form.step(|at| {
                    if forth {
                        at.saturating_add(1)
                    } else {
                        at.saturating_sub(1)
                    }
                });
            }
            if let Some(Overlay::Form(form)) = &mut state.overlay {
                form.step(if command == Command::OverlayNextField {
                    1
                } else {
                    -1
                });
            }
        }
        Command::OverlayRemove => {
            if let Some(Overlay::Case(menu)) = state.overlay.clone() {
                case::remove(state, &menu);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Closes the overlay: back to the timeline where it was opened from there.
fn close(state: &mut State) {
    if matches!(state.overlay, Some(Overlay::Lineage(_))) {
        lineage::put_away(state);
    } else if is_over_timeline(state) {
        timeline::close(state);
    } else {
        state.overlay = None;
    }
}

/// Whether the timeline lies under what is open.
fn is_over_timeline(state: &State) -> bool {
    match &state.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.kind == PromptKind::ExportTimeline,
        Some(Overlay::Page(_)) => state.timeline.under,
        _ => false,
    }
}

/// Whether what runs goes on without the program.
fn can_let_run(state: &State) -> bool {
    state.setting.on_aws && matches!(state.overlay, Some(Overlay::Question(Question::Leave)))
}

fn is_deaf(state: &State) -> bool {
    matches!(&state.overlay, Some(Overlay::Question(question)) if !question.listens())
}

/// Somebody still types: the question listens once that has ended.
fn wait_anew() -> Vec<Effect> {
    vec![Effect::SetTimer(TimerId::Listen, QUIET)]
}

/// No key has come for a while: the open question listens.
pub fn listen(state: &mut State) {
    if let Some(Overlay::Question(Question::Run { listens, .. })) = &mut state.overlay {
        *listens = true;
    }
}

/// A question was answered by yes.
fn agreed(state: &mut State, question: &Question) -> Vec<Effect> {
    match question {
        Question::Leave => state.leave(),
        Question::Run { query, .. } => lineage::agreed(state, *query)
            .unwrap_or_else(|| crate::store::results::run_agreed(state, *query)),
    }
}

/// A key that is no command edits the overlay's line, if it has one.
pub fn press(state: &mut State, chord: Chord) -> Vec<Effect> {
    if let Some(picker) = picker_of(&mut state.overlay) {
        if picker.input.press(chord) {
            picker.selected = 0;
        }
        return Vec::new();
    }
    let changed = match &mut state.overlay {
        Some(Overlay::Mute(form)) => {
            form.press(chord);
            false
        }
        Some(Overlay::Prompt(prompt)) => prompt.input.press(chord),
        Some(Overlay::Form(form)) => match form.fields.get_mut(form.current) {
            Some(field) => {
                field.error = None;
                field.input.press(chord)
            }
            None => false,
        },
        Some(
            Overlay::Page(_) | Overlay::Coverage(_) | Overlay::Lineage(_) | Overlay::Sources(_),
        ) if chord.typed() == Some('q') => {
            close(state);
            false
        }
        Some(Overlay::Question(question)) if !question.listens() => return wait_anew(),
        _ => false,
    };
    if changed {
        live_filter(state)
    } else {
        Vec::new()
    }
}

/// Pasted text goes into the overlay's line.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if let Some(picker) = picker_of(&mut state.overlay) {
        picker.input.paste(text);
        picker.selected = 0;
    }
    match &mut state.overlay {
        Some(Overlay::Prompt(prompt)) => {
            prompt.input.paste(text);
        }
        Some(Overlay::Form(form)) => {
            if let Some(field) = form.fields.get_mut(form.current) {
                field.error = None;
                field.input.paste(text);
            }
        }
        _ => {}
    }
    live_filter(state)
}

/// The filters of the feed and of the queue act while they are typed.
fn live_filter(state: &mut State) -> Vec<Effect> {
    if let Some(Overlay::Prompt(prompt)) = &state.overlay {
        let (kind, text) = (prompt.kind, prompt.input.text().to_owned());
        match kind {
            PromptKind::FeedFilter => state.feed.set_filter(&text),
            PromptKind::QueueFilter => state.queue.set_filter(&text),
            _ => {}
        }
    }
    Vec::new()
}

/// The list of an overlay that a filter line narrows down.
fn picker_of(overlay: &mut Option<Overlay>) -> Option<&mut Picker> {
    match overlay {
        Some(
            Overlay::Palette(picker)
            | Overlay::Templates(picker)
            | Overlay::Playbooks(picker)
            | Overlay::Pivot(PivotMenu { picker, .. })
            | Overlay::Case(CaseMenu { picker, .. })
            | Overlay::Queue(QueueMenu { picker, .. }),
        ) => Some(picker),
        _ => None,
    }
}

fn scroll(state: &mut State, to: impl Fn(usize) -> usize) {
    let lines = match &state.overlay {
        Some(Overlay::Palette(picker)) => palette_matches(state, picker).len(),
        Some(Overlay::Templates(picker)) => template_matches(state, picker).len(),
        Some(Overlay::Playbooks(picker)) => playbook_matches(state, picker).len(),
        Some(Overlay::Pivot(menu)) => pivot::matches(state, menu).len(),
        Some(Overlay::Case(menu)) => case::lines(state, menu).len(),
        Some(Overlay::Queue(menu)) => queue::lines(state, menu).len(),
        Some(Overlay::Sources(_)) => state.feed.sources.len(),
        _ => usize::MAX,
    };
    if let Some(picker) = picker_of(&mut state.overlay) {
        picker.selected = to(picker.selected).min(lines.saturating_sub(1));
    }
    match &mut state.overlay {
        Some(Overlay::Timeline) => timeline::step(state, to),
        Some(Overlay::Page(page)) => page.top = to(page.top),
        Some(Overlay::Coverage(view)) => view.top = to(view.top),
        Some(Overlay::Lineage(tree)) => tree.step(to),
        Some(Overlay::Mute(form)) => form.step(to),
        Some(Overlay::Sources(page)) => {
            page.selected = to(page.selected).min(lines.saturating_sub(1));
        }
        Some(Overlay::Form(form)) => {
            let last = form.fields.len().saturating_sub(1);
            form.current = to(form.current).min(last);
        }
        _ => {}
    }
}

/// The commands that pass the palette's filter.
pub fn palette_matches(state: &State, picker: &Picker) -> Vec<Command> {
    let rows = palette_rows(&state.pane_contexts());
    let texts: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {}", row.title, row.name))
        .collect();
    let found = picker.matches(texts.iter().map(String::as_str));
    found.into_iter().map(|at| rows[at].command).collect()
}

/// The saved queries that pass the filter, by their number.
pub fn template_matches(state: &State, picker: &Picker) -> Vec<usize> {
    let text = |template: &std::sync::Arc<crate::domain::template::Template>| {
        format!(
            "{} {} {}",
            template.name,
            template.purpose,
            template.tables.join(" ")
        )
    };
    let texts: Vec<String> = state.content.templates.iter().map(text).collect();
    picker.matches(texts.iter().map(String::as_str))
}

/// The playbooks that pass the filter, by their number.
pub fn playbook_matches(state: &State, picker: &Picker) -> Vec<usize> {
    let titles = state
        .content
        .playbooks
        .iter()
        .map(|playbook| playbook.title.as_str());
    picker.matches(titles)
}

fn accept(state: &mut State) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Palette(picker)) => {
            match palette_matches(state, &picker).get(picker.selected) {
                Some(command) => {
                    go_where_it_counts(state, *command);
                    crate::store::run_command(state, *command)
                }
                None => Vec::new(),
            }
        }
        Some(Overlay::Templates(picker)) => {
            match template_matches(state, &picker).get(picker.selected) {
                Some(number) => choose_template(state, *number),
                None => Vec::new(),
            }
        }
        Some(Overlay::Playbooks(picker)) => {
            match playbook_matches(state, &picker).get(picker.selected) {
                Some(number) => {
                    let playbook = state.content.playbooks[*number].clone();
                    state.playbook.open(playbook);
                    state.focus(Pane::Playbook);
                    state.session_changed()
                }
                None => Vec::new(),
            }
        }
        Some(Overlay::Pivot(menu)) => pivot::choose(state, &menu),
        Some(Overlay::Case(menu)) => case::choose(state, &menu),
        Some(Overlay::Queue(menu)) => queue::choose(state, &menu),
        Some(Overlay::Mute(form)) => queue::confirm_mute(state, form),
        Some(Overlay::Timeline) => timeline::accept(state),
        Some(Overlay::Form(form)) => fill_in(state, form),
        Some(Overlay::Prompt(prompt)) => answer(state, &prompt),
        Some(
            Overlay::Page(_)
            | Overlay::Coverage(_)
            | Overlay::Lineage(_)
            | Overlay::Sources(_)
            | Overlay::Question(_),
        )
        | None => Vec::new(),
    }
}

/// A command of another pane is run there.
fn go_where_it_counts(state: &mut State, command: Command) {
    let pane = match command.row().context {
        Context::Feed | Context::Queue => Pane::Feed,
        Context::Editor => Pane::Editor,
        Context::Results | Context::Record => Pane::Results,
        Context::Playbook => Pane::Playbook,
        Context::Global
        | Context::Pane
        | Context::Timeline
        | Context::Overlay
        | Context::Entity
        | Context::Lineage
        | Context::Sources
        | Context::Question => return,
    };
    if pane == Pane::Feed {
        state.queue.shown = command.row().context == Context::Queue;
    }
    if state.screen.focus != pane {
        state.focus(pane);
    }
}

fn choose_template(state: &mut State, number: usize) -> Vec<Effect> {
    let template = state.content.templates[number].clone();
    let suggested = state.suggestions();
    let form = super::Form::new(template, |name, _| {
        suggested.get(name).cloned().unwrap_or_default()
    });
    if form.fields.is_empty() {
        return fill_in(state, form);
    }
    state.overlay = Some(Overlay::Form(form));
    Vec::new()
}

/// Puts the filled-in statement into a buffer of its own and runs it. A value that does not fit
/// keeps the form open, with the reason at its field.
pub fn fill_in(state: &mut State, mut form: super::Form) -> Vec<Effect> {
    let context = parameters::Context {
        zone: state.setting.zone,
        now: state.now,
    };
    let mut first_fault = None;
    for (at, field) in form.fields.iter_mut().enumerate() {
        let value = field.input.text().trim().to_owned();
        if value.is_empty() {
            if field.wants_value {
                field.error = Some(format!("{} needs a value", field.name));
                first_fault.get_or_insert(at);
            }
            continue;
        }
        if let Err(error) = parameters::literal(field.kind, &value, &context) {
            field.error = Some(error.to_string());
            first_fault.get_or_insert(at);
        }
    }
    if let Some(at) = first_fault {
        form.current = at;
        state.overlay = Some(Overlay::Form(form));
        return Vec::new();
    }
    match form.template.fill(&form.values(), &context) {
        Ok(sql) => {
            state.editor.open(Some(&form.template.name), &sql);
            let start = crate::domain::query::TextPosition { line: 1, column: 1 };
            state.run_in_editor(Origin::statement(&form.template.name, &sql), start)
        }
        Err(error) => {
            state.fail(error.to_string());
            Vec::new()
        }
    }
}

fn answer(state: &mut State, prompt: &Prompt) -> Vec<Effect> {
    let text = prompt.input.text().to_owned();
    match prompt.kind {
        PromptKind::FeedFilter => {
            state.feed.set_filter(&text);
            state.session_changed()
        }
        PromptKind::Find => crate::store::results::find(state, &text),
        PromptKind::Filter => crate::store::results::filter(state, &text),
        PromptKind::Export => export(state, text.trim()),
        PromptKind::ExportTimeline => timeline::choose_file(state, text.trim()),
        PromptKind::Note => {
            state.playbook.note(text.trim());
            case::step_noted(state, text.trim());
            state.session_changed()
        }
        PromptKind::QueueFilter => {
            state.queue.set_filter(&text);
            Vec::new()
        }
        PromptKind::QueueAssign => queue::assign_to(state, &text),
        PromptKind::SaveTemplate => save_template(state, text.trim()),
        PromptKind::PinText
        | PromptKind::TrailName
        | PromptKind::CaseNote
        | PromptKind::Decision
        | PromptKind::CaseName
        | PromptKind::CaseClosing => case::answer(state, prompt.kind, &text),
    }
}

fn export(state: &mut State, path: &str) -> Vec<Effect> {
    if path.is_empty() {
        return Vec::new();
    }
    let Some(format) = Format::of_file_name(path) else {
        state.warn(format!(
            "the ending of `{path}` names no format: use .csv, .safe.csv, .json, .ndjson, .parquet, .md or .txt"
        ));
        state.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::Export, path)));
        return Vec::new();
    };
    let id = state.fresh_export();
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let effect = Effect::Export {
        id,
        query: tab.query,
        spec: tab.spec.clone(),
        format,
        path: path.into(),
    };
    state.inform(format!("writing {path} …"));
    vec![effect]
}

fn save_template(state: &mut State, name: &str) -> Vec<Effect> {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(valid) {
        state.warn("a template's name has letters, digits, `-` and `_` only".to_owned());
        state.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::SaveTemplate, name)));
        return Vec::new();
    }
    let buffer = state.editor.buffer();
    let Some(statement) = buffer.statement() else {
        state.warn("there is no statement under the cursor to save".to_owned());
        return Vec::new();
    };
    let text = format!(
        "-- name: {name}\n-- purpose: Saved from the editor.\n{}\n",
        statement.text(&buffer.text())
    );
    vec![Effect::SaveTemplate {
        name: name.to_owned(),
        text,
    }]
}

/// Opens a page.
pub fn open_page(state: &mut State, content: PageContent) {
    state.timeline.under = false;
    state.overlay = Some(Overlay::Page(Page { content, top: 0 }));
}
