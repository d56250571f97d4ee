//! The tree of credentials: asked for around an entity, stitched off the loop, folded and walked
//! over the panes. From a credential of the tree all its events are one key away.

use std::collections::HashSet;
use std::sync::Arc;

use super::command::Command;
use super::effect::Effect;
use super::overlay::{Overlay, Question};
use super::pivot::{self, Place};
use super::screen::Pane;
use super::state::State;
use crate::domain::entity::extract::Found;
use crate::domain::entity::{Entity, EntityType};
use crate::domain::lineage::{Forest, Line, Node};
use crate::domain::query::{QueryError, QueryErrorKind, QueryId};
use crate::sql::pivot::{LineageRequests, lineage};

/// The types that a tree can be asked for, the most exact first. An account has as many trees as the
/// lake has of it: too much for one look.
const TYPES: [EntityType; 4] = [
    EntityType::AccessKey,
    EntityType::Session,
    EntityType::Role,
    EntityType::Principal,
];

/// The pivot that shows the events of a credential.
const EVENTS: &str = "all-events";

/// What was asked for and what has come.
#[derive(Debug, Default)]
pub struct Lineages {
    /// What is being stitched.
    waiting: Option<Waiting>,
    /// The tree that was looked at last, folds and all.
    last: Option<LineageTree>,
}

/// A tree that was asked for.
#[derive(Debug, Clone)]
struct Waiting {
    entity: Entity,
    requests: LineageRequests,
    /// Where it was asked from.
    place: Place,
}

impl Waiting {
    fn id(&self) -> QueryId {
        self.requests.issued.id
    }
}

/// A tree that is looked at.
#[derive(Debug, Clone)]
pub struct LineageTree {
    /// Whom it is about.
    pub entity: Entity,
    /// All credentials of the window.
    pub forest: Arc<Forest>,
    /// Those that the entity means.
    pub found: HashSet<usize>,
    /// The lines in sight or above or below it.
    pub lines: Vec<Line>,
    /// The place of the chosen line.
    pub selected: usize,
    shown: HashSet<usize>,
    folded: HashSet<usize>,
    place: Place,
}

impl LineageTree {
    fn new(waiting: Waiting, forest: Arc<Forest>) -> Self {
        let found = forest.find(&waiting.entity);
        let shown = forest.around(&found);
        let mut tree = Self {
            entity: waiting.entity,
            found: found.iter().copied().collect(),
            lines: Vec::new(),
            selected: 0,
            shown,
            folded: HashSet::new(),
            place: waiting.place,
            forest,
        };
        tree.lay_out();
        let asked_for = |line: &Line| tree.found.contains(&line.node);
        tree.selected = tree.lines.iter().position(asked_for).unwrap_or(0);
        tree
    }

    /// The node of the chosen line.
    pub fn node(&self) -> Option<&Node> {
        self.forest.node(self.lines.get(self.selected)?.node)
    }

    fn lay_out(&mut self) {
        self.lines = self.forest.lines(Some(&self.shown), &self.folded);
        self.selected = self.selected.min(self.lines.len().saturating_sub(1));
    }

    /// Goes so many lines on.
    pub fn step(&mut self, to: impl Fn(usize) -> usize) {
        self.selected = to(self.selected).min(self.lines.len().saturating_sub(1));
    }

    /// Folds the chosen node, or goes to the one above it where there is nothing to fold.
    fn fold(&mut self) {
        let Some(line) = self.lines.get(self.selected).copied() else {
            return;
        };
        if line.has_below && !line.folded {
            self.folded.insert(line.node);
            return self.lay_out();
        }
        let parent = self.forest.node(line.node).and_then(|node| node.parent);
        let above = self.lines.iter().position(|line| Some(line.node) == parent);
        self.selected = above.unwrap_or(self.selected);
    }

    /// Unfolds the chosen node, or goes to the first one below it.
    fn unfold(&mut self) {
        let Some(line) = self.lines.get(self.selected).copied() else {
            return;
        };
        if self.folded.remove(&line.node) {
            self.lay_out();
        } else if line.has_below {
            self.step(|at| at + 1);
        }
    }
}

/// Whether a tree can be asked for around an entity of a type.
pub fn is_for(kind: EntityType) -> bool {
    TYPES.contains(&kind)
}

/// Asks for the tree around the most exact entity of what is selected; where nothing that has
/// credentials is selected, shows the last tree again.
pub fn open(state: &mut State) -> Vec<Effect> {
    let (found, place) = pivot::selected(state);
    let best = TYPES.iter().find_map(|kind| {
        let of_type = |found: &&Found| found.entity.kind == *kind;
        found.iter().find(of_type)
    });
    // What the selected cell names stands first, and is meant where it can be asked for.
    let first = found.first().filter(|found| is_for(found.entity.kind));
    let entity = first.or(best).map(|found| found.entity.clone());
    let last = state.lineage.last.take();
    match (entity, last) {
        (Some(entity), Some(last)) if last.entity == entity => show(state, last),
        (Some(entity), _) => return ask(state, entity, place),
        (None, Some(last)) => show(state, last),
        (None, None) => {
            state.inform("no key, session, role or principal is named here".to_owned());
        }
    }
    Vec::new()
}

