//! The playbook's state: the open playbook, the selected line, ticks and notes by playbook.

mod update;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use update::{content_read, update};

use super::session::{SavedRun, SavedTick};
use crate::domain::case::CaseState;
use crate::domain::playbook::{Block, Phase, Playbook, Step, StepId};

/// The work done on one playbook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// When each step was ticked.
    pub ticks: BTreeMap<StepId, DateTime<Utc>>,
    /// Notes on steps.
    pub notes: BTreeMap<StepId, String>,
}

/// A line of the checklist.
#[derive(Debug, Clone, Copy)]
pub enum Line<'a> {
    /// A phase, with its ticked and all its tickable steps.
    Phase {
        /// The phase.
        phase: &'a Phase,
        /// Its number in the playbook.
        number: usize,
        /// Steps ticked.
        done: usize,
        /// Steps that can be ticked.
        total: usize,
        /// Whether its lines are hidden.
        folded: bool,
    },
    /// The heading of a section.
    Section(&'a str),
    /// A step, so deep inside others.
    Step(&'a Step, usize),
}

/// The playbook pane.
#[derive(Debug, Default)]
pub struct PlaybookPane {
    open: Option<Arc<Playbook>>,
    runs: BTreeMap<String, Run>,
    /// The work outside every case, while one is open.
    outside: Option<BTreeMap<String, Run>>,
    folded: BTreeSet<usize>,
    /// The selected line.
    pub selected: usize,
    /// The file that the last session had open and that is not read yet.
    wanted: Option<String>,
}

impl PlaybookPane {
    /// Opens a playbook at its first step that is not ticked.
    pub fn open(&mut self, playbook: Arc<Playbook>) {
        self.runs.entry(playbook.file_name.clone()).or_default();
        self.open = Some(playbook);
        self.folded.clear();
        self.selected = 0;
        self.to_next_open();
    }

    /// The open playbook.
    pub fn playbook(&self) -> Option<&Playbook> {
        self.open.as_deref()
    }

    /// The open playbook's file.
    pub fn file(&self) -> Option<&str> {
        self.playbook()
            .map(|playbook| playbook.file_name.as_str())
            .or(self.wanted.as_deref())
    }

    /// The work done on the open playbook.
    pub fn run(&self) -> Option<&Run> {
        self.runs.get(&self.playbook()?.file_name)
    }

    fn run_mut(&mut self) -> Option<&mut Run> {
        let file = self.open.as_ref()?.file_name.clone();
        Some(self.runs.entry(file).or_default())
    }

    /// When a step was ticked; the file's own ticks have no time.
    pub fn is_ticked(&self, step: &Step) -> bool {
        step.done
            || self
                .run()
                .is_some_and(|run| run.ticks.contains_key(&step.id))
    }

    /// Ticked and tickable steps of the whole playbook.
    pub fn progress(&self) -> (usize, usize) {
        let Some(playbook) = self.playbook() else {
            return (0, 0);
        };
        let tickable: Vec<&Step> = playbook.steps().filter(|step| step.is_tickable()).collect();
        let done = tickable.iter().filter(|step| self.is_ticked(step)).count();
        (done, tickable.len())
    }

    /// The lines of the checklist: phases, sections and steps.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let Some(playbook) = self.playbook() else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for (number, phase) in playbook.phases.iter().enumerate() {
            let tickable: Vec<&Step> = phase.steps().filter(|step| step.is_tickable()).collect();
            if tickable.is_empty() {
                continue;
            }
            let done = tickable.iter().filter(|step| self.is_ticked(step)).count();
            let folded = self.folded.contains(&number);
            lines.push(Line::Phase {
                phase,
                number,
                done,
                total: tickable.len(),
                folded,
            });
            if folded {
                continue;
            }
            for section in phase
                .sections
                .iter()
                .filter(|section| !section.steps.is_empty())
            {
                lines.extend(section.title.as_deref().map(Line::Section));
                for step in &section.steps {
                    push_step(&mut lines, step, 0);
                }
            }
        }
        lines
    }

    /// The selected step.
    pub fn step(&self) -> Option<&Step> {
        match self.lines().get(self.selected)? {
            Line::Step(step, _) => Some(step),
            _ => None,
        }
    }

    /// The selected step's first SQL.
    pub fn sql(&self) -> Option<&Block> {
        use crate::domain::playbook::Language;
        self.step()?
            .blocks()
            .find(|block| block.language == Language::Sql)
    }

    /// Ticks the selected step or takes the tick away; tells whether there was one to tick.
    pub fn toggle(&mut self, now: DateTime<Utc>) -> bool {
        let Some(step) = self.step().filter(|step| step.is_tickable() && !step.done) else {
            return false;
        };
        let id = step.id.clone();
        if let Some(run) = self.run_mut()
            && run.ticks.remove(&id).is_none()
        {
            run.ticks.insert(id, now);
        }
        true
    }

    /// The note on the selected step.
    pub fn note_text(&self) -> Option<&str> {
        let id = &self.step()?.id;
        self.run()?.notes.get(id).map(String::as_str)
    }

    /// Sets the note on the selected step; an empty one takes it away.
    pub fn note(&mut self, text: &str) {
        let Some(id) = self.step().map(|step| step.id.clone()) else {
            return;
        };
        let Some(run) = self.run_mut() else { return };
        if text.is_empty() {
            run.notes.remove(&id);
        } else {
            run.notes.insert(id, text.to_owned());
        }
    }

    /// Selects a line, within bounds.
    pub fn select(&mut self, line: usize) {
        self.selected = line.min(self.lines().len().saturating_sub(1));
    }

    /// Selects the next step that is not ticked, round the end; stays where there is none.
    pub fn to_next_open(&mut self) {
        let lines = self.lines();
        let count = lines.len();
        let open = |line: &Line<'_>| matches!(line, Line::Step(step, _) if step.is_tickable() && !self.is_ticked(step));
        let found = (1..=count)
            .map(|by| (self.selected + by) % count)
            .find(|at| open(&lines[*at]));
        if let Some(line) = found {
            self.selected = line;
        }
    }

    /// Folds or unfolds the phase of the selected line.
    pub fn fold(&mut self) {
        let mut at = None;
        for (place, line) in self.lines().iter().enumerate().take(self.selected + 1) {
            if let Line::Phase { number, .. } = line {
                at = Some((place, *number));
            }
        }
        if let Some((place, number)) = at {
            if !self.folded.remove(&number) {
                self.folded.insert(number);
            }
            self.selected = place;
        }
    }

    /// From now on the work is that of a case.
    pub fn enter_case(&mut self, case: &CaseState) {
        self.leave_case();
        let mut runs: BTreeMap<String, Run> = BTreeMap::new();
        for ((playbook, step), state) in &case.steps {
            let run = runs.entry(playbook.clone()).or_default();
            if let Some((true, stamp)) = &state.tick {
                run.ticks.insert(StepId(step.clone()), stamp.at);
            }
            if let Some((text, _)) = &state.note {
                run.notes.insert(StepId(step.clone()), text.clone());
            }
        }
        self.outside = Some(std::mem::replace(&mut self.runs, runs));
    }

    /// The work is that outside every case again.
    pub fn leave_case(&mut self) {
        if let Some(outside) = self.outside.take() {
            self.runs = outside;
        }
    }

    /// The work outside every case on every playbook, for the session.
    pub fn saved_runs(&self) -> Vec<SavedRun> {
        let saved = |(file, run): (&String, &Run)| SavedRun {
            file: file.clone(),
            ticks: run
                .ticks
                .iter()
                .map(|(id, at)| SavedTick {
                    step: id.0.clone(),
                    at: *at,
                })
                .collect(),
            notes: run
                .notes
                .iter()
                .map(|(id, text)| (id.0.clone(), text.clone()))
                .collect(),
        };
        let outside = self.outside.as_ref().unwrap_or(&self.runs);
        outside.iter().map(saved).collect()
    }

    /// Puts the work of the last session back; [`Self::choose_from`] then opens its playbook.
    pub fn restore(&mut self, file: Option<String>, runs: Vec<SavedRun>) {
        for saved in runs {
            let run = self.runs.entry(saved.file).or_default();
            run.ticks = saved
                .ticks
                .into_iter()
                .map(|tick| (StepId(tick.step), tick.at))
                .collect();
            run.notes = saved
                .notes
                .into_iter()
                .map(|(id, text)| (StepId(id), text))
                .collect();
        }
        self.open = None;
        self.wanted = file;
    }

    /// Playbooks were read: opens the wanted one, or the same one anew, or the first.
    pub fn choose_from(&mut self, playbooks: &[Arc<Playbook>]) {
        let wanted = self.file().map(str::to_owned);
        let named = |playbook: &&Arc<Playbook>| Some(&playbook.file_name) == wanted.as_ref();
        let found = playbooks.iter().find(named).or_else(|| playbooks.first());
        self.wanted = None;
        if let Some(playbook) = found {
            let selected = self.selected;
            let same = self
                .playbook()
                .is_some_and(|open| open.file_name == playbook.file_name);
            self.open(Arc::clone(playbook));
            if same {
                self.select(selected);
            }
        }
    }
}

fn push_step<'a>(lines: &mut Vec<Line<'a>>, step: &'a Step, depth: usize) {
    lines.push(Line::Step(step, depth));
    for inner in &step.steps {
        push_step(lines, inner, depth + 1);
    }
}
