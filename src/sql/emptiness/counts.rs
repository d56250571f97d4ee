//! Counts the window's rows, those that pass each condition alone, and those that pass all but one.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::expression::paths;
use super::sources::{some, table};
use super::text::Text;
use super::window::{Said, TimeColumn, Window};
use super::{Cells, Condition, Judge, Stop, Term, count_told, moment_told};
use crate::domain::emptiness::{Cause, Explanation};
use crate::sql::parameters::{Literal, quote_identifier, quote_text};

/// Conditions that are counted each by itself.
const MOST_CONDITIONS: usize = 12;

/// How many days before and after an empty window are looked at.
const AROUND_DAYS: i64 = 3;

/// The rows of a window.
pub(super) struct Counted {
    /// All of them.
    pub(super) rows: u64,
    /// Those that pass one condition, by the condition's place.
    pub(super) alone: Vec<u64>,
    /// Those that pass all but one; where there are but two, those that pass the other.
    pub(super) without: Vec<u64>,
    /// Those that pass all.
    pub(super) full: u64,
}

impl Judge<'_> {
    /// What counting tells; `None` where there are rows.
    pub(super) fn counted(&self, term: &Term<'_>) -> Result<Option<Explanation>, Stop> {
        if self.question.paid && !term.conditions.iter().any(Condition::bounds) {
            return Ok(Some(Explanation::new(
                Cause::Unknown,
                "no condition bounds the time, so counting would read the whole table and cost as much: add one on time_dt or eventday",
            )));
        }
        let rest: Vec<&Condition<'_>> = term.conditions.iter().filter(|c| !c.bounds()).collect();
        let rest: Vec<&Condition<'_>> = rest.into_iter().take(MOST_CONDITIONS).collect();
        let counted = match self.count(term, &rest)? {
            Ok(counted) => counted,
            Err(reason) => return Ok(Some(failed(&reason))),
        };
        if counted.rows == 0 {
            return self.no_rows(term).map(Some);
        }
        if counted.full > 0 || rest.is_empty() {
            return Ok(self.grouped_away(term, &counted));
        }
        let dead: Vec<&Condition<'_>> = rest
            .iter()
            .zip(&counted.alone)
            .filter(|(_, alone)| **alone == 0)
            .map(|(condition, _)| *condition)
            .collect();
        if dead.is_empty() {
            return Ok(Some(filtered(term, &rest, &counted)));
        }
        self.dead(term, &dead, counted.rows).map(Some)
    }

    /// Counts in one statement; conditions that hold a query are counted by themselves.
    fn count(
        &self,
        term: &Term<'_>,
        rest: &[&Condition<'_>],
    ) -> Result<Result<Counted, String>, Stop> {
        let conditions: Vec<String> = rest.iter().map(|c| guarded(c.text)).collect();
        let holds_query = |c: &&Condition<'_>| {
            let text = Text::new(c.text);
            text.all().any(|at| text.is(at, "SELECT"))
        };
        if !rest.is_empty() && rest.iter().any(holds_query) {
            return self.count_apart(term, &conditions);
        }
        let all_but = |left_out: usize| {
            let kept = conditions.iter().enumerate();
            let kept = kept
                .filter(|(at, _)| *at != left_out)
                .map(|(_, c)| c.as_str());
            kept.collect::<Vec<_>>().join(" AND ")
        };
        let mut columns = vec!["count(*)".to_owned()];
        columns.extend(conditions.iter().map(|c| format!("count_if({c})")));
        if conditions.len() > 2 {
            columns.extend((0..conditions.len()).map(|at| format!("count_if({})", all_but(at))));
        }
        if conditions.len() > 1 {
            columns.push(format!("count_if({})", conditions.join(" AND ")));
        }
        let sql = term.probe(&columns.join(", "), &[]);
        let purpose = "count the window's rows, and those that pass each condition";
        let cells = match self.ask(sql, purpose)? {
            Ok(cells) => cells,
            // What a condition raises an error for is found when each is counted alone.
            Err(_) if !conditions.is_empty() => return self.count_apart(term, &conditions),
            Err(reason) => return Ok(Err(reason)),
        };
        let numbers = numbers(cells);
        let count = conditions.len();
        let part =
            |range: Range<usize>| numbers.get(range).map(<[u64]>::to_vec).unwrap_or_default();
        let alone = part(1..1 + count);
        let (without, full) = match count {
            0 => (Vec::new(), numbers.first().copied().unwrap_or(0)),
            1 => (part(0..1), alone.first().copied().unwrap_or(0)),
            2 => (
                alone.iter().rev().copied().collect(),
                numbers.get(3).copied().unwrap_or(0),
            ),
            _ => (
                part(1 + count..1 + 2 * count),
                numbers.get(1 + 2 * count).copied().unwrap_or(0),
            ),
        };
        Ok(Ok(Counted {
            rows: numbers.first().copied().unwrap_or(0),
            alone,
            without,
            full,
        }))
    }

    /// The same with a statement for each condition.
    fn count_apart(
        &self,
        term: &Term<'_>,
        conditions: &[String],
    ) -> Result<Result<Counted, String>, Stop> {
        let mut counts = Vec::new();
        let mut lists: Vec<Vec<&str>> = vec![Vec::new()];
        lists.extend(conditions.iter().map(|c| vec![c.as_str()]));
        if conditions.len() > 1 {
            lists.push(conditions.iter().map(String::as_str).collect());
        }
        for list in &lists {
            let sql = term.probe("count(*)", list);
            match self.ask(sql, "count the rows that pass a condition")? {
                Ok(cells) => counts.push(numbers(cells).first().copied().unwrap_or(0)),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        let count = conditions.len();
        let alone: Vec<u64> = counts.iter().skip(1).take(count).copied().collect();
        Ok(Ok(Counted {
            rows: counts.first().copied().unwrap_or(0),
            without: match count {
                2 => alone.iter().rev().copied().collect(),
                _ => vec![0; count],
            },
            full: counts.last().copied().unwrap_or(0),
            alone,
        }))
    }

    /// The window has no row at all.
    fn no_rows(&self, term: &Term<'_>) -> Result<Explanation, Stop> {
        for query in &term.select.inner {
            if let Some(told) = self.query(query)? {
                return Ok(told);
            }
        }
        if let Some(told) = self.joined_away(term)? {
            return Ok(told);
        }
        let named = self.named(term);
        let window = term.window_told();
        if term.window == Window::default() {
            return Ok(Explanation::new(
                Cause::SourceAbsent,
                format!("{named} has no row at all"),
            ));
        }
        let objects = self.objects(term);
        match self.question.coverage {
            Some(coverage) if coverage.is_complete() => Ok(Explanation::new(
                Cause::Quiet,
                format!("{named} has no event in the window ({window})"),
            )
            .with(format!(
                "{} may have events of these hours, so it was collected",
                count_told(objects, "object")
            ))),
            _ if objects > 0 => Ok(Explanation::new(
                Cause::Filtered,
                format!("objects of {named} are known for the window ({window}), yet no row of it can be read"),
            )
            .with(format!(
                "{} arrived with events of these hours",
                count_told(objects, "object")
            ))
            .with("Lake Formation may hide rows from this role, or the table does not know the objects yet")),
            _ => self.around(term, &named),
        }
    }

    /// Objects that may have events of the window.
    fn objects(&self, term: &Term<'_>) -> u64 {
        let Some(coverage) = self.question.coverage else {
            return 0;
        };
        let [(path, _)] = term.select.tables.as_slice() else {
            return 0;
        };
        let (from, to) = term.times();
        table(path, coverage).map_or(0, |table| coverage.objects_in(&table.part, from, to))
    }

    /// What the SELECT reads, for people.
    fn named(&self, term: &Term<'_>) -> String {
        let names: Vec<String> = term
            .select
            .tables
            .iter()
            .filter_map(|(path, _)| path.last().cloned())
            .collect();
        match names.as_slice() {
            [] => "what the statement reads".to_owned(),
            names => some(names),
        }
    }

    /// A join, or UNNEST, that leaves no row of tables that have some.
    fn joined_away(&self, term: &Term<'_>) -> Result<Option<Explanation>, Stop> {
        let from = Text::new(term.from());
        let joins = from
            .all()
            .any(|at| from.is_one_of(at, &["JOIN", "UNNEST", ","]));
        if !joins || term.select.tables.is_empty() {
            return Ok(None);
        }
        let alone = term.select.tables.len() == 1;
        let mut counts = Vec::new();
        for (path, place) in &term.select.tables {
            let text = term.sql.get(place.clone()).unwrap_or_default();
            let alias = text
                .rsplit(|c: char| c.is_whitespace() || c == '.')
                .next()
                .map(|name| name.trim_matches('"').to_lowercase())
                .unwrap_or_default();
            let is_its_own = |condition: &&Condition<'_>| {
                let Some(expr) = &condition.expr else {
                    return false;
                };
                condition.bounds()
                    && (alone
                        || paths(expr)
                            .iter()
                            .all(|path| path.len() > 1 && path.first() == Some(&alias)))
            };
            let own: Vec<String> = term
                .conditions
                .iter()
                .filter(is_its_own)
                .map(|c| guarded(c.text))
                .collect();
            if self.question.paid && own.is_empty() {
                return Ok(None);
            }
            let filter = match own.as_slice() {
                [] => String::new(),
                own => format!(" WHERE {}", own.join(" AND ")),
            };
            let with = term.with();
            let sql = format!("{with}SELECT count(*) FROM {text}{filter}");
            let rows = match self.ask(sql, "count one table's rows before the join")? {
                Ok(cells) => numbers(cells).first().copied().unwrap_or(0),
                Err(_) => return Ok(None),
            };
            let name = path.last().cloned().unwrap_or_default();
            if rows == 0 {
                let told = format!("{name} has no row in the window ({})", term.window_told());
                return Ok(Some(Explanation::new(Cause::Quiet, told)));
            }
            counts.push(format!("{name}: {}", count_told(rows, "row")));
        }
        let what = if alone {
            "UNNEST leaves no row: its list is empty in every one"
        } else {
            "the join leaves no row: its condition holds for no pair"
        };
        let told = Explanation::new(Cause::Filtered, what);
        Ok(Some(counts.into_iter().fold(told, Explanation::with)))
    }

    /// Looks some days before and after an empty window.
    fn around(&self, term: &Term<'_>, named: &str) -> Result<Explanation, Stop> {
        let window = term.window_told();
        let unknown = |reason: &str| {
            Explanation::new(
                Cause::OutsideData,
                format!("{named} has no row in the window ({window})"),
            )
            .with(reason.to_owned())
        };
        let bound = term.conditions.iter().find_map(|condition| {
            let Said::Within(_, column) = condition.said else {
                return None;
            };
            let names = |path: &Vec<String>| {
                path.last()
                    .is_some_and(|name| ["time_dt", "time", "eventday"].contains(&name.as_str()))
            };
            let path = paths(condition.expr.as_ref()?).into_iter().find(names)?;
            Some((path, column))
        });
        let Some((path, column)) = bound else {
            return Ok(unknown("nothing tells what lies before and after it"));
        };
        let (from, to) = term.times();
        let quoted: Vec<String> = path.iter().map(|part| quote_identifier(part)).collect();
        let column_sql = quoted.join(".");
        let literal = |time: DateTime<Utc>| match (column, path.last().map(String::as_str)) {
            (TimeColumn::EventDay, _) => quote_text(&time.format("%Y%m%d").to_string()),
            (_, Some("time")) => time.timestamp_millis().to_string(),
            _ => Literal::timestamp(time).into_string(),
        };
        let days = TimeDelta::days(AROUND_DAYS);
        let mut parts = Vec::new();
        let mut sides = Vec::new();
        if let Some(from) = from {
            let (low, high) = (literal(from - days), literal(from));
            parts.push(format!("({column_sql} >= {low} AND {column_sql} < {high})"));
            sides.push(format!("count_if({column_sql} < {high})"));
        } else {
            sides.push("0".to_owned());
        }
        if let Some(to) = to {
            let (low, high) = (literal(to), literal(to + days));
            parts.push(format!("({column_sql} >= {low} AND {column_sql} < {high})"));
            sides.push(format!("count_if({column_sql} >= {low})"));
        } else {
            sides.push("0".to_owned());
        }
        let sql = format!(
            "{}SELECT {} FROM {} WHERE {}",
            term.with(),
            sides.join(", "),
            term.from(),
            parts.join(" OR ")
        );
        let counts = match self.ask(sql, "count the rows of the days around the window")? {
            Ok(cells) => numbers(cells),
            Err(reason) => return Ok(unknown(&reason)),
        };
        let (before, after) = (
            counts.first().copied().unwrap_or(0),
            counts.get(1).copied().unwrap_or(0),
        );
        let told = match (before, after) {
            (0, 0) => Explanation::new(
                Cause::OutsideData,
                format!(
                    "{named} has no row in the window ({window}) and none {AROUND_DAYS} days around it: outside retention, or the source is not collected"
                ),
            ),
            (_, 0) if to.is_some_and(|to| to <= self.question.now) || to.is_none() => {
                Explanation::new(
                    Cause::OutsideData,
                    format!(
                        "{named} ends before the window ({window}): data that has not arrived yet"
                    ),
                )
            }
            (0, _) => Explanation::new(
                Cause::OutsideData,
                format!("{named} begins behind the window ({window}): outside retention"),
            ),
            _ => Explanation::new(
                Cause::Quiet,
                format!("{named} has no event in the window ({window})"),
            ),
        };
        let mut told = told;
        if let Some(from) = from {
            told = told.with(format!(
                "{} in the {AROUND_DAYS} days before {}",
                count_told(before, "row"),
                moment_told(from)
            ));
        }
        if let Some(to) = to {
            told = told.with(format!(
                "{} in the {AROUND_DAYS} days from {}",
                count_told(after, "row"),
                moment_told(to)
            ));
        }
        Ok(told)
    }

    /// Rows pass every condition: what puts them together leaves none.
    fn grouped_away(&self, term: &Term<'_>, counted: &Counted) -> Option<Explanation> {
        let having = term.select.having.clone()?;
        let text = term.sql.get(having).unwrap_or_default();
        let told = format!("HAVING {text} holds for no group");
        Some(Explanation::new(Cause::Filtered, told).with(format!(
            "{} passed every condition of WHERE",
            count_told(counted.full, "row")
        )))
    }
}

