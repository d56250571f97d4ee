//! Lists of the case: the cases to choose from, the trail, the pins.

use super::evidence::{annotation, ask_about, take_back_pins};
use super::queries::origin_of;
use super::{Begun, CaseWork, open_or_tell};
use crate::domain::case::{Key, Outcome, PinState, Source, TrailNode};
use crate::store::effect::Effect;
use crate::store::overlay::{Overlay, Picker, Prompt, PromptKind};
use crate::store::results::{LastEnd, Phase, Tab};
use crate::store::screen::Pane;
use crate::store::state::State;

/// Which list is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseList {
    /// The cases.
    Cases,
    /// Which value led to which query.
    Trail,
    /// Rows kept as evidence.
    Pins,
}

/// An open list of the case.
#[derive(Debug, Clone)]
pub struct CaseMenu {
    /// Which.
    pub list: CaseList,
    /// The filter and the chosen line.
    pub picker: Picker,
}

/// What a line stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    New(String),
    Open(String),
    Leave,
    Place(Key),
    Pin(Key),
}

/// A line of a list.
#[derive(Debug, Clone)]
pub struct MenuLine {
    /// What it is.
    pub label: String,
    /// What goes with it.
    pub detail: String,
    target: Target,
}

/// Opens a list.
pub(in crate::store) fn open(state: &mut State, list: CaseList) -> Vec<Effect> {
    if list != CaseList::Cases && open_or_tell(state).is_none() {
        return Vec::new();
    }
    let picker = Picker::default();
    state.overlay = Some(Overlay::Case(CaseMenu { list, picker }));
    match list {
        CaseList::Cases => vec![Effect::Case(CaseWork::List)],
        CaseList::Trail | CaseList::Pins => Vec::new(),
    }
}

/// The lines of a list that pass its filter.
pub fn lines(state: &State, menu: &CaseMenu) -> Vec<MenuLine> {
    let mut all = match menu.list {
        CaseList::Cases => cases(state),
        CaseList::Trail => trail(state),
        CaseList::Pins => pins(state),
    };
    let texts: Vec<String> = all
        .iter()
        .map(|line| format!("{} {}", line.label, line.detail))
        .collect();
    let found = menu.picker.passing(texts.iter().map(String::as_str));
    let mut lines: Vec<MenuLine> = found
        .into_iter()
        .filter_map(|at| all.get_mut(at).cloned())
        .collect();
    let name = menu.picker.input.text().trim();
    if menu.list == CaseList::Cases && !name.is_empty() {
        lines.push(MenuLine {
            label: format!("make a case “{name}”"),
            detail: String::new(),
            target: Target::New(name.to_owned()),
        });
    }
    lines
}

fn cases(state: &State) -> Vec<MenuLine> {
    let zone = state.setting.zone;
    let open = state.case.open.as_ref();
    let mut lines: Vec<MenuLine> = state
        .case
        .known
        .iter()
        .map(|case| {
            let last = case.last.map(|at| {
                let at = at.with_timezone(&zone);
                at.format("%Y-%m-%d %H:%M").to_string()
            });
            let stands = match (open, case.closed) {
                (Some(open), _) if open.id == case.id => "open here · ",
                (_, true) => "closed · ",
                _ => "",
            };
            MenuLine {
                label: case.name.clone(),
                detail: format!(
                    "{stands}{} · {} · {}",
                    count(case.pins, "pin", "pins"),
                    last.unwrap_or_default(),
                    case.id
                ),
                target: Target::Open(case.id.clone()),
            }
        })
        .collect();
    if open.is_some() {
        lines.push(MenuLine {
            label: "work in no case".to_owned(),
            detail: "the journal stays as it is".to_owned(),
            target: Target::Leave,
        });
    }
    lines
}

