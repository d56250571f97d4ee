//! What is looked for in events: rules, standing watches, conditions, other products' findings. Each
//! is a meaning with a number; where it is looked for is the program's to know.

use super::windows::too_many;
use crate::domain::detection::Cause;
use crate::domain::entity::Entity;
use crate::domain::sigma::{About, Correlation, Level, Rule};
use crate::domain::standing::{Condition, StandingWatch};
use crate::sql::sigma::{RuleSet, Unusable, foreign};

/// Everything that is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    /// Sigma rules and their correlations.
    pub rules: RuleSet,
    /// Standing watches.
    pub watches: Vec<StandingWatch>,
    /// Conditions of sources.
    pub conditions: Vec<Condition>,
    /// Whether findings that other products wrote into the lake are detections.
    pub findings: bool,
    /// The name of the least severity of those that are; one that tells none always is. What is low is
    /// in the lake by the hundreds, and hides in a queue what is not.
    pub least: String,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            rules: RuleSet::default(),
            watches: Vec::new(),
            conditions: Vec::new(),
            findings: true,
            least: "Medium".to_owned(),
        }
    }
}

/// What a match means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meaning {
    pub(super) cause: Cause,
    pub(super) title: String,
    pub(super) severity: &'static str,
    pub(super) reason: String,
    /// Whom it is about, where that is not for the event to say.
    pub(super) entity: Option<Entity>,
    /// Whether matches are told; rules that are there for correlations alone are not.
    pub(super) shown: bool,
}

/// A book with its meanings in order: rules, watches, conditions, then correlations.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) book: Book,
    pub(super) meanings: Vec<Meaning>,
    /// The correlations that can be run: with their own meaning's number and their rules' ones.
    pub(super) correlations: Vec<Correlated>,
}

/// A correlation over the meanings of its rules.
#[derive(Debug, Clone)]
pub(super) struct Correlated {
    pub(super) correlation: Correlation,
    pub(super) meaning: usize,
    pub(super) rules: Vec<usize>,
}

/// How OCSF calls a level.
pub(super) fn severity_of(level: Level) -> &'static str {
    match level {
        Level::Informational => "Informational",
        Level::Low => "Low",
        Level::Medium => "Medium",
        Level::High => "High",
        Level::Critical => "Critical",
    }
}

impl Read {
    /// Reads a book, with what of it can be used on no lake at all.
    pub(super) fn of(mut book: Book) -> (Self, Vec<Unusable>) {
        let mut unusable = Vec::new();
        let unfit = |about: &About, why: String| Unusable {
            about: about.clone(),
            why,
        };
        let mut lost: Vec<(About, String)> = Vec::new();
        book.rules.rules.retain(|rule| match foreign(&rule.logs) {
            None => true,
            Some(why) => {
                // What is a part of another rule is not told by itself.
                if rule.part_of.is_none() {
                    unusable.push(unfit(&rule.about, why.clone()));
                }
                lost.push((rule.about.clone(), why));
                false
            }
        });
        let mut counted: Vec<Correlation> = Vec::new();
        for correlation in &book.rules.correlations {
            match usable(correlation, &book.rules.rules, &lost) {
                Ok(()) => counted.push(correlation.clone()),
                Err(why) => unusable.push(unfit(&correlation.about, why)),
            }
        }
        let is_counted = |rule: &Rule| {
            let mut all = counted.iter().flat_map(|one| &one.rules);
            all.any(|name| rule.about.is_called(name))
        };
        let is_of_use = |rule: &Rule| rule.part_of.is_none() || is_counted(rule);
        book.rules.rules.retain(is_of_use);
        let rules = &book.rules.rules;
        let called = |name: &String| rules.iter().position(|rule| rule.about.is_called(name));
        let usable: Vec<(&Correlation, Vec<usize>)> = counted
            .iter()
            .map(|one| (one, one.rules.iter().filter_map(called).collect()))
            .collect();
        let hidden = |place: usize| {
            let mut of_it = usable
                .iter()
                .filter(|(_, rules)| rules.contains(&place))
                .peekable();
            let is_part = rules.get(place).is_some_and(|rule| rule.part_of.is_some());
            let is_counted = of_it.peek().is_some();
            is_part || is_counted && of_it.all(|(correlation, _)| !correlation.shows_rules)
        };
        let mut meanings: Vec<Meaning> = rules
            .iter()
            .enumerate()
            .map(|(place, rule)| of_rule(rule, !hidden(place)))
            .collect();
        meanings.extend(book.watches.iter().map(of_watch));
        meanings.extend(book.conditions.iter().map(of_condition));
        let correlations = usable
            .into_iter()
            .enumerate()
            .map(|(place, (correlation, rules))| Correlated {
                correlation: correlation.clone(),
                meaning: meanings.len() + place,
                rules,
            })
            .collect::<Vec<_>>();
        meanings.extend(correlations.iter().map(|one| Meaning {
            cause: Cause::Rule(one.correlation.about.id.clone()),
            title: one.correlation.about.title.clone(),
            severity: severity_of(one.correlation.about.level),
            reason: "the correlation's level".to_owned(),
            entity: None,
            shown: true,
        }));
        let read = Self {
            book,
            meanings,
            correlations,
        };
        (read, unusable)
    }

    /// The number of the first watch's meaning.
    pub(super) fn first_watch(&self) -> usize {
        self.book.rules.rules.len()
    }

    /// The number of the first condition's meaning.
    pub(super) fn first_condition(&self) -> usize {
        self.first_watch() + self.book.watches.len()
    }

    /// Whether a rule's matches are counted by a correlation.
    pub(super) fn is_counted(&self, meaning: usize) -> bool {
        self.correlations
            .iter()
            .any(|one| one.rules.contains(&meaning))
    }
}

/// Whether matches of these rules can be counted as a correlation says, while they arrive.
fn usable(
    correlation: &Correlation,
    rules: &[Rule],
    lost: &[(About, String)],
) -> Result<(), String> {
    for name in &correlation.rules {
        if rules.iter().any(|rule| rule.about.is_called(name)) {
            continue;
        }
        let lost = lost.iter().find(|(about, _)| about.is_called(name));
        return Err(match lost {
            Some((_, why)) => why.clone(),
            None => format!("its rule `{name}` is not here, or is no rule about single events"),
        });
    }
    match too_many(correlation) {
        None => Ok(()),
        Some(most) => Err(format!(
            "it counts further than {most}, and no more matches of a group are remembered while events arrive; `lakehound detect` can run it"
        )),
    }
}

fn of_rule(rule: &Rule, shown: bool) -> Meaning {
    Meaning {
        cause: Cause::Rule(rule.about.id.clone()),
        title: rule.about.title.clone(),
        severity: severity_of(rule.about.level),
        reason: "the rule's level".to_owned(),
        entity: None,
        shown,
    }
}

fn of_watch(watch: &StandingWatch) -> Meaning {
    let title = match &watch.note {
        Some(note) => format!("{} is back: {note}", watch.name()),
        None => format!("{} is back", watch.name()),
    };
    Meaning {
        cause: Cause::Watch(watch.name()),
        title,
        severity: severity_of(watch.level),
        reason: "the watch's level".to_owned(),
        entity: Some(watch.entity.clone()),
        shown: true,
    }
}

fn of_condition(condition: &Condition) -> Meaning {
    Meaning {
        cause: Cause::Condition(condition.name.clone()),
        title: condition.name.clone(),
        severity: severity_of(condition.level),
        reason: "the condition's level".to_owned(),
        entity: None,
        shown: true,
    }
}
