//! The strip as wide as the screen, and what the brush over it does.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;

use crate::domain::timeline::{Brush, Strip};
use crate::store::command::Command;
use crate::store::state::State;

/// A half-open range of times: the first inside and the first behind.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// The density strip over what is shown, a bucket a column inside the frame.
pub fn strip(state: &State) -> Option<Strip> {
    let width = usize::from(state.screen.width.saturating_sub(2));
    let dated = state.timeline.outline.dated();
    match &state.timeline.zoom {
        Some(range) => Strip::over(dated, range.clone(), width),
        None => Strip::of(dated, width),
    }
}

/// Sets the brush to the chosen item's bucket, or takes it away.
pub(super) fn toggle(state: &mut State) {
    if state.timeline.brush.take().is_some() {
        return;
    }
    let Some(strip) = strip(state) else {
        state.inform("nothing in the timeline has a time".to_owned());
        return;
    };
    let bucket = state
        .timeline
        .selected_mark()
        .map_or(0, |mark| strip.bucket(mark.at.div_euclid(1_000)));
    state.timeline.brush = Some(Brush::over(&strip, bucket..bucket + 1));
}

/// Moves an edge of the brush, or all of it. Where there is none it begins as the whole strip.
pub(super) fn shift(state: &mut State, command: Command) {
    let Some(strip) = strip(state) else {
        return;
    };
    let whole = Brush::over(&strip, 0..strip.counts().len());
    let brush = state.timeline.brush.unwrap_or(whole);
    state.timeline.brush = Some(match command {
        Command::TimelineFromEarlier => brush.move_left_edge(&strip, -1),
        Command::TimelineFromLater => brush.move_left_edge(&strip, 1),
        Command::TimelineToEarlier => brush.move_right_edge(&strip, -1),
        Command::TimelineToLater => brush.move_right_edge(&strip, 1),
        Command::TimelineEarlier => brush.slide(&strip, -1),
        _ => brush.slide(&strip, 1),
    });
}

/// Shows the brushed part over the whole width, or everything again.
pub(super) fn zoom(state: &mut State) {
    let timeline = &mut state.timeline;
    if timeline.zoom.take().is_some() {
        return;
    }
    let width = i64::from(state.screen.width);
    match timeline.brush.take() {
        // Edges are whole milliseconds: below one a bucket there is nothing to see.
        Some(brush) if brush.to - brush.from >= width => timeline.zoom = Some(brush.from..brush.to),
        Some(brush) => {
            timeline.brush = Some(brush);
            state.inform("it cannot be shown any closer".to_owned());
        }
        None => state.inform("set the brush to what is to be shown closer".to_owned()),
    }
}

/// Lets the brushed time be the range of the next queries, or takes that away again.
pub(super) fn apply(state: &mut State) {
    let span = state.timeline.brush.and_then(Brush::times);
    let told = match &span {
        Some(span) => format!(
            "pivots and saved queries look at {} from now on",
            range_told(span, state.setting.zone)
        ),
        None if state.pivots.range.is_some() => {
            "pivots and saved queries choose their own time again".to_owned()
        }
        None => "set the brush first: it becomes the time range of the next queries".to_owned(),
    };
    state.pivots.range = span;
    state.inform(told);
}

/// A range in words, in a zone: `2026-11-20 12:00:00 to 13:00:00 UTC`.
pub fn range_told(span: &Span, zone: Tz) -> String {
    let (from, to) = (span.0.with_timezone(&zone), span.1.with_timezone(&zone));
    let same_day = from.date_naive() == to.date_naive();
    let end = if same_day {
        "%H:%M:%S %Z"
    } else {
        "%Y-%m-%d %H:%M:%S %Z"
    };
    format!("{} to {}", from.format("%Y-%m-%d %H:%M:%S"), to.format(end))
}

/// A time as a person may type it into a parameter: to the millisecond, in UTC.
pub(in crate::store) fn typed(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
