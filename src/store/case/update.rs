//! What the case's commands, prompts and news do.

use std::path::Path;

use super::evidence::write;
use super::menu::{self, CaseList};
use super::queries::{entity_ref, reunite};
use super::{CaseNews, CaseWork, OpenCase, OpenedCase, Wanted, note, open_or_tell};
use crate::domain::case::{About, Happening, Key, Sealed, What};
use crate::domain::entity::Entity;
use crate::domain::format::Format;
use crate::domain::query::QueryId;
use crate::domain::timeline::items_of;
use crate::store::command::Command;
use crate::store::effect::Effect;
use crate::store::overlay::{Overlay, PageContent, Prompt, PromptKind, open_page};
use crate::store::state::State;
use crate::store::timeline::pins_changed;

/// Runs a command of the case.
pub(in crate::store) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let prompt = match command {
        Command::CaseChoose => return menu::open(state, CaseList::Cases),
        Command::CaseTrail => return menu::open(state, CaseList::Trail),
        Command::CasePins => return menu::open(state, CaseList::Pins),
        Command::CasePage => {
            if open_or_tell(state).is_some() {
                open_page(state, PageContent::Case);
            }
            return Vec::new();
        }
        Command::CaseNote => {
            state.case.note_from = None;
            PromptKind::CaseNote
        }
        Command::CaseDecide => PromptKind::Decision,
        Command::CaseRename => PromptKind::CaseName,
        Command::CaseClose => {
            let closed = open_or_tell(state).map(|case| case.state.closed.is_some());
            if closed == Some(true) {
                note(state, What::Reopened {});
                state.inform("the case is open again".to_owned());
                return Vec::new();
            }
            PromptKind::CaseClosing
        }
        _ => return Vec::new(),
    };
    let Some(case) = open_or_tell(state) else {
        return Vec::new();
    };
    let text = match prompt {
        PromptKind::CaseName => case.state.name.clone(),
        _ => String::new(),
    };
    state.overlay = Some(Overlay::Prompt(Prompt::new(prompt, &text)));
    Vec::new()
}

/// A prompt of the case was answered.
pub(in crate::store) fn answer(state: &mut State, kind: PromptKind, text: &str) -> Vec<Effect> {
    let text = text.trim();
    // An empty name or note takes what is there away; anything else needs words.
    let may_be_empty = matches!(
        kind,
        PromptKind::PinText | PromptKind::TrailName | PromptKind::CaseClosing
    );
    if text.is_empty() && !may_be_empty {
        return Vec::new();
    }
    match kind {
        PromptKind::PinText => write(state, text),
        PromptKind::TrailName => {
            for query in std::mem::take(&mut state.case.subject) {
                let name = text.to_owned();
                note(state, What::TrailNamed { query, name });
            }
            return menu::open(state, CaseList::Trail);
        }
        PromptKind::CaseNote => {
            let page = state.case.note_from.take();
            let about = page.as_ref().map(|page| About::Entity {
                entity: entity_ref(&page.found.entity),
            });
            let Some(case) = &mut state.case.open else {
                return Vec::new();
            };
            let key = case.fresh_key('n');
            let noted = What::Noted {
                note: key,
                about: about.unwrap_or(About::Case),
                text: text.to_owned(),
            };
            note(state, noted);
            state.inform("noted in the case".to_owned());
            if let Some(page) = page {
                open_page(state, PageContent::Entity(page));
            }
        }
        PromptKind::Decision => {
            let (decision, reason) = read_decision(text);
            note(state, What::Decided { decision, reason });
            state.inform("the decision is noted in the case".to_owned());
        }
        PromptKind::CaseName => {
            let name = text.to_owned();
            note(state, What::Renamed { name });
        }
        PromptKind::CaseClosing => {
            let reason = text.to_owned();
            note(state, What::Closed { reason });
            state.inform("the case is closed; its journal stays".to_owned());
        }
        _ => {}
    }
    Vec::new()
}

/// `isolate the host because it beacons` as what and why.
fn read_decision(text: &str) -> (String, String) {
    let parts = text.split_once(" because ");
    let (decision, reason) = parts.unwrap_or((text, ""));
    (decision.trim().to_owned(), reason.trim().to_owned())
}

/// A case has something to tell.
pub(in crate::store) fn news(state: &mut State, news: CaseNews) -> Vec<Effect> {
    match news {
        CaseNews::Listed(cases) => state.case.known = cases,
        CaseNews::Opened(opened) => return take(state, *opened),
        CaseNews::NotOpened(reason) => state.fail(reason),
        CaseNews::Left => {
            state.case.open = None;
            state.playbook.leave_case();
            state.inform("no case is open".to_owned());
            let mut effects = pins_changed(state, Vec::new());
            effects.push(state.save_session());
            return effects;
        }
        CaseNews::Written(entries) => {
            if let Some(case) = &mut state.case.open {
                case.waiting = case.waiting.saturating_sub(1);
                for sealed in &entries {
                    case.state.apply(sealed);
                }
                if entries.iter().any(is_of_the_timeline) {
                    let items = items_of(&case.state);
                    return pins_changed(state, items);
                }
            }
        }
        CaseNews::NotWritten(reason) => {
            if let Some(case) = &mut state.case.open {
                case.waiting = case.waiting.saturating_sub(1);
            }
            state.fail(reason);
        }
    }
    Vec::new()
}

