//! Filters: what takes away matches of other rules, kept in documents of their own.

use super::detection::Wrong;
use super::read::searches_of;
use super::yaml::{Node, Value};
use super::{About, Condition, LogSource, Placeholders, Rule, Search, condition};

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The file's own words for it.
    pub about: About,
    /// The logs whose rules it is about.
    pub logs: LogSource,
    /// The ids or names of the rules that it is about; `None` for every rule of its logs.
    pub rules: Option<Vec<String>>,
    condition: Condition,
    searches: Vec<(String, Search)>,
}

pub(super) fn read(
    about: About,
    logs: LogSource,
    node: &Node,
    placeholders: &Placeholders,
) -> Result<Filter, Wrong> {
    let wrong = |message: &str| (node.line, message.to_owned());
    let rules = match node.get("rules").map(|rules| &rules.value) {
        Some(Value::List(names)) if !names.is_empty() => {
            Some(names.iter().filter_map(Node::text).collect())
        }
        Some(Value::Text(all)) if all.eq_ignore_ascii_case("any") => None,
        Some(Value::Text(name)) => Some(vec![name.clone()]),
        _ => return Err(wrong("the filter names no `rules`")),
    };
    let searches = searches_of(node, "filter", &["rules"], placeholders)?;
    let names: Vec<String> = searches.iter().map(|(name, _)| name.clone()).collect();
    let written = node
        .get("condition")
        .ok_or_else(|| wrong("the filter has no `condition`"))?;
    let text = written.text().unwrap_or_default();
    let condition = condition::parse(&text, &names).map_err(|message| (written.line, message))?;
    Ok(Filter {
        about,
        logs,
        rules,
        condition,
        searches,
    })
}

impl Filter {
    /// Whether it is about a rule.
    pub fn is_about(&self, rule: &Rule) -> bool {
        let about = rule.part_of.as_deref().unwrap_or(&rule.about);
        let named = match &self.rules {
            None => true,
            Some(names) => names.iter().any(|name| about.is_called(name)),
        };
        let within = |own: &Option<String>, of_rule: &Option<String>| {
            own.is_none() || own.as_ref() == of_rule.as_ref()
        };
        named
            && within(&self.logs.product, &rule.logs.product)
            && within(&self.logs.service, &rule.logs.service)
            && within(&self.logs.category, &rule.logs.category)
    }

    /// Puts it on a rule: from then on the filter's condition has to be true as well.
    pub fn put_on(&self, rule: &mut Rule) {
        let before = rule.searches.len();
        rule.searches.extend(self.searches.iter().cloned());
        let own = std::mem::replace(&mut rule.condition, Condition::All(Vec::new()));
        rule.condition = Condition::All(vec![own, shifted(&self.condition, before)]);
    }
}

/// The same with its searches so many places further on.
fn shifted(condition: &Condition, by: usize) -> Condition {
    let all = |parts: &[Condition]| parts.iter().map(|part| shifted(part, by)).collect();
    match condition {
        Condition::Search(place) => Condition::Search(place + by),
        Condition::Not(inside) => Condition::Not(Box::new(shifted(inside, by))),
        Condition::All(parts) => Condition::All(all(parts)),
        Condition::Any(parts) => Condition::Any(all(parts)),
    }
}
