//! The status line on top, the names of the panes on small screens, and the footer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::overlays::question::answers;
use super::paint::{Pen, clear, fill, rect};
use super::text::{SafeText, wrap};
use super::theme::{Role, Theme};
use super::widgets::grid::group_digits;
use crate::store::State;
use crate::store::case::CaseList;
use crate::store::command::{COMMANDS, Command};
use crate::store::overlay::Overlay;
use crate::store::queue::QueueList;
use crate::store::screen::Pane;
use crate::store::state::{Message, Tone};
use crate::store::timeline::range_told;

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
    let parts = fitting(parts(state), usize::from(pen.left()));
    pen.role(&parts.join(SEPARATOR), Role::Status);
    if room > 0 {
        Pen::new(buffer, theme, area, 0)
            .skip_to_right(room + 1)
            .role(&work, Role::StatusKey);
    }
}

/// Between two parts of the status line.
const SEPARATOR: &str = " · ";

/// The parts of the status line with their weights: where room is short, the part with the largest
/// number goes first.
fn parts(state: &State) -> Vec<(u8, String)> {
    let mut parts = vec![
        (0, state.setting.lake_name.clone()),
        (3, state.setting.engine.clone()),
        (1, state.setting.zone.name().to_owned()),
    ];
    if let Some(case) = state.case.open() {
        parts.push((1, format!("case {}", case.state.name)));
    }
    if let Some(range) = &state.pivots.range {
        // What narrows the next query down stays in sight; it names the zone by itself.
        parts.push((
            0,
            format!("within {}", range_told(range, state.setting.zone)),
        ));
    }
    if let Some(access) = &state.access {
        parts.push((2, access.account.clone()));
        parts.push((3, access.short_name().to_owned()));
        parts.push((4, access.region.clone()));
        if let Some(expires) = access.expires {
            let until = expires.with_timezone(&state.setting.zone);
            parts.push((4, format!("until {}", until.format("%H:%M"))));
        }
    }
    if let Some(facts) = &state.facts {
        if state.access.is_none() {
            parts.push((4, some_of(&facts.regions, "Regions")));
        }
        if !facts.accounts.is_empty() || state.access.is_none() {
            parts.push((5, some_of(&facts.accounts, "accounts")));
        }
        if let Some((first, last)) = &facts.days {
            parts.push((2, format!("{} – {}", day(first), day(last))));
        }
        if facts.files > 0 || state.access.is_none() {
            parts.push((6, format!("{} objects", group_digits(facts.files))));
        }
    }
    parts
}

