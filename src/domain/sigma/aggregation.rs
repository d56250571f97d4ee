//! Conditions of the old format that count: `SEARCH | count() by FIELD > 5`, `SEARCH | near OTHER`.
//! Each becomes the correlation that means the same, over parts that are nobody's rules but its own.

use super::correlation::{Bound, Correlation, CorrelationKind, milliseconds};
use super::detection::Wrong;
use super::{About, Condition, LogSource, Order, Rule, Search, condition};

/// Searches that one rule looks for near each other.
const MOST_PARTS: usize = 32;

/// The span in which a rule counts that names none, in milliseconds.
const UNNAMED_SPAN: i64 = 86_400_000;

/// A rule whose condition counts: what it counts, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// What is counted: rules that tell nothing by themselves.
    pub parts: Vec<Rule>,
    /// How, with the rule's own words for it.
    pub correlation: Correlation,
}

/// A detection as it is written, its condition not yet read.
pub(super) struct Written<'a> {
    pub(super) about: About,
    pub(super) logs: LogSource,
    pub(super) searches: Vec<(String, Search)>,
    /// The condition and its line.
    pub(super) condition: (usize, &'a str),
    /// The span and its line.
    pub(super) timeframe: Option<(usize, String)>,
}

/// What stands after the `|`.
enum Tail<'a> {
    Count {
        field: Option<String>,
        group_by: Vec<String>,
        bound: Bound,
    },
    Near(&'a str),
}

/// Reads a rule whose condition has a `|`.
pub(super) fn read(mut written: Written<'_>) -> Result<Counted, Wrong> {
    let (line, text) = written.condition;
    let at = |message: String| (line, message);
    let (head, tail) = text.split_once('|').unwrap_or((text, ""));
    let tail = tail_of(tail.trim()).map_err(at)?;
    let names: Vec<String> = written
        .searches
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let head = condition::parse(head, &names).map_err(at)?;
    let span_ms = match (&written.timeframe, &tail) {
        (Some((line, span)), _) => milliseconds(span).ok_or_else(|| {
            (
                *line,
                "the `timeframe` is not a number with s, m, h, d or M".to_owned(),
            )
        })?,
        // What is more than so many within a day is that, too, within all that is searched.
        (None, Tail::Count { bound, .. }) if is_at_least(*bound) => {
            written.about.remark =
                Some("it counts and names no `timeframe`: it is counted within a day".to_owned());
            UNNAMED_SPAN
        }
        (None, _) => {
            return Err(at(
                "it has no `timeframe`: within which span is not said".to_owned()
            ));
        }
    };
    let mut conditions = vec![head];
    let (kind, group_by, bounds) = match tail {
        Tail::Count {
            field,
            group_by,
            bound,
        } => {
            let kind = field.map_or(CorrelationKind::Events, CorrelationKind::Values);
            (kind, group_by, vec![bound])
        }
        Tail::Near(others) => {
            match condition::parse(others, &names).map_err(at)? {
                Condition::All(parts) => conditions.extend(parts),
                other => conditions.push(other),
            }
            if conditions.iter().skip(1).any(denies) {
                return Err(at(
                    "it asks that something is not `near`, which no correlation says".to_owned(),
                ));
            }
            (CorrelationKind::Rules, Vec::new(), Vec::new())
        }
    };
    if conditions.len() > MOST_PARTS {
        return Err(at(format!(
            "it looks for more than {MOST_PARTS} searches near each other"
        )));
    }
    let parts: Vec<Rule> = conditions
        .into_iter()
        .enumerate()
        .map(|(place, condition)| Rule {
            about: About {
                id: format!("{} | {}", written.about.id, place + 1),
                name: None,
                ..written.about.clone()
            },
            logs: written.logs.clone(),
            condition,
            searches: written.searches.clone(),
            part_of: Some(Box::new(written.about.clone())),
        })
        .collect();
    let rules = parts.iter().map(|part| part.about.id.clone()).collect();
    Ok(Counted {
        parts,
        correlation: Correlation {
            about: written.about,
            kind,
            rules,
            group_by,
            aliases: Vec::new(),
            span_ms,
            bounds,
            shows_rules: false,
        },
    })
}

fn tail_of(text: &str) -> Result<Tail<'_>, String> {
    let unreadable = || {
        format!(
            "`| {text}` is none of `| count() > N`, `| count(FIELD) by FIELD > N` and `| near SEARCH`"
        )
    };
    if text.contains('|') {
        return Err("its condition has more than one `|`".to_owned());
    }
    let word = text
        .split(|c: char| c.is_whitespace() || c == '(')
        .next()
        .unwrap_or_default();
    let rest = text.get(word.len()..).unwrap_or_default().trim_start();
    match word.to_ascii_lowercase().as_str() {
        "near" => Ok(Tail::Near(rest)),
        "count" => {
            let (field, rest) = rest
                .strip_prefix('(')
                .and_then(|rest| rest.split_once(')'))
                .ok_or_else(unreadable)?;
            let signs = |c: char| matches!(c, '<' | '>' | '=' | '!');
            let start = rest.find(signs).ok_or_else(unreadable)?;
            let (group, bound) = rest.split_at(start);
            let end = bound.find(|c| !signs(c)).ok_or_else(unreadable)?;
            let (sign, number) = bound.split_at(end);
            let order = match sign {
                ">" => Order::Greater,
                ">=" => Order::GreaterOrEqual,
                "<" => Order::Less,
                "<=" => Order::LessOrEqual,
                "=" | "==" => Order::Equal,
                "!=" | "<>" => Order::NotEqual,
                _ => return Err(unreadable()),
            };
            let count = number.trim().parse().map_err(|_| unreadable())?;
            let field = Some(field.trim()).filter(|field| !field.is_empty() && *field != "*");
            Ok(Tail::Count {
                field: field.map(str::to_owned),
                group_by: groups(group.trim()).ok_or_else(unreadable)?,
                bound: Bound { order, count },
            })
        }
        word @ ("min" | "max" | "avg" | "sum") => Err(format!(
            "it compares the {word} of a field's numbers (`| {word}()`), and only counts can be run here"
        )),
        _ => Err(unreadable()),
    }
}

