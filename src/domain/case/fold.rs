//! The replay: one entry after the other changes the state. Pure, and the only place that does.

use super::entry::{Happening, Sealed};
use super::history::History;
use super::state::{
    CaseState, Closing, Decision, ExportState, NoteState, PinState, ResultState, Stamp,
    VerdictState, kept,
};
use super::what::{Key, What};

impl CaseState {
    /// The state that a history replays to.
    pub fn of(history: &History) -> Self {
        let mut state = Self::default();
        for sealed in history.ordered() {
            state.apply(sealed);
        }
        state
    }

    /// Goes on by one entry. Right for entries of [`History::ordered`], and for an entry that was
    /// just written, which follows all the others; after a merge the state is made anew.
    pub fn apply(&mut self, sealed: &Sealed) {
        let entry = sealed.entry();
        let stamp = Stamp {
            by: entry.analyst.clone(),
            at: entry.at,
            entry: sealed.hash(),
        };
        self.entries += 1;
        self.last = Some(stamp.clone());
        let had_effect = match &entry.what {
            Happening::Known(what) => self.happen(what.clone(), stamp),
            Happening::Unknown { kind } => {
                self.not_understood.push((sealed.hash(), kind.clone()));
                true
            }
        };
        if !had_effect {
            self.without_effect.push(sealed.hash());
        }
    }

    /// Whether it had an effect.
    fn happen(&mut self, what: What, stamp: Stamp) -> bool {
        match what {
            What::Opened { name, .. } => {
                self.id = Some(stamp.entry);
                self.name = name;
                self.opened = Some(stamp);
            }
            What::Renamed { name } => self.name = name,
            What::Closed { reason } => self.closed = Some(Closing { stamp, reason }),
            What::Reopened {} => self.closed = None,
            What::Command { .. } => self.commands += 1,
            What::QueryBegun { .. } | What::QueryEnded { .. } | What::Pivoted { .. } => {
                return self.travel(what, stamp);
            }
            What::TrailNamed { query, name } => {
                if self.trail.node(&query).is_none() {
                    return false;
                }
                self.trail.entry(&query).1.name = (!name.is_empty()).then_some(name);
            }
            What::Pinned(_) | What::Unpinned { .. } | What::Annotated { .. } => {
                return self.collect(what, stamp);
            }
            What::Noted { .. } | What::NoteEdited { .. } | What::NoteRemoved { .. } => {
                return self.note(what, stamp);
            }
            What::PlaybookOpened { playbook, sha256 } => {
                self.playbooks.insert(playbook, sha256);
            }
            What::StepTicked {
                playbook,
                step,
                done,
            } => {
                self.steps.entry((playbook, step)).or_default().tick = Some((done, stamp));
            }
            What::StepNoted {
                playbook,
                step,
                text,
            } => {
                let note = (!text.is_empty()).then_some((text, stamp));
                self.steps.entry((playbook, step)).or_default().note = note;
            }
            What::Decided { decision, reason } => self.decisions.push(Decision {
                decision,
                reason,
                stamp,
            }),
            What::Judged {
                entity,
                verdict,
                reason,
            } => {
                let state = self.verdicts.entry(entity).or_insert(VerdictState {
                    verdict,
                    reason: String::new(),
                    given: Vec::new(),
                });
                state.verdict = verdict;
                state.reason = reason;
                state.given.push((verdict, stamp));
            }
            What::Exported {
                subject,
                format,
                file,
                rows,
                sha256,
            } => self.exports.push(ExportState {
                subject,
                format,
                file,
                rows,
                sha256,
                stamp,
            }),
        }
        true
    }

    /// Queries and pivots.
    fn travel(&mut self, what: What, stamp: Stamp) -> bool {
        match what {
            What::QueryBegun {
                query,
                sql,
                parameters,
                engine,
                profile,
                files,
            } => {
                let (_, node) = self.trail.entry(&query);
                if node.begun.is_some() {
                    return false;
                }
                node.sql = sql;
                node.parameters = parameters;
                node.engine = engine;
                node.profile = profile;
                node.files = files;
                node.begun = Some(stamp);
            }
            What::QueryEnded { query, outcome } => {
                let begun = self.trail.node(&query);
                if begun.is_none_or(|(_, node)| node.begun.is_none() || node.outcome.is_some()) {
                    return false;
                }
                if let Some((result, rows)) = kept(&outcome) {
                    self.results.push(ResultState {
                        result: result.clone(),
                        query: query.clone(),
                        rows,
                        ended: stamp,
                    });
                }
                self.trail.entry(&query).1.outcome = Some(outcome);
            }
            What::Pivoted {
                from,
                template,
                query,
            } => self.trail.hang(&query, from, template),
            _ => return false,
        }
        true
    }

    /// Evidence.
    fn collect(&mut self, what: What, stamp: Stamp) -> bool {
        match what {
            What::Pinned(pin) => {
                if self.pin(&pin.pin).is_some() {
                    return false;
                }
                self.pin_places.insert(pin.pin.clone(), self.pins.len());
                self.pins.push(PinState {
                    tags: pin.tags.clone(),
                    note: pin.note.clone(),
                    pin: *pin,
                    pinned: stamp,
                    annotated: Vec::new(),
                    unpinned: None,
                });
                true
            }
            What::Unpinned { pin, reason } => match self.pin_mut(&pin) {
                Some(state) if state.unpinned.is_none() => {
                    state.unpinned = Some((stamp, reason));
                    true
                }
                _ => false,
            },
            What::Annotated { pin, tags, note } => {
                let Some(state) = self.pin_mut(&pin) else {
                    return false;
                };
                if let Some(tags) = tags {
                    state.tags = tags;
                }
                if let Some(note) = note {
                    state.note = note;
                }
                state.annotated.push(stamp);
                true
            }
            _ => false,
        }
    }

    fn pin_mut(&mut self, key: &Key) -> Option<&mut PinState> {
        self.pins.get_mut(*self.pin_places.get(key)?)
    }

    /// Notes.
    fn note(&mut self, what: What, stamp: Stamp) -> bool {
        match what {
            What::Noted { note, about, text } => {
                if self.note_places.contains_key(&note) {
                    return false;
                }
                self.note_places.insert(note.clone(), self.notes.len());
                self.notes.push(NoteState {
                    note,
                    about,
                    text,
                    written: stamp,
                    edited: None,
                    removed: None,
                });
                true
            }
            What::NoteEdited { note, text } => {
                let Some(state) = self.note_mut(&note) else {
                    return false;
                };
                state.text = text;
                state.edited = Some(stamp);
                true
            }
            What::NoteRemoved { note } => match self.note_mut(&note) {
                Some(state) if state.removed.is_none() => {
                    state.removed = Some(stamp);
                    true
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn note_mut(&mut self, key: &Key) -> Option<&mut NoteState> {
        self.notes.get_mut(*self.note_places.get(key)?)
    }
}
