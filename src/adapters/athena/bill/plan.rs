//! Athena's plan of a statement: free, and the proof that the statement is right.

use std::fmt::Write as _;
use std::time::Duration;

use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::StreamExt;
use serde_json::Value;

use super::super::results::{self, FinishedRun};
use super::super::{AthenaService, errors, watcher};
use crate::adapters::aws::fault_of;
use crate::adapters::journal::BegunRun;
use crate::domain::query::{QueryError, QueryErrorKind, QueryRequest, ScanEstimate, TextPosition};
use crate::domain::size::Size;
use crate::sql::lexer::lex;
use crate::sql::parameters::in_place;
use aws_sdk_athena::types::QueryExecutionState;

/// What is put before a statement, on a line of its own, so that the columns of places stay.
const EXPLAIN: &str = "EXPLAIN (FORMAT JSON)\n";

/// How often the question is put where the service has no time for it.
const TRIES: u32 = 3;

/// How long a plan may take.
const WITHIN: Duration = Duration::from_secs(60);

/// A plan is not read further than this, in bytes.
const LONGEST: usize = 16 << 20;

/// Statements whose plan is asked for.
const PLANNED: [&str; 3] = ["SELECT", "WITH", "VALUES"];

/// Whether Athena plans such a statement without running it.
pub(super) fn can_be_planned(sql: &str) -> bool {
    let tokens = lex(sql);
    let mut words = tokens.iter().filter(|token| token.is_significant());
    let first = words.find(|token| token.text(sql) != "(");
    first.is_some_and(|first| {
        let text = first.text(sql);
        PLANNED.iter().any(|word| text.eq_ignore_ascii_case(word))
    })
}

/// What a plan tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Planned {
    /// One line an operator.
    text: String,
    /// Rows that the scans give, where the planner reckons with a number for each of them.
    rows: Option<u64>,
    /// Bytes of their values in memory, likewise.
    bytes: Option<u64>,
    /// Why there is no plan.
    note: Option<String>,
}

impl Planned {
    /// Adds the plan, and what the planner reckons with where nothing else tells how much it is.
    pub(super) fn add_to(self, estimate: &mut ScanEstimate) {
        estimate.plan = self.text;
        estimate.notes.extend(self.note);
        let Some(bytes) = self.bytes else {
            return;
        };
        let mut told = format!("Athena's planner reckons with {} of values", Size(bytes));
        if let Some(rows) = self.rows {
            let _ = write!(told, " in {rows} rows");
        }
        if estimate.bytes_at_most.is_none() {
            estimate.bytes_at_most = Some(bytes.max(estimate.bytes));
            told.push_str(", before they are compressed");
        }
        estimate.basis.push(told);
    }
}

impl AthenaService {
    /// Lets Athena plan a statement.
    ///
    /// # Errors
    ///
    /// What is wrong with the statement or with the caller's rights. Where the service has no answer
    /// there is no plan, and a note says so.
    pub(super) async fn plan(
        &self,
        request: &QueryRequest,
        sql: &str,
    ) -> Result<Planned, QueryError> {
        let Some(filled) = in_place(sql, &request.parameters) else {
            return Err(QueryError::new(
                QueryErrorKind::Invalid,
                format!(
                    "{} values do not fill the statement's `?`",
                    request.parameters.len()
                ),
            ));
        };
        // The values take more room than their `?`: what is refused for that alone is not wrong.
        let planned = tokio::time::timeout(WITHIN, self.explain(&filled)).await;
        let error = match planned {
            Ok(Ok(text)) => return Ok(read(&text)),
            Ok(Err(error)) => error,
            Err(_) => QueryError::new(QueryErrorKind::Busy, "it takes more than a minute"),
        };
        use QueryErrorKind::{Busy, Internal, Resources, Storage};
        match error.kind {
            Busy | Internal | Resources | Storage => Ok(Planned {
                note: Some(format!("Athena has not planned it: {}", error.message)),
                ..Planned::default()
            }),
            _ => Err(in_the_statement(error)),
        }
    }

