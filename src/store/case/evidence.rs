//! Rows kept as evidence: which are marked, pinned, written on, taken back.

use std::collections::{BTreeMap, BTreeSet};

use super::queries::{adopt, engine};
use super::{CaseWork, PinOrder, open_or_tell};
use crate::domain::case::{Key, ObjectRow, Outcome, PinState, Source, What};
use crate::domain::query::QueryId;
use crate::store::overlay::{Overlay, Prompt, PromptKind};
use crate::store::results::{Phase, Tab};
use crate::store::state::State;

/// Rows that are pinned at once, at most: evidence is chosen, whole results are kept anyway.
const MOST_AT_ONCE: usize = 10_000;

/// Marks the selected row, or takes its mark away.
pub(in crate::store) fn mark(state: &mut State) {
    let Some(tab) = state.results.tab_mut() else {
        return;
    };
    if let Some(row) = tab.selected_row()
        && !tab.marked.remove(&row)
    {
        tab.marked.insert(row);
    }
}

/// Marks every row that is shown; takes all marks away where each is marked already.
pub(in crate::store) fn mark_all(state: &mut State) {
    let Some(tab) = state.results.tab_mut() else {
        return;
    };
    let shown = tab.shown_rows();
    if shown > MOST_AT_ONCE {
        state.warn(format!(
            "{shown} rows are too many to be marked at once; filter them to {MOST_AT_ONCE} at most"
        ));
        return;
    }
    let rows: BTreeSet<usize> = (0..shown).filter_map(|place| tab.row_at(place)).collect();
    let count = rows.len();
    if rows.is_subset(&tab.marked) {
        tab.marked.clear();
        state.inform("no row is marked".to_owned());
    } else {
        tab.marked.extend(rows);
        state.inform(format!("{count} rows are marked"));
    }
}

/// The marked rows, or else the selected one.
fn chosen(tab: &Tab) -> Vec<usize> {
    if tab.marked.is_empty() {
        tab.selected_row().into_iter().collect()
    } else {
        tab.marked.iter().copied().collect()
    }
}

/// Keeps the marked rows, or the selected one, as evidence.
pub(in crate::store) fn pin(state: &mut State) {
    if open_or_tell(state).is_none() {
        return;
    }
    let Some(tab) = state.results.tab() else {
        return;
    };
    let query = tab.query;
    let pinned = pinned_rows(state, tab);
    let rows: Vec<usize> = chosen(tab)
        .into_iter()
        .filter(|row| !pinned.contains_key(row))
        .collect();
    let had_rows = tab.selected_row().is_some();
    let places = tab.origin.places.clone();
    if rows.is_empty() {
        let why = if had_rows {
            "what is chosen is pinned already"
        } else {
            "there is no row to be pinned"
        };
        state.inform(why.to_owned());
        return;
    }
    let Some(key) = adopt(state, query) else {
        return;
    };
    let Some(source) = source(state, query, key) else {
        return;
    };
    let (now, count) = (state.now, rows.len());
    let Some(case) = &mut state.case.open else {
        return;
    };
    let rows: Vec<(usize, Key)> = rows
        .into_iter()
        .map(|row| (row, case.fresh_key('p')))
        .collect();
    let object = |(row, _): &(usize, Key)| Some((*row, places.at(*row)?));
    let objects = rows.iter().filter_map(object).collect();
    case.work.push(CaseWork::Pin(PinOrder {
        query,
        rows,
        source,
        objects,
        at: now,
    }));
    if let Some(tab) = state.results.by_query(query) {
        tab.marked.clear();
    }
    let write = state
        .setting
        .keymap
        .label(crate::store::command::Command::ResultsAnnotate);
    let write = write.map_or_else(String::new, |key| format!("; {key} writes tags and a note"));
    let what = if count == 1 {
        "the row is".to_owned()
    } else {
        format!("{count} rows are")
    };
    state.inform(format!("{what} kept as evidence{write}"));
}

/// Where the rows of a run came from.
fn source(state: &State, query: QueryId, key: Key) -> Option<Source> {
    let tab = state.results.tabs.iter().find(|tab| tab.query == query)?;
    let case = state.case.open.as_ref()?;
    let execution_id = match &tab.phase {
        Phase::Finished(summary) => summary.execution.as_ref().map(|run| run.id.clone()),
        _ => None,
    };
    let result = case
        .state
        .trail
        .node(&key)
        .and_then(|(_, node)| match node.outcome.as_ref()? {
            Outcome::Finished { result, .. } => result.clone(),
            Outcome::Failed { .. } | Outcome::Cancelled => None,
        });
    // Until all rows are there it is not said which state of the object they were read of.
    let object = match &tab.phase {
        Phase::Finished(_) => tab.origin.object.as_ref(),
        _ => None,
    };
    let object = object.map(|object| Box::new(ObjectRow::of(object, 0)));
    Some(Source::Run {
        query: Some(key),
        sql: tab.origin.sql.clone(),
        parameters: tab.origin.parameters.clone(),
        engine: engine(&tab.origin, &state.setting),
        profile: state
            .setting
            .on_aws
            .then(|| state.setting.lake_name.clone()),
        execution_id,
        result,
        row: 0,
        object,
    })
}

