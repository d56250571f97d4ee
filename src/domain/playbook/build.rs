//! From a tree of Markdown blocks to a playbook.

use super::items::{Parts, is_condition, split_tag};
use super::lines::Lines;
use super::markdown::{self, Node, NodeKind};
use super::stage::Stage;
use super::{
    Content, ElementKind, Link, Phase, Playbook, Section, Step, StepKind, Warning, findings,
    identity,
};

/// Reads a file. Where no heading names a stage, it is read once more with every numbered item
/// taken as a step, so that a plain list is a checklist too.
pub(super) fn build(file_name: &str, source: &str) -> Playbook {
    let (nodes, links) = markdown::parse(source);
    let strict = Builder::new(file_name, source, &nodes, false).read(&nodes);
    let staged = strict.phases.iter().any(|phase| phase.stage.is_some());
    let mut playbook = if staged {
        strict
    } else {
        Builder::new(file_name, source, &nodes, true).read(&nodes)
    };
    let index = Lines::new(source);
    playbook.links = links
        .into_iter()
        .map(|link| Link {
            text: link.text,
            target: link.target,
            line: index.line_of(link.offset),
        })
        .collect();
    playbook
}

pub(super) struct Builder<'a> {
    pub(super) source: &'a str,
    pub(super) lines: Lines,
    pub(super) playbook: Playbook,
    /// The file numbers its phases (`Part 3 — Contain`): no other heading begins one.
    numbered_parts: bool,
    /// Numbered items outside every phase are steps too.
    pub(super) lenient: bool,
    has_title: bool,
    /// The level of the open phase's heading; `None` outside every phase.
    pub(super) phase_level: Option<u8>,
    /// The level of the heading of the open condition.
    condition_level: Option<u8>,
    /// A `**Step N: …**` paragraph is open and takes what follows.
    titled_open: bool,
    /// The last heading, which names a phase that has to be made for loose steps.
    heading: String,
}

impl<'a> Builder<'a> {
    fn new(file_name: &str, source: &'a str, nodes: &[Node], lenient: bool) -> Self {
        let parts = nodes
            .iter()
            .filter(|node| matches!(node.kind, NodeKind::Heading(_)) && is_part(&node.text))
            .count();
        Self {
            source,
            lines: Lines::new(source),
            playbook: Playbook {
                file_name: file_name.to_owned(),
                title: file_name.to_owned(),
                metadata: Vec::new(),
                finding_types: Vec::new(),
                phases: Vec::new(),
                outside: Vec::new(),
                links: Vec::new(),
                elements: Vec::new(),
                warnings: Vec::new(),
                source: source.to_owned(),
            },
            numbered_parts: parts >= 2,
            lenient,
            has_title: false,
            phase_level: None,
            condition_level: None,
            titled_open: false,
            heading: String::new(),
        }
    }

    fn read(mut self, nodes: &[Node]) -> Playbook {
        for node in nodes {
            match &node.kind {
                NodeKind::Heading(level) => self.heading(node, *level),
                NodeKind::List { ordered } => self.list(node, *ordered),
                NodeKind::Paragraph => self.paragraph(node),
                NodeKind::Quote if self.metadata(node) => {}
                _ => {
                    let parts = self.content(node, false);
                    self.place(parts, node);
                }
            }
        }
        self.end_phase(self.lines.count() + 1);
        findings::read_text(self.source, &mut self.playbook.finding_types);
        self.finish()
    }

    fn heading(&mut self, node: &Node, level: u8) {
        let text = node.text.trim().to_owned();
        let line = self.lines.line_of(node.range.start);
        self.titled_open = false;
        if !self.has_title && level == 1 {
            self.has_title = true;
            self.playbook.title.clone_from(&text);
            self.lines.mark(&node.range, ElementKind::Title);
            return;
        }
        if self.condition_level.is_some_and(|open| level <= open) {
            self.condition_level = None;
        }
        let inside = self.phase_level.is_some_and(|open| level > open);
        if inside && is_condition(&text) {
            self.lines.mark(&node.range, ElementKind::Step);
            let step = self.step(StepKind::Condition, &text, node, Parts::default());
            self.target_steps(None).push(step);
            self.condition_level = Some(level);
            return;
        }
        let begins_phase = !inside && (!self.numbered_parts || is_part(&text));
        let stage = Stage::named_in(&text).filter(|_| begins_phase);
        self.heading.clone_from(&text);
        if stage.is_none() && begins_phase && is_part(&text) {
            self.warn(line, format!("`{text}` names no stage; use a word such as Prepare, Detect, Contain, Recover or Post-Incident"));
        }
        if stage.is_some() {
            self.end_phase(line);
            self.lines.mark(&node.range, ElementKind::Phase);
            self.begin_phase(stage, text, line);
            self.phase_level = Some(level);
        } else {
            self.lines.mark(&node.range, ElementKind::Heading);
            if inside {
                self.sections().push(Section {
                    title: Some(text),
                    ..Section::default()
                });
            } else {
                self.end_phase(line);
                self.playbook.outside.push(Section {
                    title: Some(text),
                    ..Section::default()
                });
            }
        }
    }

