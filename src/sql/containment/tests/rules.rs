//! One rule a line: the stored condition, the new one, and whether the new rows are all there.

use chrono::{TimeZone, Utc};
use proptest::prelude::*;

use super::super::*;

fn column(name: &str, display: &str, kind: ColumnKind) -> StoredColumn {
    StoredColumn {
        name: name.to_owned(),
        display: display.to_owned(),
        kind,
    }
}

/// The stored columns of `SELECT n, s, t, actor.user.name, who, list, n AS day`.
fn columns() -> Vec<StoredColumn> {
    let tags = ColumnKind::Map(Box::new(ColumnKind::Text));
    let who = ColumnKind::Row(vec![
        ("tags_of".to_owned(), tags),
        ("name".to_owned(), ColumnKind::Text),
        ("tags".to_owned(), ColumnKind::Opaque),
    ]);
    vec![
        column("n", "n", ColumnKind::Integer),
        column("s", "s", ColumnKind::Text),
        column("t", "t", ColumnKind::Timestamp),
        column("name", "name", ColumnKind::Text),
        column("who", "who", who),
        column("list", "list", ColumnKind::Opaque),
        column("name_2", "name", ColumnKind::Text),
    ]
}

const KEPT: &str = "SELECT n, s, t, actor.user.name, who, list, api.name AS name FROM events";

fn asked_of(stored: &str, asked: &str, freshness: Freshness) -> Option<String> {
    let columns = columns();
    let at = |hour| Utc.with_ymd_and_hms(2026, 11, 20, hour, 0, 0).unwrap();
    let stored = Stored {
        table: "result_1",
        sql: stored,
        ran: (at(10), at(11)),
        columns: &columns,
        rows: 100,
    };
    let asked = Asked {
        sql: asked,
        now: at(15),
        elsewhere: false,
    };
    answer(&stored, &asked, freshness).map(|answer| answer.sql)
}

/// The answer to `SELECT n FROM events WHERE asked` from rows WHERE `stored`.
fn narrowed(stored: &str, asked: &str) -> Option<String> {
    asked_of(
        &format!("{KEPT} WHERE {stored}"),
        &format!("SELECT n FROM events WHERE {asked}"),
        Freshness::Unchanged,
    )
}

/// The answer to a statement from all rows.
fn from_all(asked: &str) -> Option<String> {
    asked_of(KEPT, asked, Freshness::Unchanged)
}

#[test]
fn a_condition_that_is_implied_is_answered() {
    for (stored, asked) in [
        ("n > 3", "n > 3"),
        ("n > 3", "n > 4"),
        ("n >= 3", "n > 3"),
        ("n >= 3", "n = 3"),
        ("n < 9", "n BETWEEN -5 AND 8"),
        ("n BETWEEN 1 AND 9", "n > 1 AND n <= 9"),
        ("9 > n", "n < 9"),
        ("n IN (1, 2, 3)", "n = 2"),
        ("n IN (1, 2, 3)", "n IN (3, 1)"),
        ("n IN (1, 2)", "n IN (1, 2, 3) AND n < 3"),
        ("n IN (1, 2)", "n IN (1, 2, 3) AND n <> 3"),
        ("n > 0", "n IN (1, 2)"),
        ("n <> 5", "n > 5"),
        ("n <> 5", "n IN (4, 6)"),
        ("n NOT IN (5, 6)", "n = 7"),
        ("n NOT IN (5, 6)", "n NOT IN (6, 5, 4)"),
        ("n NOT BETWEEN 3 AND 5", "n > 5"),
        ("n IS NOT NULL", "n = 1"),
        ("n IS NOT NULL", "n <> 1"),
        ("s IS NOT NULL", "s LIKE 'a%'"),
        ("s IS NULL", "s IS NULL AND n = 1"),
        ("s >= 'a'", "s = 'ab'"),
        ("s LIKE 'a%'", "n = 1 AND s LIKE 'a%'"),
        ("lower(s) = 'a'", "LOWER(s) = 'a' AND n = 1"),
        ("lower(s) IN ('a', 'b')", "lower(s) = 'b'"),
        ("n = 1 OR s = 'x'", "s = 'x'"),
        ("n = 1 OR s = 'x'", "(s = 'x' OR n = 1) AND n > 0"),
        ("n > 0", "n = 1 OR n = 2"),
        ("n > 0 OR s = 'x'", "(n = 5 OR s = 'x')"),
        ("day = '20260101'", "day = '20260101' AND n = 1"),
        (
            "day BETWEEN '20260101' AND '20260105'",
            "day = '20260102' AND n = 1 AND day = '20260102'",
        ),
        ("'u' IN (actor.user.name, s)", "s = 'u'"),
        (
            "t >= TIMESTAMP '2026-11-01 00:00:00'",
            "t > TIMESTAMP '2026-11-01'",
        ),
        (
            "t >= TIMESTAMP '2026-11-01 00:00:00'",
            "t = TIMESTAMP '2026-11-02 10:00 UTC'",
        ),
        (
            "t > TIMESTAMP '2026-11-20 00:00:00'",
            "t > current_timestamp - INTERVAL '14' HOUR",
        ),
        // The stored run began between 10 and 11 o'clock.
        (
            "t > current_timestamp - INTERVAL '1' DAY",
            "t > TIMESTAMP '2026-11-19 11:00:00'",
        ),
        ("NOT (n = 1)", "NOT n = 1"),
        ("(n = 1)", "((n) = (1))"),
        ("n > 1", "events.n > 1"),
        ("who.name = 'x'", "who.name IN ('x')"),
    ] {
        let answer = narrowed(stored, asked);
        // A column that was not kept can only be asked for by the stored condition itself.
        let missing = asked.starts_with("day =") && !stored.contains("day = '20260101'")
            || asked.contains("20260102");
        assert_eq!(answer.is_some(), !missing, "{stored} / {asked}: {answer:?}");
    }
}

