//! Why a command ends before its end, what is said about it, and its exit code.

use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::domain::query::{QueryError, TextPosition};
use crate::export::ExportError;
use crate::ui::text::SafeText;

/// An end that is no success.
#[derive(Debug)]
pub(super) enum Stop {
    /// It was tried and did not work: 1.
    Failed(Report),
    /// It was asked for in a way that cannot be: 2.
    Usage(Report),
    /// It worked, and the answer is "no": 3.
    No,
    /// The user stopped it: 130.
    Interrupted,
    /// Whoever reads stdout has had enough: 0.
    PipeClosed,
}

/// What is said on stderr.
#[derive(Debug)]
pub(super) struct Report {
    message: String,
    /// Lines that show the place, already indented.
    excerpt: Vec<String>,
    hint: Option<String>,
}

impl Report {
    fn new(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            excerpt: Vec::new(),
            hint: None,
        }
    }
}

impl Stop {
    /// A failure.
    pub(super) fn failed(message: impl Display) -> Self {
        Self::Failed(Report::new(message))
    }

    /// Wrong usage that clap cannot see.
    pub(super) fn usage(message: impl Display) -> Self {
        Self::Usage(Report::new(message))
    }

    /// What is said of it, without the hint; empty where nothing is.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Failed(report) | Self::Usage(report) => &report.message,
            Self::No | Self::Interrupted | Self::PipeClosed => "",
        }
    }

    /// The same with what to do next.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Failed(report) | Self::Usage(report) = &mut self {
            report.hint = Some(hint.into());
        }
        self
    }

    /// The same with one more thing to do.
    #[must_use]
    pub(super) fn and_hint(mut self, more: &str) -> Self {
        if let Self::Failed(report) | Self::Usage(report) = &mut self {
            let hint = report.hint.take();
            report.hint = Some(hint.map_or(more.to_owned(), |hint| format!("{hint}; {more}")));
        }
        self
    }

    /// A failed query, with the line of the statement and a caret under the place.
    pub(super) fn query(error: QueryError, sql: &str) -> Self {
        let mut report = Report::new(&error.message);
        if let Some(position) = error.position {
            report.message = format!("{} (line {position})", error.message);
            report.excerpt = excerpt(sql, position);
        }
        report.hint = error.hint;
        Self::Failed(report)
    }

    /// Stdout could not be written to.
    pub(super) fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::PipeClosed
        } else {
            Self::failed(format_args!("cannot write to stdout: {error}"))
        }
    }

    /// A result could not be written.
    pub(super) fn export(error: ExportError) -> Self {
        if error.is_broken_pipe() {
            Self::PipeClosed
        } else {
            Self::failed(error)
        }
    }

    /// Says it on stderr and gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        match self {
            Self::Failed(report) => {
                say_report(&report);
                ExitCode::from(1)
            }
            Self::Usage(report) => {
                say_report(&report);
                ExitCode::from(2)
            }
            Self::No => ExitCode::from(3),
            Self::Interrupted => {
                say("interrupted");
                ExitCode::from(130)
            }
            Self::PipeClosed => ExitCode::SUCCESS,
        }
    }
}

fn say_report(report: &Report) {
    let mut lines = report.message.lines();
    say(format_args!("error: {}", lines.next().unwrap_or_default()));
    for line in lines {
        say(format_args!("  {line}"));
    }
    for line in &report.excerpt {
        say(line);
    }
    if let Some(hint) = &report.hint {
        say(format_args!("hint: {hint}"));
    }
}

/// One line on stderr. It may hold data, so it is made safe; nobody listening is no failure.
pub(super) fn say(line: impl Display) {
    let line = line.to_string();
    let _ = writeln!(io::stderr().lock(), "{}", SafeText::new(&line).as_str());
}

/// How many characters of a line are shown before and after the place.
const AROUND: usize = 40;

/// The line of the statement that a position names, cut around the place where it is long, and a
/// caret under the character.
fn excerpt(sql: &str, position: TextPosition) -> Vec<String> {
    let Some(line) = sql.lines().nth(position.line.saturating_sub(1)) else {
        return Vec::new();
    };
    let number = position.line.to_string();
    let at = position.column.saturating_sub(1);
    let length = line.chars().count();
    // A line that would be little longer than its cut stays whole.
    let (start, end) = if length <= 2 * AROUND + 20 {
        (0, length)
    } else {
        (at.saturating_sub(AROUND), at + AROUND)
    };
    let part = |from: usize, to: usize| line.chars().skip(from).take(to.saturating_sub(from));
    let head = if start > 0 { "…" } else { "" };
    let tail = if end < length { "…" } else { "" };
    let before: String = head.chars().chain(part(start, at.min(end))).collect();
    let cut: String = head
        .chars()
        .chain(part(start, end))
        .chain(tail.chars())
        .collect();
    let shown = SafeText::new(&cut);
    let mut caret = String::new();
    let _ = write!(
        caret,
        "{:>margin$} | {:>indent$}^",
        "",
        "",
        margin = number.len() + 2,
        indent = SafeText::new(&before).width()
    );
    vec![format!("  {number} | {}", shown.as_str()), caret]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_character() {
        let lines = excerpt(
            "SELECT 1,\n  tür FRM x",
            TextPosition { line: 2, column: 7 },
        );
        assert_eq!(lines, ["  2 |   tür FRM x", "    |       ^"]);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let sql = format!("SELECT {} FRM {}", "a, ".repeat(100), "b ".repeat(100));
        let lines = excerpt(
            &sql,
            TextPosition {
                line: 1,
                column: 309,
            },
        );
        let (text, caret) = (&lines[0], &lines[1]);
        assert!(text.starts_with("  1 | …"), "{text}");
        assert!(text.ends_with('…'), "{text}");
        assert!(text.chars().count() < 100, "{text}");
        let under = caret.chars().count() - 1;
        assert_eq!(text.chars().nth(under), Some('F'), "{text}\n{caret}");
        let first = excerpt(&sql, TextPosition { line: 1, column: 1 });
        assert!(first[0].starts_with("  1 | SELECT"), "{}", first[0]);
    }

    #[test]
    fn a_place_outside_the_text_shows_nothing() {
        assert!(excerpt("SELECT", TextPosition { line: 9, column: 1 }).is_empty());
    }

    #[test]
    fn a_place_behind_hostile_characters_still_fits() {
        let lines = excerpt("\u{202e}x", TextPosition { line: 1, column: 2 });
        assert_eq!(lines, ["  1 | \\u{202e}x", "    |         ^"]);
    }
}
