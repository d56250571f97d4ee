//! How SQL reaches a field of a table, and how a test of its value is put around that.

use super::family::Family;
use super::fields::{At, places, texts_of_json};
use super::members::{Members, spelled, unescaped};
use crate::sql::parameters::quote_text;
use crate::sql::pivot::outline::{Holds, Leaf, Step, identifier};

/// A field as a table has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reached {
    /// Expressions of one value each, in the order of preference.
    pub(super) single: Vec<Single>,
    /// Ways into lists, whose every element counts.
    lists: Vec<Vec<Step>>,
    /// Ways into JSON, whose lists' every element counts.
    members: Vec<Members>,
    /// JSON texts whose reading without escapes counts as well.
    escaped: Vec<String>,
    /// Names of hosts as the rows have them, with a dot at the end.
    dotted: Vec<String>,
}

/// An expression of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Single {
    sql: String,
    holds: Holds,
}

impl Single {
    fn of(leaf: &Leaf) -> Self {
        Self {
            sql: leaf.first(),
            holds: leaf.holds,
        }
    }

    fn of_text(sql: String) -> Self {
        Self {
            sql,
            holds: Holds::Text,
        }
    }

    fn text(&self) -> String {
        match self.holds {
            Holds::Text => self.sql.clone(),
            _ => format!("CAST({} AS varchar)", self.sql),
        }
    }

    /// The point in time that it is.
    fn time(&self) -> String {
        let sql = &self.sql;
        match self.holds {
            Holds::Time => format!("CAST({sql} AS timestamp)"),
            // As version 1 has times: in milliseconds.
            Holds::Whole => format!("CAST(from_unixtime({sql} / 1E3) AS timestamp)"),
            _ => time_of(&self.text()),
        }
    }
}

impl Reached {
    /// Finds a field in a table of a family.
    pub(super) fn find(family: Family, leaves: &[Leaf], name: &str) -> Result<Self, String> {
        check_name(name)?;
        let mut reached = Self::default();
        let known = places(family, name);
        for place in known.unwrap_or_default() {
            reached.add(place, leaves);
        }
        let mut in_json = false;
        for (lead, path) in texts_of_json(family) {
            let member = name
                .get(..lead.len())
                .filter(|start| start.eq_ignore_ascii_case(lead));
            let member = member.and_then(|_| name.get(lead.len()..)?.strip_prefix('.'));
            in_json |= member.is_some();
            let text = leaves
                .iter()
                .find(|leaf| leaf.path == *path && leaf.holds == Holds::Text);
            if let (Some(member), Some(text)) = (member, text) {
                let members = Members::of(text.first(), member);
                let plain = members.plain().map(Single::of_text);
                reached.single.extend(plain);
                reached.members.push(members);
            }
            if let Some(text) = text.filter(|_| name.eq_ignore_ascii_case(lead)) {
                reached.escaped.push(text.first());
            }
        }
        if known.is_none() {
            reached.add_by_path(leaves, name);
        }
        if in_json || reached.is_empty() {
            reached.add_unmapped(leaves, name);
        }
        match reached.is_empty() {
            true => Err(format!("its field `{name}` has no place in these rows")),
            false => Ok(reached),
        }
    }

    /// Every text of a row, for keywords.
    pub(super) fn everything(leaves: &[Leaf]) -> Self {
        let mut reached = Self::default();
        let is_label = |path: &str| {
            path.starts_with("metadata.")
                || path.starts_with("observables.")
                || [
                    "class_name",
                    "category_name",
                    "type_name",
                    "eventday",
                    "asl_version",
                ]
                .contains(&path)
        };
        for leaf in leaves.iter().filter(|leaf| !is_label(&leaf.path)) {
            match leaf.holds {
                Holds::Text if leaf.is_repeated() => reached.lists.push(leaf.steps.clone()),
                Holds::Text => reached.single.push(Single::of(leaf)),
                Holds::Map if !leaf.is_repeated() => {
                    let sql = format!("array_join(map_values({}), chr(10))", leaf.first());
                    reached.single.push(Single::of_text(sql));
                }
                _ => {}
            }
        }
        reached
    }

