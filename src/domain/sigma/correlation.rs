//! Correlations: rules about how matches of other rules come together in time.

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
    /// How far apart the matches may be, in milliseconds.
    pub span_ms: i64,
    /// What the count is compared with: all hold.
    pub bounds: Vec<Bound>,
    /// Whether matches of its rules are told as well.
    pub shows_rules: bool,
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
    if node.get("aliases").is_some() {
        return Err(wrong(
            "the correlation renames fields (`aliases`), which cannot be done here",
        ));
    }
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
        ("temporal", _) => CorrelationKind::Rules,
        (other, _) => {
            return Err((
                node.line,
                format!("correlations of the type `{other}` cannot be run here"),
            ));
        }
    };
    if bounds.is_empty() && kind != CorrelationKind::Rules {
        return Err(wrong(
            "the correlation's `condition` has no bound such as `gte: 5`",
        ));
    }
    Ok(Correlation {
        about,
        kind,
        rules,
        group_by: words(node.get("group-by")),
        span_ms,
        bounds,
        shows_rules: matches!(
            node.get("generate").map(|node| &node.value),
            Some(Value::Bool(true))
        ),
    })
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

fn milliseconds(span: &str) -> Option<i64> {
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
