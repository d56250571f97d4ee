//! Casts as the dialect writes them.

use super::super::testing::{column, fails, gives, gives_rows, shown};

fn cast(value: &str, target: &str) -> String {
    format!("cast_value({value}, '{target}')")
}

#[test]
fn to_varchar_as_trino_prints() {
    gives(
        &cast("TIMESTAMP '2026-01-02 03:04:05'", "varchar"),
        "2026-01-02 03:04:05.000",
    );
    gives(
        &cast("from_unixtime(0)", "varchar"),
        "1970-01-01 00:00:00.000 UTC",
    );
    gives(
        &cast("from_unixtime(0, 'Europe/Berlin')", "varchar"),
        "1970-01-01 01:00:00.000 Europe/Berlin",
    );
    gives(&cast("DATE '2026-01-02'", "varchar"), "2026-01-02");
    gives(&cast("CAST(1.5 AS DOUBLE)", "varchar"), "1.5E0");
    gives(&cast("CAST(100 AS DOUBLE)", "varchar"), "1.0E2");
    gives(&cast("infinity()", "varchar"), "Infinity");
    gives(&cast("12", "varchar"), "12");
    gives(&cast("true", "varchar"), "true");
    gives(&cast("'häuser'", "varchar(3)"), "häu");
    fails(
        &cast("[1]", "varchar"),
        "Cannot cast array(bigint) to varchar",
    );
}

#[test]
fn to_numbers_with_rounding() {
    gives(&cast("'12'", "bigint"), "12");
    gives(&cast("CAST(2.5 AS DOUBLE)", "bigint"), "3");
    gives(&cast("CAST(-2.5 AS DECIMAL(5, 2))", "integer"), "-3");
    gives(&cast("'1.25'", "decimal(5, 1)"), "1.3");
    fails(&cast("'x'", "bigint"), "Cannot cast string 'x'");
    fails(
        &cast("DATE '2026-01-01'", "bigint"),
        "Cannot cast date to bigint",
    );
    gives("try_cast_value('x', 'bigint')", "NULL");
    gives_rows(
        "try_cast_value(v, 'integer')",
        "('1'), ('x'), (NULL)",
        &["1", "NULL", "NULL"],
    );
}

#[test]
fn to_times() {
    gives(&cast("'2026-01-02'", "date"), "2026-01-02");
    gives(
        &cast("'2026-01-02 03:04:05.678'", "timestamp"),
        "2026-01-02T03:04:05.678",
    );
    gives(
        &cast("DATE '2026-01-02'", "timestamp"),
        "2026-01-02T00:00:00",
    );
    gives(&cast("from_unixtime(86399)", "date"), "1970-01-01");
    // What the zone's clock shows, not what UTC's does.
    gives(
        &cast("from_unixtime(86399, 'Europe/Berlin')", "timestamp"),
        "1970-01-02T00:59:59",
    );
    gives(
        &cast("from_unixtime(86399, 'Europe/Berlin')", "date"),
        "1970-01-02",
    );
    gives(
        &format!("try_{}", cast("from_unixtime(0, '-03:30')", "timestamp")),
        "1969-12-31T20:30:00",
    );
}

#[test]
fn to_json() {
    gives(&cast("'a\"b'", "json"), "\"a\\\"b\"");
    gives(&cast("[1, NULL]", "json"), "[1,null]");
    gives(
        &cast("named_struct('b', 1, 'a', named_struct('c', 'x'))", "json"),
        "{\"b\":1,\"a\":{\"c\":\"x\"}}",
    );
    gives(
        &cast("MAP {'b': 1.5, 'a': NULL}", "json"),
        "{\"a\":null,\"b\":1.5}",
    );
    gives(
        &cast("TIMESTAMP '2026-01-02 03:04:05'", "json"),
        "\"2026-01-02 03:04:05.000\"",
    );
    gives(&cast("NULL", "json"), "NULL");
    gives(&cast("json_parse('[1]')", "json"), "[1]");
    gives(&format!("typeof({})", cast("1", "json")), "json");
}

#[test]
fn from_json() {
    let json = |text: &str, target: &str| cast(&format!("json_parse('{text}')"), target);
    gives(&json("\"a\"", "varchar"), "a");
    gives(&json("12", "varchar"), "12");
    gives(&json("null", "varchar"), "NULL");
    gives(&json("1.5", "bigint"), "2");
    gives(&json("\"7\"", "integer"), "7");
    gives(&json("0", "boolean"), "false");
    gives(&json("[1, null, 3]", "array(bigint)"), "[1, NULL, 3]");
    gives(
        &json("{\"a\": [1], \"b\": []}", "map(varchar, array(integer))"),
        "{a: [1], b: []}",
    );
    gives(
        &json("{\"x\": 1, \"Y\": \"z\"}", "row(y varchar, x bigint)"),
        "{y: z, x: 1}",
    );
    gives(
        &json("[1, \"z\"]", "row(x bigint, y varchar)"),
        "{x: 1, y: z}",
    );
    gives(&json("[{\"a\": 1}]", "array(json)"), "[{\"a\":1}]");
    fails(&json("{}", "bigint"), "Cannot cast the JSON {} to bigint");
    fails(
        &json("[1]", "varchar"),
        "Cannot cast the JSON [1] to varchar",
    );
    gives(
        "try_cast_value(json_parse('[1, \"x\"]'), 'array(bigint)')",
        "NULL",
    );
    gives(
        &cast("json_extract('{\"a\": \"x\"}', '$.a')", "varchar"),
        "x",
    );
}

#[test]
fn json_is_known_through_a_subquery() {
    let sql = "SELECT cast_value(j, 'varchar') FROM (SELECT json_extract(v, '$.a') AS j FROM \
               (VALUES ('{\"a\": \"x\"}')) AS t(v)) GROUP BY j";
    assert_eq!(shown(&column(sql).unwrap()), ["x"]);
}

#[test]
fn rows_are_cast_field_by_field() {
    gives(
        &cast(
            "named_struct('c0', 1, 'c1', 'x')",
            "row(id bigint, name varchar)",
        ),
        "{id: 1, name: x}",
    );
    gives(&cast("[1, 2]", "array(varchar)"), "[1, 2]");
    fails(
        &cast("named_struct('c0', 1)", "row(a bigint, b bigint)"),
        "Cannot cast row",
    );
}

#[test]
fn casts_on_which_arrow_agrees_become_its_own() {
    let plan = column("EXPLAIN SELECT cast_value(v, 'bigint') FROM (VALUES ('1')) AS t(v)");
    assert!(plan.is_ok());
    gives("arrow_typeof(cast_value('1', 'smallint'))", "Int16");
}
