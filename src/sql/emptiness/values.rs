//! Conditions that hold for no row of the window: which values there are instead.

use std::ops::Range;

use super::counts::{guarded, numbers};
use super::expression::{Compared, Leaf, Written};
use super::near::{nearest, words_for};
use super::sources::some;
use super::{Condition, Judge, Stop, Term, count_told};
use crate::domain::emptiness::{Cause, Explanation, NearValue};
use crate::sql::parameters::quote_text;

/// Texts to put into a statement, each in the place of some of its bytes.
type Edits = Vec<(Range<usize>, String)>;

/// Values of a column that are looked at, the likeliest first.
const MOST_VALUES: usize = 200;

/// A column with no more values than this is a list of words.
const FEW: usize = 12;

/// Columns whose values are words of the schema, by the last part of their path.
const WORDS: [&str; 16] = [
    "status",
    "direction",
    "severity",
    "activity_name",
    "class_name",
    "category_name",
    "type_name",
    "action",
    "disposition",
    "protocol_name",
    "boundary",
    "rcode",
    "state",
    "confidence",
    "risk_level",
    "product_name",
];

/// The schema's own words for such columns: one that does not occur may occur tomorrow.
const KNOWN_WORDS: [&str; 34] = [
    "Success",
    "Failure",
    "Unknown",
    "Other",
    "Inbound",
    "Outbound",
    "Lateral",
    "Informational",
    "Low",
    "Medium",
    "High",
    "Critical",
    "Fatal",
    "Allowed",
    "Denied",
    "Create",
    "Read",
    "Update",
    "Delete",
    "Open",
    "Close",
    "Reset",
    "Fail",
    "Refuse",
    "Traffic",
    "Query",
    "Response",
    "Logon",
    "Logoff",
    "New",
    "In Progress",
    "Suppressed",
    "Resolved",
    "Observed",
];