    fn is_empty(&self) -> bool {
        self.single.is_empty() && self.lists.is_empty()
    }

    fn add(&mut self, place: &At, leaves: &[Leaf]) {
        let at = |path: &str| leaves.iter().find(|leaf| leaf.path == path);
        match place {
            At::Path(paths) => {
                if let Some(leaf) = paths.iter().find_map(|path| at(path)) {
                    self.add_leaf(leaf);
                }
            }
            At::Words(path, words) => {
                if let Some(leaf) = at(path) {
                    let text = Single::of(leaf).text();
                    let cases: Vec<String> = words
                        .iter()
                        .map(|(row, log)| {
                            format!("WHEN {} THEN {}", quote_text(row), quote_text(log))
                        })
                        .collect();
                    let sql = format!("CASE {text} {} ELSE {text} END", cases.join(" "));
                    self.single.push(Single::of_text(sql));
                }
            }
            At::Host(path) => {
                if let Some(leaf) = at(path).filter(|leaf| !leaf.is_repeated()) {
                    let dotted = leaf.first();
                    self.single
                        .push(Single::of_text(format!("rtrim({dotted}, '.')")));
                    self.dotted.push(dotted);
                }
            }
            At::Unmapped(key) => self.add_unmapped(leaves, key),
        }
    }

    fn add_leaf(&mut self, leaf: &Leaf) {
        match leaf.is_repeated() {
            true if leaf.holds == Holds::Text => self.lists.push(leaf.steps.clone()),
            true => {}
            false if leaf.holds == Holds::Map => {}
            false => self.single.push(Single::of(leaf)),
        }
    }

    /// Rules may name the columns themselves.
    fn add_by_path(&mut self, leaves: &[Leaf], name: &str) {
        let path = name.to_ascii_lowercase().replace("[]", "");
        if let Some(leaf) = leaves.iter().find(|leaf| leaf.path == path) {
            self.add_leaf(leaf);
        }
    }

    fn add_unmapped(&mut self, leaves: &[Leaf], key: &str) {
        let map = leaves
            .iter()
            .find(|leaf| leaf.path == "unmapped" && leaf.holds == Holds::Map);
        if let Some(map) = map {
            let sql = format!("element_at({}, {})", map.first(), quote_text(key));
            self.single.push(Single::of_text(sql));
        }
    }

    /// The value as text; of a list's elements the first.
    pub(super) fn text(&self) -> String {
        let mut all: Vec<String> = self.single.iter().map(Single::text).collect();
        for steps in &self.lists {
            let leaf = Leaf {
                path: String::new(),
                steps: steps.clone(),
                holds: Holds::Text,
            };
            all.push(leaf.first());
        }
        all.extend(self.members.iter().map(Members::first));
        coalesced(all)
    }

    /// A test of the value as text, over the single value and over every element.
    pub(super) fn each(&self, test: &dyn Fn(&str) -> String) -> String {
        let mut all = Vec::new();
        if !self.single.is_empty() {
            let texts = self.single.iter().map(Single::text).collect();
            all.push(test(&coalesced(texts)));
        }
        for text in &self.escaped {
            let found = test(&unescaped(text));
            all.push(format!("(strpos({text}, '\\') > 0 AND {found})"));
        }
        self.add_lists(test, &mut all);
        joined(all, " OR ")
    }

    /// A test of names of hosts with the dot at their end.
    pub(super) fn each_dotted(&self, test: &dyn Fn(&str) -> String) -> Vec<String> {
        self.dotted.iter().map(|text| test(text)).collect()
    }

    /// A test of whole JSON texts as `key=value`.
    pub(super) fn each_spelled(&self, test: &dyn Fn(&str) -> String) -> Vec<String> {
        self.escaped
            .iter()
            .map(|text| test(&spelled(text)))
            .collect()
    }

