//! The timeline as a page of its own:
//!
//! ```text
//! ┌ Timeline, 1,204 events by entity ───────────────── 1 pin · 1 result ┐
//! │      ▁▂█▄      ▁                          ▁▁▃                      │  strip, the brush on it
//! │2026-11-20 12:00:00        brush: 3 from … to …   2026-11-22 07:10:00│  its first and last time
//! │ TIME UTC             DISCOVERED  SOURCE  ENTITY   TAGS  SUMMARY     │
//! │ 2026-11-20 12:00:04  11-22 09:30 VPC_FLOW ip 19…  loud  …           │
//! │   14 h 03 m without an event                                        │
//! └─────────────────────────────────────────────────────── ▼ 9 more ────┘
//! ```

mod list;

use chrono_tz::Tz;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::timeline::{Brush, Grouping, Strip, span_told, time_of};
use crate::store::State;
use crate::store::command::Command;
use crate::store::timeline::{range_told, strip};
use crate::ui::paint::{Pen, fill, foot, frame, more, placeholder};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

pub(in crate::ui) use list::TimelineMemo;
use list::Widths;

/// The steps of a bucket, from nothing to a full cell.
const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Steps of one row of the strip.
const STEPS: u8 = 8;

/// Screens of this many rows have room for a higher strip.
const TALL: u16 = 32;

/// Draws the page. It has no text cursor.
pub(in crate::ui) fn draw(
    state: &State,
    memo: &mut TimelineMemo,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let screen = *buffer.area();
    let area = overlay_area(buffer, theme, screen.width, screen.height);
    let inner = frame(buffer, theme, area, true, &title(state), &contents(state));
    let outline = &state.timeline.outline;
    if outline.marks.is_empty() {
        placeholder(buffer, theme, inner, &empty(state));
        return None;
    }
    let rows = if screen.height >= TALL { 3 } else { 1 };
    let mut below = inner;
    if let Some(strip) = strip(state) {
        let (top, rest) = split(inner, rows);
        draw_strip(state, &strip, theme, top, buffer);
        let (axis, rest) = split(rest, 1);
        draw_axis(state, &strip, theme, axis, buffer);
        below = rest;
    }
    let (head, list) = split(below, 1);
    let widths = Widths::of(list.width);
    list::draw_head(state, &widths, theme, head, buffer);
    let height = usize::from(list.height);
    let lines = &outline.lines;
    let top = state.timeline.selected.saturating_sub(height / 2);
    let top = top.min(lines.len().saturating_sub(height));
    let left = lines.len().saturating_sub(top + height);
    foot(
        buffer,
        theme,
        area,
        (&told(state), Role::Dim),
        &more(top, left),
    );
    let seen = lines.get(top..lines.len() - left).unwrap_or_default();
    memo.read(state, seen);
    for (row, (number, line)) in (0..list.height).zip((top..).zip(seen)) {
        let mut pen = Pen::new(buffer, theme, list, row);
        list::draw_line(state, memo, line, &widths, theme, &mut pen);
        if number == state.timeline.selected {
            let (_, rest) = split(list, row);
            let (line, _) = split(rest, 1);
            fill(buffer, line, theme.style(Role::Cursor));
        }
    }
    None
}

/// The first rows of an area, and the others.
fn split(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let first = Rect {
        height: rows,
        ..area
    };
    let rest = Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    };
    (first, rest)
}

fn title(state: &State) -> String {
    let outline = &state.timeline.outline;
    let count = group_digits(outline.marks.len() as u64);
    let noun = if outline.marks.len() == 1 {
        "event"
    } else {
        "events"
    };
    match state.timeline.shown.grouping {
        _ if outline.marks.is_empty() => "Timeline".to_owned(),
        Grouping::None => format!("Timeline, {count} {noun}"),
        grouping => format!("Timeline, {count} {noun} by {}", grouping.name()),
    }
}

