//! How well a name fits what was typed.

use std::collections::HashSet;

use super::{Candidate, CandidateKind};

/// Collects the names that fit a prefix, each once.
pub(super) struct Ranking {
    prefix: String,
    found: Vec<(Fit, Candidate)>,
    seen: HashSet<String>,
}

/// How a name fits, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Whole,
    Start,
    /// The start of a later part: `flow` in `vpc_flow`.
    PartStart,
    /// The letters in their order: `ctm` in `cloud_trail_mgmt`.
    Letters,
}

impl Ranking {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_lowercase(),
            found: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// Adds a name if it fits.
    pub(super) fn add(&mut self, kind: CandidateKind, text: &str, detail: &str) {
        self.add_as(kind, text, text, detail);
    }

    /// Adds a text that is found by another name.
    pub(super) fn add_as(&mut self, kind: CandidateKind, name: &str, text: &str, detail: &str) {
        let Some(fit) = fit(&name.to_lowercase(), &self.prefix) else {
            return;
        };
        if self.seen.insert(text.to_owned()) {
            self.found.push((
                fit,
                Candidate {
                    kind,
                    text: text.to_owned(),
                    detail: detail.to_owned(),
                },
            ));
        }
    }

    /// The best, by fit, kind, length and name.
    pub(super) fn best(mut self, most: usize) -> Vec<Candidate> {
        self.found.sort_by(|(fit_a, a), (fit_b, b)| {
            (fit_a, a.kind, a.text.len(), &a.text).cmp(&(fit_b, b.kind, b.text.len(), &b.text))
        });
        self.found
            .into_iter()
            .take(most)
            .map(|(_, candidate)| candidate)
            .collect()
    }
}

fn fit(name: &str, prefix: &str) -> Option<Fit> {
    if prefix.is_empty() {
        return Some(Fit::Start);
    }
    if name == prefix {
        return Some(Fit::Whole);
    }
    if name.starts_with(prefix) {
        return Some(Fit::Start);
    }
    let part = name
        .split(['_', '.', '-'])
        .skip(1)
        .any(|part| part.starts_with(prefix));
    if part {
        return Some(Fit::PartStart);
    }
    // One letter out of order finds everything; two begin to mean something.
    let mut letters = name.chars();
    let in_order = prefix
        .chars()
        .all(|wanted| letters.any(|letter| letter == wanted));
    (in_order && prefix.chars().count() >= 2 && name.chars().next() == prefix.chars().next())
        .then_some(Fit::Letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_are_told_apart() {
        assert_eq!(fit("vpc_flow", "vpc_flow"), Some(Fit::Whole));
        assert_eq!(fit("vpc_flow", "vpc"), Some(Fit::Start));
        assert_eq!(fit("vpc_flow", "flow"), Some(Fit::PartStart));
        assert_eq!(fit("cloud_trail_mgmt", "ctm"), Some(Fit::Letters));
        assert_eq!(fit("vpc_flow", "x"), None);
        assert_eq!(fit("vpc_flow", "lw"), None);
    }
}