impl Judge<'_> {
    /// Some conditions hold for no row of the window.
    pub(super) fn dead(
        &self,
        term: &Term<'_>,
        dead: &[&Condition<'_>],
        rows: u64,
    ) -> Result<Explanation, Stop> {
        let mut quiet: Option<Explanation> = None;
        let mut told: Option<Explanation> = None;
        let mut edits: Edits = Vec::new();
        for condition in dead {
            let (one, better) = self.dead_one(term, condition, rows)?;
            if one.cause != Cause::CannotMatch {
                quiet.get_or_insert(one);
                continue;
            }
            edits.extend(better);
            match &mut told {
                None => told = Some(one),
                // What is wrong in several places is put right in all of them at once.
                Some(told) => {
                    told.evidence.push(one.told);
                    told.nearest.extend(one.nearest);
                }
            }
        }
        if let Some(mut told) = told {
            let values: Vec<&str> = edits.iter().map(|(_, text)| text.as_str()).collect();
            let with = format!("with {}", values.join(", "));
            told.correction = term.edited(edits, with);
            return Ok(told);
        }
        Ok(quiet.unwrap_or_else(|| {
            Explanation::new(
                Cause::Unknown,
                "no condition was found that holds for no row",
            )
        }))
    }

    /// Why one condition holds for no row, and what to put into the statement.
    fn dead_one(
        &self,
        term: &Term<'_>,
        condition: &Condition<'_>,
        rows: u64,
    ) -> Result<(Explanation, Edits), Stop> {
        let counted = format!("{} {}", count_told(rows, "row"), term.place_told());
        let mut quiet = Explanation::new(
            Cause::Quiet,
            format!(
                "`{}` holds for none of the rows there, and the source was collected",
                condition.told()
            ),
        )
        .with(counted.clone());
        let elsewhere = self.elsewhere(term, condition)?;
        if elsewhere > 0 {
            let times = count_told(elsewhere, "row");
            let told = quiet.with(format!("at other times it holds for {times}"));
            return Ok((told, Vec::new()));
        }
        for leaf in &condition.leaves {
            let seen = match self.seen(term, leaf)? {
                Ok(seen) => seen,
                Err(reason) => {
                    quiet = quiet.with(format!(
                        "the values of {} are not known: {reason}",
                        leaf.told()
                    ));
                    continue;
                }
            };
            if seen.is_empty() {
                let told = Explanation::new(
                    Cause::CannotMatch,
                    format!(
                        "`{}` cannot hold: {} is NULL in every row there",
                        condition.told(),
                        leaf.told()
                    ),
                );
                return Ok((told.with(counted), Vec::new()));
            }
            if let Some((told, edits)) = written_otherwise(condition, leaf, &seen) {
                return Ok((told.with(counted), edits));
            }
            if let Some(told) = no_such_word(condition, leaf, &seen) {
                return Ok((told.with(counted), Vec::new()));
            }
            let values = values_told(leaf, &seen);
            // Alternatives often ask the same column.
            if !quiet.evidence.contains(&values) {
                quiet.evidence.push(values);
            }
        }
        Ok((quiet, Vec::new()))
    }

    /// Rows at other times for which a condition holds; asked only where reading is free.
    fn elsewhere(&self, term: &Term<'_>, condition: &Condition<'_>) -> Result<u64, Stop> {
        let bounded = term.conditions.iter().any(Condition::bounds);
        if self.question.paid || !bounded {
            return Ok(0);
        }
        let sql = format!(
            "{}SELECT count(*) FROM {} WHERE {}",
            term.with(),
            term.from(),
            guarded(condition.text)
        );
        let answer = self.ask(sql, "look whether the condition holds at another time")?;
        Ok(answer.map_or(0, |cells| numbers(cells).first().copied().unwrap_or(0)))
    }

    /// The values of a column in the window that may have been meant, with their rows.
    fn seen(
        &self,
        term: &Term<'_>,
        leaf: &Leaf,
    ) -> Result<Result<Vec<(String, u64)>, String>, Stop> {
        let column = &leaf.column;
        let inner = term.probe(
            &format!("CAST({column} AS VARCHAR) AS \"value\", count(*) AS \"seen\""),
            &[&format!("{column} IS NOT NULL")],
        );
        // WITH stands before everything.
        let with = term.with();
        let inner = inner.strip_prefix(with.as_str()).unwrap_or(&inner);
        let wanted = leaf
            .values
            .first()
            .map_or("", |written| written.value.as_str());
        let words = words_for(wanted);
        let core = words.iter().min_by_key(|word| word.len()).cloned();
        let core = core.unwrap_or_default();
        let holds: Vec<String> = words
            .iter()
            .filter(|word| !word.is_empty())
            .map(|word| format!("strpos(lower(\"value\"), {}) > 0", quote_text(word)))
            .collect();
        let apart = format!(
            "levenshtein_distance(lower(substr(\"value\", 1, 256)), {})",
            quote_text(&core)
        );
        let apart = match holds.as_slice() {
            [] => apart,
            holds => format!("CASE WHEN {} THEN -1 ELSE {apart} END", holds.join(" OR ")),
        };
        let sql = format!(
            "{with}SELECT \"value\", \"seen\" FROM (SELECT \"value\", \"seen\", {apart} AS \"apart\" \
             FROM ({inner} GROUP BY 1) AS \"values_seen\") AS \"values_near\" \
             ORDER BY \"apart\", \"seen\" DESC LIMIT {MOST_VALUES}"
        );
        let cells = match self.ask(sql, "look which values there are instead")? {
            Ok(cells) => cells,
            Err(reason) => return Ok(Err(reason)),
        };
        let pair = |row: &Vec<Option<String>>| {
            let value = row.first()?.clone()?;
            let count = row.get(1)?.as_ref()?.parse().ok()?;
            Some((value, count))
        };
        Ok(Ok(cells.iter().filter_map(pair).collect()))
    }
}

