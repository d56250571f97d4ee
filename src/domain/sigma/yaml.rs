//! YAML as a tree with lines, from events: limits on size and depth, so that no file, however it
//! was made, costs more than it is worth.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// Nodes of one file, those that aliases repeat included.
const MOST_NODES: usize = 200_000;

/// Lists and maps inside each other.
const DEEPEST: usize = 48;

/// A node of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Its line, from 1.
    pub(super) line: usize,
    pub(super) value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// A number as it was written: decimal digits with a sign, a point or an exponent.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// A member of a map.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(members) => members
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text of a scalar, as it was written.
    pub(super) fn text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// How many values it has, itself included.
    pub(super) fn size(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Node::size).sum::<usize>(),
            Value::Map(members) => 1 + members.iter().map(|(_, node)| node.size()).sum::<usize>(),
            _ => 1,
        }
    }
}

/// What is wrong with a text as YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
}

/// A list or map under way.
struct Open {
    line: usize,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

/// Reads every document of a text. After a fault nothing more is read; what came before it stays.
pub(super) fn documents(text: &str) -> (Vec<Node>, Option<Fault>) {
    let mut reader = Reader::default();
    let mut line = 1;
    for event in Parser::new_from_str(text) {
        let outcome = match event {
            Ok((event, span)) => {
                line = span.start.line();
                reader.take(event, line)
            }
            Err(error) => Err(Fault {
                line: error.marker().line(),
                message: error.info().to_owned(),
            }),
        };
        if let Err(fault) = outcome {
            return (reader.done, Some(fault));
        }
    }
    let fault = (!reader.open.is_empty()).then(|| Fault {
        line,
        message: "the text ends inside a list or map".to_owned(),
    });
    (reader.done, fault)
}

#[derive(Default)]
struct Reader {
    done: Vec<Node>,
    open: Vec<Open>,
    anchored: HashMap<usize, Node>,
    nodes: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), Fault> {
        let fault = |message: &str| Fault {
            line,
            message: message.to_owned(),
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = match (style, tag.is_some()) {
                    (ScalarStyle::Plain, false) => plain(&text),
                    _ => Value::Text(text.into_owned()),
                };
                self.add(Node { line, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(line, anchor, Items::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.begin(line, anchor, Items::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self
                    .open
                    .pop()
                    .ok_or_else(|| fault("nothing is open here"))?;
                let value = match open.items {
                    Items::List(items) => Value::List(items),
                    Items::Map(members, None) => Value::Map(members),
                    Items::Map(_, Some(_)) => return Err(fault("a key has no value")),
                };
                let node = Node {
                    line: open.line,
                    value,
                };
                self.add(node, open.anchor)
            }
            Event::Alias(anchor) => {
                let node = self.anchored.get(&anchor).cloned();
                let node = node.ok_or_else(|| fault("an alias of nothing"))?;
                self.nodes += node.size();
                self.add(node, 0)
            }
            Event::DocumentStart(_) | Event::DocumentEnd => {
                self.anchored.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd => Ok(()),
        }
    }

    fn begin(&mut self, line: usize, anchor: usize, items: Items) -> Result<(), Fault> {
        if self.open.len() >= DEEPEST {
            return Err(Fault {
                line,
                message: format!("lists and maps nest deeper than {DEEPEST}"),
            });
        }
        self.open.push(Open {
            line,
            anchor,
            items,
        });
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        let fault = |message: String| Fault {
            line: node.line,
            message,
        };
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(fault(format!("it has more than {MOST_NODES} values")));
        }
        if anchor != 0 {
            self.anchored.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.done.push(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map(members, waiting)) => match waiting.take() {
                Some(key) => members.push((key, node)),
                None => {
                    let key = match &node.value {
                        Value::Null => String::new(),
                        _ => node
                            .text()
                            .ok_or_else(|| fault("a list or map cannot be a key".to_owned()))?,
                    };
                    if members.iter().any(|(name, _)| *name == key) {
                        return Err(fault(format!("the key `{key}` is here twice")));
                    }
                    *waiting = Some(key);
                }
            },
        }
        Ok(())
    }
}

/// What a plain scalar is, by YAML's core schema.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = digits.starts_with(|c: char| c.is_ascii_digit());
    let only = digits
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'));
    let is_number = begins && only && text.parse::<f64>().is_ok_and(f64::is_finite);
    // An account id is twelve digits, and its leading zeros count.
    let is_id = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    match is_number && !is_id {
        true => Value::Number(text.strip_prefix('+').unwrap_or(text).to_owned()),
        false => Value::Text(text.to_owned()),
    }
}
