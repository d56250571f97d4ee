//! A question on the terminal, answered with one line.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::ports::RunControl;
use crate::ui::text::SafeText;

/// Whether somebody sits at a terminal and can be asked.
pub(super) fn is_attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on stderr and gives one line of stdin; `None` where that has ended.
pub(super) fn asked(question: &str) -> Option<String> {
    let question = SafeText::new(question);
    let _ = write!(std::io::stderr().lock(), "{} ", question.as_str());
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    matches!(read, Ok(1..)).then_some(line)
}

/// Asks on stderr and waits for one line of stdin, or for an interruption, which is a no.
pub(super) async fn agreed(question: &str, control: &RunControl) -> bool {
    let question = format!("{question} [y/N]");
    // A thread of its own: the line may never come.
    let answer = tokio::task::spawn_blocking(move || asked(&question));
    tokio::select! {
        biased;
        () = control.stopping() => false,
        answer = answer => matches!(answer, Ok(Some(line)) if is_yes(&line)),
    }
}

fn is_yes(line: &str) -> bool {
    let word = line.trim();
    word.eq_ignore_ascii_case("y") || word.eq_ignore_ascii_case("yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for yes in ["y\n", "YES\r\n", " y "] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "yeah\n", "y n"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }
}
