//! Correlations: rules about how matches of other rules come together in time.

use std::collections::BTreeSet;

use super::detection::Wrong;
use super::modifiers::is_number;
use super::yaml::{Node, Value};
use super::{About, Order};

/// A correlation.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// The file's own words for it.
    pub about: About,
    /// What is counted.
    pub kind: CorrelationKind,
    /// The ids or names of the rules that it is about.
    pub rules: Vec<String>,
    /// The fields whose values the matches have in common.
    pub group_by: Vec<String>,
    /// Names of fields that mean another field in each rule.
    pub aliases: Vec<Alias>,
    /// How far apart the matches may be, in milliseconds.
    pub span_ms: i64,
    /// What the count is compared with: all hold.
    pub bounds: Vec<Bound>,
    /// Whether matches of its rules are told as well.
    pub shows_rules: bool,
}

/// A name that means another field in each rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: String,
    /// The rules, by id or name, each with its field.
    pub fields: Vec<(String, String)>,
}

impl Correlation {
    /// The field that a name means in the events of a rule.
    pub fn field_of<'a>(&'a self, name: &'a str, rule: &About) -> &'a str {
        let alias = self.aliases.iter().find(|alias| alias.name == name);
        let mut fields = alias.into_iter().flat_map(|alias| &alias.fields);
        let own = fields.find(|(of, _)| rule.is_called(of));
        own.map_or(name, |(_, field)| field)
    }

    /// The names that it groups by and counts the values of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let counted = match &self.kind {
            CorrelationKind::Values(field) => Some(field.as_str()),
            _ => None,
        };
        self.group_by.iter().map(String::as_str).chain(counted)
    }

    /// Every field that its names may mean.
    pub fn fields(&self) -> BTreeSet<&str> {
        let mut fields = BTreeSet::new();
        for name in self.names() {
            fields.insert(name);
            for alias in self.aliases.iter().filter(|alias| alias.name == name) {
                fields.extend(alias.fields.iter().map(|(_, field)| field.as_str()));
            }
        }
        fields
    }

    /// What the count is compared with, also where the file leaves it out: all rules.
    pub fn all_bounds(&self) -> Vec<Bound> {
        match self.bounds.is_empty() {
            false => self.bounds.clone(),
            true => vec![Bound {
                order: Order::GreaterOrEqual,
                count: i64::try_from(self.rules.len()).unwrap_or(i64::MAX),
            }],
        }
    }
}

/// What a correlation counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorrelationKind {
    /// Matches.
    Events,
    /// Different values of a field.
    Values(String),
    /// Different rules; all of them where no bound says otherwise.
    Rules,
    /// All rules, each match after the one of the rule before.
    Ordered,
}

/// A bound of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// How the count is compared.
    pub order: Order,
    /// With what.
    pub count: i64,
}

pub(super) fn read(about: About, node: &Node) -> Result<Correlation, Wrong> {
    let wrong = |message: &str| (node.line, message.to_owned());
    let word = |key: &str| node.get(key).and_then(Node::text);
    let kind = word("type").ok_or_else(|| wrong("the correlation has no `type`"))?;
    let rules = words(node.get("rules"));
    if rules.is_empty() {
        return Err(wrong("the correlation names no `rules`"));
    }
    let aliases = aliases(node.get("aliases"))?;
    let span = word("timespan").ok_or_else(|| wrong("the correlation has no `timespan`"))?;
    let span_ms = milliseconds(&span)
        .ok_or_else(|| wrong("the `timespan` is not a number with s, m, h, d or M"))?;
    let condition = node.get("condition");
    let bounds = bounds(condition)?;
    let field = condition
        .and_then(|condition| condition.get("field"))
        .and_then(Node::text);
    let kind = match (kind.as_str(), field) {
        ("event_count", None) => CorrelationKind::Events,
        ("value_count", Some(field)) => CorrelationKind::Values(field),
        ("value_count", None) => return Err(wrong("a `value_count` needs a `field`")),
        ("event_count", Some(_)) => {
            return Err(wrong(
                "an `event_count` counts events, not values of a `field`",
            ));
        }
        ("temporal", _) => CorrelationKind::Rules,
        ("temporal_ordered", _) => CorrelationKind::Ordered,
        (other, _) => {
            return Err((
                node.line,
                format!("correlations of the type `{other}` cannot be run here"),
            ));
        }
    };
    let comes_together = matches!(kind, CorrelationKind::Rules | CorrelationKind::Ordered);
    if let Some(line) = condition
        .filter(|node| node.text().is_some())
        .map(|node| node.line)
        && !(comes_together && asks_for_all(condition, &rules))
    {
        return Err((
            line,
            "its `condition` combines rules in another way than all of them with `and`".to_owned(),
        ));
    }
    if kind == CorrelationKind::Ordered && bounds.iter().any(|bound| !means_all(*bound, &rules)) {
        return Err(wrong(
            "a `temporal_ordered` needs all of its rules, and its `condition` says otherwise",
        ));
    }
    if kind == CorrelationKind::Ordered && rules.len() > MOST_ORDERED {
        return Err((
            node.line,
            format!("a `temporal_ordered` of more than {MOST_ORDERED} rules"),
        ));
    }
    if bounds.is_empty() && !comes_together {
        return Err(wrong(
            "the correlation's `condition` has no bound such as `gte: 5`",
        ));
    }
    Ok(Correlation {
        about,
        kind,
        rules,
        group_by: words(node.get("group-by")),
        aliases,
        span_ms,
        bounds,
        shows_rules: matches!(
            node.get("generate").map(|node| &node.value),
            Some(Value::Bool(true))
        ),
    })
}

