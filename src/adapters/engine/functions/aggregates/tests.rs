//! Aggregates over a few rows, whole, grouped, filtered and in windows.

use std::sync::Arc;

use super::super::testing::{column, shown};

const ROWS: &str = "(VALUES ('a', 1, 10), ('a', 2, NULL), ('b', 3, 30), ('b', NULL, 40), (NULL, 5, 50)) AS t(k, v, w)";

#[track_caller]
fn gives(select: &str, expected: &[&str]) {
    let column = column(&format!("SELECT {select}").replace("ROWS", ROWS)).unwrap();
    assert_eq!(shown(&column), expected, "{select}");
}

#[track_caller]
fn fails(select: &str, message: &str) {
    let error = column(&format!("SELECT {select}").replace("ROWS", ROWS))
        .unwrap_err()
        .to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn the_best_row() {
    gives("max_by(k, w) FROM ROWS", &["NULL"]);
    gives("max_by(k, w) FROM ROWS WHERE k IS NOT NULL", &["b"]);
    gives("min_by(v, w) FROM ROWS", &["1"]);
    gives("max_by(v, w) FROM ROWS WHERE w > 100", &["NULL"]);
    gives(
        "max_by(v, w) FROM ROWS GROUP BY k ORDER BY k",
        &["1", "NULL", "5"],
    );
    gives("max_by(v, w, 2) FROM ROWS", &["[5, NULL]"]);
    gives("min_by(w, v, 3) FROM ROWS", &["[10, NULL, 30]"]);
    gives("max_by(k, w) FILTER (WHERE w < 35) FROM ROWS", &["b"]);
    gives(
        "max_by(named_struct('k', k), v) FROM ROWS WHERE v < 4",
        &["{k: b}"],
    );
    fails("max_by(k, w, 0) FROM ROWS", "between 1 and 10,000");
}

#[test]
fn maps_of_groups() {
    gives(
        "map_agg(k, v) FROM (SELECT * FROM ROWS ORDER BY w NULLS LAST)",
        &["{a: 1, b: 3}"],
    );
    gives(
        "multimap_agg(k, w) FROM (SELECT * FROM ROWS ORDER BY v)",
        &["{a: [10, NULL], b: [30, 40]}"],
    );
    gives("element_at(histogram(k), 'a') FROM ROWS", &["2"]);
    gives("cardinality(histogram(k)) FROM ROWS", &["2"]);
    gives("histogram(k) FROM ROWS WHERE k IS NULL", &["NULL"]);
    gives(
        "map_union(map([k], [v])) FROM ROWS WHERE w IN (10, 30)",
        &["{a: 1, b: 3}"],
    );
    gives(
        "approx_most_frequent(1, k, 10) FROM ROWS WHERE v <= 3 OR v IS NULL AND w < 35",
        &["{a: 2}"],
    );
}

#[test]
fn sets() {
    gives("array_sort(set_agg(k)) FROM ROWS", &["[a, b, NULL]"]);
    gives(
        "array_sort(set_union([k, 'c'])) FROM ROWS WHERE k = 'a'",
        &["[a, c]"],
    );
    gives(
        "array_agg(w ORDER BY v) FROM ROWS",
        &["[10, NULL, 30, 50, 40]"],
    );
    gives("listagg(k, '+' ORDER BY k) FROM ROWS", &["a+a+b+b"]);
}

#[test]
fn percentiles() {
    let numbers = "(SELECT unnest(sequence(1, 100)) AS n)";
    gives(
        &format!("approx_percentile(n, 0.5) FROM {numbers}"),
        &["51"],
    );
    gives(
        &format!("approx_percentile(n, ARRAY[0.0, 0.9, 1.0]) FROM {numbers}"),
        &["[1, 91, 100]"],
    );
    gives(
        &format!(
            "approx_percentile(n, CASE WHEN n = 100 THEN 1000 ELSE 1 END, 0.5) FROM {numbers}"
        ),
        &["100"],
    );
    gives("approx_percentile(v, 0.5) FROM ROWS WHERE v > 9", &["NULL"]);
    fails("approx_percentile(v, 1.5) FROM ROWS", "between 0 and 1");
}

#[test]
fn many_values_are_close() {
    let numbers = "(SELECT unnest(sequence(1, 90000)) AS n)";
    let found = column(&format!(
        "SELECT approx_percentile(n, ARRAY[0.01, 0.5, 0.99]) FROM {numbers}"
    ))
    .unwrap();
    let shown = shown(&found)[0].clone();
    let found: Vec<f64> = shown
        .trim_matches(['[', ']'])
        .split(", ")
        .map(|n| n.parse().unwrap())
        .collect();
    for (found, exact) in found.iter().zip([900.0, 45_000.0, 89_100.0]) {
        assert!((found - exact).abs() < 90.0, "{found} for {exact}");
    }
}

#[test]
fn simple_ones() {
    gives("count_if(v > 1) FROM ROWS", &["3"]);
    gives("count_if(v > 1) FILTER (WHERE k = 'b') FROM ROWS", &["1"]);
    gives("count_if(v > 1) FROM ROWS WHERE w > 100", &["0"]);
    let running = "(ORDER BY w NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)";
    gives(
        &format!("count_if(v > 1) OVER {running} FROM ROWS"),
        &["1", "1", "2", "2", "3"],
    );
    gives("arbitrary(k) FROM ROWS WHERE w = 30", &["b"]);
    gives("every(v > 0) FROM ROWS", &["true"]);
    gives("bitwise_or_agg(v) FROM ROWS", &["7"]);
    gives("round(geometric_mean(v), 3) FROM ROWS", &["2.34"]);
    gives("round(skewness(v), 3) FROM ROWS", &["0.435"]);
    gives("round(variance(v), 3) FROM ROWS", &["2.917"]);
}

/// What a statement gives over a table of several batches, when it may use little memory.
fn in_little_memory(select: &str) -> Vec<String> {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use datafusion::datasource::MemTable;
    use datafusion::execution::memory_pool::FairSpillPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::{SessionConfig, SessionContext};

    let batch = |at: i64| {
        let rows = || at * 4_096..(at + 1) * 4_096;
        let names: StringArray = rows()
            .map(|n| Some(format!("host-{:04}", n % 1_000)))
            .collect();
        let values: Int64Array = rows().map(|n| Some(n / 1_000)).collect();
        RecordBatch::try_from_iter([
            ("k", Arc::new(names) as ArrayRef),
            ("v", Arc::new(values) as ArrayRef),
        ])
        .unwrap()
    };
    let batches: Vec<RecordBatch> = (0..25).map(batch).collect();
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(24 << 20)))
        .build_arc()
        .unwrap();
    let config = SessionConfig::new().with_target_partitions(2);
    let context = SessionContext::new_with_config_rt(config, runtime);
    super::super::register(&context);
    let table = MemTable::try_new(batches[0].schema(), vec![batches]).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let found = context.sql(select).await.unwrap().collect().await.unwrap();
        let columns: Vec<_> = found.iter().map(|b| b.column(0).as_ref()).collect();
        shown(&arrow::compute::concat(&columns).unwrap())
    })
}

