//! What commands, answers and the case do to the timeline.

use std::path::PathBuf;
use std::sync::Arc;

use super::{TimelineRequest, brush, item};
use crate::domain::format::Format;
use crate::domain::query::QueryId;
use crate::domain::timeline::{Line, Mark, Outline, TimelineItem, time_column};
use crate::store::command::{Command, Context};
use crate::store::effect::{Effect, OrderId, OrderSpec};
use crate::store::overlay::{Overlay, PageContent, Prompt, PromptKind, open_page};
use crate::store::screen::Pane;
use crate::store::state::State;

/// Opens the timeline. What is in it is asked for anew where it has changed.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.overlay = Some(Overlay::Timeline);
    let open: Vec<QueryId> = state.results.tabs.iter().map(|tab| tab.query).collect();
    let wanted = &mut state.timeline.wanted;
    wanted.results.retain(|(query, _)| open.contains(query));
    refresh(state)
}

/// The pins of the open case have changed: here the case hands them over, as
/// [`crate::domain::timeline::items_of`] gives them.
pub fn pins_changed(state: &mut State, pins: Vec<TimelineItem>) -> Vec<Effect> {
    state.timeline.wanted.pins = pins.into();
    if matches!(state.overlay, Some(Overlay::Timeline)) {
        refresh(state)
    } else {
        Vec::new()
    }
}

/// Asks for the outline of what is wanted, unless it is shown or asked for already.
fn refresh(state: &mut State) -> Vec<Effect> {
    let wanted = state.timeline.wanted.clone();
    let under_way = state.timeline.asked.as_ref().map(|(_, request)| request);
    if *under_way.unwrap_or(&state.timeline.shown) == wanted {
        return Vec::new();
    }
    let id = state.fresh_order();
    state.timeline.asked = Some((id, wanted.clone()));
    vec![Effect::Timeline {
        id,
        request: wanted,
    }]
}

/// An outline has come. One that is no longer waited for is dropped.
pub fn answer(state: &mut State, id: OrderId, outline: Arc<Outline>) {
    let timeline = &mut state.timeline;
    let asked = timeline.asked.take_if(|(asked, _)| *asked == id);
    let Some((_, request)) = asked else {
        return;
    };
    let before = timeline.selected_mark().copied();
    let same_runs = runs(&timeline.shown) == runs(&request);
    timeline.shown = request;
    timeline.made = Some(id);
    timeline.outline = outline;
    // Regrouped, the same item stays chosen.
    let place = before.filter(|_| same_runs).and_then(|before| {
        let outline = &timeline.outline;
        outline.lines.iter().position(|line| match line {
            Line::Item(number) => outline.mark(*number) == Some(&before),
            Line::Group(_) | Line::Gap { .. } => false,
        })
    });
    let last = timeline.outline.lines.len().saturating_sub(1);
    timeline.selected = place.unwrap_or(timeline.selected).min(last);
    if !same_runs {
        timeline.zoom = None;
    }
}

fn runs(request: &TimelineRequest) -> (&[TimelineItem], &[(QueryId, String)]) {
    (&request.pins, &request.results)
}

/// Runs a command of the timeline.
pub fn update(state: &mut State, command: Command) -> Vec<Effect> {
    if !matches!(state.overlay, Some(Overlay::Timeline)) {
        return open(state);
    }
    match command {
        Command::TimelineUp => step(state, |at| at.saturating_sub(1)),
        Command::TimelineDown => step(state, |at| at.saturating_add(1)),
        Command::TimelineTop => step(state, |_| 0),
        Command::TimelineBottom => step(state, |_| usize::MAX),
        Command::TimelineNext => to_head(state, true),
        Command::TimelinePrevious => to_head(state, false),
        Command::TimelineGroup => {
            let grouping = &mut state.timeline.wanted.grouping;
            *grouping = grouping.next();
            return refresh(state);
        }
        Command::TimelineResult => return toggle_result(state),
        Command::TimelineBrush => brush::toggle(state),
        Command::TimelineFromEarlier
        | Command::TimelineFromLater
        | Command::TimelineToEarlier
        | Command::TimelineToLater
        | Command::TimelineEarlier
        | Command::TimelineLater => brush::shift(state, command),
        Command::TimelineZoom => brush::zoom(state),
        Command::TimelineApply => brush::apply(state),
        Command::TimelineExport if state.timeline.outline.marks.is_empty() => {
            state.inform("there is nothing in the timeline to write".to_owned());
        }
        Command::TimelineExport => {
            let prompt = Prompt::proposing(PromptKind::ExportTimeline, "timeline.md");
            state.overlay = Some(Overlay::Prompt(prompt));
        }
        Command::TimelineHelp => {
            let contexts = vec![Context::Timeline, Context::Overlay];
            open_page(state, PageContent::Help(contexts));
            state.timeline.under = true;
        }
        _ => {}
    }
    Vec::new()
}

/// Goes to another line.
pub fn step(state: &mut State, to: impl Fn(usize) -> usize) {
    let timeline = &mut state.timeline;
    let last = timeline.outline.lines.len().saturating_sub(1);
    timeline.selected = to(timeline.selected).min(last);
}