    async fn explain(&self, sql: &str) -> Result<String, QueryError> {
        // Nothing is paid for a plan, so that the journal need not know of it.
        let token = self.journal.new_token();
        let run = BegunRun {
            token: token.map_err(|error| super::super::journal_failed(&error))?,
            sql: format!("{EXPLAIN}{sql}"),
            parameters: Vec::new(),
            profile: self.options.profile.clone(),
            workgroup: self.options.workgroup.clone(),
            database: self.options.database.clone(),
            catalog: self.options.catalog.clone(),
            output_location: self.options.output_location.clone(),
            expected: None,
        };
        let mut tries = 0;
        let id = loop {
            let error = match self.send(&run).await {
                Ok(id) => break id,
                Err(error) => error,
            };
            tries += 1;
            let fault = fault_of(&error);
            if !fault.may_pass() || tries >= TRIES {
                return Err(self.refusal(fault, &error));
            }
            tokio::time::sleep(Duration::from_millis(250 << tries)).await;
        };
        let mut seen = self.watcher.watch(&id, true);
        let execution = loop {
            let last = seen.borrow_and_update().clone();
            match last {
                Some(Ok(execution)) if watcher::ended(&execution) => break execution,
                Some(Err(error)) => return Err(self.access.renewable(error)),
                _ => {}
            }
            if seen.changed().await.is_err() {
                return Err(QueryError::new(
                    QueryErrorKind::Storage,
                    "it was lost sight of",
                ));
            }
        };
        let state = execution.status().and_then(|status| status.state());
        if state != Some(&QueryExecutionState::Succeeded) {
            return Err(errors::of_execution(&execution));
        }
        let finished = FinishedRun::of(&id, &execution);
        let mut rows = results::open(&self.clients, &finished).await?;
        let mut text = String::new();
        while let Some(batch) = rows.batches.next().await {
            let batch = batch?;
            let Some(column) = batch.columns().first() else {
                break;
            };
            let lines = cast(column, &DataType::Utf8)
                .map_err(|error| QueryError::new(QueryErrorKind::Internal, error.to_string()))?;
            let lines = arrow::array::AsArray::as_string_opt::<i32>(&lines);
            for line in lines.into_iter().flatten() {
                text.push_str(line.unwrap_or_default());
                text.push('\n');
            }
            if text.len() > LONGEST {
                break;
            }
        }
        Ok(text)
    }
}

/// The same error with its place in the statement without what was put before it.
fn in_the_statement(mut error: QueryError) -> QueryError {
    error.position = error.position.map(|place| TextPosition {
        line: place.line.saturating_sub(1).max(1),
        column: place.column,
    });
    error
}

/// Reads a plan. One that is no JSON is shown as it is.
fn read(text: &str) -> Planned {
    let Ok(plan) = serde_json::from_str::<Value>(text) else {
        return Planned {
            text: text.trim_end().to_owned(),
            ..Planned::default()
        };
    };
    let mut reader = Reader {
        rows: Some(0),
        bytes: Some(0),
        ..Reader::default()
    };
    reader.visit(&plan, 0);
    let told = reader.scans > 0;
    Planned {
        text: reader.text.trim_end().to_owned(),
        rows: reader.rows.filter(|_| told),
        bytes: reader.bytes.filter(|_| told),
        note: None,
    }
}

#[derive(Default)]
struct Reader {
    text: String,
    scans: u64,
    rows: Option<u64>,
    bytes: Option<u64>,
}

impl Reader {
    /// An operator is an object with a name; what holds operators, such as a fragment, is passed
    /// through. The depth is that of JSON, which the parser bounds.
    fn visit(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Array(values) => {
                for value in values {
                    self.visit(value, depth);
                }
            }
            Value::Object(members) => match members.get("name").and_then(Value::as_str) {
                Some(name) => {
                    self.operator(name, value, depth);
                    if let Some(children) = members.get("children") {
                        self.visit(children, depth + 1);
                    }
                }
                None => {
                    for (key, value) in members {
                        if value.is_object() || value.is_array() {
                            if depth == 0 && key.bytes().all(|byte| byte.is_ascii_digit()) {
                                let _ = writeln!(self.text, "Fragment {key}");
                            }
                            self.visit(value, depth + 1);
                        }
                    }
                }
            },
            _ => {}
        }
    }

    fn operator(&mut self, name: &str, operator: &Value, depth: usize) {
        let _ = write!(self.text, "{}{name}", "  ".repeat(depth));
        for (key, value) in operator
            .get("descriptor")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if let Some(value) = value.as_str().filter(|value| !value.is_empty()) {
                let value: String = value.chars().take(200).collect();
                let _ = write!(self.text, " {key}={value}");
            }
        }
        let first = operator.get("estimates").and_then(|all| all.get(0));
        let reckoned = |key: &str| first.and_then(|first| number(first.get(key)?));
        let (rows, bytes) = (reckoned("outputRowCount"), reckoned("outputSizeInBytes"));
        if let Some(rows) = rows {
            let _ = write!(self.text, " [{rows} rows]");
        }
        self.text.push('\n');
        if name.contains("Scan") {
            self.scans += 1;
            let add = |sum: Option<u64>, one: Option<u64>| Some(sum?.saturating_add(one?));
            self.rows = add(self.rows, rows);
            self.bytes = add(self.bytes, bytes);
        }
    }
}