#[test]
fn many_groups_share_little_memory() {
    // Each of 1,000 hosts has about 102 values, from 0 on by ones, spread over 25 batches.
    for (each, expected) in [
        ("approx_percentile(v, 0.5)", "51"),
        ("cardinality(set_agg(v))", "103"),
        ("cardinality(histogram(v))", "103"),
        ("cardinality(map_agg(v, k))", "103"),
        ("cardinality(element_at(multimap_agg(k, v), k))", "103"),
        ("element_at(max_by(v, v, 2), 2)", "101"),
        ("approx_percentile(v, ARRAY[0.0, 1.0])", "[0, 102]"),
    ] {
        let shown = in_little_memory(&format!(
            "SELECT {each} FROM t GROUP BY k ORDER BY k LIMIT 2"
        ));
        assert_eq!(shown, [expected, expected], "{each}");
    }
    assert_eq!(
        in_little_memory(
            "SELECT sum(n) FROM (SELECT cardinality(set_agg(v) FILTER (WHERE v < 10)) AS n FROM t GROUP BY k)"
        ),
        ["10000"]
    );
}

#[test]
fn sums_and_means() {
    gives("sum(v) FROM ROWS", &["11"]);
    gives("sum(v) FROM ROWS WHERE v > 100", &["NULL"]);
    gives(
        "sum(v) FILTER (WHERE v > 1) FROM ROWS GROUP BY k ORDER BY k",
        &["2", "3", "5"],
    );
    gives(
        "sum(v) OVER (ORDER BY w rows BETWEEN 1 PRECEDING AND CURRENT ROW) FROM ROWS WHERE w > 0",
        &["1", "4", "3", "5"],
    );
    let large = "(VALUES (1, 9223372036854775807), (1, 1)) AS t(k, v)";
    fails(&format!("sum(v) FROM {large}"), "bigint addition overflow");
    fails(
        &format!("sum(v) FROM {large} GROUP BY k"),
        "bigint addition overflow",
    );
    fails(
        &format!("sum(v) OVER (ORDER BY v rows BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {large}"),
        "no bigint",
    );
    let decimals = "(SELECT arrow_cast(v, 'Decimal128(10, 2)') AS d FROM (VALUES (1.01), (2.0), (3.0)) AS t(v))";
    gives(
        &format!("arrow_typeof(sum(d)) FROM {decimals}"),
        &["Decimal128(38, 2)"],
    );
    gives(
        &format!("arrow_typeof(avg(d)) FROM {decimals}"),
        &["Decimal128(10, 2)"],
    );
    gives(&format!("avg(d) FROM {decimals} WHERE d < 3"), &["1.51"]);
}