    fn list(&mut self, node: &Node, ordered: bool) {
        for item in &node.children {
            let (tag, _) = split_tag(item.lead());
            let parts = self.item(item, ordered, false);
            if let Some(stage) = tag {
                self.place_in_stage(stage, parts, item);
            } else {
                self.place(parts, item);
            }
        }
    }

    fn paragraph(&mut self, node: &Node) {
        let raw = self.source.get(node.range.clone()).unwrap_or_default();
        if raw.starts_with("**Step ") && self.phase_level.is_some() {
            self.titled_open = false;
            self.lines.mark(&node.range, ElementKind::Step);
            let step = self.step(StepKind::Titled, node.text.trim(), node, Parts::default());
            self.target_steps(None).push(step);
            self.titled_open = true;
            return;
        }
        let parts = self.content(node, false);
        self.place(parts, node);
    }

    /// Takes `> **Key:** value` lines before the first phase; `false` for any other quote.
    fn metadata(&mut self, node: &Node) -> bool {
        if !self.playbook.phases.is_empty() || !self.playbook.metadata.is_empty() {
            return false;
        }
        let raw = self.source.get(node.range.clone()).unwrap_or_default();
        let pairs: Option<Vec<(String, String)>> = raw
            .lines()
            .map(|line| line.trim_start_matches(['>', ' ']).trim())
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (key, value) = line.strip_prefix("**")?.split_once("**")?;
                let key = key
                    .trim_end()
                    .strip_suffix(':')
                    .or_else(|| value.starts_with(':').then_some(key))?;
                let value = value.trim_start_matches(':').trim();
                Some((key.to_owned(), value.trim_matches('`').to_owned()))
            })
            .collect();
        // A single line is a remark with a bold beginning (`**Disclaimer:** …`).
        match pairs {
            Some(pairs) if pairs.len() > 1 => {
                self.playbook.metadata = pairs;
                self.lines.mark(&node.range, ElementKind::Metadata);
                true
            }
            _ => false,
        }
    }

    /// Puts what a block gave where it belongs: into the open titled step or condition, else into
    /// the section; code goes to the section's last step, which it serves.
    fn place(&mut self, parts: Parts, node: &Node) {
        if self.phase_level.is_none() {
            if parts.steps.is_empty() {
                if self.playbook.outside.is_empty() {
                    self.playbook.outside.push(Section::default());
                }
                if let Some(section) = self.playbook.outside.last_mut() {
                    section.contents.extend(parts.contents);
                }
                return;
            }
            let line = self.lines.line_of(node.range.start);
            if self
                .playbook
                .phases
                .last()
                .is_none_or(|p| p.title != self.heading || p.stage.is_some())
            {
                if !self.lenient {
                    self.warn(
                        line,
                        format!("steps below `{}` stand in no stage", self.heading),
                    );
                }
                self.begin_phase(None, self.heading.clone(), line);
            }
        }
        let end = self.lines.lines_of(&node.range).end;
        if let Some(phase) = self.playbook.phases.last_mut() {
            phase.lines.end = phase.lines.end.max(end);
        }
        for content in parts.contents {
            let serves = matches!(content, Content::Block(_));
            let open = self.titled_open || self.condition_level.is_some();
            if (serves || open)
                && let Some(step) = self.target_steps(Some(serves)).last_mut()
            {
                step.contents.push(content);
                step.lines.end = step.lines.end.max(end);
                continue;
            }
            if let Some(section) = self.sections().last_mut() {
                section.contents.push(content);
            }
        }
        self.target_steps(None).extend(parts.steps);
    }

    /// Puts tagged steps into the phase of their stage, which is made if there is none.
    fn place_in_stage(&mut self, stage: Stage, parts: Parts, node: &Node) {
        let current = self.playbook.phases.last().and_then(|phase| phase.stage);
        if self.phase_level.is_some() && current == Some(stage) {
            self.place(parts, node);
            return;
        }
        let lines = self.lines.lines_of(&node.range);
        let phases = &mut self.playbook.phases;
        let place = phases.iter().rposition(|phase| phase.stage == Some(stage));
        let place = place.unwrap_or_else(|| {
            phases.push(new_phase(
                Some(stage),
                stage.title().to_owned(),
                lines.start,
            ));
            phases.len() - 1
        });
        if let Some(section) = phases
            .get_mut(place)
            .and_then(|phase| phase.sections.last_mut())
        {
            section.contents.extend(parts.contents);
            section.steps.extend(parts.steps);
        }
    }

    /// The steps that new ones join. With `Some(inner)` the list whose last step takes content:
    /// with `inner` that is the innermost, else the open group itself.
    fn target_steps(&mut self, content: Option<bool>) -> &mut Vec<Step> {
        let condition = self.condition_level.is_some();
        let depth = usize::from(condition) + usize::from(self.titled_open);
        let depth = match content {
            None | Some(true) => depth,
            Some(false) => depth.saturating_sub(1),
        };
        let sections = self.sections();
        if sections.is_empty() {
            sections.push(Section::default());
        }
        let last = sections.len() - 1;
        let mut steps = &mut sections[last].steps;
        for _ in 0..depth {
            // Code right below an open group that has no steps yet belongs to the group.
            if content.is_some() && steps.last().is_some_and(|step| step.steps.is_empty()) {
                break;
            }
            if steps.is_empty() {
                break;
            }
            let last = steps.len() - 1;
            steps = &mut steps[last].steps;
        }
        steps
    }

    fn sections(&mut self) -> &mut Vec<Section> {
        if self.playbook.phases.is_empty() {
            let heading = self.heading.clone();
            self.begin_phase(None, heading, 1);
        }
        let last = self.playbook.phases.len() - 1;
        &mut self.playbook.phases[last].sections
    }

    fn begin_phase(&mut self, stage: Option<Stage>, title: String, line: usize) {
        self.playbook.phases.push(new_phase(stage, title, line));
    }

    fn end_phase(&mut self, line: usize) {
        if self.phase_level.take().is_some()
            && let Some(phase) = self.playbook.phases.last_mut()
        {
            phase.lines.end = line;
        }
        self.condition_level = None;
        self.titled_open = false;
    }

    pub(super) fn warn(&mut self, line: usize, message: String) {
        self.playbook.warnings.push(Warning { line, message });
    }

    fn finish(mut self) -> Playbook {
        self.playbook
            .phases
            .retain(|phase| phase.stage.is_some() || phase.steps().next().is_some());
        for phase in &mut self.playbook.phases {
            phase.sections.retain(|section| {
                section.title.is_some() || !section.contents.is_empty() || !section.steps.is_empty()
            });
        }
        if !self.has_title {
            self.warn(1, "no title; begin the file with `# Title`".to_owned());
        }
        if self
            .playbook
            .phases
            .iter()
            .all(|phase| phase.stage.is_none())
        {
            self.warn(
                1,
                "no heading names a stage; use headings such as `## Part 1 — Prepare`".to_owned(),
            );
        }
        if self.playbook.steps().next().is_none() {
            self.warn(
                1,
                "no steps; write them as `- [ ] text` or `1. text`".to_owned(),
            );
        }
        let empty: Vec<(usize, String)> = self
            .playbook
            .phases
            .iter()
            .filter(|phase| phase.steps().next().is_none())
            .map(|phase| (phase.lines.start, format!("`{}` has no steps", phase.title)))
            .collect();
        for (line, message) in empty {
            self.warn(line, message);
        }
        self.playbook.warnings.sort_by_key(|warning| warning.line);
        identity::name_all(&mut self.playbook.phases);
        self.playbook.elements = self.lines.elements();
        self.playbook
    }
}

fn new_phase(stage: Option<Stage>, title: String, line: usize) -> Phase {
    Phase {
        stage,
        title,
        lines: line..line + 1,
        sections: vec![Section::default()],
    }
}

/// `Part 3 — Contain`, `Part 4b: …`.
fn is_part(heading: &str) -> bool {
    heading
        .trim()
        .to_lowercase()
        .strip_prefix("part ")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
