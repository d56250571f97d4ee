//! Reads what can be read of a broken TOML text: the broken line is blanked out and the rest read
//! again. (The parser's own recovery may swallow the sound lines that follow.)

use std::ops::Range;

use toml::de::DeTable;

/// How many broken lines are passed over before the text is given up.
const MOST_BROKEN: usize = 20;

/// A broken place: its span and what the parser says.
pub(super) struct Broken {
    pub(super) span: Range<usize>,
    pub(super) message: String,
}

/// The text with every broken line replaced by blanks, so that spans keep their places, and the
/// broken places. A broken table header takes its whole table with it: its keys would otherwise
/// fall to the table before.
pub(super) fn blank_out_broken_lines(text: &str) -> (String, Vec<Broken>) {
    let mut sound = text.to_owned();
    let mut broken = Vec::new();
    while let Err(error) = DeTable::parse(&sound) {
        let span = error.span().unwrap_or(0..0);
        let at = span.start.min(sound.len().saturating_sub(1));
        broken.push(Broken {
            message: error.message().trim_end().replace('\n', ", "),
            span,
        });
        let doomed = doomed_lines(&sound, at);
        let nothing_left = sound
            .get(doomed.clone())
            .is_none_or(|lines| lines.trim().is_empty());
        if nothing_left || broken.len() == MOST_BROKEN {
            return (String::new(), broken);
        }
        let blanks = " ".repeat(doomed.len());
        sound.replace_range(doomed, &blanks);
    }
    (sound, broken)
}

/// The line at `at` without its end, or the whole table when the line is a table header. An error
/// at the end of a text points behind its last line: the last line that says something is meant.
fn doomed_lines(text: &str, at: usize) -> Range<usize> {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let line_start = |end: usize| {
        text.as_bytes()
            .iter()
            .take(end)
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |place| place + 1)
    };
    let mut start = line_start(before.len());
    let line_end = |start: usize| {
        text.as_bytes()
            .iter()
            .skip(start)
            .position(|byte| *byte == b'\n')
            .map_or(text.len(), |length| start + length)
    };
    let blank = |start: usize| {
        text.get(start..line_end(start))
            .is_none_or(|line| line.trim().is_empty())
    };
    while start > 0 && blank(start) {
        start = line_start(start - 1);
    }
    let mut end = line_end(start);
    let is_header = |start: usize| {
        text.get(start..line_end(start))
            .is_some_and(|line| line.trim_start().starts_with('['))
    };
    if is_header(start) {
        while end < text.len() && !is_header(end + 1) {
            end = line_end(end + 1);
        }
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_broken_line_is_lost() {
        let (sound, broken) = blank_out_broken_lines("a = 1\nthis is not\nb = 2\n");
        assert_eq!(sound, "a = 1\n           \nb = 2\n");
        assert_eq!(broken.len(), 1);
    }

    #[test]
    fn a_broken_header_takes_its_table_along() {
        let (sound, _) = blank_out_broken_lines("[a]\nx = 1\n[b\ny = 2\nz = 3\n[c]\nw = 4\n");
        let kept: Vec<_> = sound.lines().filter(|l| !l.trim().is_empty()).collect();
        assert_eq!(kept, ["[a]", "x = 1", "[c]", "w = 4"]);
    }

    #[test]
    fn a_text_without_a_sound_line_is_given_up() {
        let (sound, broken) = blank_out_broken_lines(&"=\n".repeat(40));
        assert_eq!(sound, "");
        assert_eq!(broken.len(), MOST_BROKEN);
    }

    proptest! {
        #[test]
        fn what_is_left_always_parses(text in "[\\[\\]a-c=\"'é \n.#\\\\0-2{},]{0,80}") {
            let (sound, _) = blank_out_broken_lines(&text);
            prop_assert!(DeTable::parse(&sound).is_ok());
        }
    }
}