/// Rules that one correlation puts in order.
const MOST_ORDERED: usize = 16;

fn aliases(node: Option<&Node>) -> Result<Vec<Alias>, Wrong> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let wrong = |node: &Node| {
        let message = "`aliases` are names, each with a map of rules and their fields";
        (node.line, message.to_owned())
    };
    let Value::Map(members) = &node.value else {
        return Err(wrong(node));
    };
    let alias = |(name, node): &(String, Node)| {
        let Value::Map(fields) = &node.value else {
            return Err(wrong(node));
        };
        let field = |(rule, field): &(String, Node)| {
            let text = field.text().ok_or_else(|| wrong(field))?;
            Ok((rule.clone(), text))
        };
        let fields: Result<Vec<(String, String)>, Wrong> = fields.iter().map(field).collect();
        Ok(Alias {
            name: name.clone(),
            fields: fields?,
        })
    };
    members.iter().map(alias).collect()
}

/// Whether a condition in words is `A and B and C` over all rules.
fn asks_for_all(condition: Option<&Node>, rules: &[String]) -> bool {
    let text = condition.and_then(Node::text).unwrap_or_default();
    let mut named: Vec<&str> = text.split_whitespace().collect();
    let joins = named.iter().skip(1).step_by(2);
    if named.len().is_multiple_of(2) || !joins.copied().all(|word| word.eq_ignore_ascii_case("and"))
    {
        return false;
    }
    named = named.into_iter().step_by(2).collect();
    named.sort_unstable();
    let mut all: Vec<&str> = rules.iter().map(String::as_str).collect();
    all.sort_unstable();
    named == all
}

fn means_all(bound: Bound, rules: &[String]) -> bool {
    let all = i64::try_from(rules.len()).unwrap_or(i64::MAX);
    match bound.order {
        Order::GreaterOrEqual | Order::Equal => bound.count == all,
        Order::Greater => bound.count == all - 1,
        Order::Less | Order::LessOrEqual | Order::NotEqual => false,
    }
}

fn words(node: Option<&Node>) -> Vec<String> {
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => items.iter().filter_map(Node::text).collect(),
        Some(_) => node.and_then(Node::text).into_iter().collect(),
        None => Vec::new(),
    }
}

fn bounds(condition: Option<&Node>) -> Result<Vec<Bound>, Wrong> {
    let Some(Node {
        value: Value::Map(members),
        ..
    }) = condition
    else {
        return Ok(Vec::new());
    };
    let mut bounds = Vec::new();
    for (key, node) in members {
        let order = match key.as_str() {
            "gt" => Order::Greater,
            "gte" => Order::GreaterOrEqual,
            "lt" => Order::Less,
            "lte" => Order::LessOrEqual,
            "eq" => Order::Equal,
            "neq" => Order::NotEqual,
            "field" => continue,
            other => return Err((node.line, format!("`{other}` is no comparison of a count"))),
        };
        let count = node.text().filter(|text| is_number(text));
        let count = count.and_then(|text| text.parse().ok()).ok_or_else(|| {
            (
                node.line,
                "a count is compared with a whole number".to_owned(),
            )
        })?;
        bounds.push(Bound { order, count });
    }
    Ok(bounds)
}

pub(super) fn milliseconds(span: &str) -> Option<i64> {
    let end = span.char_indices().next_back()?.0;
    let number: i64 = span.get(..end)?.trim().parse().ok()?;
    let unit = match span.get(end..)? {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        "M" => 30 * 86_400_000,
        "y" => 365 * 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit).filter(|span| *span > 0)
}
