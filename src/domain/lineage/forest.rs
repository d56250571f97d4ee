//! The trees of credentials, and the walk through them.

use std::collections::HashSet;

use super::node::Node;

/// Every credential of a window, each below the one that gave it out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forest {
    nodes: Vec<Node>,
    roots: Vec<usize>,
}

/// A node where it stands in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The node's place.
    pub node: usize,
    /// Steps from the root of its tree.
    pub depth: usize,
    /// Whether a node below it is shown or could be.
    pub has_below: bool,
    /// Whether those below it are hidden.
    pub folded: bool,
    /// Whether no sibling follows it.
    pub is_last: bool,
}

impl Forest {
    /// Orders children by time and counts what is below each node. The parents make no cycle.
    pub(super) fn new(mut nodes: Vec<Node>) -> Self {
        let mut roots = Vec::new();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            match node.parent.and_then(|parent| children.get_mut(parent)) {
                Some(siblings) => siblings.push(at),
                None => roots.push(at),
            }
        }
        let order = |places: &mut Vec<usize>, nodes: &[Node]| {
            places.sort_by(|one, other| {
                let rank = |at: &usize| nodes.get(*at).map(|node| (node.since(), &node.id));
                rank(one).cmp(&rank(other))
            });
        };
        order(&mut roots, &nodes);
        for (at, mut places) in children.into_iter().enumerate() {
            order(&mut places, &nodes);
            if let Some(node) = nodes.get_mut(at) {
                node.children = places;
            }
        }
        let mut forest = Self { nodes, roots };
        forest.count();
        forest
    }

    /// From the leaves up: every node before the one above it.
    fn count(&mut self) {
        let walked: Vec<usize> = self.walk(&self.roots, |_| true).map(|(at, _)| at).collect();
        for at in walked.into_iter().rev() {
            let Some(node) = self.nodes.get_mut(at) else {
                continue;
            };
            node.calls_below = node.calls_below.saturating_add(node.calls);
            let (calls, below, parent) = (node.calls_below, node.below + 1, node.parent);
            if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
                parent.calls_below = parent.calls_below.saturating_add(calls);
                parent.below += below;
            }
        }
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    /// The roots, in the order of time.
    pub fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// The way from a node up to its root, both included.
    pub fn up(&self, from: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(from), |at| self.nodes.get(*at)?.parent)
    }

    /// These nodes, what is above each up to its root, and everything below them.
    pub fn around(&self, found: &[usize]) -> HashSet<usize> {
        let mut shown: HashSet<usize> = self.walk(found, |_| true).map(|(at, _)| at).collect();
        for at in found {
            for above in self.up(*at).skip(1) {
                // A way that was gone before is not gone again.
                if !shown.insert(above) {
                    break;
                }
            }
        }
        shown
    }

    /// The lines of a listing: trees in the order of time, each node followed by what it gave out.
    /// Only nodes of `shown` (all, where there is none), and none below a node of `folded`.
    pub fn lines(&self, shown: Option<&HashSet<usize>>, folded: &HashSet<usize>) -> Vec<Line> {
        let is_shown = |at: usize| shown.is_none_or(|shown| shown.contains(&at));
        let roots: Vec<usize> = self
            .roots
            .iter()
            .copied()
            .filter(|at| is_shown(*at))
            .collect();
        let mut lines: Vec<Line> = self
            .walk(&roots, |at| !folded.contains(&at) && is_shown(at))
            .filter(|(at, _)| is_shown(*at))
            .map(|(node, depth)| Line {
                node,
                depth,
                has_below: self
                    .nodes
                    .get(node)
                    .is_some_and(|node| node.children.iter().any(|child| is_shown(*child))),
                folded: folded.contains(&node),
                is_last: true,
            })
            .collect();
        // From the end: a sibling that was seen since the last line above it follows.
        let mut seen: Vec<bool> = Vec::new();
        for line in lines.iter_mut().rev() {
            seen.truncate(line.depth + 1);
            seen.resize(line.depth + 1, false);
            if let Some(follows) = seen.get_mut(line.depth) {
                line.is_last = !*follows;
                *follows = true;
            }
        }
        lines
    }

    /// Nodes from these down with their depth below them, each before those below it. What `enter`
    /// refuses is walked over, but not into.
    fn walk<'a>(
        &'a self,
        from: &[usize],
        enter: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = (usize, usize)> + 'a {
        let mut waiting: Vec<(usize, usize)> = from.iter().rev().map(|at| (*at, 0)).collect();
        let mut seen: HashSet<usize> = HashSet::new();
        std::iter::from_fn(move || {
            loop {
                let (at, depth) = waiting.pop()?;
                if !seen.insert(at) {
                    continue;
                }
                if enter(at)
                    && let Some(node) = self.nodes.get(at)
                {
                    let below = node.children.iter().rev().map(|child| (*child, depth + 1));
                    waiting.extend(below);
                }
                return Some((at, depth));
            }
        })
    }
}
