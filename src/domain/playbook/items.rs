//! Items of lists and the blocks inside them: what is a step, what stands beside it.

use super::build::Builder;
use super::language::{declared_language, guess_language};
use super::markdown::{Node, NodeKind};
use super::stage::Stage;
use super::{Block, Content, ElementKind, Language, Step, StepId, StepKind, findings, placeholder};

/// What an item of a list turns into: steps, and what stands beside them.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) contents: Vec<Content>,
    pub(super) steps: Vec<Step>,
}

impl Builder<'_> {
    /// An item as a step with all inside it, or as text with the steps inside it.
    pub(super) fn item(&mut self, item: &Node, ordered: bool, in_step: bool) -> Parts {
        let task = match item.kind {
            NodeKind::Item { task } => task,
            _ => None,
        };
        let (tag, lead) = split_tag(item.lead());
        let raw = self.source.get(item.range.clone()).unwrap_or_default();
        let bold_condition =
            is_condition(lead) && raw.trim_start_matches(['-', '+', ' ']).starts_with("**If ");
        let kind = if task.is_some() {
            Some(StepKind::Task)
        } else if bold_condition && !ordered && (in_step || self.phase_level.is_some()) {
            Some(StepKind::Condition)
        } else if tag.is_some()
            || (ordered && (in_step || self.lenient || self.phase_level.is_some()))
        {
            Some(StepKind::Numbered)
        } else {
            None
        };
        let lead = lead.to_owned();
        let kind = kind.filter(|_| !lead.is_empty());
        if kind.is_some() {
            self.lines.mark(&item.range, ElementKind::Step);
        }
        let inner = self.children(item, in_step || kind.is_some());
        match kind {
            Some(kind) => {
                let mut step = self.step(kind, &lead, item, inner);
                step.done = task == Some(true);
                Parts {
                    contents: Vec::new(),
                    steps: vec![step],
                }
            }
            None => {
                let mut parts = inner;
                if !lead.is_empty() {
                    parts.contents.insert(0, Content::Text(format!("• {lead}")));
                }
                parts
            }
        }
    }

    /// What stands inside an item or a quote, its lead excluded.
    fn children(&mut self, node: &Node, in_step: bool) -> Parts {
        let mut parts = Parts::default();
        let mut lead_is_child = node.text.trim().is_empty();
        for child in &node.children {
            if lead_is_child && child.kind == NodeKind::Paragraph {
                lead_is_child = false;
                continue;
            }
            let inner = self.content(child, in_step);
            parts.contents.extend(inner.contents);
            parts.steps.extend(inner.steps);
        }
        parts
    }

    /// A block that is neither heading nor item.
    pub(super) fn content(&mut self, node: &Node, in_step: bool) -> Parts {
        let mut parts = Parts::default();
        match &node.kind {
            NodeKind::List { ordered } => {
                for item in &node.children {
                    let inner = self.item(item, *ordered, in_step);
                    parts.contents.extend(inner.contents);
                    parts.steps.extend(inner.steps);
                }
            }
            NodeKind::Code { language, fenced } => {
                let block = self.block(node, language, *fenced);
                parts.contents.push(Content::Block(block));
            }
            NodeKind::Quote => {
                self.lines.mark(&node.range, ElementKind::Note);
                parts.contents.push(Content::Note(self.note(node)));
            }
            NodeKind::Table(rows) => {
                self.lines.mark(&node.range, ElementKind::Table);
                findings::read_table(rows, &mut self.playbook.finding_types);
                parts.contents.push(Content::Table(rows.clone()));
            }
            NodeKind::Paragraph => parts
                .contents
                .push(Content::Text(node.text.trim().to_owned())),
            NodeKind::Heading(_) | NodeKind::Item { .. } => parts = self.children(node, in_step),
            NodeKind::Other => {}
        }
        parts
    }

    fn block(&mut self, node: &Node, declared: &str, fenced: bool) -> Block {
        let raw = self.source.get(node.range.clone()).unwrap_or_default();
        let lines = self.lines.lines_of(&node.range);
        let last = raw.lines().last().unwrap_or_default();
        let last = last.trim_start_matches(['>', ' ', '\t']);
        let closed =
            raw.lines().count() > 1 && (last.starts_with("```") || last.starts_with("~~~"));
        if fenced && !closed {
            self.warn(
                lines.start,
                "this block of code has no end; close it with ```".to_owned(),
            );
        }
        let (language, guessed) = match declared_language(declared) {
            Some(language) => (language, false),
            None => (guess_language(&node.text), true),
        };
        if guessed && fenced && language == Language::Other {
            self.warn(
                lines.start,
                "a block of code without a language is taken as text; write ```sql or ```bash"
                    .to_owned(),
            );
        }
        self.lines
            .mark_all(&node.range, ElementKind::Block(language));
        Block {
            language,
            guessed,
            placeholders: placeholder::find(&node.text, language),
            text: node.text.clone(),
            lines,
        }
    }

    fn note(&self, node: &Node) -> String {
        let raw = self.source.get(node.range.clone()).unwrap_or_default();
        raw.lines()
            .map(|line| {
                line.trim_start_matches(['>', ' '])
                    .replace("**", "")
                    .replace('`', "")
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub(super) fn step(&self, kind: StepKind, text: &str, node: &Node, parts: Parts) -> Step {
        Step {
            id: StepId(String::new()),
            kind,
            text: text.to_owned(),
            lines: self.lines.lines_of(&node.range),
            done: false,
            contents: parts.contents,
            steps: parts.steps,
        }
    }
}

/// `If the key was used:`.
pub(super) fn is_condition(text: &str) -> bool {
    text.get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("if "))
}

/// Takes a tag such as `[PREPARATION]` off the front.
pub(super) fn split_tag(text: &str) -> (Option<Stage>, &str) {
    let Some((tag, rest)) = text
        .strip_prefix('[')
        .and_then(|inner| inner.split_once(']'))
    else {
        return (None, text);
    };
    let capital = tag.chars().all(|c| c.is_uppercase() || !c.is_alphabetic());
    match Stage::named_in(tag).filter(|_| capital) {
        Some(stage) => (Some(stage), rest.trim_start()),
        None => (None, text),
    }
}
