//! Texts to read: the keys that count, what is to be known about a result, faults of files.

use ratatui::buffer::Buffer;

use crate::domain::lake::ObjectVersion;
use crate::domain::size::Size;
use crate::store::State;
use crate::store::case;
use crate::store::command::{COMMANDS, Command, Context};
use crate::store::entity::{self, EntityPage};
use crate::store::overlay::{Page, PageContent};
use crate::store::results::{Phase, Tab, Zero, told_here};
use crate::ui::paint::{Pen, foot, frame, more};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::text::{SafeText, safe_lines, wrap};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// A line of a page: what stands at the left, the text, and its look.
struct Line {
    left: String,
    text: SafeText<'static>,
    role: Role,
}

impl Line {
    fn text(text: &str, role: Role) -> Self {
        Self {
            left: String::new(),
            text: SafeText::new(text).into_owned(),
            role,
        }
    }

    fn pair(left: &str, text: &str) -> Self {
        Self {
            left: left.to_owned(),
            ..Self::text(text, Role::Text)
        }
    }
}

/// Draws a page. It never has a text cursor.
pub(in crate::ui) fn draw(
    state: &State,
    page: &Page,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let screen = *buffer.area();
    let width = screen.width.min(96);
    let (title, lines) = match &page.content {
        PageContent::Help(contexts) => ("Keys", help(state, contexts)),
        PageContent::Result => (
            "Result",
            result(state, usize::from(width.saturating_sub(2))),
        ),
        PageContent::Case => ("Case", case(state, usize::from(width.saturating_sub(2)))),
        PageContent::Entity(page) => (
            "Entity",
            of_entity(state, page, usize::from(width.saturating_sub(2))),
        ),
        PageContent::Problems => ("Files with faults", problems(state, width)),
        PageContent::Hints => ("Hints", hints(state, width)),
        PageContent::Value { path, text } => (path.as_str(), value(text, width)),
    };
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let height = count
        .saturating_add(2)
        .min(screen.height.saturating_sub(2).max(3));
    let area = overlay_area(buffer, theme, width, height);
    let key = state.setting.keymap.label(Command::OverlayClose);
    let closes = key.map_or_else(String::new, |key| format!("{key} closes"));
    let inner = frame(buffer, theme, area, true, title, &closes);
    let rows = usize::from(inner.height);
    let top = page.top.min(lines.len().saturating_sub(rows));
    let below = lines.len().saturating_sub(top + rows);
    foot(buffer, theme, area, ("", Role::Dim), &more(top, below));
    let left = lines
        .iter()
        .map(|line| line.left.chars().count())
        .max()
        .unwrap_or(0);
    let left = u16::try_from(left.min(24)).unwrap_or(0);
    for (row, line) in (0..inner.height).zip(lines.iter().skip(top)) {
        let mut pen = Pen::new(buffer, theme, inner, row);
        pen.skip(1);
        if !line.left.is_empty() {
            pen.column(&line.left, left, theme.style(Role::Key)).skip(2);
        }
        pen.safe(&line.text, theme.style(line.role));
    }
    None
}

/// A pair in as many lines as it takes, the text beside what stands at the left.
fn pair_in_lines(left: &str, text: &str, width: usize) -> Vec<Line> {
    const LEFT: usize = 26;
    let wrapped = wrap(&SafeText::new(text), width.saturating_sub(LEFT + 2));
    if wrapped.is_empty() {
        return vec![Line::pair(left, "")];
    }
    let lines = wrapped.into_iter().enumerate();
    lines
        .map(|(at, text)| Line {
            // A blank keeps the place.
            left: if at == 0 && !left.is_empty() {
                left
            } else {
                " "
            }
            .to_owned(),
            text: text.into_owned(),
            role: Role::Text,
        })
        .collect()
}

/// What the case holds.
fn case(state: &State, width: usize) -> Vec<Line> {
    let lines = case::page_lines(state).into_iter();
    lines
        .flat_map(|line| match line {
            case::PageLine::Empty => vec![Line::text("", Role::Text)],
            case::PageLine::Heading(text) => vec![Line::text(&text, Role::Header)],
            case::PageLine::Pair(left, text) => pair_in_lines(&left, &text, width),
        })
        .collect()
}

/// What is known of an entity.
fn of_entity(state: &State, page: &EntityPage, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (heading, pairs) in entity::parts(state, page) {
        if !lines.is_empty() {
            lines.push(Line::text("", Role::Text));
        }
        lines.push(Line::text(&heading, Role::Header));
        for (left, text) in pairs {
            lines.extend(pair_in_lines(&left, &text, width));
        }
    }
    lines
}

