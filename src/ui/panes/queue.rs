//! The queue: an item a line, the most severe first. Where there is little room an item has two
//! lines, so that both what happened and to whom stay readable.
//!
//! ```text
//! ┌ Queue 12 · UTC ─────────────────────────────── by entity · 3 muted ┐
//! │  severity  what              about                 n      last     │  wide
//! │ ● High     Root user used    principal root       231  09:41:07    │
//! │●high Root user used     231 │  narrow
//! │      principal root   09:41 │
//! └ 2 marked ──────────────────── ▼ 4 more ┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::queue::{Item, Line, Scope, Status};
use crate::domain::severity;
use crate::store::State;
use crate::store::command::Command;
use crate::store::queue::Kept;
use crate::ui::paint::{Pen, fill, foot, frame, more, placeholder};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// Columns from which account and person have a column each.
const ROOMY: u16 = 100;

const SEVERITY: u16 = 9;
const COUNT: u16 = 8;
const TIME: u16 = 8;
const ACCOUNT: u16 = 12;
const PERSON: u16 = 14;

/// Draws the pane.
pub(in crate::ui) fn draw(
    state: &State,
    theme: &Theme,
    area: Rect,
    focused: bool,
    buffer: &mut Buffer,
) {
    let (desk, now) = (&state.queue, state.now);
    let lines = desk.lines(now);
    let items = lines.iter().filter(|line| matches!(line, Line::Item(_)));
    let mut title = format!("Queue {}", group_digits(items.count() as u64));
    if area.width >= 40 {
        title += &format!(" · {}", state.setting.zone.name());
    }
    let inner = frame(buffer, theme, area, focused, &title, &mode(state));
    let placed = desk.in_sight(inner.width, inner.height, now);
    if lines.is_empty() {
        return empty(state, theme, inner, buffer);
    }
    let above = placed.first().map_or(0, |first| first.line);
    let below = placed.last().map_or(0, |last| lines.len() - last.line - 1);
    let mut marked = match desk.marked() {
        0 => String::new(),
        count => format!("{count} marked"),
    };
    if !desk.filter().is_empty() {
        marked = format!("with “{}” {marked}", desk.filter());
    }
    foot(
        buffer,
        theme,
        area,
        (&marked, Role::Warn),
        &more(above, below),
    );
    let is_wide = placed.first().is_some_and(|first| first.row > 0);
    if is_wide {
        head(theme, inner, buffer);
    }
    let selected = desk.selected(now);
    for place in placed {
        let rows = Rect {
            y: inner.y + place.row,
            height: place.rows,
            ..inner
        };
        match lines.get(place.line) {
            Some(Line::Item(id)) => {
                let Some(item) = desk.queue().item(*id) else {
                    continue;
                };
                if is_wide {
                    wide(state, theme, item, rows, buffer);
                } else {
                    narrow(state, theme, item, rows, buffer);
                }
                if desk.is_marked(*id) {
                    fill(buffer, rows, theme.style(Role::Marked));
                }
            }
            Some(Line::Group {
                label,
                items,
                count,
                severity,
            }) => {
                let count = group_digits(*count);
                let mut pen = Pen::new(buffer, theme, rows, 0);
                pen.role("▾ ", severity_role(severity));
                let digits = u16::try_from(count.chars().count()).unwrap_or(COUNT);
                let room = pen.left().saturating_sub(digits + 1);
                let told = match items.len() {
                    1 => label.clone(),
                    many => format!("{label} · {many} items"),
                };
                pen.column(&told, room, theme.style(Role::Header))
                    .skip_to_right(digits)
                    .role(&count, Role::Number);
            }
            None => {}
        }
        if place.line == selected {
            let role = if focused {
                Role::Cursor
            } else {
                Role::Selection
            };
            fill(buffer, rows, theme.style(role));
        }
    }
}

/// What is in force, at the right of the title.
fn mode(state: &State) -> String {
    let desk = &state.queue;
    let mut parts: Vec<String> = Vec::new();
    if state.feed.paused {
        parts.push("paused".to_owned());
    }
    match desk.muted(state.now) {
        0 => {}
        count => parts.push(format!("{count} muted")),
    }
    match desk.queue().beyond() {
        0 => {}
        beyond => parts.push(format!("{} had no room", group_digits(beyond))),
    }
    match desk.kept() {
        Kept::No => parts.push("not kept".to_owned()),
        Kept::Soon => parts.push("reading".to_owned()),
        Kept::Yes => {}
    }
    for told in [desk.scope.told(), desk.grouping.told()] {
        if !told.is_empty() {
            parts.push(told.to_owned());
        }
    }
    parts.join(" · ")
}

fn sign(item: &Item) -> &'static str {
    match item.status {
        Status::Open => "●",
        Status::Acknowledged => "○",
        Status::Closed(_) => "×",
    }
}

fn severity_role(name: &str) -> Role {
    Role::severity(severity::id(name).unwrap_or(0))
}

/// A severity in four letters.
fn short(name: &str) -> String {
    let lower = name.to_lowercase();
    match lower.as_str() {
        "medium" => "med".to_owned(),
        "fatal" => "fatl".to_owned(),
        _ => lower.chars().take(4).collect(),
    }
}

fn title_role(item: &Item) -> Role {
    match item.status {
        Status::Closed(_) => Role::Dim,
        Status::Open | Status::Acknowledged => Role::Text,
    }
}

