//! A table's columns taken apart into leaves: every text and number with its path, and how SQL
//! reaches it.

use crate::sql::parameters::quote_identifier;

/// How deep types are followed, and how many leaves of a table are kept: a table's columns come
/// from a catalogue that somebody else fills.
const DEEPEST: usize = 24;
const MOST_LEAVES: usize = 2_000;

/// One step on the way to a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sql) enum Step {
    /// A column, or a field of a record.
    Field(String),
    /// Every element of an array.
    Elements,
}

/// What a leaf holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum Holds {
    /// Texts.
    Text,
    /// Whole numbers.
    Whole,
    /// Points in time.
    Time,
    /// A map of texts to texts.
    Map,
    /// Something else.
    Other,
}

/// A value inside a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sql) struct Leaf {
    /// The dotted path in lower case, arrays without places.
    pub(in crate::sql) path: String,
    /// The way to it.
    pub(in crate::sql) steps: Vec<Step>,
    pub(in crate::sql) holds: Holds,
}

impl Leaf {
    /// Whether the way leads through an array.
    pub(in crate::sql) fn is_repeated(&self) -> bool {
        self.steps.contains(&Step::Elements)
    }

    /// The value as SQL; of an array's elements the first.
    pub(in crate::sql) fn first(&self) -> String {
        let mut sql = String::new();
        for step in &self.steps {
            match step {
                Step::Field(name) => {
                    if !sql.is_empty() {
                        sql.push('.');
                    }
                    sql.push_str(&identifier(name));
                }
                Step::Elements => sql = format!("element_at({sql}, 1)"),
            }
        }
        sql
    }
}

/// The leaves of a table's columns, in the columns' order.
pub(in crate::sql) fn leaves(columns: &[(String, String)]) -> Vec<Leaf> {
    let mut found = Vec::new();
    for (name, type_text) in columns {
        let steps = vec![Step::Field(name.clone())];
        add(name.to_ascii_lowercase(), steps, type_text, 0, &mut found);
    }
    found
}

fn add(path: String, steps: Vec<Step>, type_text: &str, depth: usize, found: &mut Vec<Leaf>) {
    if depth > DEEPEST || found.len() >= MOST_LEAVES {
        return;
    }
    let type_text = type_text.trim();
    if let Some(inner) = inside(type_text, "struct") {
        for field in split(inner) {
            if let Some((name, type_text)) = field.split_once(':') {
                let name = name.trim().trim_matches(['`', '"']);
                let mut steps = steps.clone();
                steps.push(Step::Field(name.to_owned()));
                let path = format!("{path}.{}", name.to_ascii_lowercase());
                add(path, steps, type_text, depth + 1, found);
            }
        }
        return;
    }
    if let Some(inner) = inside(type_text, "array") {
        let mut steps = steps;
        steps.push(Step::Elements);
        add(path, steps, inner, depth + 1, found);
        return;
    }
    let holds = match inside(type_text, "map") {
        Some(pair) => match split(pair).as_slice() {
            [key, value] if holds(key) == Holds::Text && holds(value) == Holds::Text => Holds::Map,
            _ => Holds::Other,
        },
        None => holds(type_text),
    };
    found.push(Leaf { path, steps, holds });
}

fn holds(type_text: &str) -> Holds {
    let name = type_text.trim().to_ascii_lowercase();
    let name = name.split(['(', ' ']).next().unwrap_or_default();
    match name {
        "string" | "varchar" | "char" => Holds::Text,
        "tinyint" | "smallint" | "int" | "integer" | "bigint" => Holds::Whole,
        "timestamp" => Holds::Time,
        _ => Holds::Other,
    }
}

/// What stands in the brackets of `kind<…>`.
fn inside<'a>(type_text: &'a str, kind: &str) -> Option<&'a str> {
    let start = type_text.get(..kind.len())?;
    if !start.eq_ignore_ascii_case(kind) {
        return None;
    }
    type_text
        .get(kind.len()..)?
        .trim_start()
        .strip_prefix('<')?
        .strip_suffix('>')
}

/// The parts between the commas that stand in no bracket.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (index, c) in text.char_indices() {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.get(start..index).unwrap_or_default());
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// A name, in quotes where it is no plain word or a word of the language.
pub(in crate::sql) fn identifier(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty();
    let meant = crate::sql::words::contains(crate::sql::words::KEYWORDS, name)
        || matches!(
            name,
            "time" | "user" | "values" | "key" | "value" | "resource"
        );
    match plain && !meant {
        true => name.to_owned(),
        false => quote_identifier(name),
    }
}
