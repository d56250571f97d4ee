//! What an estimate says, and what a run fetches.

use std::fmt::Write as _;
use std::path::Path;

use lakehound::domain::estimate::Effort;
use lakehound::domain::query::{QueryErrorKind, QueryRequest, Route};
use lakehound::ports::{QueryService, RunControl};

use super::lake::{BUCKET, Lake, STATEMENTS, block_on, bucket, direct, rows};
use crate::support::request;

/// The truth may be so many times smaller than the estimate: row groups that statistics leave out,
/// columns that no row needed once an earlier filter had let none through, a LIMIT.
const AT_LEAST: f64 = 0.4;

/// The truth may be so many times greater: predicates' columns are asked for before the others, which
/// makes other neighbours; page indexes are not in the estimate.
const AT_MOST: f64 = 1.1;

/// A request for the answer of the engine itself.
fn fetched(sql: &str) -> QueryRequest {
    QueryRequest {
        route: Route::Direct,
        ..request(sql)
    }
}

#[test]
fn estimates_are_what_is_fetched() {
    let lake = Lake::get();
    let relay = lake.relay();
    let mut lines = format!(
        "lake: {} objects, {} bytes\n{:>12} {:>12} {:>7} {:>9} {:>9}  statement\n",
        lake.keys.len(),
        lake.bytes,
        "estimated",
        "fetched",
        "ratio",
        "requests",
        "objects"
    );
    let mut ratios = Vec::new();
    block_on(async {
        for sql in STATEMENTS {
            // Both begin with nothing at hand.
            let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let engine = direct(
                &relay.endpoint(),
                bucket(BUCKET),
                Vec::new(),
                Some(one.path()),
            )
            .await;
            let estimate = engine.estimate(fetched(sql), Effort::Full).await.unwrap();
            // What a service would scan of the same objects: no ends, no gaps.
            let scanned = engine.estimate(request(sql), Effort::Full).await.unwrap();
            assert!(scanned.bytes <= estimate.bytes, "{sql}");
            assert_eq!(scanned.files, estimate.files, "{sql}");
            let engine = direct(
                &relay.endpoint(),
                bucket(BUCKET),
                Vec::new(),
                Some(two.path()),
            )
            .await;
            relay.forget();
            let (_, summary) = rows(&engine, sql).await.unwrap();
            let fetched = relay.sent();
            assert_eq!(summary.progress.bytes_fetched, fetched, "{sql}");
            assert_eq!(summary.progress.requests, relay.log().len() as u64, "{sql}");
            assert_eq!(estimate.bytes_at_most, Some(estimate.bytes));
            let counted = estimate
                .basis
                .iter()
                .any(|line| line.starts_with("counted"));
            assert_eq!(counted, estimate.bytes > 0, "{sql}: {:?}", estimate.basis);
            let ratio = match estimate.bytes {
                0 => 1.0,
                bytes => fetched as f64 / bytes as f64,
            };
            writeln!(
                lines,
                "{:>12} {fetched:>12} {ratio:>7.3} {:>9} {:>9}  {sql}",
                estimate.bytes, summary.progress.requests, estimate.files
            )
            .unwrap();
            ratios.push((sql, ratio, estimate.bytes, fetched));
        }
    });
    println!("{lines}");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("estimate-vs-truth.txt");
    std::fs::write(kept, &lines).unwrap();
    for (sql, ratio, estimated, fetched) in ratios {
        assert!(estimated > 0 || fetched == 0, "{sql}: {fetched} fetched");
        assert!(
            (AT_LEAST..=AT_MOST).contains(&ratio),
            "{sql}: {ratio}\n{lines}"
        );
    }
}

#[test]
fn what_is_allowed_is_asked_before_anything_but_footers_is_fetched() {
    let lake = Lake::get();
    let relay = lake.relay();
    block_on(async {
        let cache = tempfile::tempdir().unwrap();
        let engine = direct(
            &relay.endpoint(),
            bucket(BUCKET),
            Vec::new(),
            Some(cache.path()),
        )
        .await;
        let sql = "SELECT * FROM cloud_trail_mgmt";
        let estimate = engine.estimate(fetched(sql), Effort::Full).await.unwrap();
        relay.forget();
        let mut limited = request(sql);
        limited.max_bytes = Some(estimate.bytes - 1);
        let error = engine
            .start(limited, RunControl::default())
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind, QueryErrorKind::TooLarge);
        assert_eq!(relay.gets(), 0, "the footers are at hand");
        // Not even the footers, where these are too much.
        let engine = direct(&relay.endpoint(), bucket(BUCKET), Vec::new(), None).await;
        let mut little = request(sql);
        little.max_bytes = Some(100_000);
        let error = engine
            .start(little, RunControl::default())
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind, QueryErrorKind::TooLarge);
        assert_eq!(relay.gets(), 0);
        let engine = direct(
            &relay.endpoint(),
            bucket(BUCKET),
            Vec::new(),
            Some(cache.path()),
        )
        .await;
        let mut allowed = request(sql);
        allowed.max_bytes = Some(estimate.bytes);
        assert!(engine.start(allowed, RunControl::default()).await.is_ok());
    });
}