/// A case was opened: the console works in it from now on.
fn take(state: &mut State, opened: OpenedCase) -> Vec<Effect> {
    let name = opened.state.name.clone();
    let closed = opened.state.closed.is_some();
    state.playbook.enter_case(&opened.state);
    state.case.open = Some(OpenCase {
        id: opened.id,
        state: opened.state,
        waiting: 0,
        session: opened.session,
        next: 0,
        queries: std::collections::HashMap::new(),
        work: Vec::new(),
    });
    let id = state.case.open.as_ref().map(|case| case.id.clone());
    match state.case.wanted.take() {
        Some(wanted) if Some(&wanted.id) == id.as_ref() => {
            reunite(state, wanted.keys, &opened.analyst);
        }
        _ if closed => {
            state.warn(format!(
                "the case “{name}” is closed: what is done in it is noted all the same"
            ));
        }
        _ => state.inform(format!("working in the case “{name}”")),
    }
    crate::store::queue::case_opened(state);
    let items = state.case.open.as_ref().map(|case| items_of(&case.state));
    let mut effects = pins_changed(state, items.unwrap_or_default());
    // The next start has to know it, however soon this one ends.
    effects.push(state.save_session());
    effects
}

/// The open case is told of what came from the queue.
pub(in crate::store) fn note_from_queue(state: &mut State, about: Option<&Entity>, text: &str) {
    let about = about.map(|entity| About::Entity {
        entity: entity_ref(entity),
    });
    let Some(case) = &mut state.case.open else {
        return;
    };
    let note_key = case.fresh_key('n');
    let noted = What::Noted {
        note: note_key,
        about: about.unwrap_or(About::Case),
        text: text.to_owned(),
    };
    note(state, noted);
}

/// Whether an entry changes what the timeline shows of the case.
fn is_of_the_timeline(sealed: &Sealed) -> bool {
    matches!(
        &sealed.entry().what,
        Happening::Known(
            What::Pinned(_) | What::Unpinned { .. } | What::Annotated { .. } | What::Judged { .. }
        )
    )
}

/// The last session had a case open: it is opened again.
pub(in crate::store) fn restore(
    state: &mut State,
    id: String,
    keys: Vec<(QueryId, Key)>,
) -> Effect {
    let work = CaseWork::Open { id: id.clone() };
    state.case.wanted = Some(Wanted { id, keys });
    Effect::Case(work)
}

/// A step was ticked, or its tick taken away.
pub(in crate::store) fn step_ticked(state: &mut State) {
    let pane = &state.playbook;
    let Some((file, step)) = pane.file().zip(pane.step()) else {
        return;
    };
    let ticked = What::StepTicked {
        playbook: file.to_owned(),
        step: step.id.0.clone(),
        done: pane.is_ticked(step),
    };
    keep_playbook(state);
    note(state, ticked);
}

/// A step's note was written.
pub(in crate::store) fn step_noted(state: &mut State, text: &str) {
    let pane = &state.playbook;
    let Some((file, step)) = pane.file().zip(pane.step()) else {
        return;
    };
    let noted = What::StepNoted {
        playbook: file.to_owned(),
        step: step.id.0.clone(),
        text: text.to_owned(),
    };
    keep_playbook(state);
    note(state, noted);
}

/// The text of the open playbook goes into the case with the first thing that is done in it.
fn keep_playbook(state: &mut State) {
    let Some(playbook) = state.playbook.playbook() else {
        return;
    };
    let (file, text) = (playbook.file_name.clone(), playbook.source.clone());
    let at = state.now;
    if let Some(case) = &mut state.case.open
        && !case.state.playbooks.contains_key(&file)
    {
        case.work.push(CaseWork::KeepPlaybook { file, text, at });
    }
}

/// A file was written.
pub(in crate::store) fn note_export(
    state: &mut State,
    subject: &'static str,
    path: &Path,
    rows: u64,
) {
    let at = state.now;
    let Some(case) = &mut state.case.open else {
        return;
    };
    let name = path.to_string_lossy();
    let format = Format::of_file_name(&name).map(|format| format.name().to_owned());
    case.work.push(CaseWork::NoteExport {
        subject,
        path: path.to_owned(),
        format: format.unwrap_or_default(),
        rows,
        at,
    });
}