/// The pins of a tab's rows, by the rows' numbers in the result.
pub fn pinned_rows<'a>(state: &'a State, tab: &Tab) -> BTreeMap<usize, &'a PinState> {
    let Some(case) = state.case.open() else {
        return BTreeMap::new();
    };
    let Some(key) = case.key_of(tab.query) else {
        return BTreeMap::new();
    };
    let of_tab = |pin: &'a PinState| match &pin.pin.source {
        Source::Run {
            query: Some(query),
            row,
            ..
        } if query == key => {
            let row = usize::try_from(*row).ok()?.checked_sub(1)?;
            Some((row, pin))
        }
        _ => None,
    };
    case.state.live_pins().filter_map(of_tab).collect()
}

/// The rows of a tab that stand out: marked, or kept as evidence.
pub fn marked_rows(state: &State, tab: &Tab) -> BTreeSet<usize> {
    let pinned = pinned_rows(state, tab);
    pinned
        .into_keys()
        .chain(tab.marked.iter().copied())
        .collect()
}

/// The pins of the chosen rows.
fn chosen_pins(state: &State) -> Vec<Key> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let pinned = pinned_rows(state, tab);
    let rows = chosen(tab);
    rows.iter()
        .filter_map(|row| pinned.get(row))
        .map(|pin| pin.pin.pin.clone())
        .collect()
}

/// Takes the pins of the marked rows, or of the selected one, back.
pub(in crate::store) fn take_back(state: &mut State) {
    if open_or_tell(state).is_none() {
        return;
    }
    let pins = chosen_pins(state);
    take_back_pins(state, pins);
    if let Some(tab) = state.results.tab_mut() {
        tab.marked.clear();
    }
}

/// Takes pins back; they stay in the journal.
pub(super) fn take_back_pins(state: &mut State, pins: Vec<Key>) {
    let (now, count) = (state.now, pins.len());
    let Some(case) = &mut state.case.open else {
        return;
    };
    for pin in pins {
        let reason = String::new();
        case.note(now, What::Unpinned { pin, reason });
    }
    state.inform(match count {
        0 => "no chosen row is kept as evidence".to_owned(),
        1 => "taken back; the journal keeps that it was pinned".to_owned(),
        count => format!("{count} pins taken back; the journal keeps that they were there"),
    });
}

/// Asks for tags and a note on the pins of the chosen rows.
pub(in crate::store) fn annotate(state: &mut State) {
    if open_or_tell(state).is_none() {
        return;
    }
    let pins = chosen_pins(state);
    if pins.is_empty() {
        state.inform("no chosen row is kept as evidence".to_owned());
        return;
    }
    ask_about(state, pins);
}

/// Asks for tags and a note on pins; those of the first are offered.
pub(super) fn ask_about(state: &mut State, pins: Vec<Key>) {
    let case = state.case.open.as_ref();
    let first = pins.first().and_then(|key| case?.state.pin(key));
    let text = first.map_or_else(String::new, |pin| annotation(&pin.tags, &pin.note));
    state.case.subject = pins;
    state.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::PinText, &text)));
}

/// Tags and note as one line.
pub(super) fn annotation(tags: &[String], note: &str) -> String {
    let mut words: Vec<String> = tags.iter().map(|tag| format!("#{tag}")).collect();
    if !note.is_empty() {
        words.push(note.to_owned());
    }
    words.join(" ")
}

/// One line as tags, which begin with `#`, and the note that the other words make.
pub(super) fn read_annotation(text: &str) -> (Vec<String>, String) {
    let mut tags = Vec::new();
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        match word.strip_prefix('#').filter(|tag| !tag.is_empty()) {
            Some(tag) if !tags.iter().any(|known| known == tag) => tags.push(tag.to_owned()),
            Some(_) => {}
            None => words.push(word),
        }
    }
    (tags, words.join(" "))
}

/// The prompt's answer: tags and a note for the pins that it asked about.
pub(super) fn write(state: &mut State, text: &str) {
    let (now, pins) = (state.now, std::mem::take(&mut state.case.subject));
    let Some(case) = &mut state.case.open else {
        return;
    };
    let (tags, note) = read_annotation(text);
    for pin in pins {
        let annotated = What::Annotated {
            pin,
            tags: Some(tags.clone()),
            note: Some(note.clone()),
        };
        case.note(now, annotated);
    }
}