#[test]
fn a_condition_that_is_not_implied_is_not_answered() {
    for (stored, asked) in [
        ("n > 3", "n > 2"),
        ("n > 3", "n >= 3"),
        ("n > 3", "s = 'x'"),
        ("n >= 3", "n <> 3"),
        ("n IN (1, 2)", "n IN (2, 3)"),
        ("n IN (1, 2)", "n > 0 AND n < 3"),
        ("n <> 5", "n >= 5"),
        ("n <> 5", "n IS NULL"),
        ("n IS NOT NULL", "s = 'a'"),
        ("n IS NULL", "n = 1"),
        ("n = 1", "n IS NULL"),
        ("s IS NOT NULL", "s IS NULL OR s = 'x'"),
        ("s = 'a'", "s = 'A'"),
        ("s = 'a'", "lower(s) = 'a'"),
        ("s LIKE 'a%'", "s LIKE 'a%' OR n = 1"),
        ("s LIKE 'a%'", "s LIKE 'ab%'"),
        ("s LIKE 'a!%' ESCAPE '!'", "s LIKE 'a!%'"),
        ("n = 1 AND s = 'x'", "n = 1"),
        ("n = 1 OR s = 'x'", "n = 1 OR s = 'y'"),
        ("n = 1", "NOT (n <> 1)"),
        // A text may be a number, a time or anything else.
        ("n > '10'", "n > '9'"),
        ("gone > 'b'", "gone > 'c'"),
        (
            "t >= TIMESTAMP '2026-11-01 00:00:00'",
            "t >= TIMESTAMP '2026-10-31 23:59:59.999'",
        ),
        (
            "t >= TIMESTAMP '2026-11-01 00:00:00'",
            "t >= DATE '2026-11-02'",
        ),
        (
            "t >= TIMESTAMP '2026-11-01 00:00:00'",
            "t > TIMESTAMP '2026-11-01 00:00 Asia/Tokyo'",
        ),
        (
            "t > current_timestamp - INTERVAL '1' DAY",
            "t > TIMESTAMP '2026-11-19 10:59:59.999'",
        ),
        (
            "t < current_timestamp",
            "t < TIMESTAMP '2026-11-20 10:00:00.001'",
        ),
        ("t = current_timestamp", "t = current_timestamp"),
        ("n > 9007199254740992", "n > 9007199254740993"),
        ("n + 1 > 3", "n + 1 > 3"),
        ("random() < 0.5", "random() < 0.5"),
        ("n = 1 AND rand() < 2", "n = 1"),
        ("n IN (SELECT 1)", "n IN (SELECT 1)"),
        ("n = 1 AND s = ?", "n = 1 AND s = ?"),
        ("CAST(s AS integer) = 1", "CAST(s AS integer) = 1"),
    ] {
        assert_eq!(narrowed(stored, asked), None, "{stored} / {asked}");
    }
}

