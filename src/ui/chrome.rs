//! The status line on top, the names of the panes on small screens, and the footer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{Pen, fill, rect};
use super::theme::{Role, Theme};
use super::widgets::grid::group_digits;
use crate::store::State;
use crate::store::command::COMMANDS;
use crate::store::command::{Command, Context};
use crate::store::screen::Pane;
use crate::store::state::Tone;

/// `lakehound  demo lake · embedded · UTC · us-east-1 +1 · 000011112222 +3 …    1 running 12 of 40 files`
pub(in crate::ui) fn status(state: &State, theme: &Theme, buffer: &mut Buffer) {
    let area = rect(state.layout.status);
    fill(buffer, area, theme.style(Role::Status));
    let work = work(state);
    let room = u16::try_from(work.chars().count()).unwrap_or(0);
    let left = Rect {
        width: area.width.saturating_sub(room + 2),
        ..area
    };
    let mut pen = Pen::new(buffer, theme, left, 0);
    pen.role(" lakehound ", Role::StatusKey)
        .role(" ", Role::Status);
    pen.role(&state.setting.lake_name, Role::Status);
    let mut part = |text: &str| {
        pen.role(" · ", Role::Status).role(text, Role::Status);
    };
    part(&state.setting.engine);
    part(state.setting.zone.name());
    if let Some(facts) = &state.facts {
        part(&some_of(&facts.regions, "Regions"));
        part(&some_of(&facts.accounts, "accounts"));
        if let Some((first, last)) = &facts.days {
            part(&format!("{} – {}", day(first), day(last)));
        }
        part(&format!("{} objects", group_digits(facts.files)));
    }
    if room > 0 {
        Pen::new(buffer, theme, area, 0)
            .skip_to_right(room + 1)
            .role(&work, Role::StatusKey);
    }
}

/// The first of some names and how many more there are.
fn some_of(names: &[String], what: &str) -> String {
    match names {
        [] => format!("no {what}"),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    }
}

/// `20260102` as `2026-01-02`.
fn day(text: &str) -> String {
    match (text.get(..4), text.get(4..6), text.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => text.to_owned(),
    }
}

fn work(state: &State) -> String {
    let running: Vec<_> = state.results.running().collect();
    let mut parts = Vec::new();
    if let Some(first) = running.first() {
        let progress = first.progress;
        let mut text = format!("{} running", running.len());
        if progress.files_total > 0 {
            text += &format!(" {} of {} files", progress.files_done, progress.files_total);
        }
        parts.push(text);
    }
    if state.feed.demo_live {
        parts.push("demo lake live".to_owned());
    }
    if state.feed.paused {
        parts.push(format!("feed paused, {} held", state.feed.held()));
    }
    parts.join(" · ")
}

/// ` Feed  Editor  Results  Playbook ` with the focused one marked.
pub(in crate::ui) fn pane_names(state: &State, theme: &Theme, buffer: &mut Buffer) {
    let Some(area) = state.layout.tabs.map(rect) else {
        return;
    };
    let mut pen = Pen::new(buffer, theme, area, 0);
    let commands = [
        Command::FocusFeed,
        Command::FocusEditor,
        Command::FocusResults,
        Command::FocusPlaybook,
    ];
    for (pane, command) in Pane::ALL.into_iter().zip(commands) {
        let role = if pane == state.screen.focus {
            Role::Cursor
        } else {
            Role::Dim
        };
        pen.skip(1).role(&format!(" {} ", pane.title()), role);
        if pane != state.screen.focus
            && let Some(key) = state.setting.keymap.label(command)
        {
            pen.role(&key, Role::Key);
        }
    }
}

/// The keys that count here, or the message until the next key.
pub(in crate::ui) fn footer(state: &State, theme: &Theme, buffer: &mut Buffer) {
    let area = rect(state.layout.footer);
    fill(buffer, area, theme.style(Role::Footer));
    let mut pen = Pen::new(buffer, theme, area, 0);
    if let Some(message) = &state.message {
        let (sign, role) = match message.tone {
            Tone::Info => ("·", Role::Info),
            Tone::Warning => ("!", Role::Warn),
            Tone::Error => ("✗", Role::Error),
        };
        pen.skip(1)
            .role(sign, role)
            .skip(1)
            .role(&message.text, role);
        return;
    }
    let contexts = state.contexts();
    for context in &contexts {
        for row in COMMANDS.iter().filter(|row| row.context == *context) {
            let (Some(word), Some(key)) = (row.footer, state.setting.keymap.label(row.command))
            else {
                continue;
            };
            let width = key.chars().count() + word.chars().count() + 3;
            if usize::from(pen.left()) < width {
                return;
            }
            pen.skip(1)
                .role(&key, Role::Key)
                .skip(1)
                .role(word, Role::Footer)
                .skip(1);
        }
        // Inside an overlay only its own keys count.
        if *context == Context::Overlay {
            return;
        }
    }
}
