//! A rule as a predicate over the rows of a table.
//!
//! Sigma knows true and false, SQL also NULL. A NULL counts as false here: what stands under a NOT
//! is made two-valued first, and a WHERE does the same for the rest.

use std::collections::BTreeSet;

use super::family::Family;
use super::field::{Reached, joined};
use crate::domain::sigma::{Condition, Order, Pattern, Piece, Place, Rule, Search, Test};
use crate::sql::parameters::{Literal, quote_text};
use crate::sql::pivot::outline::Leaf;

/// Writes predicates over one table.
pub(super) struct Writer<'a> {
    pub(super) family: Family,
    pub(super) leaves: &'a [Leaf],
}

impl Writer<'_> {
    /// The predicate of a rule.
    pub(super) fn rule(&self, rule: &Rule) -> Result<String, String> {
        self.condition(rule, &rule.condition)
    }

    fn condition(&self, rule: &Rule, condition: &Condition) -> Result<String, String> {
        let all = |parts: &[Condition]| -> Result<Vec<String>, String> {
            parts
                .iter()
                .map(|part| self.condition(rule, part))
                .collect()
        };
        match condition {
            Condition::Search(place) => match rule.searches.get(*place) {
                Some((_, search)) => self.search(search),
                None => Err("its condition names a search that it does not have".to_owned()),
            },
            Condition::Not(inside) => Ok(not(&self.condition(rule, inside)?)),
            Condition::All(parts) => Ok(joined(all(parts)?, " AND ")),
            Condition::Any(parts) => Ok(joined(all(parts)?, " OR ")),
        }
    }

    fn search(&self, search: &Search) -> Result<String, String> {
        match search {
            Search::All(parts) => {
                let parts: Result<Vec<String>, String> =
                    parts.iter().map(|part| self.search(part)).collect();
                Ok(joined(parts?, " AND "))
            }
            Search::Any(parts) => match one_of(parts) {
                Some((field, values)) => {
                    let field = Reached::find(self.family, self.leaves, field)?;
                    Ok(field.each(&|text| format!("lower({text}) IN ({})", values.join(", "))))
                }
                None => {
                    let parts: Result<Vec<String>, String> =
                        parts.iter().map(|part| self.search(part)).collect();
                    Ok(joined(parts?, " OR "))
                }
            },
            Search::Item { field, test } => match field {
                Some(name) => {
                    let field = Reached::find(self.family, self.leaves, name)?;
                    self.test(&field, test)
                }
                None => keyword(&Reached::everything(self.leaves), test),
            },
        }
    }

    fn test(&self, field: &Reached, test: &Test) -> Result<String, String> {
        Ok(match test {
            Test::Text { pattern, cased } => {
                let fits = |text: &str| fits(text, pattern, *cased);
                let mut all = vec![field.each(&fits)];
                if pattern.has('=') {
                    all.extend(field.each_spelled(&fits));
                }
                if pattern.ends_with('.') {
                    all.extend(field.each_dotted(&fits));
                }
                joined(all, " OR ")
            }
            Test::Number(number) => match field.whole() {
                Some(column) if !number.contains('.') => format!("{column} = {number}"),
                _ => field.each(&|text| fits(text, &Pattern::exact(number), false)),
            },
            Test::Bool(value) => {
                let pattern = Pattern::exact(if *value { "true" } else { "false" });
                field.each(&|text| fits(text, &pattern, false))
            }
            Test::Null => not(&field.exists()),
            Test::Exists(true) => field.exists(),
            Test::Exists(false) => not(&field.exists()),
            Test::Regex(pattern) => {
                let fits = |text: &str| format!("regexp_like({text}, {})", quote_text(pattern));
                let mut all = vec![field.each(&fits)];
                if pattern.contains(r"\.") {
                    all.extend(field.each_dotted(&fits));
                }
                joined(all, " OR ")
            }
            Test::Network(network) => {
                let network = match network.contains('/') {
                    true => network.clone(),
                    false if network.contains(':') => format!("{network}/128"),
                    false => format!("{network}/32"),
                };
                field.each(&|text| {
                    format!(
                        "contains({}, TRY_CAST({text} AS IPADDRESS))",
                        quote_text(&network)
                    )
                })
            }
            Test::Order(order, number) => match field.whole() {
                Some(column) if !number.contains('.') => compare(column, *order, number),
                _ => field.each_number(&|value| compare(value, *order, &format!("{number}E0"))),
            },
            Test::Part(part, order, number) => field
                .each_time(&|time| compare(&format!("{}({time})", part.name()), *order, number)),
            Test::Field { name, place, cased } => {
                let other = Reached::find(self.family, self.leaves, name)?.text();
                field.each(&|text| other_field(text, &other, *place, *cased))
            }
            Test::Not(inside) => not(&self.test(field, inside)?),
        })
    }

    /// The operations without one of which the rule cannot be true, in lower case; `None` where it
    /// can be true of any.
    pub(super) fn operations(&self, rule: &Rule) -> Option<BTreeSet<String>> {
        implied(rule, &rule.condition)
    }
}