#[test]
fn what_reads_more_than_one_row_at_a_time_is_no_source() {
    let asked = "SELECT n FROM events";
    for stored in [
        "SELECT DISTINCT n FROM events",
        "SELECT n FROM events LIMIT 100",
        "SELECT n FROM events LIMIT 5 OFFSET 1",
        "SELECT n FROM events OFFSET 1",
        "SELECT n FROM events FETCH FIRST 5 ROWS ONLY",
        "SELECT n FROM events GROUP BY n",
        "SELECT max(n) AS n FROM events",
        "SELECT n FROM events HAVING true",
        "SELECT n FROM events TABLESAMPLE BERNOULLI (10)",
        "SELECT n FROM events, others",
        "SELECT n FROM events JOIN others ON true",
        "SELECT n FROM (SELECT * FROM events)",
        "SELECT n FROM events CROSS JOIN UNNEST(list) AS u (x)",
        "SELECT n FROM events UNION ALL SELECT n FROM events",
        "WITH events AS (SELECT 1 AS n) SELECT n FROM events",
        "SELECT n FROM other.events",
        "SELECT row_number() OVER (ORDER BY n) AS n FROM events",
        "SELECT n, s FROM events",
        "EXPLAIN SELECT n FROM events",
        "SELECT n FROM events; SELECT n FROM events",
        "SELECT n FROM",
        "",
    ] {
        let columns = [column("n", "n", ColumnKind::Integer)];
        let at = Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap();
        let stored = Stored {
            table: "result_1",
            sql: stored,
            ran: (at, at),
            columns: &columns,
            rows: 100,
        };
        let asked = Asked {
            sql: asked,
            now: at,
            elsewhere: false,
        };
        let found = answer(&stored, &asked, Freshness::Unchanged);
        assert_eq!(found, None, "{}", stored.sql);
    }
    // A limit that was not reached left nothing out.
    assert!(asked_of(&format!("{KEPT} LIMIT 101"), asked, Freshness::Unchanged).is_some());
}

#[test]
fn the_answer_keeps_names_and_finds_columns_by_what_they_hold() {
    for (asked, answer) in [
        (
            "SELECT e.n, actor.user.NAME, api.name FROM events e WHERE api.name = 'x' ORDER BY n DESC",
            r#"SELECT "kept"."n" AS "n", "kept"."name" AS "NAME", "kept"."name_2" AS "name" FROM "result_1" AS "kept" WHERE ("kept"."name_2" IN ('x')) ORDER BY 1 DESC"#,
        ),
        (
            "SELECT who.name, count(*) FROM events GROUP BY who.name HAVING count(*) > 1 ORDER BY count(*) DESC, 1 LIMIT 3",
            r#"SELECT "kept"."who"."name" AS "name", count(*) AS "_col1" FROM "result_1" AS "kept" GROUP BY "kept"."who"."name" HAVING (count(*) > 1) ORDER BY 2 DESC, 1 LIMIT 3"#,
        ),
        (
            "SELECT list, who AS w, 'x' FROM events WHERE s LIKE '%''%' AND t < current_timestamp",
            r#"SELECT "kept"."list" AS "list", "kept"."who" AS "w", 'x' AS "_col2" FROM "result_1" AS "kept" WHERE ("kept"."s" LIKE '%''%') AND ("kept"."t" < TIMESTAMP '2026-11-20 15:00:00.000 UTC')"#,
        ),
        (
            "SELECT DISTINCT CASE WHEN n > 1 THEN 'a' ELSE s END k FROM events",
            r#"SELECT DISTINCT CASE WHEN ("kept"."n" > 1) THEN 'a' ELSE "kept"."s" END AS "k" FROM "result_1" AS "kept""#,
        ),
        (
            "SELECT element_at(who.tags_of, 'k'), split_part(s, ':', 2) FROM events WHERE json_extract_scalar(s, '$.a') = 'b'",
            r#"SELECT element_at("kept"."who"."tags_of", 'k') AS "_col0", split_part("kept"."s", ':', 2) AS "_col1" FROM "result_1" AS "kept" WHERE (json_extract_scalar("kept"."s", '$.a') IN ('b'))"#,
        ),
        (
            "select sum(n) from events limit 1;",
            r#"SELECT sum("kept"."n") AS "_col0" FROM "result_1" AS "kept" LIMIT 1"#,
        ),
    ] {
        assert_eq!(from_all(asked).as_deref(), Some(answer), "{asked}");
    }
}

