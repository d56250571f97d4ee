//! Which element each line of a playbook belongs to.

use std::ops::Range;

use super::{Element, ElementKind};

/// The lines of a text and what was recognised in each. A later mark overrides an earlier one, so
/// that what stands inside wins over what it stands in.
pub(super) struct Lines {
    /// The byte where each line begins.
    starts: Vec<usize>,
    /// The blank lines.
    blank: Vec<bool>,
    /// The kind of each line, and which mark gave it.
    marks: Vec<Option<(ElementKind, usize)>>,
    count_of_marks: usize,
}

impl Lines {
    pub(super) fn new(source: &str) -> Self {
        let mut starts = Vec::new();
        let mut blank = Vec::new();
        let mut start = 0;
        for line in source.split_inclusive('\n') {
            starts.push(start);
            blank.push(line.trim().is_empty());
            start += line.len();
        }
        Self {
            marks: vec![None; starts.len()],
            starts,
            blank,
            count_of_marks: 0,
        }
    }

    /// How many lines there are.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The line of a byte, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// The lines of a range of bytes, from 1, end excluded.
    pub(super) fn lines_of(&self, range: &Range<usize>) -> Range<usize> {
        let last = range.end.saturating_sub(1).max(range.start);
        self.line_of(range.start)..self.line_of(last) + 1
    }

    /// Marks the lines that are not blank.
    pub(super) fn mark(&mut self, range: &Range<usize>, kind: ElementKind) {
        self.set(range, kind, false);
    }

    /// Marks the lines, blank ones too.
    pub(super) fn mark_all(&mut self, range: &Range<usize>, kind: ElementKind) {
        self.set(range, kind, true);
    }

    fn set(&mut self, range: &Range<usize>, kind: ElementKind, blank_too: bool) {
        self.count_of_marks += 1;
        for line in self.lines_of(range) {
            let blank = self.blank.get(line - 1).copied().unwrap_or(true);
            if let Some(mark) = self.marks.get_mut(line - 1)
                && (blank_too || !blank)
            {
                *mark = Some((kind, self.count_of_marks));
            }
        }
    }

    /// The whole text as elements: each line in exactly one.
    pub(super) fn elements(&self) -> Vec<Element> {
        let mut elements: Vec<(Element, usize)> = Vec::new();
        for (index, mark) in self.marks.iter().enumerate() {
            let blank = self.blank.get(index).copied().unwrap_or(true);
            let (kind, owner) = mark.unwrap_or(if blank {
                (ElementKind::Blank, 0)
            } else {
                (ElementKind::Text, 0)
            });
            match elements.last_mut() {
                Some((element, last)) if element.kind == kind && *last == owner => {
                    element.lines.end = index + 2;
                }
                _ => elements.push((
                    Element {
                        kind,
                        lines: index + 1..index + 2,
                    },
                    owner,
                )),
            }
        }
        elements.into_iter().map(|(element, _)| element).collect()
    }
}