/// The fields of `by FIELD, FIELD`.
fn groups(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let by = text.get(..2).filter(|by| by.eq_ignore_ascii_case("by"))?;
    let rest = text.get(by.len()..)?;
    if !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let names: Vec<String> = rest.split(',').map(|name| name.trim().to_owned()).collect();
    let is_name = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
    names.iter().all(is_name).then_some(names)
}

fn is_at_least(bound: Bound) -> bool {
    matches!(bound.order, Order::Greater | Order::GreaterOrEqual)
}

/// Whether there is a `not` anywhere in it.
fn denies(condition: &Condition) -> bool {
    match condition {
        Condition::Search(_) => false,
        Condition::Not(_) => true,
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(denies),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Problem, read};
    use super::*;

    fn counted(condition: &str, timeframe: &str) -> Result<Counted, Problem> {
        let text = format!(
            "title: T\nid: i\nlevel: high\nlogsource: {{product: aws}}\ndetection:\n  a: {{x: y}}\n  b_1: {{x: z}}\n  b_2: {{x: w}}\n{timeframe}  condition: {condition}\n"
        );
        match read(&text).remove(0)? {
            Document::Counted(counted) => Ok(counted),
            other => panic!("{other:?}"),
        }
    }

    const SPAN: &str = "  timeframe: 5m\n";

    #[test]
    fn counts_become_correlations() {
        use CorrelationKind::{Events, Values};
        use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let values = |name: &str| Values(name.to_owned());
        for (tail, kind, by, order) in [
            ("count() > 10", Events, vec![], Greater),
            ("count()>=10", Events, vec![], GreaterOrEqual),
            ("Count( ) by f.g < 10", Events, vec!["f.g"], Less),
            (
                "count(*) by f, g <= 10",
                Events,
                vec!["f", "g"],
                LessOrEqual,
            ),
            ("count(h) by f == 10", values("h"), vec!["f"], Equal),
            ("count( h ) != 10", values("h"), vec![], NotEqual),
        ] {
            let read = counted(&format!("'a or 1 of b_* | {tail}'"), SPAN).unwrap();
            let correlation = &read.correlation;
            assert_eq!(
                (&correlation.kind, &correlation.group_by),
                (&kind, &by.iter().map(|name| (*name).to_owned()).collect()),
                "{tail}"
            );
            assert_eq!(correlation.bounds, [Bound { order, count: 10 }], "{tail}");
            assert_eq!(
                (correlation.span_ms, correlation.about.id.as_str()),
                (300_000, "i")
            );
            assert_eq!(correlation.rules, [read.parts[0].about.id.clone()]);
            assert!(matches!(read.parts[0].condition, Condition::Any(_)));
            assert_eq!(read.parts[0].part_of.as_deref(), Some(&correlation.about));
        }
    }

    #[test]
    fn a_count_without_a_span_is_of_a_day() {
        let read = counted("a | count() > 5", "").unwrap().correlation;
        assert_eq!(read.span_ms, UNNAMED_SPAN);
        assert!(read.about.remark.unwrap().contains("within a day"));
    }

    #[test]
    fn searches_near_each_other_are_parts_that_come_together() {
        for (condition, parts) in [
            ("a | near b_1", 2),
            ("a | near b_1 and b_2", 3),
            ("a and not b_1 | near all of b_*", 3),
            ("a | near 1 of b_*", 2),
        ] {
            let read = counted(condition, SPAN).unwrap();
            assert_eq!(read.correlation.kind, CorrelationKind::Rules);
            assert_eq!(
                (read.parts.len(), read.correlation.rules.len()),
                (parts, parts),
                "{condition}"
            );
        }
    }

    #[test]
    fn what_has_no_meaning_here_says_why() {
        for (condition, timeframe, why) in [
            ("a | count() < 5", "", "no `timeframe`"),
            ("a | near b_1", "", "no `timeframe`"),
            ("a | count() > 5", "  timeframe: soon\n", "not a number"),
            ("a | near not b_1", SPAN, "is not `near`"),
            ("a | near b_1 and not b_2", SPAN, "is not `near`"),
            ("a | avg(x) > 5", SPAN, "the avg of a field"),
            ("a | sum(x) by y > 5", SPAN, "the sum of a field"),
            ("a | count() by > 5", SPAN, "is none of"),
            ("a | count() > x", SPAN, "is none of"),
            ("a | count() of 5", SPAN, "is none of"),
            ("a | count( > 5", SPAN, "is none of"),
            ("a | stats", SPAN, "is none of"),
            ("'a | '", SPAN, "is none of"),
            ("a | count() > 5 | near b_1", SPAN, "more than one `|`"),
            ("c | count() > 5", SPAN, "names the search `c`"),
            ("[a | count() > 5, b_1]", SPAN, "several conditions"),
        ] {
            let problem = counted(condition, timeframe).unwrap_err();
            assert!(problem.message.contains(why), "{condition}: {problem}");
        }
    }
}
