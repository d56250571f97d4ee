//! From the text of a file to its rules, each by itself: what is wrong with one stops no other.

use super::correlation::{self, Correlation};
use super::detection::{Wrong, search};
use super::yaml::{self, Node, Value};
use super::{About, Condition, Level, LogSource, Rule, condition};

/// A rule or a correlation.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// What to look for in an event.
    Rule(Rule),
    /// How matches come together.
    Correlation(Correlation),
}

impl Document {
    /// Who it is.
    pub fn about(&self) -> &About {
        match self {
            Self::Rule(rule) => &rule.about,
            Self::Correlation(correlation) => &correlation.about,
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

/// Reads a file of rules.
pub fn read(text: &str) -> Vec<Result<Document, Problem>> {
    let (documents, fault) = yaml::documents(text);
    let mut read: Vec<Result<Document, Problem>> = documents
        .iter()
        .filter(|node| node.value != Value::Null)
        .map(|node| {
            document(node).map_err(|(line, message)| Problem {
                line,
                title: node.get("title").and_then(Node::text),
                message,
            })
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

fn document(node: &Node) -> Result<Document, Wrong> {
    let wrong = |message: &str| (node.line, message.to_owned());
    if !matches!(node.value, Value::Map(_)) {
        return Err(wrong("a rule is a map of keys, and this is none"));
    }
    if node.get("action").is_some() {
        return Err(wrong(
            "`action` joins documents of a file, which the format no longer has",
        ));
    }
    if node.get("filter").is_some() {
        return Err(wrong("filters of other rules cannot be applied here"));
    }
    let about = about(node)?;
    if let Some(node) = node.get("correlation") {
        return correlation::read(about, node).map(Document::Correlation);
    }
    let detection = node
        .get("detection")
        .ok_or_else(|| wrong("it has neither a `detection` nor a `correlation`"))?;
    let logs = node
        .get("logsource")
        .ok_or_else(|| wrong("it has no `logsource`"))?;
    let word = |key: &str| {
        let text = logs.get(key).and_then(Node::text);
        text.map(|text| text.to_lowercase())
    };
    let logs = LogSource {
        product: word("product"),
        service: word("service"),
        category: word("category"),
    };
    let (searches, condition) = self::detection(detection)?;
    Ok(Document::Rule(Rule {
        about,
        logs,
        condition,
        searches,
    }))
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
    })
}

type Detection = (Vec<(String, super::Search)>, Condition);

fn detection(node: &Node) -> Result<Detection, Wrong> {
    let wrong = |message: &str| (node.line, message.to_owned());
    let Value::Map(members) = &node.value else {
        return Err(wrong("the `detection` is no map of searches"));
    };
    let mut searches = Vec::new();
    for (name, node) in members {
        match name.as_str() {
            "condition" => {}
            "timeframe" => {
                return Err((
                    node.line,
                    "a `timeframe` in the detection is of the old format; write a correlation"
                        .to_owned(),
                ));
            }
            _ => searches.push((name.clone(), search(node)?)),
        }
    }
    let names: Vec<String> = searches.iter().map(|(name, _)| name.clone()).collect();
    let condition = node
        .get("condition")
        .ok_or_else(|| wrong("the detection has no `condition`"))?;
    let texts: Vec<String> = match &condition.value {
        Value::List(items) => items.iter().filter_map(Node::text).collect(),
        _ => condition.text().into_iter().collect(),
    };
    let parts: Result<Vec<Condition>, String> = texts
        .iter()
        .map(|text| condition::parse(text, &names))
        .collect();
    let mut parts = parts.map_err(|message| (condition.line, message))?;
    let condition = match parts.len() {
        0 => return Err((condition.line, "the condition is empty".to_owned())),
        1 => parts.remove(0),
        _ => Condition::Any(parts),
    };
    Ok((searches, condition))
}