#[test]
fn what_was_not_kept_or_cannot_be_computed_alike_is_not_answered() {
    for asked in [
        "SELECT gone FROM events",
        "SELECT * FROM events",
        "SELECT n FROM events WHERE gone = 1",
        "SELECT who.other FROM events",
        "SELECT actor.user.uid FROM events",
        "SELECT actor FROM events",
        // Kept to be shown, not to be computed with.
        "SELECT n FROM events WHERE list = 'x'",
        "SELECT DISTINCT list FROM events",
        "SELECT DISTINCT who FROM events",
        "SELECT list, count(*) FROM events GROUP BY list",
        "SELECT n FROM events ORDER BY list",
        "SELECT lower(who.tags) FROM events",
        "SELECT element_at(who.tags, 'k') FROM events",
        "SELECT element_at(who.tags_of, s) FROM events",
        "SELECT DISTINCT who.tags_of FROM events",
        "SELECT split_part(s, ',', 0) FROM events",
        "SELECT json_extract_scalar(s, s) FROM events",
        "SELECT date_trunc(s, t) FROM events",
        "SELECT sum(list) FROM events",
        "SELECT avg(n) FROM events",
        "SELECT array_agg(s) FROM events",
        "SELECT count(*) FILTER (WHERE n = 1) FROM events",
        // Rows that sort alike would decide.
        "SELECT n, s FROM events ORDER BY n LIMIT 5",
        "SELECT n FROM events LIMIT 5",
        "SELECT s, count(*) AS c FROM events GROUP BY s ORDER BY c DESC LIMIT 5",
        // Names of two meanings.
        "SELECT api.name FROM events WHERE name = 'x'",
        "SELECT lower(s) AS n FROM events GROUP BY n",
        "SELECT lower(s) AS n FROM events ORDER BY n + 1",
        "SELECT n AS x, s AS x FROM events ORDER BY x",
        "SELECT who.name FROM events AS who",
        "SELECT n FROM events WHERE n = random()",
        "SELECT localtimestamp FROM events",
        "SELECT n FROM events e (n)",
        "SELECT n FROM events WHERE n = 1 FOR UPDATE",
        "SELECT n FROM events GROUP BY ROLLUP (n)",
        "SELECT n FROM events GROUP BY n WITH ROLLUP",
        "SELECT count(*) OVER () FROM events",
        "SELECT n FROM events WINDOW w AS (ORDER BY n)",
        "SELECT n FROM events QUALIFY n = 1",
    ] {
        assert_eq!(from_all(asked), None, "{asked}");
    }
    assert!(from_all("SELECT n, s FROM events ORDER BY n LIMIT 100").is_some());
    assert!(from_all("SELECT n, s FROM events ORDER BY n, s LIMIT 5").is_some());
    assert!(
        from_all("SELECT s, count(*) AS c FROM events GROUP BY s ORDER BY c DESC, s LIMIT 5")
            .is_some()
    );
}

