//! The list below the strip: items in columns, heads of groups, gaps.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{full_time, short_time};
use crate::domain::timeline::{Line, Mark, TimelineItem, span_told, time_of};
use crate::store::State;
use crate::store::effect::OrderId;
use crate::store::timeline::item;
use crate::ui::paint::Pen;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// The items in sight, as they were read for the last frame: a key down reads one row, not forty.
#[derive(Default)]
pub(in crate::ui) struct TimelineMemo {
    /// The outline that they are of.
    of: Option<OrderId>,
    /// By the numbers of their marks.
    items: HashMap<u32, Option<TimelineItem>>,
}

impl TimelineMemo {
    /// Reads the items of some lines, and forgets all others.
    pub(super) fn read(&mut self, state: &State, lines: &[Line]) {
        if self.of != state.timeline.made {
            self.items.clear();
            self.of = state.timeline.made;
        }
        let mut before = std::mem::take(&mut self.items);
        for line in lines {
            let Line::Item(number) = line else { continue };
            let Some(mark) = state.timeline.outline.mark(*number) else {
                continue;
            };
            let known = before.remove(number);
            let item = known.unwrap_or_else(|| item(state, mark));
            self.items.insert(*number, item);
        }
    }

    fn item(&self, number: u32) -> Option<&TimelineItem> {
        self.items.get(&number)?.as_ref()
    }
}

/// The columns of the list.
pub(super) struct Widths {
    /// Whether the year stands in the time.
    year: bool,
    time: u16,
    discovered: u16,
    source: u16,
    entity: u16,
    tags: u16,
}

impl Widths {
    pub(super) fn of(width: u16) -> Self {
        match width {
            0..110 => Self {
                year: false,
                time: 14,
                discovered: 11,
                source: 8,
                entity: 15,
                tags: 8,
            },
            _ => Self {
                year: true,
                time: 19,
                discovered: 11,
                source: width / 10,
                entity: width / 5,
                tags: width / 9,
            },
        }
    }
}

/// The heads of the columns.
pub(super) fn draw_head(
    state: &State,
    widths: &Widths,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let style = theme.style(Role::Header);
    let zone = state.setting.zone;
    let short = time_of(
        state
            .timeline
            .outline
            .marks
            .first()
            .map_or(0, |mark| mark.at),
    );
    let short = short.map(|time| time.with_timezone(&zone).format("%Z").to_string());
    let mut pen = Pen::new(buffer, theme, area, 0);
    let time = format!("TIME {}", short.unwrap_or_else(|| zone.name().to_owned()));
    pen.skip(1).column(&time, widths.time, style);
    pen.skip(1).column("DISCOVERED", widths.discovered, style);
    pen.skip(1).column("SOURCE", widths.source, style);
    pen.skip(1).column("ENTITY", widths.entity, style);
    pen.skip(1).column("TAGS", widths.tags, style);
    pen.skip(1).data("SUMMARY", style);
}

/// One line: an item, the head of a group, a gap.
pub(super) fn draw_line(
    state: &State,
    memo: &TimelineMemo,
    line: &Line,
    widths: &Widths,
    theme: &Theme,
    pen: &mut Pen<'_>,
) {
    let outline = &state.timeline.outline;
    match line {
        Line::Gap { span } => {
            let text = format!("{} without an event", span_told(*span));
            pen.skip(3).role(&text, Role::Dim);
        }
        Line::Group(number) => {
            let Some(group) = outline.groups.get(*number as usize) else {
                return;
            };
            let grouping = state.timeline.shown.grouping.name();
            let name = group
                .name
                .clone()
                .unwrap_or_else(|| format!("no {grouping}"));
            let count = group_digits(u64::from(group.items));
            let span = span_told(group.last.saturating_sub(group.first));
            let noun = if group.items == 1 { "event" } else { "events" };
            let mut text = format!("{name} · {count} {noun}");
            if group.items > 1 && time_of(group.last).is_some() {
                text += &format!(" in {span}");
            }
            pen.role(&text, Role::Header);
        }
        Line::Item(number) => {
            if let Some(mark) = outline.mark(*number) {
                draw_item(state, mark, memo.item(*number), widths, theme, pen);
            }
        }
    }
}

fn draw_item(
    state: &State,
    mark: &Mark,
    item: Option<&TimelineItem>,
    widths: &Widths,
    theme: &Theme,
    pen: &mut Pen<'_>,
) {
    let zone = state.setting.zone;
    let time = if widths.year {
        full_time(mark.at, zone)
    } else {
        short_time(mark.at, zone, "%m-%d %H:%M:%S")
    };
    let outside = state
        .timeline
        .brush
        .is_some_and(|brush| !brush.holds(mark.at.div_euclid(1_000)));
    let style = |role: Role| theme.style(if outside { Role::Dim } else { role });
    pen.skip(1).column(&time, widths.time, style(Role::Time));
    let Some(item) = item else {
        pen.skip(1).role("its result was closed", Role::Dim);
        return;
    };
    let discovered = item.discovered.map_or_else(String::new, |time| {
        time.with_timezone(&zone).format("%m-%d %H:%M").to_string()
    });
    let entity = item.entity.as_ref().map(|entity| short_name(&entity.value));
    let about = match item.note.as_str() {
        "" => item.summary.clone(),
        note => format!("{} · {note}", item.summary),
    };
    pen.skip(1)
        .column(&discovered, widths.discovered, style(Role::Dim));
    pen.skip(1)
        .column(&item.source, widths.source, style(Role::Text));
    pen.skip(1).column(
        entity.unwrap_or_default(),
        widths.entity,
        style(Role::Entity),
    );
    pen.skip(1)
        .column(&item.tags.join(", "), widths.tags, style(Role::Note));
    pen.skip(1).data(&about, style(Role::Text));
}

/// What tells an entity from others in a narrow column: of an ARN the end, without the kind of thing
/// that most of them are. The head of a group has it in full.
fn short_name(value: &str) -> &str {
    let end = match value.starts_with("arn:") {
        true => value.rsplit(':').next().unwrap_or(value),
        false => value,
    };
    let kinds = ["assumed-role/", "user/", "role/"];
    kinds
        .iter()
        .find_map(|kind| end.strip_prefix(kind))
        .unwrap_or(end)
}
