//! A question on the terminal, answered with one line.

use std::io::{BufRead as _, Write as _};

use crate::ports::RunControl;
use crate::ui::text::SafeText;

/// Asks on stderr and waits for one line of stdin, or for an interruption, which is a no.
pub(super) async fn agreed(question: &str, control: &RunControl) -> bool {
    let question = SafeText::new(question);
    let _ = write!(std::io::stderr().lock(), "{} [y/N] ", question.as_str());
    // A thread of its own: the line may never come.
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        biased;
        () = control.stopping() => false,
        answer = answer => matches!(answer, Ok(Ok(line)) if is_yes(&line)),
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
