//! Documents of one file that are joined by `action`, as collections of rules once were: what a
//! `global` one says, those after it say as well.

use super::yaml::{Node, Value};

/// The values that documents may share with each other.
const MOST_SHARED: usize = 500;

/// What is wrong, and in which line, with the title of the document.
pub(super) type Unjoined = (usize, Option<Node>, String);

/// The documents of a file, each with what it shares with others.
pub(super) fn joined(documents: Vec<Node>) -> Vec<Result<Node, Unjoined>> {
    let mut shared: Option<Node> = None;
    let mut last: Option<Node> = None;
    // Whether what is shared has been used.
    let mut waiting: Option<Node> = None;
    let mut all = Vec::new();
    for (place, document) in documents.into_iter().enumerate() {
        let action = document
            .get("action")
            .map(|action| action.text().unwrap_or_default());
        match action.as_deref() {
            None => {
                waiting = None;
                let whole = match &shared {
                    None => document,
                    Some(shared) => numbered(merged(shared, &document), &document, place),
                };
                if whole.size() <= MOST_SHARED {
                    last = Some(whole.clone());
                }
                all.push(Ok(whole));
            }
            Some("global") if document.size() <= MOST_SHARED => {
                let whole = match &shared {
                    None => document.clone(),
                    Some(before) => merged(before, &document),
                };
                shared = Some(whole).filter(|whole| whole.size() <= MOST_SHARED);
                waiting = Some(document);
            }
            Some("reset") => {
                shared = None;
                last = None;
            }
            Some("repeat") => match &last {
                Some(last) => {
                    all.push(Ok(numbered(merged(last, &document), &document, place)));
                }
                None => all.push(wrong(&document, "`action: repeat` has nothing before it")),
            },
            Some("global") => all.push(wrong(
                &document,
                "its documents share too much (`action: global`)",
            )),
            Some(_) => all.push(wrong(
                &document,
                "`action` is none of global, reset and repeat",
            )),
        }
    }
    if let Some(waiting) = waiting {
        all.push(wrong(
            &waiting,
            "its keys are for documents after it (`action: global`), and none follows",
        ));
    }
    all
}

fn wrong(document: &Node, message: &str) -> Result<Node, Unjoined> {
    let title = document.get("title").cloned();
    Err((document.line, title, message.to_owned()))
}

/// What both say; where they differ, what the latter says.
fn merged(one: &Node, other: &Node) -> Node {
    let (Value::Map(before), Value::Map(after)) = (&one.value, &other.value) else {
        return other.clone();
    };
    let mut members: Vec<(String, Node)> = before
        .iter()
        .filter(|(name, _)| name != "action")
        .map(|(name, node)| match other.get(name) {
            Some(over) => (name.clone(), merged(node, over)),
            None => (name.clone(), node.clone()),
        })
        .collect();
    let more = after
        .iter()
        .filter(|(name, _)| name != "action" && one.get(name).is_none());
    members.extend(more.cloned());
    Node {
        line: other.line,
        value: Value::Map(members),
    }
}

/// A document that has no id of its own, but that of all, is told from the others by its place.
fn numbered(mut whole: Node, own: &Node, place: usize) -> Node {
    let known = whole
        .get("id")
        .or_else(|| whole.get("title"))
        .and_then(Node::text);
    if let (Value::Map(members), Some(known), None) = (&mut whole.value, known, own.get("id")) {
        let line = own.line;
        let value = Value::Text(format!("{known} ({place})"));
        members.retain(|(name, _)| name != "id");
        members.push(("id".to_owned(), Node { line, value }));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::super::{Document, read};

    /// The ids that a file's rules have, and what is wrong with the others.
    fn ids(text: &str) -> Vec<Result<String, String>> {
        read(text)
            .into_iter()
            .map(|one| match one {
                Ok(Document::Rule(rule)) => Ok(rule.about.id),
                Ok(other) => panic!("{other:?}"),
                Err(problem) => Err(problem.message),
            })
            .collect()
    }

    #[test]
    fn what_is_global_is_said_of_all_that_follows() {
        let text = "action: global\ntitle: T\nid: g\nlevel: high\ndetection:\n  s: {a: b}\n  condition: s\n---\n\
                    logsource: {product: aws}\n---\n\
                    id: own\nlogsource: {product: aws}\ndetection:\n  t: {c: d}\n  condition: s and t\n---\n\
                    action: repeat\nid: again\nlevel: low\n---\n\
                    action: reset\n---\nlogsource: {product: aws}\n";
        let of_all = ids(text);
        assert_eq!(
            of_all[..3],
            [
                Ok("g (1)".to_owned()),
                Ok("own".to_owned()),
                Ok("again".to_owned())
            ]
        );
        assert!(of_all[3].as_ref().unwrap_err().contains("no `title`"));
        let Ok(Document::Rule(own)) = read(text).remove(1) else {
            panic!("no rule");
        };
        assert_eq!((own.searches.len(), own.about.title.as_str()), (2, "T"));
    }

    #[test]
    fn what_cannot_be_joined_says_why() {
        for (text, why) in [
            ("action: global\ntitle: T\n", "none follows"),
            ("action: repeat\ntitle: T\n", "nothing before it"),
            ("action: other\ntitle: T\n", "none of global"),
            ("action: [x]\ntitle: T\n", "none of global"),
        ] {
            let found = ids(text);
            assert!(
                found[0].as_ref().unwrap_err().contains(why),
                "{text}: {found:?}"
            );
        }
        let much = format!("action: global\ntitle: T\nx: [{}]\n", "y, ".repeat(600));
        assert!(ids(&much)[0].as_ref().unwrap_err().contains("too much"));
    }
}