/// A number of the planner's; `NaN`, which it writes as a text, is none.
fn number(value: &Value) -> Option<u64> {
    let number = value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite, and at least zero; past the largest number it stays the largest"
    )]
    (number.is_finite() && number >= 0.0).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn scan(table: &str, rows: &Value, bytes: &Value) -> Value {
        json!({
            "id": "1", "name": "ScanFilterProject", "descriptor": {"table": table, "filterPredicate": ""},
            "estimates": [{"outputRowCount": rows, "outputSizeInBytes": bytes},
                          {"outputRowCount": "NaN", "outputSizeInBytes": "NaN"}],
            "children": [],
        })
    }

    fn plan(children: &Value) -> Value {
        json!({
            "0": {"id": "9", "name": "Output", "descriptor": {"columnNames": "[a]"},
                  "estimates": [{"outputRowCount": "NaN"}], "children": []},
            "1": {"id": "5", "name": "InnerJoin", "descriptor": {}, "estimates": [], "children": children},
        })
    }

    #[test]
    fn scans_are_added_up_where_every_one_has_a_number() {
        let children = json!([
            scan("db.t", &json!(10.0), &json!(2_000.5)),
            scan("db.u", &json!("5"), &json!(300))
        ]);
        let planned = read(&plan(&children).to_string());
        assert_eq!(planned.rows, Some(15));
        assert_eq!(planned.bytes, Some(2_300));
        assert_eq!(
            planned.text,
            "Fragment 0\n  Output columnNames=[a]\nFragment 1\n  InnerJoin\n    ScanFilterProject table=db.t [10 rows]\n    ScanFilterProject table=db.u [5 rows]"
        );
        let unknown = json!([
            scan("db.t", &json!(10), &json!(1)),
            scan("db.u", &json!("NaN"), &json!("NaN"))
        ]);
        let planned = read(&plan(&unknown).to_string());
        assert_eq!((planned.rows, planned.bytes), (None, None));
        let nothing = read(&plan(&json!([])).to_string());
        assert_eq!((nothing.rows, nothing.bytes), (None, None));
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        let planned = read("Fragment 0\n  Output\n\n");
        assert_eq!(planned.text, "Fragment 0\n  Output");
        assert_eq!(planned.bytes, None);
    }

    #[test]
    fn the_planner_counts_where_nothing_else_does() {
        let planned = || Planned {
            bytes: Some(5_000),
            rows: Some(7),
            ..Planned::default()
        };
        let mut unknown = ScanEstimate::default();
        planned().add_to(&mut unknown);
        assert_eq!(unknown.bytes_at_most, Some(5_000));
        let mut known = ScanEstimate {
            bytes_at_most: Some(10),
            ..ScanEstimate::default()
        };
        planned().add_to(&mut known);
        assert_eq!(known.bytes_at_most, Some(10));
        for estimate in [unknown, known] {
            let basis = estimate.basis.join("\n");
            assert!(basis.contains("5.0 kB of values in 7 rows"), "{basis}");
        }
    }

    #[test]
    fn places_are_those_of_the_statement() {
        let at = |line, column| {
            let error = QueryError::new(QueryErrorKind::Syntax, "no");
            in_the_statement(error.at(TextPosition { line, column })).position
        };
        assert_eq!(at(2, 8), Some(TextPosition { line: 1, column: 8 }));
        assert_eq!(at(1, 1), Some(TextPosition { line: 1, column: 1 }));
        for (sql, planned) in [
            ("-- a\n(SELECT 1)", true),
            ("with a as (select 1) select * from a", true),
            ("SHOW TABLES", false),
            ("INSERT INTO t SELECT 1", false),
            ("", false),
        ] {
            assert_eq!(can_be_planned(sql), planned, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn any_plan_is_borne(rows in any::<f64>(), bytes in any::<i64>(), name in any::<String>()) {
            let children = json!([scan(&name, &json!(rows), &json!(bytes)), {"name": name}, [[rows]]]);
            let planned = read(&plan(&children).to_string());
            prop_assert_eq!(planned.bytes.is_some(), bytes >= 0 && !name.contains("Scan"));
        }
    }
}