    /// A test of the value as number, over the single value and over every element.
    pub(super) fn each_number(&self, test: &dyn Fn(&str) -> String) -> String {
        let numbers = self.single.iter().map(Single::text);
        let numbers = numbers.map(|text| format!("TRY_CAST({text} AS double)"));
        let numbers: Vec<String> = numbers.collect();
        let mut all = Vec::new();
        if !numbers.is_empty() {
            all.push(test(&coalesced(numbers)));
        }
        self.add_lists(
            &|text| test(&format!("TRY_CAST({text} AS double)")),
            &mut all,
        );
        joined(all, " OR ")
    }

    /// A test of the value as point in time, over the single value and over every element.
    pub(super) fn each_time(&self, test: &dyn Fn(&str) -> String) -> String {
        let times: Vec<String> = self.single.iter().map(Single::time).collect();
        let mut all = Vec::new();
        if !times.is_empty() {
            all.push(test(&coalesced(times)));
        }
        self.add_lists(&|text| test(&time_of(text)), &mut all);
        joined(all, " OR ")
    }

    /// A test of the value as text with each place by itself, for keywords.
    pub(super) fn any(&self, test: &dyn Fn(&str) -> String) -> String {
        let mut all: Vec<String> = self.single.iter().map(|one| test(&one.text())).collect();
        self.add_lists(test, &mut all);
        joined(all, " OR ")
    }

    fn add_lists(&self, test: &dyn Fn(&str) -> String, all: &mut Vec<String>) {
        for steps in &self.lists {
            all.push(over(steps, String::new(), 0, test));
        }
        all.extend(self.members.iter().map(|members| members.any(test)));
    }

    /// True where there is a value.
    pub(super) fn exists(&self) -> String {
        let mut all: Vec<String> = self
            .single
            .iter()
            .map(|single| format!("{} IS NOT NULL", single.sql))
            .collect();
        self.add_lists(&|text| format!("{text} IS NOT NULL"), &mut all);
        joined(all, " OR ")
    }

    /// The one whole number's own column, which files can be left out by.
    pub(super) fn whole(&self) -> Option<&str> {
        match self.single.as_slice() {
            [single] if single.holds == Holds::Whole && self.lists.is_empty() => Some(&single.sql),
            _ => None,
        }
    }
}

/// The point in time that a text says, in UTC.
fn time_of(text: &str) -> String {
    format!(
        "coalesce(TRY_CAST({text} AS timestamp), CAST(TRY(from_iso8601_timestamp({text})) AS timestamp))"
    )
}

/// What a name of a field may consist of: it becomes a part of JSON paths.
fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| {
        c.is_alphanumeric()
            || matches!(
                c,
                '.' | '_' | '-' | ':' | '/' | '(' | ')' | '[' | ']' | ' ' | '@'
            )
    };
    match !name.is_empty() && name.len() <= 256 && name.chars().all(plain) {
        true => Ok(()),
        false => Err(format!(
            "its field `{}` has a character that no field of these logs has",
            name.escape_default()
        )),
    }
}

fn over(steps: &[Step], lead: String, depth: usize, test: &dyn Fn(&str) -> String) -> String {
    let mut sql = lead;
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Field(name) => {
                if !sql.is_empty() {
                    sql.push('.');
                }
                sql.push_str(&identifier(name));
            }
            Step::Elements => {
                let element = format!("e{depth}");
                let rest = steps.get(at + 1..).unwrap_or_default();
                let inside = over(rest, element.clone(), depth + 1, test);
                return format!("any_match({sql}, {element} -> {inside})");
            }
        }
    }
    test(&sql)
}

pub(super) fn coalesced(mut all: Vec<String>) -> String {
    match all.len() {
        1 => all.remove(0),
        _ => format!("coalesce({})", all.join(", ")),
    }
}

/// Parts with AND or OR between, in brackets.
pub(super) fn joined(mut all: Vec<String>, between: &str) -> String {
    match all.len() {
        0 => "false".to_owned(),
        1 => all.remove(0),
        _ => format!("({})", all.join(between)),
    }
}
