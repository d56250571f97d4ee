//! `query --explain`: what a statement would read and cost.

use serde_json::json;

use super::listing::{grouped, print_json, size};
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::domain::cost::Usd;
use crate::domain::estimate::{Span, money};
use crate::domain::query::ScanEstimate;

/// How an estimate is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling {
    /// As one JSON document.
    pub(super) json: bool,
    /// The service asks money for what it scans.
    pub(super) paid: bool,
    /// What it costs where the service asks no money.
    pub(super) free: &'static str,
    /// What `--max-bytes` allows.
    pub(super) max_bytes: Option<u64>,
}

/// Prints an estimate; the answer is "no" where a run would be refused, or would ask first.
pub(super) fn explain(estimate: &ScanEstimate, telling: Telling) -> Result<(), Stop> {
    let too_large = telling.max_bytes.is_some_and(|most| estimate.bytes > most);
    let refused = too_large || estimate.question.is_some();
    if telling.json {
        print_json(&document(estimate, telling, refused))?;
    } else {
        let mut out = Stdout::lock();
        for line in lines(estimate, telling) {
            out.line(line)?;
        }
        out.finish()?;
        for note in &estimate.notes {
            say(format_args!("note: {note}"));
        }
    }
    if too_large {
        say(format_args!(
            "note: --max-bytes would refuse it: {} bytes are more than {}",
            grouped(estimate.bytes),
            grouped(telling.max_bytes.unwrap_or_default())
        ));
    }
    if let Some(question) = &estimate.question {
        say(format_args!("note: it would ask first: {question}"));
    }
    if refused { Err(Stop::No) } else { Ok(()) }
}

fn document(estimate: &ScanEstimate, telling: Telling, refused: bool) -> serde_json::Value {
    let tables: Vec<serde_json::Value> = estimate
        .tables
        .iter()
        .map(|(table, files, bytes)| json!({"table": table, "files": files, "bytes": bytes}))
        .collect();
    // What costs nothing costs 0; what costs money whose amount nobody knows costs null.
    let (cost, cost_at_most) = match (telling.paid, estimate.cost) {
        (false, _) => (json!(0), json!(0)),
        (true, None) => (json!(null), json!(null)),
        (true, Some((least, most))) => (json!(amount(least)), json!(most.map(amount))),
    };
    json!({
        "files": estimate.files,
        "files_known": estimate.files_known,
        "bytes": estimate.bytes,
        "bytes_at_most": estimate.bytes_at_most,
        "rows": estimate.rows,
        "cost_usd": cost,
        "cost_usd_at_most": cost_at_most,
        "cutoff_bytes": estimate.cutoff_bytes,
        "refused": refused,
        "question": estimate.question,
        "basis": estimate.basis,
        "tables": tables,
        "notes": estimate.notes,
        "plan": estimate.plan,
    })
}

/// US dollars without the tail of binary fractions.
fn amount(usd: Usd) -> f64 {
    (usd.0 * 1e8).round() / 1e8
}

fn lines(estimate: &ScanEstimate, telling: Telling) -> Vec<String> {
    let Telling { paid, free, .. } = telling;
    let mut lines = Vec::new();
    if !paid || estimate.files_known > 0 {
        lines.push(format!(
            "files  {} of {}",
            grouped(estimate.files),
            grouped(estimate.files_known)
        ));
    }
    let unknown = estimate.bytes == 0 && estimate.bytes_at_most.is_none();
    let exact = estimate.bytes_at_most == Some(estimate.bytes);
    lines.push(match (unknown, exact) {
        (true, _) => "bytes  not known".to_owned(),
        (_, true) => format!(
            "bytes  {} ({})",
            grouped(estimate.bytes),
            size(estimate.bytes)
        ),
        (_, false) => format!("bytes  {}", Span::of(estimate)),
    });
    if !paid || estimate.rows > 0 {
        lines.push(format!("rows   at most {}", grouped(estimate.rows)));
    }
    lines.push(match (paid, estimate.cost) {
        (false, _) => format!("cost   {free}"),
        (true, _) if unknown => "cost   not known".to_owned(),
        (true, Some(cost)) => format!("cost   {}", money(cost)),
        (true, None) => {
            "cost   not known: set `usd_per_tb` in the profile to what the Region asks".to_owned()
        }
    });
    if let Some(cutoff) = estimate.cutoff_bytes {
        lines.push(format!(
            "stops  at {} scanned, by the workgroup",
            size(cutoff)
        ));
    }
    for basis in &estimate.basis {
        lines.push(format!("basis  {basis}"));
    }
    for (table, files, bytes) in &estimate.tables {
        lines.push(format!(
            "table  {table}: {} files, {}",
            grouped(*files),
            size(*bytes)
        ));
    }
    if !estimate.plan.is_empty() {
        lines.push("plan".to_owned());
        lines.extend(estimate.plan.lines().map(|line| format!("  {line}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cost::Price;
    use crate::domain::estimate::settle;

    fn told(estimate: &ScanEstimate, paid: bool) -> String {
        lines(
            estimate,
            Telling {
                json: false,
                paid,
                free: "nothing: the embedded engine reads the files itself",
                max_bytes: None,
            },
        )
        .join("\n")
    }

    #[test]
    fn a_range_is_told_with_its_money_and_its_basis() {
        let estimate = settle(
            ScanEstimate {
                bytes: 1_200_000_000,
                bytes_at_most: Some(3_400_000_000_000),
                cutoff_bytes: Some(5_000_000_000),
                basis: vec!["past runs".to_owned()],
                ..ScanEstimate::default()
            },
            Some(Price {
                usd_per_tb: 5.0,
                minimum_bytes: 10_000_000,
            }),
        );
        assert_eq!(
            told(&estimate, true),
            "bytes  1.2 GB to 3.4 TB\ncost   0.00600 USD to 17.00 USD\n\
             stops  at 5.0 GB scanned, by the workgroup\nbasis  past runs"
        );
    }

    #[test]
    fn what_is_not_known_is_not_nothing() {
        let mut estimate = ScanEstimate {
            cost: Some((Usd(0.0), None)),
            ..ScanEstimate::default()
        };
        assert_eq!(told(&estimate, true), "bytes  not known\ncost   not known");
        estimate.bytes_at_most = Some(7);
        estimate.cost = None;
        assert!(told(&estimate, true).contains("set `usd_per_tb`"));
        let telling = Telling {
            free: "nothing",
            json: true,
            paid: true,
            max_bytes: None,
        };
        assert_eq!(document(&estimate, telling, false)["cost_usd"], json!(null));
        let free = Telling {
            paid: false,
            ..telling
        };
        assert_eq!(document(&estimate, free, false)["cost_usd"], json!(0));
    }

    #[test]
    fn the_embedded_engine_tells_its_files() {
        let estimate = ScanEstimate {
            files: 2,
            files_known: 1_000,
            bytes: 1_500,
            bytes_at_most: Some(1_500),
            rows: 10,
            tables: vec![("t".to_owned(), 2, 1_500)],
            plan: "Scan".to_owned(),
            ..ScanEstimate::default()
        };
        assert_eq!(
            told(&estimate, false),
            "files  2 of 1,000\nbytes  1,500 (1.5 kB)\nrows   at most 10\n\
             cost   nothing: the embedded engine reads the files itself\n\
             table  t: 2 files, 1.5 kB\nplan\n  Scan"
        );
    }
}
