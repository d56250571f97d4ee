//! The feed: a line a notification, the newest first.
//!
//! ```text
//! ┌ Feed 412 ───────────── following ┐
//! │ 09:41:07 cloud_trail_mgmt    231 │  time, source, events
//! │          111122223333 us-east-1  │  where it fits: account, Region
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::lake::Arrival;
use crate::store::State;
use crate::store::command::Command;
use crate::ui::paint::{Pen, fill, frame, placeholder};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// Columns from which a line shows account and Region beside the rest.
const WIDE: u16 = 60;

/// Draws the pane.
pub(in crate::ui) fn draw(
    state: &State,
    theme: &Theme,
    area: Rect,
    focused: bool,
    buffer: &mut Buffer,
) {
    let feed = &state.feed;
    let title = if feed.filter().is_empty() {
        format!("Feed {}", group_digits(feed.total() as u64))
    } else {
        format!(
            "Feed {} of {} with “{}”",
            feed.len(),
            feed.total(),
            feed.filter()
        )
    };
    let inner = frame(buffer, theme, area, focused, &title, mode(state));
    if feed.is_empty() {
        return empty(state, theme, inner, buffer);
    }
    let top = feed.first_in_sight(usize::from(inner.height));
    for row in 0..inner.height {
        let at = top + usize::from(row);
        let Some(arrival) = feed.line(at) else { break };
        let line = Rect {
            y: inner.y + row,
            height: 1,
            ..inner
        };
        draw_line(state, theme, arrival, &mut Pen::new(buffer, theme, line, 0));
        if at == feed.selected {
            let role = if focused {
                Role::Cursor
            } else {
                Role::Selection
            };
            fill(buffer, line, theme.style(role));
        }
    }
}

fn mode(state: &State) -> &'static str {
    let feed = &state.feed;
    if feed.paused {
        "paused"
    } else if feed.sources.iter().any(|source| source.state.is_err()) {
        "not watching"
    } else if feed.follow {
        "following"
    } else {
        "watching"
    }
}

fn draw_line(state: &State, theme: &Theme, arrival: &Arrival, pen: &mut Pen<'_>) {
    let key = &arrival.notification.key;
    let source = key
        .source
        .map_or(key.source_name.as_str(), |source| source.alias());
    let source = if source.is_empty() {
        key.key.as_str()
    } else {
        source
    };
    let (count, role) = match &arrival.events {
        Ok(events) => (group_digits(*events), Role::Number),
        Err(_) => ("unreadable".to_owned(), Role::Error),
    };
    let digits = u16::try_from(count.chars().count()).unwrap_or(10);
    let wide = pen.left() >= WIDE;
    let is_new = arrival.seen.is_some();
    pen.role(if is_new { "▎" } else { " " }, Role::Info);
    pen.column(
        &when(state, arrival),
        if is_new { 9 } else { 6 },
        theme.style(Role::Time),
    );
    let account = key.account.as_deref().unwrap_or("-");
    if wide {
        let lag = arrival
            .seen
            .zip(arrival.notification.time)
            .map(|(seen, written)| format!("{:.1} s", (seen - written).as_seconds_f64().max(0.0)));
        pen.column(source, 18, theme.style(Role::Text));
        pen.column(account, 14, theme.style(Role::Entity));
        pen.column(
            key.region.as_deref().unwrap_or("-"),
            16,
            theme.style(Role::Dim),
        );
        pen.column(&lag.unwrap_or_default(), 9, theme.style(Role::Dim));
    } else {
        let room = usize::from(pen.left().saturating_sub(digits + 1));
        let end = account
            .char_indices()
            .rev()
            .nth(3)
            .map_or(account, |(at, _)| &account[at..]);
        let width = u16::try_from(room.min(source.len() + 1)).unwrap_or(0);
        pen.column(source, width, theme.style(Role::Text));
        if source.len() + end.len() + 2 <= room {
            pen.role("…", Role::Dim).role(end, Role::Entity);
        }
    }
    pen.skip_to_right(digits).role(&count, role);
}

/// The time at which a new object was written, or the day whose events an older one holds.
fn when(state: &State, arrival: &Arrival) -> String {
    let zone = state.setting.zone;
    let written = arrival.notification.time.or(arrival.seen);
    if arrival.seen.is_some()
        && let Some(time) = written
    {
        return time.with_timezone(&zone).format("%H:%M:%S").to_string();
    }
    let day = arrival.notification.key.event_day.as_deref();
    let from_key = day.and_then(|day| Some(format!("{}-{}", day.get(4..6)?, day.get(6..8)?)));
    let from_file = || written.map(|time| time.with_timezone(&zone).format("%m-%d").to_string());
    from_key.or_else(from_file).unwrap_or_default()
}

fn empty(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let key = |command| state.setting.keymap.label(command).unwrap_or_default();
    let mut lines = Vec::new();
    if state.feed.total() > 0 {
        lines.push("no key contains the filter".to_owned());
        lines.push(format!("{} changes it", key(Command::FeedFilter)));
    } else {
        lines.push("no object has arrived yet".to_owned());
        if state.setting.is_demo {
            lines.push(format!(
                "{} lets the demo lake go on",
                key(Command::DemoLive)
            ));
        }
    }
    placeholder(buffer, theme, area, &lines);
}