fn help(state: &State, contexts: &[Context]) -> Vec<Line> {
    let mut lines = Vec::new();
    for context in contexts {
        if !lines.is_empty() {
            lines.push(Line::text("", Role::Text));
        }
        lines.push(Line::text(context.title(), Role::Header));
        for row in COMMANDS.iter().filter(|row| row.context == *context) {
            let chords = state.setting.keymap.chords(row.command);
            let keys: Vec<String> = chords.iter().map(ToString::to_string).collect();
            lines.push(Line::pair(&keys.join(" "), row.title));
        }
    }
    lines
}

fn problems(state: &State, width: u16) -> Vec<Line> {
    let width = usize::from(width.saturating_sub(4));
    let mut lines = vec![Line::text(
        "Everything else works; these were left out:",
        Role::Dim,
    )];
    for problem in &state.content.problems {
        for text in wrap(&SafeText::new(problem), width) {
            lines.push(Line {
                left: String::new(),
                text,
                role: Role::Warn,
            });
        }
    }
    lines
}

/// The fault of the last run and every hint, in full.
fn hints(state: &State, width: u16) -> Vec<Line> {
    let width = usize::from(width.saturating_sub(4));
    let text = state.editor.buffer().text();
    let mut lines = Vec::new();
    let mut write = |text: &str, role: Role| {
        lines.extend(
            wrap(&SafeText::new(text), width)
                .into_iter()
                .map(|text| Line {
                    left: String::new(),
                    text,
                    role,
                }),
        );
    };
    if let Some(fault) = &state.editor.buffer().fault {
        write(
            &format!("✗ {} {}", fault.position, fault.message),
            Role::Error,
        );
    }
    for hint in &state.editor.hints {
        let at = crate::sql::statements::position_of(&text, hint.range.start);
        write(&format!("! {at} {}", hint.message), Role::Warn);
        write(&hint.suggestion, Role::Dim);
    }
    if lines.is_empty() {
        lines.push(Line::text(
            "there is nothing to say about this buffer",
            Role::Dim,
        ));
    }
    lines
}

/// A value in full; its own line breaks are lines.
fn value(text: &str, width: u16) -> Vec<Line> {
    let width = usize::from(width.saturating_sub(4));
    let line = |text| Line {
        left: String::new(),
        text,
        role: Role::Text,
    };
    safe_lines(text)
        .flat_map(|text| wrap(&text, width))
        .map(line)
        .collect()
}

fn result(state: &State, width: usize) -> Vec<Line> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let mut lines = vec![Line::pair("title", &tab.origin.title)];
    let zone = state.setting.zone;
    let time = |at: chrono::DateTime<chrono::Utc>| {
        at.with_timezone(&zone)
            .format("%Y-%m-%d %H:%M:%S%.3f %Z")
            .to_string()
    };
    lines.push(Line::pair("started", &time(tab.started)));
    if let Some(ended) = tab.ended {
        let took = (ended - tab.started).as_seconds_f64();
        lines.push(Line::pair(
            "ended",
            &format!("{}, after {took:.3} s", time(ended)),
        ));
    }
    if let Some(from) = &tab.answered {
        let of = format!("{}, of {}", from.name, time(from.ended));
        lines.push(Line::pair("answered from", &of));
    }
    if let Some(here) = told_here(state, tab.query) {
        lines.push(Line::pair("here", &here));
    }
    lines.extend(counts(tab));
    lines.extend(why_empty(tab, width));
    if let Some(surprise) = &tab.spec.surprise {
        let score = tab
            .selected_row()
            .and_then(|row| surprise.0.scores.get(row));
        if let Some(score) = score {
            let told = format!("{:.1} bits: {}", score.surprise, score.reason);
            let room = width.saturating_sub(12);
            for (at, text) in wrap(&SafeText::new(&told), room).into_iter().enumerate() {
                let left = if at == 0 { "this row" } else { " " };
                lines.push(Line {
                    left: left.to_owned(),
                    text,
                    role: Role::Text,
                });
            }
        }
        lines.push(Line::pair("against", &surprise.0.against));
    }
    for (name, path) in &tab.origin.attached {
        lines.push(Line::pair(
            "table",
            &format!("{name} is {}", path.display()),
        ));
    }
    if let Some(object) = &tab.origin.object {
        lines.extend(of_object(object, width));
    }
    for (at, value) in tab.origin.parameters.iter().enumerate() {
        lines.push(Line::pair(&format!("parameter {}", at + 1), value));
    }
    lines.push(Line::text("", Role::Text));
    for line in safe_lines(&tab.origin.sql) {
        let wrapped = wrap(&line, width.saturating_sub(2));
        lines.extend(wrapped.into_iter().map(|text| Line {
            left: String::new(),
            text,
            role: Role::SqlIdentifier,
        }));
    }
    lines
}