/// The parts that fit side by side, whole.
fn fitting(mut parts: Vec<(u8, String)>, room: usize) -> Vec<String> {
    let width = |parts: &[(u8, String)]| {
        let texts = parts.iter().map(|(_, text)| SafeText::new(text).width());
        texts.sum::<usize>() + parts.len().saturating_sub(1) * SEPARATOR.chars().count()
    };
    while parts.len() > 1 && width(&parts) > room {
        let heaviest = (0..parts.len()).max_by_key(|at| parts[*at].0);
        parts.remove(heaviest.unwrap_or(0));
    }
    parts.into_iter().map(|(_, text)| text).collect()
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
    // Until somebody decides: it may go on costing.
    if !state.unfinished.is_empty() {
        let key = state.setting.keymap.label(Command::ResumeQueries);
        let key = key.map(|key| format!(" ({key})")).unwrap_or_default();
        parts.push(format!("{} left at Athena{key}", state.unfinished.len()));
    }
    if let Some(case) = state.case.open().filter(|case| case.waiting > 0) {
        parts.push(format!("{} not on the disk yet", case.waiting));
    }
    if state.feed.demo_live {
        parts.push(format!("demo lake live, {}×", state.setting.demo_speed));
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

/// The most lines that a message takes.
const MESSAGE_LINES: usize = 4;

/// The keys that count here, or a message.
pub(in crate::ui) fn footer(state: &State, theme: &Theme, buffer: &mut Buffer) {
    let area = rect(state.layout.footer);
    fill(buffer, area, theme.style(Role::Footer));
    if let Some(message) = &state.message {
        return draw_message(message, theme, area, buffer);
    }
    let mut pen = Pen::new(buffer, theme, area, 0);
    for (command, word) in words(state) {
        let Some(key) = state.setting.keymap.label(command) else {
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
}

/// A message is read to its end: what does not fit into one line goes up over the panes.
fn draw_message(message: &Message, theme: &Theme, footer: Rect, buffer: &mut Buffer) {
    let (sign, role) = match message.tone {
        Tone::Info => ("·", Role::Info),
        Tone::Warning => ("!", Role::Warn),
        Tone::Error => ("✗", Role::Error),
    };
    let room = usize::from(footer.width.saturating_sub(4));
    let mut lines = wrap(&SafeText::new(&message.text), room);
    lines.truncate(MESSAGE_LINES.min(usize::from(footer.y) + 1));
    let above = u16::try_from(lines.len().saturating_sub(1)).unwrap_or(0);
    let area = Rect {
        y: footer.y.saturating_sub(above),
        height: footer.height.min(1) + above,
        ..footer
    };
    if above > 0 {
        clear(buffer, area, theme.style(Role::Overlay));
    }
    for (row, line) in (0..area.height).zip(&lines) {
        let mut pen = Pen::new(buffer, theme, area, row);
        pen.skip(1).role(if row == 0 { sign } else { " " }, role);
        pen.skip(1).safe(line, theme.style(role));
    }
}

/// The commands that the footer names where the keys go now, with its words for them.
fn words(state: &State) -> Vec<(Command, &'static str)> {
    let own: &[(Command, &str)] = match &state.overlay {
        None => {
            let contexts = state.contexts();
            let rows = contexts
                .iter()
                .flat_map(|context| COMMANDS.iter().filter(move |row| row.context == *context));
            return rows
                .filter_map(|row| Some((row.command, row.footer?)))
                .collect();
        }
        Some(Overlay::Palette(_)) => &[
            (Command::OverlayAccept, "run it"),
            (Command::OverlayPageDown, "page down"),
        ],
        Some(Overlay::Templates(_) | Overlay::Playbooks(_)) => &[
            (Command::OverlayAccept, "choose"),
            (Command::OverlayPageDown, "page down"),
        ],
        Some(Overlay::Pivot(_)) => &[
            (Command::OverlayAccept, "ask"),
            (Command::OverlayNextField, "wider"),
            (Command::OverlayPreviousField, "nearer"),
        ],
        Some(Overlay::Case(menu)) => match menu.list {
            CaseList::Cases => &[(Command::OverlayAccept, "work in it")],
            CaseList::Trail => &[
                (Command::OverlayAccept, "go there"),
                (Command::OverlayNextField, "name it"),
            ],
            CaseList::Pins => &[
                (Command::OverlayAccept, "write on it"),
                (Command::OverlayNextField, "go to its row"),
                (Command::OverlayRemove, "take it back"),
            ],
        },
        Some(Overlay::Queue(menu)) => match menu.list {
            QueueList::Dispositions(_) => &[(Command::OverlayAccept, "close as this")],
            QueueList::Mutes => &[(Command::OverlayAccept, "end it")],
            QueueList::Playbooks(_) => &[(Command::OverlayAccept, "work it down")],
        },
        Some(Overlay::Mute(_)) => &[
            (Command::OverlayAccept, "mute"),
            (Command::OverlayNextField, "next line"),
        ],
        Some(Overlay::Lineage(_)) => &[
            (Command::LineageEvents, "events"),
            (Command::LineageFold, "fold"),
            (Command::LineageUnfold, "unfold"),
            (Command::LineageCopy, "copy"),
        ],
        Some(Overlay::Sources(_)) => &[
            (Command::SourcesSwitch, "off/on"),
            (Command::SourcesCopy, "copy"),
        ],
        Some(Overlay::Form(_)) => &[
            (Command::OverlayAccept, "run"),
            (Command::OverlayNextField, "next field"),
            (Command::OverlayPreviousField, "previous field"),
        ],
        Some(Overlay::Prompt(_)) => &[(Command::OverlayAccept, "take it")],
        Some(Overlay::Page(page)) if page.is_of_an_entity() => &[
            (Command::EntityMalicious, "malicious"),
            (Command::EntitySuspicious, "suspicious"),
            (Command::EntityBenign, "benign"),
            (Command::EntityNote, "note"),
            (Command::EntityPivot, "ask more"),
        ],
        Some(Overlay::Page(_) | Overlay::Coverage(_)) => &[
            (Command::OverlayPageDown, "page down"),
            (Command::OverlayPageUp, "page up"),
        ],
        Some(Overlay::Timeline) => &[
            (Command::TimelineResult, "result in/out"),
            (Command::TimelineGroup, "group"),
            (Command::TimelineBrush, "brush"),
            (Command::TimelineFromLater, "from"),
            (Command::TimelineToEarlier, "to"),
            (Command::TimelineApply, "use range"),
            (Command::TimelineExport, "export"),
            (Command::TimelineHelp, "help"),
        ],
        Some(Overlay::Question(question)) => return answers(state, question),
    };
    let mut words = own.to_vec();
    words.push((Command::OverlayClose, "close"));
    words.push((Command::Quit, "quit"));
    words
}