/// What is in it, or that it is being made.
fn contents(state: &State) -> String {
    if state.timeline.asked.is_some() {
        return "merging …".to_owned();
    }
    let shown = &state.timeline.shown;
    let some = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{} {many}", group_digits(count as u64))),
    };
    let parts = [
        some(shown.pins.len(), "pin", "pins"),
        some(shown.results.len(), "whole result", "whole results"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn empty(state: &State) -> Vec<String> {
    if state.timeline.asked.is_some() {
        return vec!["merging …".to_owned()];
    }
    let key = |command| state.setting.keymap.label(command).unwrap_or_default();
    vec![
        "Nothing is pinned, and no result is in the timeline.".to_owned(),
        format!(
            "{} puts the whole shown result into it; pinned rows are in it by themselves.",
            key(Command::TimelineResult)
        ),
    ]
}

/// What is told at the lower edge: the gap rule in force, and what has no time.
fn told(state: &State) -> String {
    let outline = &state.timeline.outline;
    let undated = outline.marks.len().saturating_sub(outline.dated);
    let mut told = match outline.groups.as_slice() {
        [] => format!("gaps over {} are marked", span_told(outline.threshold)),
        _ => "long gaps of a group are marked".to_owned(),
    };
    if undated > 0 {
        told += &format!(
            " · {} without a time, at the end",
            group_digits(undated as u64)
        );
    }
    told
}

/// The strip, from its highest row down; a bucket a column.
fn draw_strip(state: &State, strip: &Strip, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let rows = u8::try_from(area.height).unwrap_or(1);
    let levels = strip.levels(STEPS.saturating_mul(rows));
    for row in 0..area.height {
        // Steps below this row.
        let under = STEPS.saturating_mul(rows.saturating_sub(1).saturating_sub(row as u8));
        let mut pen = Pen::new(buffer, theme, area, row);
        for level in &levels {
            let step = level.saturating_sub(under).min(STEPS);
            pen.role(
                BLOCKS.get(usize::from(step)).copied().unwrap_or(" "),
                Role::Number,
            );
        }
    }
    if let Some(brush) = state.timeline.brush.and_then(|brush| brushed(brush, strip)) {
        let column = |bucket: usize| u16::try_from(bucket).unwrap_or(u16::MAX).min(area.width);
        let place = Rect {
            x: area.x.saturating_add(column(brush.start)),
            width: column(brush.end).saturating_sub(column(brush.start)),
            ..area
        };
        fill(buffer, place, theme.style(Role::Match));
    }
}

/// The buckets under the brush; `None` where it lies beside what the strip shows.
fn brushed(brush: Brush, strip: &Strip) -> Option<std::ops::Range<usize>> {
    let shown = strip.range();
    (brush.from < shown.end && brush.to > shown.start).then(|| brush.buckets(strip))
}

fn draw_axis(state: &State, strip: &Strip, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let zone = state.setting.zone;
    let edge = |milliseconds: i64| full_time(milliseconds.saturating_mul(1_000), zone);
    let range = strip.range();
    let (first, last) = (edge(range.start), edge(range.end));
    let middle = match state.timeline.brush {
        Some(brush) => {
            let count = state.timeline.outline.within(brush.from, brush.to);
            let range = brush.times().map(|range| range_told(&range, zone));
            format!(
                "{}: {}",
                group_digits(count as u64),
                range.unwrap_or_default()
            )
        }
        None if state.timeline.zoom.is_some() => "closer".to_owned(),
        None => String::new(),
    };
    let width = |text: &str| u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
    let ends = width(&first) + width(&last) + width(&middle) + 4;
    let mut pen = Pen::new(buffer, theme, area, 0);
    if state.timeline.brush.is_some() && ends > area.width {
        // Where room is short, the brush is what counts.
        pen.role(&middle, Role::Time);
        return;
    }
    pen.role(&first, Role::Dim);
    let gap = area.width.saturating_sub(ends - 4) / 2;
    pen.skip(gap).role(&middle, Role::Time);
    pen.skip_to_right(width(&last)).role(&last, Role::Dim);
}

/// A moment in the shown zone, to the second.
fn full_time(moment: i64, zone: Tz) -> String {
    short_time(moment, zone, "%Y-%m-%d %H:%M:%S")
}

fn short_time(moment: i64, zone: Tz, form: &str) -> String {
    time_of(moment).map_or_else(
        || "no time".to_owned(),
        |time| time.with_timezone(&zone).format(form).to_string(),
    )
}