/// Asks for the tree around an entity.
pub fn ask(state: &mut State, entity: Entity, place: Place) -> Vec<Effect> {
    let window = pivot::wide_window(state, place.time);
    let statements = match lineage(&state.pivots.tables, window) {
        Ok(statements) => statements,
        Err(error) => {
            state.fail(error.to_string());
            return Vec::new();
        }
    };
    let asked = statements.used.asked.join(", ");
    let ids = [state.fresh_query(), state.fresh_query()];
    let requests = statements
        .requests(ids)
        .with(|request| request.attended = state.setting.on_aws);
    let mut effects = stop(state);
    state.inform(format!("stitching the credentials of {asked} …"));
    effects.push(Effect::Lineage(Box::new(requests.clone())));
    state.lineage.waiting = Some(Waiting {
        entity,
        requests,
        place,
    });
    effects
}

/// Stops what is being stitched.
pub fn stop(state: &mut State) -> Vec<Effect> {
    let waiting = state.lineage.waiting.take();
    waiting
        .map(|waiting| Effect::CancelQuery(waiting.id()))
        .into_iter()
        .collect()
}

/// Whether something is being stitched.
pub fn is_waiting(state: &State) -> bool {
    state.lineage.waiting.is_some()
}

/// The trees have come.
pub fn answer(
    state: &mut State,
    id: QueryId,
    outcome: Result<Arc<Forest>, QueryError>,
) -> Vec<Effect> {
    let Some(waiting) = state.lineage.waiting.take_if(|waiting| waiting.id() == id) else {
        return Vec::new();
    };
    match outcome {
        Ok(forest) => {
            let count = forest.nodes().len();
            let tree = LineageTree::new(waiting, forest);
            if tree.lines.is_empty() {
                state.inform(format!(
                    "{} is none of the {count} credentials of the lake",
                    tree.entity
                ));
            } else if state.overlay.is_some() {
                let key = state.setting.keymap.label(Command::Lineage);
                let key = key.map_or_else(String::new, |key| format!(": {key} shows it"));
                state.inform(format!("the tree of {} is there{key}", tree.entity));
                state.lineage.last = Some(tree);
            } else {
                show(state, tree);
            }
        }
        Err(error) if error.kind == QueryErrorKind::Unconfirmed && state.overlay.is_none() => {
            let (question, timer) = Question::about_a_run(id, error.message);
            state.overlay = Some(Overlay::Question(question));
            state.lineage.waiting = Some(waiting);
            return vec![timer];
        }
        Err(error) => {
            let hint = error.hint.as_deref().map(|hint| format!("; {hint}"));
            state.fail(format!("no tree: {error}{}", hint.unwrap_or_default()));
        }
    }
    Vec::new()
}

/// A person has agreed to statements that were not begun; `None` where the run is no tree's.
pub fn agreed(state: &mut State, id: QueryId) -> Option<Vec<Effect>> {
    let waiting = state.lineage.waiting.as_mut();
    let waiting = waiting.filter(|waiting| waiting.id() == id)?;
    let requests = waiting.requests.clone();
    let requests = requests.with(|request| request.confirmed = true);
    waiting.requests = requests.clone();
    Some(vec![Effect::Lineage(Box::new(requests))])
}

/// A command of the open tree.
pub fn update(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(Overlay::Lineage(tree)) = &mut state.overlay else {
        return Vec::new();
    };
    match command {
        Command::LineageUp => tree.step(|at| at.saturating_sub(1)),
        Command::LineageDown => tree.step(|at| at + 1),
        Command::LineageFold => tree.fold(),
        Command::LineageUnfold => tree.unfold(),
        Command::LineageCopy => {
            let id = tree.node().map(|node| node.id.clone());
            return id.map_or_else(Vec::new, |id| state.copy(id));
        }
        Command::LineageEvents => return events(state),
        Command::LineageAgain => {
            let (entity, place) = (tree.entity.clone(), tree.place);
            put_away(state);
            return ask(state, entity, place);
        }
        _ => {}
    }
    Vec::new()
}

/// The open tree is closed; it can be shown again.
pub fn put_away(state: &mut State) {
    if let Some(Overlay::Lineage(tree)) = state.overlay.take() {
        state.lineage.last = Some(*tree);
    }
}

fn show(state: &mut State, tree: LineageTree) {
    state.message = None;
    state.overlay = Some(Overlay::Lineage(Box::new(tree)));
}

/// All events of the chosen credential, in a tab of their own.
fn events(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Lineage(tree)) = &state.overlay else {
        return Vec::new();
    };
    let place = tree.place;
    let entity = tree.node().map(|node| {
        let kind = match node.kind.is_key() {
            true => EntityType::AccessKey,
            false => EntityType::Principal,
        };
        Entity::parse(kind, &node.id).or_else(|_| Entity::parse(EntityType::Principal, &node.id))
    });
    let Some(Ok(entity)) = entity else {
        state.warn("this credential has no name that can be asked for".to_owned());
        return Vec::new();
    };
    let templates = Arc::clone(&state.content.pivots);
    let Some(template) = templates.get(EVENTS) else {
        state.fail(format!("the pivot `{EVENTS}` is not there"));
        return Vec::new();
    };
    put_away(state);
    state.focus(Pane::Results);
    let found = Found {
        entity,
        paths: Vec::new(),
    };
    let asked = pivot::ask(state, &found, template, place);
    asked.map_or_else(Vec::new, |asked| asked.effects)
}

#[cfg(test)]
pub(crate) mod tests;
