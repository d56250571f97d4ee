//! The tree of credentials: a line each with its counts, and below the lines what is to be known
//! of the chosen one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::lineage::{Line, Node};
use crate::store::State;
use crate::store::lineage::LineageTree;
use crate::ui::paint::{Pen, fill, foot, frame, more};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::text::{SafeText, wrap};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// The deepest place that is still indented; what is below it says its depth.
const DEEPEST_INDENT: usize = 10;

/// Lines below the tree for the chosen credential, its rule included.
const DETAIL: u16 = 7;

/// Columns for time, calls and failures at the right.
const TIME: u16 = 11;
const COUNT: u16 = 9;
const ACCOUNT: u16 = 12;

/// Draws the tree. It never has a text cursor.
pub(in crate::ui) fn draw(
    state: &State,
    tree: &LineageTree,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let screen = *buffer.area();
    let lines = u16::try_from(tree.lines.len()).unwrap_or(u16::MAX);
    let height = lines.saturating_add(DETAIL + 3);
    let height = height.min(screen.height.saturating_sub(2).max(3));
    let area = overlay_area(buffer, theme, screen.width.min(140), height);
    let title = format!("Credentials of {}", tree.entity);
    let count = format!("{} in sight", group_digits(tree.lines.len() as u64));
    let inner = frame(buffer, theme, area, true, &title, &count);
    if inner.height < 2 {
        return None;
    }
    let detail = match inner.height > DETAIL + 3 {
        true => DETAIL,
        false => 0,
    };
    let body = Rect {
        y: inner.y + 1,
        height: inner.height - 1 - detail,
        ..inner
    };
    let wide = inner.width >= 100;
    head(state, theme, inner, wide, buffer);
    let rows = usize::from(body.height);
    let top = (tree.selected + 1).saturating_sub(rows);
    let below = tree.lines.len().saturating_sub(top + rows);
    foot(buffer, theme, area, ("", Role::Dim), &more(top, below));
    for (row, (at, line)) in (0..body.height).zip(tree.lines.iter().enumerate().skip(top)) {
        let Some(node) = tree.forest.node(line.node) else {
            continue;
        };
        let place = Rect {
            y: body.y + row,
            height: 1,
            ..body
        };
        let is_found = tree.found.contains(&line.node);
        draw_line(state, theme, place, (line, node, is_found, wide), buffer);
        if at == tree.selected {
            fill(buffer, place, theme.style(Role::Cursor));
        }
    }
    if detail > 0
        && let Some(node) = tree.node()
    {
        let area = Rect {
            y: body.bottom(),
            height: detail,
            ..inner
        };
        draw_detail(state, theme, area, node, buffer);
    }
    None
}

/// The columns at the right, as wide as they are below.
fn right(wide: bool) -> u16 {
    let account = if wide { ACCOUNT + 2 } else { 0 };
    account + TIME + 2 * COUNT + 1
}

fn head(state: &State, theme: &Theme, area: Rect, wide: bool, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, theme, area, 0);
    let left = area.width.saturating_sub(right(wide) + 1);
    pen.skip(1)
        .column("credential", left, theme.style(Role::Header));
    if wide {
        pen.column("account", ACCOUNT + 2, theme.style(Role::Header));
    }
    let zone = state.now.with_timezone(&state.setting.zone).format("%Z");
    let since = format!("since {zone}");
    pen.column(&since, TIME, theme.style(Role::Header));
    for name in ["calls", "failed"] {
        number(&mut pen, name, theme, Role::Header);
    }
}

