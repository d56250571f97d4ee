use super::*;
use proptest::prelude::*;

/// `name×count` of each table, `…` behind them where there may be others.
fn read(sql: &str) -> String {
    let scans = scans(sql);
    let mut told: Vec<String> = scans
        .tables
        .iter()
        .map(|(path, count)| format!("{}×{count}", path.join(".")))
        .collect();
    if !scans.complete {
        told.push("…".to_owned());
    }
    told.join(" ")
}

#[test]
fn tables_are_counted_wherever_they_are_named() {
    for (sql, told) in [
        ("SELECT 1", ""),
        ("SELECT * FROM t", "t×1"),
        ("SELECT * FROM \"Cat\".db.T x", "cat.db.t×1"),
        ("SELECT * FROM a, b JOIN a c ON a.x = c.x, d", "a×2 b×1 d×1"),
        (
            "SELECT * FROM (a CROSS JOIN b) JOIN (c) ON true",
            "a×1 b×1 c×1",
        ),
        (
            "SELECT (SELECT max(x) FROM a) FROM b WHERE y IN (SELECT y FROM c) UNION ALL SELECT 1 FROM a",
            "a×2 b×1 c×1",
        ),
        (
            "SELECT extract(day FROM x), a IS DISTINCT FROM b, trim(both FROM c) FROM t",
            "t×1",
        ),
        (
            "SELECT * FROM t CROSS JOIN UNNEST(t.a, t.b) WITH ORDINALITY AS u (x, y, n)",
            "t×1",
        ),
        (
            "SELECT * FROM t JOIN LATERAL (SELECT 1) ON contains(ARRAY[a, b], x), u",
            "t×1 u×1",
        ),
        ("SELECT x, y FROM (VALUES (1, a), (2, b)) AS v (x, y)", ""),
        (
            "SELECT a, waf FROM t GROUP BY a, waf ORDER BY a, waf",
            "t×1",
        ),
        ("((SELECT 1 FROM a)) UNION (SELECT 2 FROM b)", "a×1 b×1"),
        ("INSERT INTO t SELECT * FROM s", "s×1"),
        (
            "CREATE TABLE t WITH (format = 'X', a = ARRAY['b']) AS SELECT * FROM s",
            "s×1",
        ),
        (
            "UNLOAD (SELECT * FROM s) TO 's3://b/' WITH (format = 'X')",
            "s×1",
        ),
        ("EXPLAIN ANALYZE VERBOSE SELECT * FROM s", "s×1"),
        (
            "SELECT sum(x) OVER w FROM t WINDOW w AS (PARTITION BY a, b)",
            "t×1",
        ),
    ] {
        assert_eq!(read(sql), told, "{sql}");
    }
}

#[test]
fn a_named_query_counts_wherever_it_is_named() {
    for (sql, told) in [
        (
            "WITH a AS (SELECT * FROM t) SELECT * FROM a x JOIN a y ON true",
            "t×2",
        ),
        (
            "WITH a AS (SELECT * FROM t), b (c, d) AS (SELECT * FROM a, a z) SELECT * FROM b, a, b v",
            "t×5",
        ),
        // Within its own body, and before it is given, the name is a table's.
        ("WITH t AS (SELECT * FROM t) SELECT * FROM t, t u", "t×2"),
        (
            "WITH a AS (SELECT * FROM b), b AS (SELECT * FROM c) SELECT * FROM a, b",
            "b×1 c×1",
        ),
        // A name is known only where it was given.
        (
            "SELECT * FROM (WITH t AS (SELECT * FROM x) SELECT * FROM t) y, t",
            "t×1 x×1",
        ),
        ("WITH unused AS (SELECT * FROM t) SELECT 1", "t×1"),
        (
            "WITH a AS (SELECT * FROM t) SELECT * FROM db.a",
            "db.a×1 t×1",
        ),
    ] {
        assert_eq!(read(sql), told, "{sql}");
    }
}

#[test]
fn what_is_not_understood_is_said() {
    for sql in [
        "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT * FROM a) SELECT * FROM a",
        "SELECT * FROM t FOR TIMESTAMP AS OF now()",
        "SELECT * FROM TABLE(system.query(query => 'x'))",
        "SELECT * FROM f(1)",
        "SELECT * FROM date",
        "DELETE FROM t",
        "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
        "TABLE t",
        "",
    ] {
        assert!(!scans(sql).complete, "{sql}");
    }
}

#[test]
fn metadata_costs_nothing() {
    for sql in [
        "SHOW PARTITIONS t",
        "describe t",
        "EXPLAIN SELECT * FROM t",
        "DROP TABLE t",
        "CREATE OR REPLACE VIEW v AS SELECT * FROM t",
        "SELECT 1",
    ] {
        assert!(scans(sql).nothing(), "{sql}");
    }
    assert!(!scans("SELECT 1 FROM t").nothing());
    assert!(!scans("DELETE FROM t").nothing());
}

#[test]
fn a_predicate_on_time_is_found_behind_where() {
    assert!(filters_by_time(
        "SELECT a FROM t WHERE x = 1 AND t.\"time_dt\" > now()"
    ));
    assert!(filters_by_time(
        "SELECT a FROM t JOIN u ON t.eventday = u.eventday"
    ));
    assert!(!filters_by_time(
        "SELECT time_dt FROM t WHERE x = 'time_dt'"
    ));
}

proptest! {
    #[test]
    fn any_text_is_borne(sql in "(SELECT|FROM|JOIN|WITH|AS|a|b|t|\\(|\\)|\\[|,|\\.|'|\"|é|\n| ){0,40}") {
        let scans = scans(&sql);
        prop_assert!(scans.tables.values().all(|count| *count > 0));
    }

    /// Of named queries one above the other, each naming the one below so often, the table
    /// below all is counted as often as their product.
    #[test]
    fn counts_multiply(fans in proptest::collection::vec(1_usize..4, 1..6)) {
        let mut sql = "WITH q0 AS (SELECT * FROM t)".to_owned();
        let list = |name: String, fan: usize| vec![name; fan].join(", ");
        for (number, fan) in fans.iter().enumerate() {
            let below = list(format!("q{number}"), *fan);
            sql.push_str(&format!(", q{} AS (SELECT * FROM {below})", number + 1));
        }
        sql.push_str(&format!(" SELECT * FROM q{}", fans.len()));
        let product: usize = fans.iter().product();
        prop_assert_eq!(read(&sql), format!("t×{product}"));
    }
}
