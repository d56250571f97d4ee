//! What the lake covers: a strip of shades for each source, account and Region, with gaps named.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::coverage::{Coverage, Gap, Series, Shade, Stretch, Strip};
use crate::store::State;
use crate::store::command::Command;
use crate::store::coverage::{CoverageView, Known};
use crate::ui::paint::{Pen, foot, frame, more, placeholder};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// The most columns that labels take of a screen.
const LABELS: [usize; 3] = [18, 12, 14];

/// The fewest cells of a strip.
const FEWEST_CELLS: usize = 12;

/// The sign of a cell that lies in a named gap.
const GAP: &str = "×";

/// A line of the page.
enum Line<'a> {
    Series(&'a Stretch, &'a Series),
    Gap(&'a Gap),
    Text(String, Role),
}

/// Draws the page. It never has a text cursor.
pub(super) fn draw(
    state: &State,
    view: &CoverageView,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let screen = *buffer.area();
    let area = overlay_area(buffer, theme, screen.width, screen.height);
    let key = state.setting.keymap.label(Command::OverlayClose);
    let closes = key.map_or_else(String::new, |key| format!("{key} closes"));
    let inner = frame(buffer, theme, area, true, "Coverage", &closes);
    let unknown = match &view.known {
        Known::Asked => "reading what the objects tell …".to_owned(),
        Known::Unknown(reason) => reason.clone(),
        Known::Read(coverage) => {
            shown(state, view.top, coverage, theme, area, inner, buffer);
            return None;
        }
    };
    placeholder(buffer, theme, inner, &[unknown]);
    None
}

fn shown(
    state: &State,
    top: usize,
    coverage: &Coverage,
    theme: &Theme,
    area: Rect,
    inner: Rect,
    buffer: &mut Buffer,
) {
    let widths = label_widths(coverage);
    let labels: usize = widths.iter().map(|width| width + 1).sum();
    let room = usize::from(inner.width).saturating_sub(labels + 2);
    let Some(strip) = Strip::of(coverage, room.max(FEWEST_CELLS)) else {
        let text = "no object tells a time".to_owned();
        return placeholder(buffer, theme, inner, &[text]);
    };
    let gaps = coverage.gaps();
    let lines = lines(coverage, &gaps);
    heading(state, &strip, labels, theme, inner, buffer);
    let rows = usize::from(inner.height.saturating_sub(2));
    let top = top.min(lines.len().saturating_sub(rows));
    let below = lines.len().saturating_sub(top + rows);
    let hours = strip.step.hours;
    let plural = if hours == 1 { "" } else { "s" };
    let source = if coverage.is_complete() {
        ""
    } else {
        " · only what notifications told"
    };
    let step = format!("a sign is {hours} hour{plural}{source}");
    foot(buffer, theme, area, (&step, Role::Dim), &more(top, below));
    for (row, line) in (2..inner.height).zip(lines.iter().skip(top)) {
        let mut pen = Pen::new(buffer, theme, inner, row);
        pen.skip(1);
        match line {
            Line::Series(stretch, series) => {
                label(&mut pen, stretch, &widths, theme, Role::Text);
                cells(&mut pen, stretch, series, &strip, &gaps);
            }
            Line::Gap(gap) => {
                label(&mut pen, &gap.stretch, &widths, theme, Role::Dim);
                pen.role(&gap_told(state, gap), Role::Warn);
            }
            Line::Text(text, role) => {
                pen.role(text, *role);
            }
        }
    }
}

fn lines<'a>(coverage: &'a Coverage, gaps: &'a [Gap]) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = coverage
        .series()
        .map(|(stretch, series)| Line::Series(stretch, series))
        .collect();
    lines.push(Line::Text(String::new(), Role::Dim));
    let title = match gaps.len() {
        0 => "no gap: every pause is a usual one".to_owned(),
        1 => "1 gap, longer than pauses usually are there".to_owned(),
        count => format!(
            "{} gaps, longer than pauses usually are there",
            group_digits(count as u64)
        ),
    };
    lines.push(Line::Text(title, Role::Header));
    lines.extend(gaps.iter().map(Line::Gap));
    lines.push(Line::Text(String::new(), Role::Dim));
    lines.push(Line::Text("signs".to_owned(), Role::Header));
    let told = |shade: Shade| Line::Text(format!("{} {}", shade.sign(), shade.told()), role(shade));
    lines.extend(Shade::ALL.map(told));
    let gap = format!("{GAP} no object, and that is unusual: a gap");
    lines.push(Line::Text(gap, Role::Error));
    lines
}

