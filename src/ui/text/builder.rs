//! Taking data apart: what may stand does, the rest is escaped or counted.

use std::ops::Range;

use ratatui::buffer::CellWidth as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::SafeText;
use super::classify::{FOLLOWERS_PER_CLUSTER, MARKS_PER_BASE, must_escape, push_escape};

/// Collects safe pieces.
#[derive(Default)]
pub(super) struct Builder {
    text: String,
    pub(super) width: usize,
    escapes: Vec<Range<usize>>,
}

impl Builder {
    /// Takes one grapheme cluster of the data.
    pub(super) fn push(&mut self, cluster: &str) {
        if let [byte @ b' '..=b'~'] = cluster.as_bytes() {
            self.text.push(char::from(*byte));
            self.width += 1;
            return;
        }
        let mut followers = 0;
        let mut marks = 0;
        let mut harmless = true;
        for (index, c) in cluster.chars().enumerate() {
            followers += usize::from(index > 0);
            marks += usize::from(char_width(c) == 0);
            harmless &= !must_escape(c);
        }
        let width = usize::from(if harmless { cluster.cell_width() } else { 0 });
        let small = followers <= FOLLOWERS_PER_CLUSTER && marks <= MARKS_PER_BASE;
        if harmless && small && width > 0 {
            self.push_safe(cluster, width, false);
        } else {
            self.push_suspicious(cluster);
        }
    }

    /// Takes a cluster apart: what may stand does, the rest is escaped or counted.
    fn push_suspicious(&mut self, cluster: &str) {
        // The cluster in the making: a base with the marks that it may carry.
        let mut kept = String::new();
        let (mut marks, mut lone, mut surplus) = (0, 0, 0_usize);
        for c in cluster.chars() {
            let is_mark = char_width(c) == 0;
            if must_escape(c) {
                self.flush(&mut kept);
                self.push_escape(c);
                marks = 0;
            } else if is_mark && kept.is_empty() && lone < MARKS_PER_BASE {
                self.push_escape(c);
                lone += 1;
            } else if kept.chars().count() > FOLLOWERS_PER_CLUSTER
                || is_mark && (kept.is_empty() || marks == MARKS_PER_BASE)
            {
                surplus += 1;
            } else {
                kept.push(c);
                marks += usize::from(is_mark);
            }
        }
        self.flush(&mut kept);
        if surplus > 0 {
            let start = self.text.len();
            self.text.push_str(&format!("\\u{{+{surplus}}}"));
            self.width += self.text.len() - start;
            self.escapes.push(start..self.text.len());
        }
    }

    /// Emits the cluster in the making, or its escapes when it would draw nothing.
    fn flush(&mut self, kept: &mut String) {
        for cluster in std::mem::take(kept).graphemes(true) {
            match cluster.cell_width() {
                0 => cluster.chars().for_each(|c| self.push_escape(c)),
                width => self.push_safe(cluster, usize::from(width), false),
            }
        }
    }

    fn push_escape(&mut self, c: char) {
        let start = self.text.len();
        push_escape(&mut self.text, c);
        self.width += self.text.len() - start;
        self.escapes.push(start..self.text.len());
    }

    /// Takes a piece that is already safe.
    pub(super) fn push_safe(&mut self, piece: &str, width: usize, escape: bool) {
        let start = self.text.len();
        self.text.push_str(piece);
        self.width += width;
        if escape {
            match self.escapes.last_mut() {
                Some(last) if last.end == start => last.end = self.text.len(),
                _ => self.escapes.push(start..self.text.len()),
            }
        }
    }

    pub(super) fn push_spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
        self.width += count;
    }

    pub(super) fn finish<'a>(self) -> SafeText<'a> {
        SafeText::from_parts(self.text, self.width, self.escapes)
    }
}

fn char_width(c: char) -> u16 {
    if c.is_control() {
        return 0;
    }
    c.encode_utf8(&mut [0; 4]).cell_width()
}