/// The object whose rows it shows, and in which state it was read.
fn of_object(object: &ObjectVersion, width: usize) -> Vec<Line> {
    let parts = [
        ("object", Some(object.location())),
        ("version", object.version_id.clone()),
        ("tag", object.etag.clone()),
        ("size", object.size.map(|size| Size(size).to_string())),
    ];
    let mut lines = Vec::new();
    let known = parts
        .into_iter()
        .filter_map(|(left, text)| Some((left, text?)));
    for (left, text) in known {
        let wrapped = wrap(&SafeText::new(&text), width.saturating_sub(18).max(1));
        for (at, text) in wrapped.into_iter().enumerate() {
            let left = if at == 0 { left } else { " " };
            lines.push(Line {
                left: left.to_owned(),
                text,
                role: Role::Text,
            });
        }
    }
    lines
}

/// Why it has no row, in full, and the corrected statement.
fn why_empty(tab: &Tab, width: usize) -> Vec<Line> {
    let Some(Zero::Told(told)) = &tab.zero else {
        return Vec::new();
    };
    let left = "no row";
    let room = width.saturating_sub(left.len() + 16).max(1);
    let pieces = told.lines().into_iter().enumerate().flat_map(|(at, line)| {
        let role = if at == 0 { Role::Warn } else { Role::Text };
        let pieces = wrap(&SafeText::new(&line), room);
        pieces.into_iter().map(move |text| (role, text))
    });
    let mut lines: Vec<Line> = pieces
        .enumerate()
        .map(|(at, (role, text))| Line {
            left: if at == 0 { left } else { " " }.to_owned(),
            text,
            role,
        })
        .collect();
    if let Some(correction) = &told.correction {
        for line in safe_lines(&correction.sql) {
            let wrapped = wrap(&line, width.saturating_sub(2));
            lines.extend(wrapped.into_iter().map(|text| Line {
                left: String::new(),
                text,
                role: Role::SqlIdentifier,
            }));
        }
    }
    lines
}

fn counts(tab: &Tab) -> Vec<Line> {
    let progress = tab.progress;
    let mut lines = vec![
        Line::pair("rows", &group_digits(progress.rows_out)),
        Line::pair("rows searched", &group_digits(progress.rows_searched)),
        Line::pair("rows kept", &group_digits(progress.rows_scanned)),
        Line::pair("bytes read", &group_digits(progress.bytes_read)),
    ];
    if progress.requests > 0 {
        let fetched = format!(
            "{} in {} requests",
            group_digits(progress.bytes_fetched),
            group_digits(progress.requests)
        );
        lines.push(Line::pair("bytes fetched", &fetched));
    }
    match &tab.phase {
        Phase::Finished(summary) => {
            let files = format!(
                "{} of {} after pruning",
                group_digits(progress.files_total),
                group_digits(summary.files_known)
            );
            match &summary.execution {
                Some(execution) => {
                    lines.push(Line::pair("execution", &execution.id));
                    let times = format!(
                        "{} ms in the queue, {} ms planning, {} ms running",
                        group_digits(execution.queued_ms),
                        group_digits(execution.planning_ms),
                        group_digits(execution.engine_ms)
                    );
                    lines.push(Line::pair("times", &times));
                }
                None => lines.push(Line::pair("files", &files)),
            }
            if let Some(name) = &tab.kept {
                lines.push(Line::pair("kept as", name));
            }
            lines.extend(summary.notes.iter().map(|note| Line {
                left: "note".to_owned(),
                ..Line::text(note, Role::Warn)
            }));
        }
        Phase::Failed(error) => {
            lines.push(Line {
                left: "failed".to_owned(),
                ..Line::text(&error.message, Role::Error)
            });
            if let Some(hint) = &error.hint {
                lines.push(Line::pair("hint", hint));
            }
        }
        Phase::Running | Phase::Stopping | Phase::Cancelled | Phase::NotLoaded(_) => {}
    }
    lines
}