/// A value that occurs, written otherwise.
fn written_otherwise(
    condition: &Condition<'_>,
    leaf: &Leaf,
    seen: &[(String, u64)],
) -> Option<(Explanation, Edits)> {
    let like = leaf.compared == Compared::Like;
    let mut edits: Edits = Vec::new();
    let mut offered: Vec<NearValue> = Vec::new();
    let mut missed = Vec::new();
    for written in &leaf.values {
        let near = nearest(&written.value, like, seen);
        let Some(best) = near.first() else { continue };
        missed.push(written.value.clone());
        if best.differs == "a pattern needs LIKE" {
            let text = condition
                .text
                .get(..written.range.start)
                .unwrap_or_default();
            if let Some(at) = text.rfind('=').filter(|_| leaf.compared == Compared::Equal) {
                edits.push((at..at + 1, "LIKE".to_owned()));
            }
        } else if like {
            edits.extend(pattern(written, &best.value).map(|text| (written.range.clone(), text)));
        } else {
            edits.push((written.range.clone(), replacement(written, &best.value)));
        }
        offered.extend(near);
    }
    if offered.is_empty() {
        return None;
    }
    offered.dedup_by(|a, b| a.value == b.value);
    let values: Vec<String> = missed.iter().map(|value| format!("‘{value}’")).collect();
    let told = format!(
        "{} never occurs as {} there, and is written otherwise",
        values.join(", "),
        leaf.told()
    );
    let mut told = Explanation::new(Cause::CannotMatch, told);
    told.nearest = offered;
    // In the places of the whole statement.
    let start = condition.range.start;
    for (range, _) in &mut edits {
        *range = range.start + start..range.end + start;
    }
    Some((told, edits))
}

/// A word that is none of a column's few.
fn no_such_word(
    condition: &Condition<'_>,
    leaf: &Leaf,
    seen: &[(String, u64)],
) -> Option<Explanation> {
    let last = leaf.path.as_ref()?.last()?;
    let is_list = WORDS.contains(&last.as_str()) && seen.len() <= FEW;
    let known = leaf
        .values
        .iter()
        .any(|written| written.number || KNOWN_WORDS.contains(&written.value.as_str()));
    if !is_list || known || leaf.compared == Compared::Like {
        return None;
    }
    let mut told = Explanation::new(
        Cause::CannotMatch,
        format!(
            "`{}` cannot hold: {} has other words",
            condition.told(),
            leaf.told()
        ),
    );
    let mut seen = seen.to_vec();
    seen.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    told.nearest = seen
        .into_iter()
        .take(5)
        .map(|(value, rows)| NearValue {
            value,
            rows,
            differs: "a value there",
        })
        .collect();
    Some(told)
}

fn values_told(leaf: &Leaf, seen: &[(String, u64)]) -> String {
    let mut sorted = seen.to_vec();
    sorted.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let values: Vec<String> = sorted
        .iter()
        .take(5)
        .map(|(value, _)| value.clone())
        .collect();
    let count = if seen.len() < MOST_VALUES {
        count_told(seen.len() as u64, "value")
    } else {
        format!("{MOST_VALUES} values or more")
    };
    format!(
        "{} has {count} there, such as {}",
        leaf.told(),
        some(&values)
    )
}

/// A value as it stands in the statement in the place of another.
pub(super) fn replacement(written: &Written, value: &str) -> String {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    if written.number && digits {
        value.to_owned()
    } else {
        quote_text(value)
    }
}

/// A pattern whose letters have the case that a value has.
fn pattern(written: &Written, value: &str) -> Option<String> {
    let core = written.value.trim_matches(['%', '_']);
    let at = value.to_lowercase().find(&core.to_lowercase())?;
    let found = value.get(at..at + core.len())?;
    let pattern = if found == core {
        // The letters are right: they stand elsewhere in the value.
        format!("%{core}%")
    } else {
        written.value.replace(core, found)
    };
    Some(quote_text(&pattern))
}