fn not(predicate: &str) -> String {
    format!("NOT coalesce({predicate}, false)")
}

fn compare(value: &str, order: Order, number: &str) -> String {
    format!("{value} {} {number}", order.sign())
}

/// Whether all of these ask one field for plain texts, which is one IN.
fn one_of(parts: &[Search]) -> Option<(&str, Vec<String>)> {
    let mut values = Vec::with_capacity(parts.len());
    let mut name: Option<&str> = None;
    for part in parts {
        let Search::Item {
            field: Some(field),
            test: Test::Text {
                pattern,
                cased: false,
            },
        } = part
        else {
            return None;
        };
        if *name.get_or_insert(field) != field.as_str() {
            return None;
        }
        let plain = pattern.plain().filter(|text| !text.ends_with('.'))?;
        values.push(quote_text(&plain.to_lowercase()));
    }
    (values.len() > 1).then_some((name?, values))
}

fn fits(text: &str, pattern: &Pattern, cased: bool) -> String {
    let (text, pattern) = match cased {
        true => (text.to_owned(), pattern.clone()),
        false => (format!("lower({text})"), pattern.map(str::to_lowercase)),
    };
    match pattern.plain() {
        Some(plain) => format!("{text} = {}", quote_text(plain)),
        None => like(&text, &pattern),
    }
}

fn like(text: &str, pattern: &Pattern) -> String {
    let mut escaped = false;
    let mut written = String::new();
    for piece in &pattern.0 {
        match piece {
            Piece::Anything => written.push('%'),
            Piece::One => written.push('_'),
            Piece::Text(part) => {
                for c in part.chars() {
                    if matches!(c, '%' | '_' | '\\') {
                        written.push('\\');
                        escaped = true;
                    }
                    written.push(c);
                }
            }
        }
    }
    let pattern = Literal::text(&written);
    match escaped {
        true => format!("{text} LIKE {pattern} ESCAPE '\\'"),
        false => format!("{text} LIKE {pattern}"),
    }
}

fn keyword(everything: &Reached, test: &Test) -> Result<String, String> {
    match test {
        Test::Text { pattern, cased } => Ok(everything.any(&|text| fits(text, pattern, *cased))),
        Test::Regex(pattern) => {
            Ok(everything.any(&|text| format!("regexp_like({text}, {})", quote_text(pattern))))
        }
        Test::Not(inside) => Ok(not(&keyword(everything, inside)?)),
        _ => Err("a keyword can only be a text or a regular expression".to_owned()),
    }
}

fn other_field(text: &str, other: &str, place: Place, cased: bool) -> String {
    let (text, other) = match cased {
        true => (text.to_owned(), other.to_owned()),
        false => (format!("lower({text})"), format!("lower({other})")),
    };
    match place {
        Place::Whole => format!("{text} = {other}"),
        Place::Inside => format!("strpos({text}, {other}) > 0"),
        Place::Start => format!("substr({text}, 1, length({other})) = {other}"),
        Place::End => format!("substr({text}, length({text}) - length({other}) + 1) = {other}"),
    }
}

fn implied(rule: &Rule, condition: &Condition) -> Option<BTreeSet<String>> {
    match condition {
        Condition::Search(place) => implied_by(&rule.searches.get(*place)?.1),
        Condition::Not(_) => None,
        Condition::All(parts) => fewest(parts.iter().map(|part| implied(rule, part))),
        Condition::Any(parts) => together(parts.iter().map(|part| implied(rule, part))),
    }
}

fn implied_by(search: &Search) -> Option<BTreeSet<String>> {
    match search {
        Search::All(parts) => fewest(parts.iter().map(implied_by)),
        Search::Any(parts) => together(parts.iter().map(implied_by)),
        Search::Item {
            field: Some(field),
            test: Test::Text { pattern, .. },
        } => {
            let is_operation = ["eventName", "api.operation", "verb"]
                .iter()
                .any(|name| name.eq_ignore_ascii_case(field));
            let plain = pattern.plain().filter(|_| is_operation)?;
            Some(BTreeSet::from([plain.to_lowercase()]))
        }
        Search::Item { .. } => None,
    }
}

fn fewest(parts: impl Iterator<Item = Option<BTreeSet<String>>>) -> Option<BTreeSet<String>> {
    parts.flatten().min_by_key(BTreeSet::len)
}

fn together(parts: impl Iterator<Item = Option<BTreeSet<String>>>) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for part in parts {
        all.extend(part?);
    }
    Some(all)
}