fn narrow(state: &State, theme: &Theme, item: &Item, area: Rect, buffer: &mut Buffer) {
    let role = severity_role(&item.severity);
    let count = group_digits(item.count);
    let digits = u16::try_from(count.chars().count()).unwrap_or(COUNT);
    let mut pen = Pen::new(buffer, theme, area, 0);
    pen.role(sign(item), role)
        .column(&short(&item.severity), 4, theme.style(role))
        .skip(1);
    let room = pen.left().saturating_sub(digits + 1);
    pen.column(&item.title, room, theme.style(title_role(item)))
        .skip_to_right(digits)
        .role(&count, Role::Number);
    let time = time(state, item, 5);
    let mut pen = Pen::new(buffer, theme, area, 1);
    pen.skip(6);
    let room = pen.left().saturating_sub(6);
    pen.column(&briefly(item), room, theme.style(Role::Entity))
        .skip_to_right(5)
        .role(&time, Role::Time);
}

/// What an item is about where there is little room: a name without its kind, an ARN's end.
fn briefly(item: &Item) -> String {
    match &item.entity {
        Some(entity) if entity.value.starts_with("arn:") => {
            let end = entity.value.rsplit(':').next();
            end.unwrap_or(&entity.value).to_owned()
        }
        Some(entity) => entity.value.clone(),
        None => item.about(),
    }
}

/// The widths of what happened and whom it is about: the columns that share the rest.
fn shares(width: u16) -> (u16, u16) {
    let mut fixed = 2 + SEVERITY + 1 + 2 + COUNT + 2 + TIME;
    if width >= ROOMY {
        fixed += ACCOUNT + PERSON + 4;
    }
    let rest = width.saturating_sub(fixed);
    let what = rest / 2;
    (what, rest - what)
}

fn head(theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let style = theme.style(Role::Header);
    let (what, about) = shares(area.width);
    let mut pen = Pen::new(buffer, theme, area, 0);
    pen.skip(2).column("severity", SEVERITY, style).skip(1);
    pen.column("what", what, style).skip(1);
    pen.column("about", about, style).skip(1);
    if area.width >= ROOMY {
        pen.column("account", ACCOUNT, style).skip(2);
        pen.column("state", PERSON, style).skip(2);
    }
    number(&mut pen, "events", theme, Role::Header);
    pen.skip(2).column("last", TIME, style);
}

/// A number at the right of its column.
fn number(pen: &mut Pen<'_>, text: &str, theme: &Theme, role: Role) {
    let digits = u16::try_from(text.chars().count()).unwrap_or(COUNT);
    pen.skip(COUNT.saturating_sub(digits))
        .column(text, digits.min(COUNT), theme.style(role));
}

fn wide(state: &State, theme: &Theme, item: &Item, area: Rect, buffer: &mut Buffer) {
    let role = severity_role(&item.severity);
    let (what, about) = shares(area.width);
    let mut pen = Pen::new(buffer, theme, area, 0);
    pen.role(sign(item), role).skip(1);
    pen.column(&item.severity, SEVERITY, theme.style(role))
        .skip(1);
    pen.column(&item.title, what, theme.style(title_role(item)))
        .skip(1);
    pen.column(&item.about(), about, theme.style(Role::Entity))
        .skip(1);
    if area.width >= ROOMY {
        let account = match item.accounts.values() {
            [] => "-".to_owned(),
            [one] => one.clone(),
            _ => format!("{} accounts", item.accounts.count()),
        };
        pen.column(&account, ACCOUNT, theme.style(Role::Entity))
            .skip(2);
        let person = match (&item.assignee, item.status) {
            (Some(whose), Status::Open | Status::Acknowledged) => whose.clone(),
            (_, status) => status.told().to_owned(),
        };
        pen.column(&person, PERSON, theme.style(Role::Dim)).skip(2);
    }
    number(&mut pen, &group_digits(item.count), theme, Role::Number);
    pen.skip(2)
        .column(&time(state, item, TIME), TIME, theme.style(Role::Time));
}

/// The time of the last event, if that was within a day, else its day.
fn time(state: &State, item: &Item, width: u16) -> String {
    let is_near = (state.now - item.last).abs() < chrono::TimeDelta::days(1);
    let form = match (is_near, width) {
        (false, _) => "%m-%d",
        (true, 8..) => "%H:%M:%S",
        (true, _) => "%H:%M",
    };
    let last = item.last.with_timezone(&state.setting.zone);
    last.format(form).to_string()
}

fn empty(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let key = |command| state.setting.keymap.label(command).unwrap_or_default();
    let desk = &state.queue;
    let all = desk.queue().items().count();
    let mut lines = Vec::new();
    if desk.kept() == Kept::Soon {
        lines.push("the queue is being read".to_owned());
    } else if all == 0 {
        lines.push("nothing was detected yet".to_owned());
        lines
            .push("what rules, findings and watches say of arriving objects comes here".to_owned());
    } else if !desk.filter().is_empty() {
        lines.push(format!("no item names “{}”", desk.filter()));
        lines.push(format!("{} changes the filter", key(Command::QueueFilter)));
    } else {
        lines.push("nothing is left to be worked on".to_owned());
        if desk.scope != Scope::All {
            lines.push(format!(
                "{} shows the {all} items that are closed or muted",
                key(Command::QueueScope)
            ));
        }
    }
    lines.push(format!(
        "{} shows the notifications",
        key(Command::QueueFeed)
    ));
    placeholder(buffer, theme, area, &lines);
}
