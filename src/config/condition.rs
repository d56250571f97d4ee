//! `[feed.conditions.NAME]`: events of arriving objects that are told because of what they are,
//! whatever rules say.

use std::collections::BTreeMap;

use serde::Serialize;
use toml::Spanned;
use toml::de::DeValue;

use super::section::{Faults, Names, SEVERITY, Section};
use crate::domain::sigma::Level;
use crate::domain::standing::Condition;

/// The levels of matches.
const LEVEL: Names = Names {
    what: "level",
    is_known: |name| Level::named(name).is_some(),
    known: "informational, low, medium, high and critical are",
};

/// A condition as it is set. A part that is not set fits every event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FeedCondition {
    /// How bad a match is; medium if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Accounts, twelve digits each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Regions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Sources, by their table's alias.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// OCSF classes, by their number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The least severity, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Athena SQL about the columns of one row.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
}

impl FeedCondition {
    /// The condition by its name.
    pub fn named(&self, name: &str) -> Condition {
        Condition {
            name: name.to_owned(),
            level: self
                .level
                .as_deref()
                .and_then(Level::named)
                .unwrap_or_default(),
            accounts: self.accounts.clone(),
            regions: self.regions.clone(),
            sources: self.sources.clone(),
            classes: self
                .classes
                .iter()
                .flat_map(|class| class.parse())
                .collect(),
            severity: self.severity.clone(),
            predicate: self.predicate.clone(),
        }
    }
}

/// All conditions. One with a fault in it is left out: with a part less it would tell of more than
/// was meant.
pub(super) fn conditions(
    feed: &mut Section<'_>,
    faults: &mut Faults<'_>,
) -> BTreeMap<String, FeedCondition> {
    let Some(section) = feed.table("conditions", faults) else {
        return BTreeMap::new();
    };
    let mut conditions = BTreeMap::new();
    for (name, value) in section.entries() {
        let path = section.dotted(name);
        let DeValue::Table(table) = value.get_ref() else {
            let hint = format!("write it as [feed.conditions.{name}]");
            faults.add(
                &value.span(),
                format!("`{path}` must be a table"),
                Some(hint),
            );
            continue;
        };
        let before = faults.count();
        let condition = condition(Section::new(path.clone(), table), faults);
        let parts = FeedCondition {
            level: None,
            ..condition.clone()
        };
        if parts == FeedCondition::default() && faults.count() == before {
            let hint = "name accounts, regions, sources, classes, a severity or a `where`";
            let told = format!("`{path}` would tell of every event");
            faults.add(&value.span(), told, Some(hint.to_owned()));
        }
        if faults.count() == before {
            conditions.insert(name.to_owned(), condition);
        }
    }
    conditions
}

fn condition(mut section: Section<'_>, faults: &mut Faults<'_>) -> FeedCondition {
    let plain = |texts: Vec<Spanned<String>>| texts.into_iter().map(Spanned::into_inner).collect();
    let classes = section.texts("classes", faults);
    let condition = FeedCondition {
        level: section.named("level", &LEVEL, faults),
        severity: section.named("severity", &SEVERITY, faults),
        accounts: plain(section.texts("accounts", faults)),
        regions: plain(section.texts("regions", faults)),
        sources: plain(section.texts("sources", faults)),
        classes: classes
            .into_iter()
            .filter_map(|class| {
                if class.get_ref().parse::<i64>().is_err() {
                    let hint = "write its number, such as \"6003\"";
                    let told = format!("`{}` is no class of OCSF", class.get_ref());
                    faults.add(&class.span(), told, Some(hint.to_owned()));
                    return None;
                }
                Some(class.into_inner())
            })
            .collect(),
        predicate: section.text("where", faults),
    };
    section.finish(faults);
    condition
}