fn draw_line(
    state: &State,
    theme: &Theme,
    area: Rect,
    (line, node, is_found, wide): (&Line, &Node, bool, bool),
    buffer: &mut Buffer,
) {
    let mut pen = Pen::new(buffer, theme, area, 0);
    let left = area.width.saturating_sub(right(wide) + 1);
    pen.skip(1);
    let lead = match line.depth {
        depth if depth > DEEPEST_INDENT => {
            format!("{}[{depth}] ", "  ".repeat(DEEPEST_INDENT))
        }
        depth => "  ".repeat(depth),
    };
    let sign = match (line.has_below, line.folded) {
        (true, true) => "▸ ",
        (true, false) => "▾ ",
        (false, _) => "· ",
    };
    let mark = if is_found { " ◂" } else { "" };
    let noted = if node.notes.is_empty() { "" } else { " !" };
    let text = format!("{lead}{sign}{}{mark}{noted}  {}", node.id, node.who());
    let role = if is_found { Role::Title } else { Role::Text };
    pen.column(&text, left, theme.style(role));
    if wide {
        let account = node.account.as_deref().unwrap_or_default();
        pen.column(account, ACCOUNT + 2, theme.style(Role::Dim));
    }
    let since = node.since().map_or_else(String::new, |time| {
        let time = time.with_timezone(&state.setting.zone);
        time.format("%m-%d %H:%M").to_string()
    });
    pen.column(&since, TIME, theme.style(Role::Dim));
    // What is folded away is counted with what hides it.
    let calls = match line.folded {
        true => format!("Σ{}", group_digits(node.calls_below)),
        false => group_digits(node.calls),
    };
    number(&mut pen, &calls, theme, Role::Text);
    let failures = group_digits(node.failures);
    let role = if node.failures > 0 {
        Role::Warn
    } else {
        Role::Dim
    };
    number(&mut pen, &failures, theme, role);
}

/// A number at the right of its column.
fn number(pen: &mut Pen<'_>, text: &str, theme: &Theme, role: Role) {
    let width = u16::try_from(text.chars().count()).unwrap_or(COUNT);
    pen.skip(COUNT.saturating_sub(width));
    pen.column(text, width.min(COUNT), theme.style(role));
}

fn draw_detail(state: &State, theme: &Theme, area: Rect, node: &Node, buffer: &mut Buffer) {
    let rule = "─".repeat(usize::from(area.width));
    Pen::new(buffer, theme, area, 0).safe(&SafeText::new(&rule), theme.style(Role::Border));
    let room = usize::from(area.width.saturating_sub(2));
    let mut row = 1;
    for (text, role) in told(state, node) {
        for line in wrap(&SafeText::new(&text), room) {
            if row < area.height {
                let mut pen = Pen::new(buffer, theme, area, row);
                pen.skip(1).safe(&line, theme.style(role));
                row += 1;
            }
        }
    }
}

/// What is to be known of a credential, its faults first.
fn told(state: &State, node: &Node) -> Vec<(String, Role)> {
    let time = |time: chrono::DateTime<chrono::Utc>| {
        let time = time.with_timezone(&state.setting.zone);
        time.format("%Y-%m-%d %H:%M:%S %Z").to_string()
    };
    let mut told = Vec::new();
    for note in &node.notes {
        told.push((format!("! {note}"), Role::Warn));
    }
    let who = node.principal.as_deref().or(node.role.as_deref());
    let who = who.map_or_else(String::new, |who| format!(" of {who}"));
    told.push((format!("{}{who}", node.kind.name()), Role::Text));
    if let Some(issued) = &node.issued {
        let from = issued.address.as_deref();
        let from = from.map_or_else(String::new, |from| format!(" from {from}"));
        let text = format!("{} at {}{from}", issued.operation, time(issued.at));
        told.push((text, Role::Text));
    }
    if let (Some(first), Some(last)) = (node.first, node.last) {
        told.push((
            format!("used {} to {}", time(first), time(last)),
            Role::Text,
        ));
    }
    for (name, counts) in [
        ("services", &node.services),
        ("addresses", &node.addresses),
        ("recorded in", &node.accounts),
    ] {
        if !counts.is_empty() {
            told.push((format!("{name}: {}", most(counts)), Role::Dim));
        }
    }
    if node.below > 0 {
        told.push((
            format!(
                "{} credentials below, {} calls with them",
                group_digits(node.below),
                group_digits(node.calls_below)
            ),
            Role::Dim,
        ));
    }
    told
}

/// The most frequent names with their counts.
fn most(counts: &std::collections::BTreeMap<String, u64>) -> String {
    const SHOWN: usize = 4;
    let mut counts: Vec<(&String, u64)> = counts.iter().map(|(n, c)| (n, *c)).collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    let mut told: Vec<String> = counts
        .iter()
        .take(SHOWN)
        .map(|(name, count)| format!("{name} {}", group_digits(*count)))
        .collect();
    if counts.len() > SHOWN {
        told.push(format!("{} more", counts.len() - SHOWN));
    }
    told.join(", ")
}