/// Goes to the next or the previous head of a group or gap, if there is one.
fn to_head(state: &mut State, forth: bool) {
    let timeline = &mut state.timeline;
    let lines = timeline.outline.lines.iter().enumerate();
    let mut heads = lines
        .filter(|(_, line)| !matches!(line, Line::Item(_)))
        .map(|(place, _)| place);
    let at = timeline.selected;
    let found = if forth {
        heads.find(|place| *place > at)
    } else {
        heads.take_while(|place| *place < at).last()
    };
    timeline.selected = found.unwrap_or(at);
}

/// Puts the whole shown result into the timeline, or takes it out.
fn toggle_result(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        state.inform("no result is open that could be put into the timeline".to_owned());
        return Vec::new();
    };
    let (query, title) = (tab.query, tab.origin.title.clone());
    let results = &state.timeline.wanted.results;
    if let Some(place) = results.iter().position(|(known, _)| *known == query) {
        state.timeline.wanted.results.remove(place);
        state.inform(format!("{title} is taken out of the timeline"));
        return refresh(state);
    }
    let told = match &tab.rows {
        _ if tab.phase.is_running() => Err("still runs: put it in when all its rows are there"),
        None => Err("has no rows that could be put into the timeline"),
        Some(rows) => match time_column(&rows.schema(), rows.columns()) {
            Some(column) => Ok(rows.columns().get(column).map(|c| c.name.clone())),
            None => Err("has no column that tells a time, such as time_dt or time"),
        },
    };
    match told {
        Ok(column) => {
            let column = column.unwrap_or_default();
            let told = format!("{title} is in the timeline, by its column {column}");
            state.timeline.wanted.results.push((query, title));
            state.inform(told);
            refresh(state)
        }
        Err(reason) => {
            state.warn(format!("{title} {reason}"));
            Vec::new()
        }
    }
}

/// Goes to what the chosen line stands for: a row in its result, or a pin in full.
pub fn accept(state: &mut State) -> Vec<Effect> {
    state.overlay = Some(Overlay::Timeline);
    let Some(mark) = state.timeline.selected_mark().copied() else {
        return Vec::new();
    };
    if mark.run == 0 {
        show_pin(state, &mark);
        return Vec::new();
    }
    go_to_row(state, &mark)
}

/// Shows a pin in full. Where the case can show its pins, it takes this over.
fn show_pin(state: &mut State, mark: &Mark) {
    let Some(pin) = item(state, mark) else {
        return;
    };
    let zone = state.setting.zone;
    let time = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(
            || "unknown".to_owned(),
            |time| time.with_timezone(&zone).to_rfc3339(),
        )
    };
    let entity = pin.entity.map_or_else(String::new, |e| e.to_string());
    let text = format!(
        "happened    {}\ndiscovered  {}\nsource      {}\nentity      {entity}\ntags        {}\nstage       {}\nsummary     {}\n\n{}",
        time(pin.event_time),
        time(pin.discovered),
        pin.source,
        pin.tags.join(", "),
        pin.stage.unwrap_or_default(),
        pin.summary,
        pin.note
    );
    let path = pin.place.to_string();
    open_page(state, PageContent::Value { path, text });
    state.timeline.under = true;
}

fn go_to_row(state: &mut State, mark: &Mark) -> Vec<Effect> {
    let results = &state.timeline.shown.results;
    let result = results.get((mark.run as usize).saturating_sub(1));
    let place = result.and_then(|(query, _)| {
        let mut tabs = state.results.tabs.iter();
        tabs.position(|tab| tab.query == *query)
    });
    let Some(place) = place else {
        state.inform("the result of this row was closed".to_owned());
        return Vec::new();
    };
    state.overlay = None;
    state.results.current = place;
    if let Some(tab) = state.results.tab_mut() {
        tab.record = None;
        let row = match &tab.order {
            Some(order) => order.iter().position(|row| *row == mark.row),
            None => Some(mark.row as usize),
        };
        if row.is_none() {
            // A filter hides it: all rows are shown again.
            tab.spec = OrderSpec::default();
            tab.order = None;
            tab.ordering = None;
        }
        tab.view.row = row.unwrap_or(mark.row as usize);
    }
    state.focus(Pane::Results);
    state.session_changed()
}

/// Back from a page or a question that was opened from the timeline.
pub fn close(state: &mut State) {
    state.timeline.under = false;
    state.overlay = Some(Overlay::Timeline);
}

/// Writes the timeline to the file that was named.
pub fn choose_file(state: &mut State, path: &str) -> Vec<Effect> {
    state.overlay = Some(Overlay::Timeline);
    if path.is_empty() {
        return Vec::new();
    }
    let Some(format) = Format::of_file_name(path) else {
        state.warn(format!(
            "the ending of `{path}` names no format: use .md, .csv, .safe.csv, .json, .ndjson, .parquet or .txt"
        ));
        let prompt = Prompt::new(PromptKind::ExportTimeline, path);
        state.overlay = Some(Overlay::Prompt(prompt));
        return Vec::new();
    };
    let id = state.fresh_export();
    state.timeline.exporting = Some(id);
    state.inform(format!("writing {path} …"));
    vec![Effect::ExportTimeline {
        id,
        request: state.timeline.shown.clone(),
        outline: Arc::clone(&state.timeline.outline),
        zone: state.setting.zone,
        format,
        path: PathBuf::from(path),
    }]
}