fn label_widths(coverage: &Coverage) -> [usize; 3] {
    let mut widths = [6, 7, 6];
    for (stretch, _) in coverage.series() {
        let parts = [&stretch.source, &stretch.account, &stretch.region];
        for ((width, part), most) in widths.iter_mut().zip(parts).zip(LABELS) {
            *width = (*width).max(part.chars().count()).min(most);
        }
    }
    widths
}

fn label(pen: &mut Pen<'_>, stretch: &Stretch, widths: &[usize; 3], theme: &Theme, role: Role) {
    let parts = [&stretch.source, &stretch.account, &stretch.region];
    for (part, width) in parts.into_iter().zip(widths) {
        let width = u16::try_from(*width).unwrap_or(0);
        pen.column(part, width, theme.style(role)).skip(1);
    }
}

/// The two lines above the strips: what the columns are, and the strip's first and last moment.
fn heading(
    state: &State,
    strip: &Strip,
    labels: usize,
    theme: &Theme,
    inner: Rect,
    buffer: &mut Buffer,
) {
    let from = moment(state, strip.from);
    let to = moment(state, strip.to());
    let labels = u16::try_from(labels).unwrap_or(0);
    Pen::new(buffer, theme, inner, 0)
        .skip(1)
        .column("source, account, Region", labels, theme.style(Role::Header))
        .role(&from, Role::Time);
    let cells = u16::try_from(strip.cells).unwrap_or(u16::MAX);
    let axis = Rect {
        width: inner
            .width
            .min(labels.saturating_add(cells).saturating_add(1)),
        ..inner
    };
    let width = u16::try_from(to.chars().count() + 1).unwrap_or(0);
    let mut pen = Pen::new(buffer, theme, axis, 1);
    pen.skip(labels + 1)
        .skip_to_right(width)
        .role(&to, Role::Time)
        .role("┘", Role::Dim);
}

fn cells(pen: &mut Pen<'_>, stretch: &Stretch, series: &Series, strip: &Strip, gaps: &[Gap]) {
    let own: Vec<&Gap> = gaps.iter().filter(|gap| gap.stretch == *stretch).collect();
    let step = chrono::TimeDelta::hours(strip.step.hours);
    let mut from = strip.from;
    for shade in strip.shades(series) {
        let to = from + step;
        let in_gap = own.iter().any(|gap| gap.from < to && from < gap.to);
        match shade {
            Shade::Absent if in_gap => pen.role(GAP, Role::Error),
            shade => pen.role(&shade.sign().to_string(), role(shade)),
        };
        from = to;
    }
}

fn role(shade: Shade) -> Role {
    match shade {
        Shade::Absent | Shade::ByDay => Role::Dim,
        Shade::Little => Role::Warn,
        Shade::Less => Role::Info,
        Shade::Usual => Role::Ok,
        Shade::Much => Role::Progress,
    }
}

fn gap_told(state: &State, gap: &Gap) -> String {
    let hours = group_digits(gap.hours().unsigned_abs());
    let short = |time: DateTime<Utc>| {
        let shown = time.with_timezone(&state.setting.zone);
        shown.format("%m-%d %H:%M").to_string()
    };
    if gap.open {
        format!("{hours} h: nothing since {}", short(gap.from))
    } else {
        format!("{hours} h: {} – {}", short(gap.from), short(gap.to))
    }
}

fn moment(state: &State, time: DateTime<Utc>) -> String {
    let shown = time.with_timezone(&state.setting.zone);
    shown.format("%Y-%m-%d %H:%M %Z").to_string()
}
