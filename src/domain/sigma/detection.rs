//! The searches of a rule: maps of fields, lists of maps, lists of keywords.

use super::modifiers::Modifiers;
use super::yaml::{Node, Value};
use super::{Placeholders, Search, Test};

/// What is wrong, and in which line.
pub(super) type Wrong = (usize, String);

/// Reads one search.
pub(super) fn search(node: &Node, placeholders: &Placeholders) -> Result<Search, Wrong> {
    match &node.value {
        Value::Map(members) => {
            let items: Result<Vec<Search>, Wrong> = members
                .iter()
                .map(|(key, node)| item(key, node, placeholders))
                .collect();
            Ok(many(items?, Search::All))
        }
        Value::List(nodes) => {
            let items: Result<Vec<Search>, Wrong> = nodes
                .iter()
                .map(|node| search(node, placeholders))
                .collect();
            let items = items?;
            match items.is_empty() {
                true => Err((node.line, "a search is an empty list".to_owned())),
                false => Ok(many(items, Search::Any)),
            }
        }
        Value::Null => Err((node.line, "a search is empty".to_owned())),
        _ => keyword(&Modifiers::default(), node, placeholders),
    }
}

fn keyword(
    modifiers: &Modifiers,
    node: &Node,
    placeholders: &Placeholders,
) -> Result<Search, Wrong> {
    let at = |message| (node.line, message);
    let text = node
        .text()
        .ok_or_else(|| at("a keyword is no text".to_owned()))?;
    let whole = Node {
        line: node.line,
        value: Value::Text(text),
    };
    let tests = modifiers.tests(&whole, placeholders).map_err(at)?;
    let found = tests.into_iter().map(|test| {
        let test = match test {
            // A keyword stands anywhere in a text.
            Test::Text { pattern, cased } => Test::Text {
                pattern: pattern.open(true, true),
                cased,
            },
            other => other,
        };
        Search::Item { field: None, test }
    });
    Ok(many(found.collect(), Search::Any))
}

fn item(key: &str, node: &Node, placeholders: &Placeholders) -> Result<Search, Wrong> {
    let at = |message| (node.line, message);
    let mut parts = key.split('|');
    let field = parts.next().unwrap_or_default().trim();
    let names: Vec<&str> = parts.collect();
    let told = |message: String| match field.is_empty() {
        true => at(message),
        false => at(format!("{field}: {message}")),
    };
    let modifiers = Modifiers::parse(&names).map_err(told)?;
    let values: Vec<&Node> = match &node.value {
        Value::List(values) => values.iter().collect(),
        _ => vec![node],
    };
    if values.is_empty() {
        return Err(told("it has an empty list of values".to_owned()));
    }
    let mut items = Vec::new();
    for value in values {
        if field.is_empty() {
            items.push(keyword(&modifiers, value, placeholders)?);
            continue;
        }
        let tests = modifiers.tests(value, placeholders).map_err(told)?;
        let negated = tests.iter().any(|test| matches!(test, Test::Not(_)));
        let forms = tests.into_iter().map(|test| Search::Item {
            field: Some(field.to_owned()),
            test,
        });
        // Of several forms of one value, one is enough, or none may be there.
        let join = if negated { Search::All } else { Search::Any };
        items.push(many(forms.collect(), join));
    }
    let negated = items.iter().any(|item| {
        matches!(
            item,
            Search::Item {
                test: Test::Not(_),
                ..
            }
        )
    });
    Ok(match modifiers.all || negated {
        true => many(items, Search::All),
        false => many(items, Search::Any),
    })
}

fn many(mut items: Vec<Search>, join: fn(Vec<Search>) -> Search) -> Search {
    match items.len() {
        1 => items.remove(0),
        _ => join(items),
    }
}
