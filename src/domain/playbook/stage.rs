//! The stages of incident response, and which one a heading names.

use std::fmt;

/// A stage of NIST SP 800-61 r2. Revision 3 replaced the stages by the functions of the
/// Cybersecurity Framework 2.0: [`Stage::csf`] gives the matching ids, and both are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// What stands ready before an incident.
    Preparation,
    /// Noticing it and finding out what happened.
    DetectionAnalysis,
    /// Stopping it, removing it, going back to work.
    ContainmentEradicationRecovery,
    /// Learning from it.
    PostIncident,
}

impl Stage {
    /// Every stage in order.
    pub const ALL: [Self; 4] = [
        Self::Preparation,
        Self::DetectionAnalysis,
        Self::ContainmentEradicationRecovery,
        Self::PostIncident,
    ];

    /// NIST's name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Preparation => "Preparation",
            Self::DetectionAnalysis => "Detection & Analysis",
            Self::ContainmentEradicationRecovery => "Containment, Eradication & Recovery",
            Self::PostIncident => "Post-Incident Activity",
        }
    }

    /// The functions and categories of CSF 2.0 that the stage maps to.
    pub fn csf(self) -> &'static [&'static str] {
        match self {
            Self::Preparation => &["GV", "ID", "PR"],
            Self::DetectionAnalysis => &["DE.CM", "DE.AE", "RS.MA", "RS.AN"],
            Self::ContainmentEradicationRecovery => &["RS.MI", "RS.CO", "RC.RP"],
            Self::PostIncident => &["ID.IM", "RC.CO"],
        }
    }

    /// The stage that a heading or tag names, such as `Part 3 — Contain` or `PREPARATION`.
    pub(super) fn named_in(text: &str) -> Option<Self> {
        const WORDS: [(&str, Stage); 17] = [
            ("post-incident", Stage::PostIncident),
            ("post incident", Stage::PostIncident),
            ("lessons", Stage::PostIncident),
            ("prepar", Stage::Preparation),
            ("detect", Stage::DetectionAnalysis),
            ("analy", Stage::DetectionAnalysis),
            ("triage", Stage::DetectionAnalysis),
            ("investigat", Stage::DetectionAnalysis),
            ("identif", Stage::DetectionAnalysis),
            ("evidence", Stage::DetectionAnalysis),
            ("containment", Stage::ContainmentEradicationRecovery),
            ("contain ", Stage::ContainmentEradicationRecovery),
            ("eradicat", Stage::ContainmentEradicationRecovery),
            ("recover", Stage::ContainmentEradicationRecovery),
            ("remediat", Stage::ContainmentEradicationRecovery),
            ("restor", Stage::ContainmentEradicationRecovery),
            ("respon", Stage::ContainmentEradicationRecovery),
        ];
        let mut words: String = text
            .to_lowercase()
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || c == '-' {
                    c
                } else {
                    ' '
                }
            })
            .collect();
        words.push(' ');
        // An appendix may be about detection, but nobody works it off; "incident response" is
        // the name of the whole matter and no stage.
        if words.trim_start().starts_with("appendix") || words.contains("incident response") {
            return None;
        }
        // The earliest word decides: `Detect & analyse before you contain` is detection.
        WORDS
            .iter()
            .filter_map(|(word, stage)| {
                words
                    .match_indices(word)
                    .map(|(place, _)| place)
                    .find(|place| {
                        words
                            .get(..*place)
                            .is_none_or(|before| before.is_empty() || before.ends_with([' ', '-']))
                    })
                    .map(|place| (place, *stage))
            })
            .min_by_key(|(place, _)| *place)
            .map(|(_, stage)| stage)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.title(), self.csf().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_every_style_name_their_stage() {
        use Stage::*;
        for (heading, stage) in [
            ("Part 1 — Prepare", Some(Preparation)),
            ("PREPARATION", Some(Preparation)),
            ("Part 2 — Detect & Analyse", Some(DetectionAnalysis)),
            (
                "Part 1: Acquire, Preserve, Document Evidence",
                Some(DetectionAnalysis),
            ),
            ("Part 3 — Contain", Some(ContainmentEradicationRecovery)),
            ("CONTAINMENT", Some(ContainmentEradicationRecovery)),
            ("Part 4b — Recover", Some(ContainmentEradicationRecovery)),
            ("Post Incident Activity", Some(PostIncident)),
            ("Part 5: Post-Incident Activity", Some(PostIncident)),
            ("Appendix A — Investigation Resources", None),
            ("Incident Response Process", None),
            ("Container images", None),
            ("Overview", None),
        ] {
            assert_eq!(Stage::named_in(heading), stage, "{heading}");
        }
    }

    #[test]
    fn every_stage_shows_its_csf_ids() {
        for stage in Stage::ALL {
            assert!(stage.to_string().starts_with(stage.title()));
            assert!(!stage.csf().is_empty());
        }
    }
}
