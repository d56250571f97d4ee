//! From the text of a file to its rules, each by itself: what is wrong with one stops no other.

use super::aggregation::{self, Counted, Written};
use super::collection::joined;
use super::correlation::{self, Correlation};
use super::detection::{Wrong, search};
use super::filter::{self, Filter};
use super::yaml::{self, Node, Value};
use super::{About, Condition, Level, LogSource, Placeholders, Rule, Search, condition};

/// What a document of a file is.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// What to look for in an event.
    Rule(Rule),
    /// What to look for in events, and how often.
    Counted(Counted),
    /// How matches come together.
    Correlation(Correlation),
    /// What takes away matches of rules.
    Filter(Filter),
}

impl Document {
    /// Who it is.
    pub fn about(&self) -> &About {
        match self {
            Self::Rule(rule) => &rule.about,
            Self::Counted(counted) => &counted.correlation.about,
            Self::Correlation(correlation) => &correlation.about,
            Self::Filter(filter) => &filter.about,
        }
    }
}

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The rule's title, where it has one.
    pub title: Option<String>,
    /// Why.
    pub message: String,
}

/// Reads a file of rules that need no placeholders.
pub fn read(text: &str) -> Vec<Result<Document, Problem>> {
    read_with(text, &Placeholders::default())
}

/// Reads a file of rules, with the values of their placeholders.
pub fn read_with(text: &str, placeholders: &Placeholders) -> Vec<Result<Document, Problem>> {
    let (documents, fault) = yaml::documents(text);
    let documents = documents
        .into_iter()
        .filter(|node| node.value != Value::Null)
        .collect();
    let mut read: Vec<Result<Document, Problem>> = joined(documents)
        .into_iter()
        .map(|node| {
            let problem = |title: Option<&Node>, line: usize, message: String| Problem {
                line,
                title: title.and_then(Node::text),
                message,
            };
            let node =
                node.map_err(|(line, title, message)| problem(title.as_ref(), line, message))?;
            document(&node, placeholders)
                .map_err(|(line, message)| problem(node.get("title"), line, message))
        })
        .collect();
    if let Some(fault) = fault {
        read.push(Err(Problem {
            line: fault.line,
            title: None,
            message: format!("it is no YAML that can be read: {}", fault.message),
        }));
    }
    read
}

fn document(node: &Node, placeholders: &Placeholders) -> Result<Document, Wrong> {
    let wrong = |message: &str| (node.line, message.to_owned());
    if !matches!(node.value, Value::Map(_)) {
        return Err(wrong("a rule is a map of keys, and this is none"));
    }
    let about = about(node)?;
    if let Some(node) = node.get("correlation") {
        return correlation::read(about, node).map(Document::Correlation);
    }
    let logs = node
        .get("logsource")
        .ok_or_else(|| wrong("it has no `logsource`"));
    if let Some(node) = node.get("filter") {
        let filter = filter::read(about, logs_of(logs?), node, placeholders)?;
        return Ok(Document::Filter(filter));
    }
    let detection = node
        .get("detection")
        .ok_or_else(|| wrong("it has neither a `detection` nor a `correlation`"))?;
    let logs = logs_of(logs?);
    let searches = searches_of(detection, "detection", &["timeframe"], placeholders)?;
    self::detection(detection, about, logs, searches)
}

fn logs_of(node: &Node) -> LogSource {
    let word = |key: &str| {
        let text = node.get(key).and_then(Node::text);
        text.map(|text| text.to_lowercase())
    };
    LogSource {
        product: word("product"),
        service: word("service"),
        category: word("category"),
    }
}

fn about(node: &Node) -> Result<About, Wrong> {
    let word = |key: &str| node.get(key).and_then(Node::text);
    let title = word("title").ok_or_else(|| (node.line, "it has no `title`".to_owned()))?;
    let level = match node.get("level") {
        None => Level::default(),
        Some(node) => {
            let text = node.text().unwrap_or_default();
            Level::named(&text).ok_or_else(|| (node.line, format!("there is no level `{text}`")))?
        }
    };
    let tags = match node.get("tags").map(|node| &node.value) {
        Some(Value::List(tags)) => tags.iter().filter_map(Node::text).collect(),
        _ => Vec::new(),
    };
    let name = word("name");
    let id = word("id").or_else(|| name.clone());
    Ok(About {
        id: id.unwrap_or_else(|| title.clone()),
        name,
        title,
        level,
        description: word("description"),
        tags,
        remark: None,
    })
}

/// The searches of a detection or a filter: what it holds but its condition and these others.
pub(super) fn searches_of(
    node: &Node,
    called: &str,
    others: &[&str],
    placeholders: &Placeholders,
) -> Result<Vec<(String, Search)>, Wrong> {
    let Value::Map(members) = &node.value else {
        return Err((node.line, format!("the `{called}` is no map of searches")));
    };
    members
        .iter()
        .filter(|(name, _)| name != "condition" && !others.contains(&name.as_str()))
        .map(|(name, node)| Ok((name.clone(), search(node, placeholders)?)))
        .collect()
}

fn detection(
    node: &Node,
    mut about: About,
    logs: LogSource,
    searches: Vec<(String, Search)>,
) -> Result<Document, Wrong> {
    let condition = node.get("condition");
    let condition =
        condition.ok_or_else(|| (node.line, "the detection has no `condition`".to_owned()))?;
    let wrong = |message: &str| (condition.line, message.to_owned());
    let texts: Vec<String> = match &condition.value {
        Value::List(items) => items.iter().filter_map(Node::text).collect(),
        _ => condition.text().into_iter().collect(),
    };
    let span = node.get("timeframe");
    let timeframe = span.and_then(|span| Some((span.line, span.text()?)));
    if let Some(counts) = texts.iter().find(|text| text.contains('|')) {
        if texts.len() > 1 {
            return Err(wrong(
                "of its several conditions one counts, and the others do not",
            ));
        }
        let counted = aggregation::read(Written {
            about,
            logs,
            searches,
            condition: (condition.line, counts),
            timeframe,
        })?;
        return Ok(Document::Counted(counted));
    }
    if span.is_some() {
        about.remark =
            Some("its `timeframe` has no effect: the condition counts nothing".to_owned());
    }
    let names: Vec<String> = searches.iter().map(|(name, _)| name.clone()).collect();
    let parts: Result<Vec<Condition>, String> = texts
        .iter()
        .map(|text| condition::parse(text, &names))
        .collect();
    let mut parts = parts.map_err(|message| (condition.line, message))?;
    let condition = match parts.len() {
        0 => return Err(wrong("the condition is empty")),
        1 => parts.remove(0),
        _ => Condition::Any(parts),
    };
    Ok(Document::Rule(Rule {
        about,
        logs,
        condition,
        searches,
        part_of: None,
    }))
}