impl Term<'_> {
    /// WITH and its queries, where there are some.
    pub(super) fn with(&self) -> String {
        match self.select.with.as_slice() {
            [] => String::new(),
            queries => format!("WITH {} ", queries.join(", ")),
        }
    }

    /// A statement over the window's rows.
    pub(super) fn probe(&self, columns: &str, conditions: &[&str]) -> String {
        let bounds = self.conditions.iter().filter(|c| c.bounds());
        let mut all: Vec<String> = bounds.map(|c| guarded(c.text)).collect();
        all.extend(conditions.iter().map(|c| (*c).to_owned()));
        let filter = match all.as_slice() {
            [] => String::new(),
            all => format!(" WHERE {}", all.join(" AND ")),
        };
        format!(
            "{}SELECT {columns} FROM {}{filter}",
            self.with(),
            self.from()
        )
    }
}

/// A condition that may stand beside others: in parentheses, a comment at its end closed by a line.
pub(super) fn guarded(condition: &str) -> String {
    if condition.contains("--") {
        format!("({condition}\n)")
    } else {
        format!("({condition})")
    }
}

/// The numbers of a row.
pub(super) fn numbers(cells: &Cells) -> Vec<u64> {
    let row = cells.first().map(Vec::as_slice).unwrap_or_default();
    row.iter()
        .map(|cell| {
            cell.as_ref()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0)
        })
        .collect()
}