/// `1 pin`, `4 pins`.
pub(in crate::store) fn count(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// The trail from its roots on, each place before those below it.
fn trail(state: &State) -> Vec<MenuLine> {
    let Some(case) = state.case.open.as_ref() else {
        return Vec::new();
    };
    case.state
        .trail
        .walk()
        .into_iter()
        .map(|(depth, node)| MenuLine {
            label: format!("{}{}", "  ".repeat(depth.min(20)), place_name(node)),
            detail: outcome_told(node),
            target: Target::Place(node.query.clone()),
        })
        .collect()
}

/// What a place of the trail is called.
pub(super) fn place_name(node: &TrailNode) -> String {
    const WIDTH: usize = 48;
    if let Some(name) = &node.name {
        return format!("“{name}”");
    }
    if let Some((from, template)) = &node.pivot {
        return format!("{} → {template}", from.entity.value);
    }
    let words: Vec<&str> = node.sql.split_whitespace().collect();
    words.join(" ").chars().take(WIDTH).collect()
}

/// How a query ended.
pub(super) fn outcome_told(node: &TrailNode) -> String {
    match &node.outcome {
        Some(Outcome::Finished { rows, result, .. }) => {
            let kept = result
                .as_ref()
                .map_or_else(String::new, |result| format!(" · {}", result.name));
            let rows = usize::try_from(*rows).unwrap_or(usize::MAX);
            format!("{}{kept}", count(rows, "row", "rows"))
        }
        Some(Outcome::Failed { message }) => format!("failed: {message}"),
        Some(Outcome::Cancelled) => "stopped".to_owned(),
        None => "runs".to_owned(),
    }
}

fn pins(state: &State) -> Vec<MenuLine> {
    let Some(case) = state.case.open.as_ref() else {
        return Vec::new();
    };
    let zone = state.setting.zone;
    case.state
        .live_pins()
        .map(|pin| {
            let time = pin.pin.event_time.map_or_else(
                || "no time".to_owned(),
                |at| {
                    let at = at.with_timezone(&zone);
                    at.format("%Y-%m-%d %H:%M:%S").to_string()
                },
            );
            MenuLine {
                label: format!("{time}  {}", row_told(pin)),
                detail: annotation(&pin.tags, &pin.note),
                target: Target::Pin(pin.pin.pin.clone()),
            }
        })
        .collect()
}

/// The first values of a pinned row that are short texts: what it is about.
pub(super) fn row_told(pin: &PinState) -> String {
    const VALUES: usize = 4;
    let texts = pin.pin.row.columns.iter().filter_map(|column| {
        let text = column.value.as_str()?;
        (!text.is_empty() && text.len() <= 80).then_some(text)
    });
    texts.take(VALUES).collect::<Vec<_>>().join(" · ")
}

/// Takes the chosen line.
pub(in crate::store) fn choose(state: &mut State, menu: &CaseMenu) -> Vec<Effect> {
    match chosen(state, menu) {
        Some(Target::New(name)) => vec![Effect::Case(CaseWork::New { name })],
        Some(Target::Open(id)) => vec![Effect::Case(CaseWork::Open { id })],
        Some(Target::Leave) => vec![Effect::Case(CaseWork::Leave)],
        Some(Target::Place(key)) => go_to(state, &key),
        Some(Target::Pin(key)) => {
            ask_about(state, vec![key]);
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn chosen(state: &State, menu: &CaseMenu) -> Option<Target> {
    let lines = lines(state, menu);
    let selected = menu.picker.selected.min(lines.len().checked_sub(1)?);
    lines.into_iter().nth(selected).map(|line| line.target)
}

/// The other thing that can be done with the chosen line: a place of the trail is named, a pin's
/// row is shown.
pub(in crate::store) fn choose_other(state: &mut State, menu: &CaseMenu) -> Vec<Effect> {
    match chosen(state, menu) {
        Some(Target::Place(key)) => {
            let case = state.case.open.as_ref();
            let node = case.and_then(|case| case.state.trail.node(&key));
            let name = node.and_then(|(_, node)| node.name.clone());
            state.case.subject = vec![key];
            let prompt = Prompt::new(PromptKind::TrailName, &name.unwrap_or_default());
            state.overlay = Some(Overlay::Prompt(prompt));
            Vec::new()
        }
        Some(Target::Pin(key)) => go_to_row(state, &key),
        _ => {
            state.overlay = Some(Overlay::Case(menu.clone()));
            Vec::new()
        }
    }
}

/// Takes back what the chosen line stands for, where that can be.
pub(in crate::store) fn remove(state: &mut State, menu: &CaseMenu) {
    if let Some(Target::Pin(key)) = chosen(state, menu) {
        take_back_pins(state, vec![key]);
    }
    state.overlay = Some(Overlay::Case(menu.clone()));
}

/// Shows the result of a place of the trail: its tab, or a new one.
fn go_to(state: &mut State, key: &Key) -> Vec<Effect> {
    let now = state.now;
    let Some(case) = state.case.open.as_ref() else {
        return Vec::new();
    };
    let shown = |tab: &Tab| case.key_of(tab.query) == Some(key);
    if let Some(place) = state.results.tabs.iter().position(shown) {
        state.results.current = place;
        state.focus(Pane::Results);
        return state.session_changed();
    }
    let Some((_, node)) = case.state.trail.node(key) else {
        return Vec::new();
    };
    let origin = origin_of(node);
    let begun_at = node.begun.as_ref().map_or(now, |stamp| stamp.at);
    let result = match &node.outcome {
        Some(Outcome::Finished { result, .. }) => result.clone(),
        _ => None,
    };
    let query = state.fresh_query();
    let phase = Phase::NotLoaded(LastEnd::Unknown);
    state.results.push(Tab::new(query, origin, begun_at, phase));
    if let Some(case) = &mut state.case.open {
        let begun = Begun {
            key: key.clone(),
            summary: None,
            ended: true,
        };
        case.queries.insert(query, begun);
    }
    state.focus(Pane::Results);
    let mut effects: Vec<Effect> = result
        .map(|result| Effect::Case(CaseWork::Load { query, result }))
        .into_iter()
        .collect();
    effects.extend(state.session_changed());
    effects
}

/// Shows the row of a pin in its result.
fn go_to_row(state: &mut State, key: &Key) -> Vec<Effect> {
    let case = state.case.open.as_ref();
    let source = case.and_then(|case| Some(case.state.pin(key)?.pin.source.clone()));
    let Some(Source::Run {
        query: Some(query),
        row,
        ..
    }) = source
    else {
        state.inform("the result of this row does not belong to the case".to_owned());
        return Vec::new();
    };
    let effects = go_to(state, &query);
    let page = state.grid_page();
    if let Some(tab) = state.results.tab_mut() {
        let wanted = usize::try_from(row).unwrap_or(0).saturating_sub(1);
        let place = match &tab.order {
            Some(order) => order.iter().position(|row| *row as usize == wanted),
            None => Some(wanted),
        };
        let (rows, columns) = (tab.shown_rows(), tab.columns());
        if let Some(place) = place {
            let step = crate::domain::view::Step::Row(place);
            tab.view.step(step, rows, columns, page);
        }
    }
    effects
}
