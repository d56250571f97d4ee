//! The identity of steps.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{Phase, Step, StepId};

/// Names every step of the phases.
pub(super) fn name_all(phases: &mut [Phase]) {
    let mut seen = HashMap::new();
    for phase in phases {
        let key = phase
            .stage
            .map_or(phase.title.as_str(), |stage| stage.title())
            .to_owned();
        for section in &mut phase.sections {
            name_steps(&key, &mut section.steps, &mut seen);
        }
    }
}

/// Gives each step its identity: the hash of where it stands (phase, enclosing steps) and its text.
fn name_steps(place: &str, steps: &mut [Step], seen: &mut HashMap<String, usize>) {
    for step in steps {
        let mut hash = Sha256::new();
        hash.update(place.as_bytes());
        hash.update([0]);
        for word in step.text.split_whitespace() {
            hash.update(word.to_lowercase().as_bytes());
            hash.update([1]);
        }
        let digest = hash.finalize();
        let base: String = digest
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let count = seen.entry(base.clone()).or_insert(0);
        *count += 1;
        step.id = StepId(match *count {
            1 => base.clone(),
            n => format!("{base}-{n}"),
        });
        name_steps(&base, &mut step.steps, seen);
    }
}
