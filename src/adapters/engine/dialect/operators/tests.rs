//! Operators over constants and over rows.

use super::super::testing::{create, failure, failure_in, rows_in, session, value};

#[test]
fn whole_numbers_do_not_begin_again_at_the_other_end() {
    for (expression, words) in [
        (
            "9223372036854775807 + 1",
            "bigint addition overflow: 9223372036854775807 + 1",
        ),
        ("-9223372036854775807 - 2", "bigint subtraction overflow"),
        ("4611686018427387904 * 2", "bigint multiplication overflow"),
        (
            "CAST(127 AS tinyint) + CAST(1 AS tinyint)",
            "tinyint addition overflow",
        ),
        (
            "transform(ARRAY[9223372036854775807], x -> x + 1)",
            "bigint addition overflow",
        ),
    ] {
        let error = failure(&format!("SELECT {expression}"));
        assert!(error.message.contains(words), "{expression}: {error:?}");
    }
    assert_eq!(value("9223372036854775806 + 1"), "9223372036854775807");
    assert_eq!(value("try(9223372036854775807 + 1)"), "NULL");
    assert_eq!(value("1 + NULL"), "NULL");
    assert_eq!(value("2 * 3 - 1"), "5");
}

#[test]
fn an_overflow_in_a_column_has_its_place() {
    let context = session();
    create(
        &context,
        "t",
        "SELECT * FROM (VALUES (9223372036854775807)) AS v(n)",
    );
    let error = failure_in(&context, "SELECT 1, n + 1 FROM t");
    assert_eq!(error.position.map(|at| at.column), Some(11), "{error:?}");
    let sum = failure_in(
        &context,
        "SELECT sum(n) FROM (SELECT n FROM t UNION ALL SELECT n FROM t)",
    );
    assert!(sum.message.contains("sum"), "{sum:?}");
    assert_eq!(
        rows_in(
            &context,
            "SELECT n - 1 AS m, count(*) FROM t GROUP BY n - 1"
        ),
        ["9223372036854775806 | 1"]
    );
}

#[test]
fn a_day_is_24_hours_also_when_clocks_change() {
    let berlin = "TIMESTAMP '2026-03-28 12:00:00' AT TIME ZONE 'Europe/Berlin'";
    for (span, expected) in [
        (
            "+ INTERVAL '1' DAY",
            "2026-03-29 14:00:00.000 Europe/Berlin",
        ),
        (
            "+ INTERVAL '24' HOUR",
            "2026-03-29 14:00:00.000 Europe/Berlin",
        ),
        (
            "+ INTERVAL '1' MONTH",
            "2026-04-28 13:00:00.000 Europe/Berlin",
        ),
        (
            "- INTERVAL '1' DAY",
            "2026-03-27 13:00:00.000 Europe/Berlin",
        ),
    ] {
        assert_eq!(
            value(&format!("CAST(({berlin}) {span} AS varchar)")),
            expected,
            "{span}"
        );
    }
}

#[test]
fn the_days_between_dates_are_an_interval() {
    assert_eq!(
        value("DATE '2026-03-01' - DATE '2026-02-27' = INTERVAL '2' DAY"),
        "true"
    );
    for (comparison, expected) in [
        ("INTERVAL '48' HOUR = INTERVAL '2' DAY", "true"),
        ("INTERVAL '25' HOUR > INTERVAL '1' DAY", "true"),
        ("INTERVAL '-1' DAY < INTERVAL '1' HOUR", "true"),
        (
            "TIMESTAMP '2026-01-02 00:00:00' - TIMESTAMP '2026-01-01 00:00:00' >= INTERVAL '1' DAY",
            "true",
        ),
    ] {
        assert_eq!(value(comparison), expected, "{comparison}");
    }
    assert_eq!(
        value("DATE '2026-03-01' - (DATE '2026-03-02' - DATE '2026-03-01')"),
        "2026-02-28"
    );
    for (expression, expected) in [
        ("DATE '2026-01-31' + INTERVAL '1' MONTH", "2026-02-28"),
        ("DATE '2026-03-31' - INTERVAL '1' MONTH", "2026-02-28"),
        ("INTERVAL '48' HOUR + DATE '2026-01-31'", "2026-02-02"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
    let hours = failure("SELECT DATE '2026-01-31' + INTERVAL '1' HOUR");
    assert!(hours.message.contains("no hours"), "{hours:?}");
}

#[test]
fn rows_and_arrays_with_nulls_are_perhaps_equal() {
    for (expression, expected) in [
        ("ROW(1, NULL) = ROW(1, 2)", "NULL"),
        ("ROW(1, NULL) = ROW(2, 2)", "false"),
        ("ROW(1, 2) = ROW(1, 2)", "true"),
        ("ROW(1, 2) <> ROW(1, 3)", "true"),
        ("ARRAY[1, NULL] = ARRAY[1, NULL]", "NULL"),
        ("ARRAY[1, NULL] = ARRAY[2, NULL]", "false"),
        ("ARRAY[1, NULL] = ARRAY[1]", "false"),
        ("ARRAY[1, 2] = ARRAY[1, 2]", "true"),
        ("ARRAY[1, NULL] <> ARRAY[2, NULL]", "true"),
        ("ARRAY[ROW(1, NULL)] = ARRAY[ROW(1, 'x')]", "NULL"),
        ("CAST(NULL AS array(bigint)) = ARRAY[1]", "NULL"),
        ("(1, 'a') IN ((1, 'b'), (1, 'a'))", "true"),
        ("(1, 'a') NOT IN ((1, 'b'), (2, NULL))", "true"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
    assert!(
        failure("SELECT ROW(1, 2) = ROW('a', 2)")
            .message
            .contains("Cannot compare")
    );
}
