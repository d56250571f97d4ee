//! The case as a text to read: what it holds, the newest last.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::OpenCase;
use super::evidence::annotation;
use super::menu::{count, outcome_told, place_name, row_told};
use crate::domain::case::{About, CaseState, Stamp, Verdict};
use crate::store::state::State;

/// A line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The heading of a part.
    Heading(String),
    /// What stands at the left, and what is said of it.
    Pair(String, String),
    /// Nothing.
    Empty,
}

/// The page of the open case.
pub fn lines(state: &State) -> Vec<Line> {
    let Some(case) = state.case.open() else {
        return Vec::new();
    };
    let zone = state.setting.zone;
    let mut lines = head(case, zone);
    let mut part = |title: &str, pairs: Vec<(String, String)>| {
        if !pairs.is_empty() {
            lines.push(Line::Empty);
            lines.push(Line::Heading(format!("{title} ({})", pairs.len())));
            let pairs = pairs.into_iter();
            lines.extend(pairs.map(|(left, text)| Line::Pair(left, text)));
        }
    };
    let held = &case.state;
    part("Evidence", evidence(held, zone));
    part("Notes", notes(held, zone));
    part("Decisions", decisions(held, zone));
    part("Verdicts", verdicts(held));
    part("Steps done", steps(held, zone));
    part("Trail", trail(held));
    part("Files written", exports(held, zone));
    lines
}

fn shown(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn by(stamp: &Stamp, zone: Tz) -> String {
    format!("{} by {}", shown(stamp.at, zone), stamp.by)
}

fn head(case: &OpenCase, zone: Tz) -> Vec<Line> {
    let held = &case.state;
    let pair = |left: &str, text: String| Line::Pair(left.to_owned(), text);
    let mut lines = vec![
        pair("case", held.name.clone()),
        pair("id", case.id.clone()),
        pair(
            "opened",
            held.opened
                .as_ref()
                .map_or_else(String::new, |s| by(s, zone)),
        ),
    ];
    if let Some(closing) = &held.closed {
        let text = format!("{} {}", by(&closing.stamp, zone), closing.reason);
        lines.push(pair("closed", text));
    }
    if let Some(last) = &held.last {
        let entries = usize::try_from(held.entries).unwrap_or(usize::MAX);
        let text = format!(
            "{}, the last on {}",
            count(entries, "entry", "entries"),
            by(last, zone)
        );
        lines.push(pair("journal", text));
        // Noted elsewhere, it proves everything before it.
        lines.push(pair("last hash", last.entry.to_string()));
    }
    if case.waiting > 0 {
        lines.push(pair(
            "waiting",
            "entries are not on the disk yet".to_owned(),
        ));
    }
    lines
}

fn evidence(held: &CaseState, zone: Tz) -> Vec<(String, String)> {
    let pairs = held.live_pins().map(|pin| {
        let time = pin.pin.event_time.map(|at| shown(at, zone));
        let said = annotation(&pin.tags, &pin.note);
        let said = if said.is_empty() {
            said
        } else {
            format!("  {said}")
        };
        (
            time.unwrap_or_else(|| "no time".to_owned()),
            format!("{}{said}", row_told(pin)),
        )
    });
    pairs.collect()
}

fn notes(held: &CaseState, zone: Tz) -> Vec<(String, String)> {
    let there = held.notes.iter().filter(|note| note.removed.is_none());
    let pairs = there.map(|note| {
        let about = match &note.about {
            About::Case => String::new(),
            About::Entity { entity } => format!("{} {}: ", entity.entity_type, entity.value),
            About::Query { .. } => "a query: ".to_owned(),
            About::Pin { .. } => "a pin: ".to_owned(),
        };
        (by(&note.written, zone), format!("{about}{}", note.text))
    });
    pairs.collect()
}

fn decisions(held: &CaseState, zone: Tz) -> Vec<(String, String)> {
    let pairs = held.decisions.iter().map(|decision| {
        let why = if decision.reason.is_empty() {
            String::new()
        } else {
            format!(" because {}", decision.reason)
        };
        (
            by(&decision.stamp, zone),
            format!("{}{why}", decision.decision),
        )
    });
    pairs.collect()
}

/// A verdict as a word.
pub(in crate::store) fn verdict_told(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unknown => "unknown",
        Verdict::Benign => "benign",
        Verdict::Suspicious => "suspicious",
        Verdict::Malicious => "malicious",
    }
}

fn verdicts(held: &CaseState) -> Vec<(String, String)> {
    let pairs = held.verdicts.iter().map(|(entity, state)| {
        (
            verdict_told(state.verdict).to_owned(),
            format!("{} {} {}", entity.entity_type, entity.value, state.reason),
        )
    });
    pairs.collect()
}

fn steps(held: &CaseState, zone: Tz) -> Vec<(String, String)> {
    let done = held.steps.iter().filter_map(|((playbook, step), state)| {
        let (_, stamp) = state.tick.as_ref().filter(|(done, _)| *done)?;
        let note = state.note.as_ref();
        let note = note.map_or_else(String::new, |(text, _)| format!(": {text}"));
        Some((by(stamp, zone), format!("{playbook} {step}{note}")))
    });
    done.collect()
}

fn trail(held: &CaseState) -> Vec<(String, String)> {
    let walked = held.trail.walk().into_iter();
    let pairs = walked.map(|(depth, node)| {
        (
            outcome_told(node),
            format!("{}{}", "  ".repeat(depth.min(20)), place_name(node)),
        )
    });
    pairs.collect()
}

fn exports(held: &CaseState, zone: Tz) -> Vec<(String, String)> {
    let pairs = held.exports.iter().map(|export| {
        let said = format!("{} {} {}", export.file, export.subject, export.sha256);
        (by(&export.stamp, zone), said)
    });
    pairs.collect()
}