#[test]
fn a_time_that_may_still_gain_events_is_not_answered() {
    let columns = vec![
        column("time_dt", "time_dt", ColumnKind::Timestamp),
        column("time", "time", ColumnKind::Integer),
        column("eventday", "eventday", ColumnKind::Text),
    ];
    let at = |hour| Utc.with_ymd_and_hms(2026, 11, 20, hour, 0, 0).unwrap();
    let stored = Stored {
        table: "result_1",
        sql: "SELECT time_dt, time, eventday FROM events",
        ran: (at(10), at(11)),
        columns: &columns,
        rows: 100,
    };
    let is_answered = |filter: &str| {
        let sql = format!("SELECT time FROM events {filter}");
        let asked = Asked {
            sql: &sql,
            now: at(15),
            elsewhere: false,
        };
        answer(&stored, &asked, Freshness::default()).is_some()
    };
    for filter in [
        "WHERE time_dt <= TIMESTAMP '2026-11-20 08:00:00'",
        "WHERE time_dt < current_timestamp - INTERVAL '7' HOUR",
        "WHERE eventday = '20261119'",
        "WHERE eventday BETWEEN '20261101' AND '20261119'",
        "WHERE time BETWEEN 1700000000000 AND 1795161600000",
    ] {
        assert!(is_answered(filter), "{filter}");
    }
    for filter in [
        "",
        "WHERE time_dt > TIMESTAMP '2026-11-01 00:00:00'",
        "WHERE time_dt <= TIMESTAMP '2026-11-20 08:00:00.001'",
        "WHERE time_dt < current_timestamp - INTERVAL '6' HOUR",
        "WHERE time_dt <= TIMESTAMP '2026-11-20 08:00:00' OR time = 1",
        "WHERE eventday = '20261120'",
        "WHERE eventday < '20261120x'",
        "WHERE time < 1795161600000",
        "WHERE time BETWEEN 1700000000 AND 1795161600",
    ] {
        assert!(!is_answered(filter), "{filter}");
    }
}

#[test]
fn a_stored_star_holds_every_column() {
    let columns = [
        column("n", "n", ColumnKind::Integer),
        column("s", "S", ColumnKind::Text),
    ];
    let at = Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap();
    let stored = Stored {
        table: "suspects",
        sql: "SELECT * FROM db.events WHERE n = 1",
        ran: (at, at),
        columns: &columns,
        rows: 100,
    };
    let asked = |sql| {
        answer(
            &stored,
            &Asked {
                sql,
                now: at,
                elsewhere: false,
            },
            Freshness::Unchanged,
        )
    };
    assert_eq!(
        asked("SELECT * FROM DB.Events WHERE n = 1 AND \"S\" <> ''")
            .unwrap()
            .sql,
        r#"SELECT "kept"."n" AS "n", "kept"."s" AS "S" FROM "suspects" AS "kept" WHERE ("kept"."n" IN (1)) AND ("kept"."s" <> '')"#
    );
    assert_eq!(asked("SELECT n, * FROM db.events WHERE n = 1"), None);
    assert_eq!(asked("SELECT x FROM db.events WHERE n = 1"), None);
    assert_eq!(asked("SELECT n FROM events WHERE n = 1"), None);
}

#[test]
fn another_engine_s_rare_values_are_not_guessed() {
    let columns = columns();
    let at = Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap();
    let stored = Stored {
        table: "result_1",
        sql: KEPT,
        ran: (at, at),
        columns: &columns,
        rows: 100,
    };
    for (sql, on_both) in [
        ("SELECT n FROM events WHERE s LIKE 'a%'", true),
        ("SELECT n FROM events WHERE lower(s) = 'a'", false),
        (
            "SELECT n FROM events WHERE n = 1 OR regexp_like(s, '^a')",
            false,
        ),
        (
            "SELECT count(*) FROM events GROUP BY date_format(t, '%H')",
            false,
        ),
        ("SELECT s FROM events ORDER BY upper(s)", false),
        ("SELECT ltrim(s) FROM events", false),
    ] {
        let answered = |elsewhere| {
            let asked = Asked {
                sql,
                now: at,
                elsewhere,
            };
            answer(&stored, &asked, Freshness::Unchanged).is_some()
        };
        assert!(answered(false), "{sql}");
        assert_eq!(answered(true), on_both, "{sql}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in ".{0,60}", other in "SELECT [a-z0-9 ,.()*='<>-]{0,40} FROM t( WHERE [a-z0-9 .()='<>-]{0,40})?") {
        let found = narrowed(&text, &other);
        let turned = asked_of(&other, &text, Freshness::Unchanged);
        // Both are conditions and statements of nothing that was stored.
        prop_assert!(found.is_none() || found.is_some_and(|sql| sql.contains("result_1")));
        prop_assert!(turned.is_none() || turned.is_some_and(|sql| sql.contains("result_1")));
    }
}
