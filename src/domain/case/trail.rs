//! The trail: which value of which result led to which query, as a tree.

use std::collections::HashMap;

use super::state::Stamp;
use super::what::{Key, Outcome, PivotFrom};

/// How many pivots may follow one another in one tree; the next one begins another tree.
const DEEPEST: usize = 1_000;

/// A query's place in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailNode {
    /// The query.
    pub query: Key,
    /// The statement; empty while only a pivot to it is known.
    pub sql: String,
    /// SQL literals for its `?`.
    pub parameters: Vec<String>,
    /// The query service's name.
    pub engine: String,
    /// The profile that it ran with.
    pub profile: Option<String>,
    /// Files that it named as tables, as `table=path`.
    pub files: Vec<String>,
    /// Who began it and when.
    pub begun: Option<Stamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The pivot that led here, and the name of its template.
    pub pivot: Option<(PivotFrom, String)>,
    /// The name that the place was given.
    pub name: Option<String>,
    /// The place of the query whose result the pivot started from, in [`Trail::nodes`].
    pub parent: Option<usize>,
}

/// The tree, as nodes in the order of their beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    nodes: Vec<TrailNode>,
    places: HashMap<Key, usize>,
}

impl Trail {
    /// Every node, in the order in which the queries were first heard of.
    pub fn nodes(&self) -> &[TrailNode] {
        &self.nodes
    }

    /// The node of a query, and its place.
    pub fn node(&self, query: &Key) -> Option<(usize, &TrailNode)> {
        let place = *self.places.get(query)?;
        self.nodes.get(place).map(|node| (place, node))
    }

    /// The places of the nodes that stand on no other.
    pub fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        self.below(None)
    }

    /// The places of the nodes right below one.
    pub fn children(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        self.below(Some(place))
    }

    fn below(&self, parent: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        let is_below = move |(_, node): &(usize, &TrailNode)| node.parent == parent;
        let nodes = self.nodes.iter().enumerate();
        nodes.filter(is_below).map(|(place, _)| place)
    }

    /// Every node with its depth, each before those below it; siblings in the order of their
    /// beginning.
    pub fn walk(&self) -> Vec<(usize, &TrailNode)> {
        let mut below: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
        // The last comes first: a stack gives them back in order.
        for (place, node) in self.nodes.iter().enumerate().rev() {
            below.entry(node.parent).or_default().push(place);
        }
        let mut stack: Vec<(usize, usize)> = Vec::new();
        let mut push = |stack: &mut Vec<(usize, usize)>, depth: usize, parent: Option<usize>| {
            let places = below.remove(&parent).unwrap_or_default();
            stack.extend(places.into_iter().map(|place| (depth, place)));
        };
        push(&mut stack, 0, None);
        let mut walked = Vec::with_capacity(self.nodes.len());
        while let Some((depth, place)) = stack.pop() {
            walked.extend(self.nodes.get(place).map(|node| (depth, node)));
            push(&mut stack, depth + 1, Some(place));
        }
        walked
    }

    /// The places from a node up to its root, itself first.
    pub fn way_up(&self, place: usize) -> Vec<usize> {
        let mut way = Vec::new();
        let mut next = Some(place);
        while let Some(place) = next {
            if way.len() > DEEPEST {
                break;
            }
            way.push(place);
            next = self.nodes.get(place).and_then(|node| node.parent);
        }
        way
    }

    /// The node of a query, made where it is missing.
    pub(super) fn entry(&mut self, query: &Key) -> (usize, &mut TrailNode) {
        let place = *self.places.entry(query.clone()).or_insert_with(|| {
            self.nodes.push(TrailNode {
                query: query.clone(),
                sql: String::new(),
                parameters: Vec::new(),
                engine: String::new(),
                profile: None,
                files: Vec::new(),
                begun: None,
                outcome: None,
                pivot: None,
                name: None,
                parent: None,
            });
            self.nodes.len() - 1
        });
        (place, &mut self.nodes[place])
    }

    /// Hangs a node below the query that its pivot started from, unless that one hangs below it or
    /// is very deep.
    pub(super) fn hang(&mut self, query: &Key, from: PivotFrom, template: String) {
        let parent = from.query.as_ref().map(|above| self.entry(above).0);
        let (place, _) = self.entry(query);
        let parent = parent.filter(|parent| {
            let way = self.way_up(*parent);
            way.len() < DEEPEST && !way.contains(&place)
        });
        if let Some(node) = self.nodes.get_mut(place) {
            node.parent = parent;
            node.pivot = Some((from, template));
        }
    }
}
