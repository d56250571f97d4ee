//! The feed: a line a notification, the newest first, every part at its own place.
//!
//! ```text
//! ┌ Feed 412 · UTC ──────────────────────────────────── following ┐
//! │▎09:41:07 cloud_trail_mgmt …2222 us-east-1        231          │  wide
//! │▎09:41 trail    …2222   231│  narrow
//! └ with “trail” ─────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::lake::Arrival;
use crate::store::State;
use crate::store::command::Command;
use crate::ui::paint::{Pen, fill, foot, frame, placeholder};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// Columns of a notification's parts; 0 leaves a part out. The count has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Columns {
    time: u16,
    source: u16,
    account: u16,
    region: u16,
    lag: u16,
}

impl Columns {
    /// What fits into so many columns.
    fn of(width: u16) -> Self {
        let narrow = Self {
            time: 5,
            source: 8,
            account: 5,
            region: 0,
            lag: 0,
        };
        let named = Self {
            time: 8,
            source: 16,
            ..narrow
        };
        match width {
            // The count says more than the last digits of an account.
            0..27 => Self {
                account: 0,
                ..narrow
            },
            27..44 => narrow,
            44..58 => named,
            58..76 => Self {
                region: 14,
                ..named
            },
            _ => Self {
                account: 12,
                region: 14,
                lag: 8,
                ..named
            },
        }
    }
}

/// Columns of the pane from which its title counts the sources in words.
const SOURCES_FROM: u16 = 58;

/// Columns of the pane from which its title names the zone of its times.
const ZONE_FROM: u16 = 29;

/// Draws the pane.
pub(in crate::ui) fn draw(
    state: &State,
    theme: &Theme,
    area: Rect,
    focused: bool,
    buffer: &mut Buffer,
) {
    let feed = &state.feed;
    let total = group_digits(feed.total() as u64);
    let mut title = if feed.filter().is_empty() {
        format!("Feed {total}")
    } else {
        format!("Feed {} of {total}", group_digits(feed.len() as u64))
    };
    // Where it would be cut off, the status line alone names the zone of the times.
    if area.width >= ZONE_FROM {
        title += &format!(" · {}", state.setting.zone.name());
    }
    let inner = frame(
        buffer,
        theme,
        area,
        focused,
        &title,
        &mode(state, area.width),
    );
    // The filter has the lower edge for itself: it says why so little is here.
    if !feed.filter().is_empty() {
        let filter = format!("with “{}”", feed.filter());
        foot(buffer, theme, area, (&filter, Role::Warn), "");
    }
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

/// How the feed is, and of several sources how many there are or do not watch.
fn mode(state: &State, width: u16) -> String {
    let feed = &state.feed;
    let on = || feed.sources.iter().filter(|source| source.on);
    let failing = on().filter(|source| source.state.is_err()).count();
    let word = if feed.paused {
        "paused"
    } else if !feed.sources.is_empty() && on().count() == 0 {
        "off"
    } else if failing > 0 && failing == on().count() {
        "not watching"
    } else if feed.follow {
        "following"
    } else {
        "watching"
    };
    match (feed.sources.len(), failing) {
        (0 | 1, _) => word.to_owned(),
        // The title leaves half of the edge.
        (_, 0) if width < SOURCES_FROM => word.to_owned(),
        (all, failing) if width < SOURCES_FROM => format!("{failing}/{all} failing"),
        (all, 0) => format!("{word} · {all} sources"),
        (all, failing) => format!("{word} · {failing} of {all} failing"),
    }
}

fn draw_line(state: &State, theme: &Theme, arrival: &Arrival, pen: &mut Pen<'_>) {
    let columns = Columns::of(pen.left());
    let key = &arrival.notification.key;
    let (count, role) = match &arrival.events {
        Some(Ok(events)) => (group_digits(*events), Role::Number),
        Some(Err(_)) if columns.region == 0 => ("✗".to_owned(), Role::Error),
        Some(Err(_)) => ("unreadable".to_owned(), Role::Error),
        None => ("…".to_owned(), Role::Dim),
    };
    let is_new = arrival.seen.is_some();
    pen.role(if is_new { "▎" } else { " " }, Role::Info);
    let mut part = |text: &str, width: u16, role: Role| {
        if width > 0 {
            pen.column(text, width, theme.style(role)).skip(1);
        }
    };
    part(
        &when(state, arrival, columns.time),
        columns.time,
        Role::Time,
    );
    part(source(arrival, columns.source), columns.source, Role::Text);
    let account = account(key.account.as_deref(), columns.account);
    part(&account, columns.account, Role::Entity);
    part(
        key.region.as_deref().unwrap_or("-"),
        columns.region,
        Role::Dim,
    );
    let lag = arrival
        .seen
        .zip(arrival.notification.time)
        .map(|(seen, written)| format!("{:.1} s", (seen - written).as_seconds_f64().max(0.0)));
    part(&lag.unwrap_or_default(), columns.lag, Role::Dim);
    let digits = u16::try_from(count.chars().count()).unwrap_or(10);
    pen.skip_to_right(digits).role(&count, role);
}

/// The source's name, short where there is no room for all of it; of a foreign object the end of
/// its key, which tells it from others.
fn source(arrival: &Arrival, width: u16) -> &str {
    let key = &arrival.notification.key;
    let name = match key.source {
        Some(source) if source.alias().len() > usize::from(width) => source.short(),
        Some(source) => source.alias(),
        None => key.source_name.as_str(),
    };
    if name.is_empty() {
        key.key.rsplit('/').next().unwrap_or(&key.key)
    } else {
        name
    }
}

/// An account's digits, or the last of them.
fn account(account: Option<&str>, width: u16) -> String {
    let Some(account) = account else {
        return "-".to_owned();
    };
    let count = account.chars().count();
    let room = usize::from(width);
    if count <= room {
        return account.to_owned();
    }
    let end: String = account.chars().skip(count + 1 - room.max(1)).collect();
    format!("…{end}")
}

/// The time at which an object was written, if that was within a day, else its day; of an object
/// that no notification told of, the day whose events it holds.
fn when(state: &State, arrival: &Arrival, width: u16) -> String {
    let zone = state.setting.zone;
    let notification = &arrival.notification;
    let written = notification.time.or(arrival.seen);
    // What was only found in a folder has the time of the copy.
    let was_notified = arrival.seen.is_some() || notification.etag.is_some();
    if was_notified && let Some(time) = written {
        let is_near = (state.now - time).abs() < chrono::TimeDelta::days(1);
        let form = match (is_near, width) {
            (false, _) => "%m-%d",
            (true, 8..) => "%H:%M:%S",
            (true, _) => "%H:%M",
        };
        return time.with_timezone(&zone).format(form).to_string();
    }
    let day = notification.key.event_day.as_deref();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_keep_their_last_digits() {
        assert_eq!(account(Some("000011112222"), 5), "…2222");
        assert_eq!(account(Some("000011112222"), 12), "000011112222");
        assert_eq!(account(None, 5), "-");
    }

    #[test]
    fn the_parts_leave_room_for_the_count() {
        for width in [22, 28, 44, 58, 76, 200] {
            let columns = Columns::of(width);
            let parts = [
                columns.time,
                columns.source,
                columns.account,
                columns.region,
                columns.lag,
            ];
            let used: u16 = parts
                .iter()
                .filter(|part| **part > 0)
                .map(|part| part + 1)
                .sum();
            assert!(used + 1 + 6 <= width, "{width}: {used}");
        }
    }
}