fn failed(reason: &str) -> Explanation {
    Explanation::new(Cause::Unknown, "the rows could not be counted").with(reason.to_owned())
}

/// Each condition holds for some row, and no row passes all.
fn filtered(term: &Term<'_>, rest: &[&Condition<'_>], counted: &Counted) -> Explanation {
    let told = match rest {
        [_, _] => "each condition holds for some rows, and both for none",
        _ => "each condition holds for some rows, and all together for none",
    };
    let mut told = Explanation::new(Cause::Filtered, told).with(format!(
        "{} {}",
        count_told(counted.rows, "row"),
        term.place_told()
    ));
    for (condition, alone) in rest.iter().zip(&counted.alone) {
        told = told.with(format!(
            "`{}` alone: {}",
            condition.told(),
            count_told(*alone, "row")
        ));
    }
    let killers: Vec<(&&Condition<'_>, u64)> = rest
        .iter()
        .zip(counted.without.iter().copied())
        .filter(|(_, rows)| *rows > 0)
        .collect();
    if rest.len() > 2 {
        for (condition, rows) in &killers {
            told = told.with(format!(
                "all but `{}`: {}",
                condition.told(),
                count_told(*rows, "row")
            ));
        }
        if killers.is_empty() {
            told = told.with("no single condition is to blame: leaving out any one leaves none");
        }
    }
    // The one whose absence lets the fewest rows in changes least.
    let least = killers.iter().min_by_key(|(_, rows)| *rows);
    told.correction = least.and_then(|(condition, _)| term.without(condition));
    told
}
