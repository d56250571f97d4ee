//! A nested type as a tree, one line a field: `struct<uid:string,user:struct<…>>` is no reading.

/// A line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// How far it is indented.
    pub(super) depth: usize,
    /// The field's name.
    pub(super) name: String,
    /// Its type, without the fields that follow as lines of their own.
    pub(super) kind: String,
}

/// How deep a tree goes before the rest is printed as it is: types come from files.
const DEEPEST: usize = 32;

/// The lines of a column: itself, then the fields of its structs.
pub(super) fn type_tree(name: &str, type_text: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    add(name, type_text, 0, &mut nodes);
    nodes
}

fn add(name: &str, text: &str, depth: usize, nodes: &mut Vec<Node>) {
    let text = text.trim();
    // What stands around a struct: `array<struct<…>>`, `map<string,struct<…>>`.
    let fields = text.find("struct<").and_then(|start| {
        let inside_at = start + "struct<".len();
        let length = closing(text.get(inside_at..)?)?;
        Some((inside_at, length))
    });
    let (Some((at, length)), true) = (fields, depth < DEEPEST) else {
        nodes.push(Node {
            depth,
            name: name.to_owned(),
            kind: text.to_owned(),
        });
        return;
    };
    let before = text.get(..at - 1).unwrap_or_default();
    let after = text.get(at + length + 1..).unwrap_or_default();
    nodes.push(Node {
        depth,
        name: name.to_owned(),
        kind: format!("{before}{after}"),
    });
    for field in split_fields(text.get(at..at + length).unwrap_or_default()) {
        let (name, kind) = field.split_once(':').unwrap_or((field, ""));
        add(name, kind, depth + 1, nodes);
    }
}

/// The bytes up to the `>` that closes what was open before the text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (place, c) in text.char_indices() {
        match c {
            '<' => open += 1,
            '>' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(place);
        }
    }
    None
}

/// Splits at the commas that stand inside no brackets.
fn split_fields(text: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut start, mut open) = (0, 0_usize);
    for (place, c) in text.char_indices() {
        match c {
            '<' | '(' => open += 1,
            '>' | ')' => open = open.saturating_sub(1),
            ',' if open == 0 => {
                fields.push(text.get(start..place).unwrap_or_default());
                start = place + 1;
            }
            _ => {}
        }
    }
    fields.push(text.get(start..).unwrap_or_default());
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(type_text: &str) -> Vec<String> {
        type_tree("c", type_text)
            .into_iter()
            .map(|node| format!("{}{} {}", " ".repeat(node.depth), node.name, node.kind))
            .collect()
    }

    #[test]
    fn fields_become_lines() {
        assert_eq!(
            lines("struct<uid:string,user:struct<name:string,n:decimal(38,0)>,x:int>"),
            [
                "c struct",
                " uid string",
                " user struct",
                "  name string",
                "  n decimal(38,0)",
                " x int"
            ]
        );
    }

    #[test]
    fn lists_and_maps_keep_their_frame() {
        assert_eq!(lines("array<struct<a:int>>"), ["c array<struct>", " a int"]);
        assert_eq!(
            lines("map<string,array<string>>"),
            ["c map<string,array<string>>"]
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z<>:, ()é]{0,60}|(struct<a:){0,40}") {
            prop_assert!(!type_tree("c", &text).is_empty());
        }
    }
}
