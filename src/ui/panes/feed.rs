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
pub fn draw(state: &State, theme: &Theme, area: Rect, focused: bool, buffer: &mut Buffer) {
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
    let rows = usize::from(inner.height);
    // The selected line stays in sight; scrolling follows it no further than it must.
    let top = feed
        .top
        .clamp((feed.selected + 1).saturating_sub(rows), feed.selected);
    for row in 0..inner.height {
        let at = top + usize::from(row);
        let Some(arrival) = feed.line(at) else { break };
        let line = Rect {
            y: inner.y + row,
            height: 1,
            ..inner
        };
        if at == feed.selected {
            let role = if focused {
                Role::Cursor
            } else {
                Role::Selection
            };
            fill(buffer, line, theme.style(role));
        }
        let selected = at == feed.selected && focused;
        draw_line(
            state,
            theme,
            arrival,
            selected,
            &mut Pen::new(buffer, theme, line, 0),
        );
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

fn draw_line(state: &State, theme: &Theme, arrival: &Arrival, selected: bool, pen: &mut Pen<'_>) {
    let zone = state.setting.zone;
    let plain = |role: Role| if selected { Role::Cursor } else { role };
    let time = arrival.notification.time.or(arrival.seen).map(|time| {
        let local = time.with_timezone(&zone);
        let today = state.now.with_timezone(&zone).date_naive() == local.date_naive();
        let format = if today { "%H:%M:%S" } else { "%m-%d %H:%M" };
        local.format(format).to_string()
    });
    let wide = pen.left() >= WIDE;
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
    let is_new = arrival.seen.is_some();
    pen.role(if is_new { "▎" } else { " " }, plain(Role::Info));
    pen.column(
        &time.unwrap_or_default(),
        12,
        theme.style(plain(Role::Time)),
    );
    let count_width = u16::try_from(count.chars().count()).unwrap_or(10).max(6);
    let lag = arrival
        .seen
        .zip(arrival.notification.time)
        .map(|(seen, written)| format!("{:.1}s", (seen - written).as_seconds_f64().max(0.0)));
    let fixed = count_width + 1;
    if wide {
        pen.column(source, 18, theme.style(plain(Role::Text)));
        pen.column(
            key.account.as_deref().unwrap_or("-"),
            14,
            theme.style(plain(Role::Entity)),
        );
        pen.column(
            key.region.as_deref().unwrap_or("-"),
            15,
            theme.style(plain(Role::Dim)),
        );
        pen.column(&lag.unwrap_or_default(), 8, theme.style(plain(Role::Dim)));
    } else {
        let room = pen.left().saturating_sub(fixed);
        let account = key
            .account
            .as_deref()
            .map_or("", |a| a.get(a.len().saturating_sub(4)..).unwrap_or(a));
        let with_account = format!("{source} …{account}");
        let fits = with_account.chars().count() <= usize::from(room) && !account.is_empty();
        let text = if fits { with_account.as_str() } else { source };
        pen.column(text, room, theme.style(plain(Role::Text)));
    }
    let digits = u16::try_from(count.chars().count()).unwrap_or(0);
    pen.skip(count_width.saturating_sub(digits))
        .role(&count, plain(role));
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
