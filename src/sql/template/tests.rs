use super::*;
use chrono::{TimeZone, Utc};
use proptest::prelude::*;

const FILE: &str = "-- name: by-ip
-- purpose: What an address called.
-- classes: 6003, 3002
-- tables: cloud_trail_mgmt
-- param: ip ip \"Address to look for\"
-- param: from timestamp \"Start\"
-- param: limit integer \"Rows at most\"
SELECT '/* :no */', time_dt -- /* :neither */
FROM t
WHERE time_dt >= /* :from */ (current_timestamp - INTERVAL '7' DAY)
  AND (src_endpoint.ip = /* :ip */ '192.0.2.1' OR dst_endpoint.ip = /* :ip */ '192.0.2.1')
LIMIT /* :limit */ 100;
";

fn context() -> Context {
    Context {
        zone: chrono_tz::UTC,
        now: Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap(),
    }
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_file_gives_its_header_parameters_and_statement() {
    let template = Template::parse("x.sql", FILE).unwrap();
    assert_eq!(template.name, "by-ip");
    assert_eq!(template.classes, vec![6003, 3002]);
    assert_eq!(template.tables, vec!["cloud_trail_mgmt"]);
    assert!(template.sql.starts_with("SELECT") && template.sql.ends_with("100"));
    let names: Vec<&str> = template
        .parameters
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(names, vec!["ip", "from", "limit"]);
    assert_eq!(template.parameters[0].help, "Address to look for");
    assert_eq!(
        template.parameters[1].default_text.as_deref(),
        Some("-7 days")
    );
    assert!(template.parameters[0].is_example());
    assert!(!template.parameters[2].is_example());
    assert_eq!(template.sites.len(), 4);
}

#[test]
fn without_values_the_statement_stays_as_it_is() {
    let template = Template::parse("x.sql", FILE).unwrap();
    let bound = template.bind(&BTreeMap::new(), &context()).unwrap();
    assert_eq!(bound.sql, template.sql);
    assert!(bound.literals.is_empty());
}

#[test]
fn values_take_the_place_of_their_defaults_in_order() {
    let template = Template::parse("x.sql", FILE).unwrap();
    let bound = template
        .bind(
            &values(&[("ip", "203.0.113.9"), ("from", "-1h")]),
            &context(),
        )
        .unwrap();
    assert_eq!(bound.sql.matches('?').count(), 3);
    assert!(bound.sql.contains("LIMIT /* :limit */ 100"));
    let literals: Vec<&str> = bound.literals.iter().map(Literal::as_str).collect();
    assert_eq!(
        literals,
        vec![
            "TIMESTAMP '2026-11-22 11:00:00.000'",
            "'203.0.113.9'",
            "'203.0.113.9'"
        ]
    );
}

#[test]
fn unknown_names_and_wrong_values_are_refused() {
    let template = Template::parse("x.sql", FILE).unwrap();
    let unknown = template
        .bind(&values(&[("adress", "x")]), &context())
        .unwrap_err();
    assert!(unknown.to_string().contains("ip, from, limit"));
    let wrong = template
        .bind(&values(&[("ip", "x")]), &context())
        .unwrap_err();
    assert!(wrong.to_string().starts_with("parameter `ip`: `x` is not"));
}

#[test]
fn faults_name_their_line() {
    for (text, line, part) in [
        ("SELECT 1", 1, "no purpose"),
        ("-- purpose: x\n-- param: a\nSELECT 1", 2, "without a type"),
        ("-- purpose: x\n-- param: a ipv4\nSELECT 1", 2, "`ipv4`"),
        ("-- purpose: x\n-- param: a ip\nSELECT 1", 2, "nowhere"),
        ("-- purpose: x\n\nSELECT\n/* :b */ 1", 4, "no parameter"),
        (
            "-- purpose: x\n-- param: b ip\nSELECT /* :b */ x",
            3,
            "no default",
        ),
        ("-- purpose: x\nSELECT 1;\n\nSELECT 2", 4, "2 statements"),
        ("-- purpose: x\n-- only comments", 1, "0 statements"),
        ("-- purpose: x\nSELECT\n'open", 3, "without an end"),
        (
            "-- purpose: x\n-- classes: api\nSELECT 1",
            2,
            "no OCSF class",
        ),
        (
            "-- purpose: x\n-- param: b integer\nSELECT /* :b */ 1,\n/* :b */ 2",
            4,
            "two defaults",
        ),
    ] {
        let error = Template::parse("f.sql", text).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.to_string().starts_with("f.sql:"), "{error}");
    }
}

#[test]
fn a_broken_file_hides_no_other() {
    let library = Library::read([("a.sql", "SELECT"), ("b.sql", FILE), ("c.sql", FILE)]);
    assert_eq!(library.templates.len(), 1);
    assert_eq!(library.problems.len(), 2);
    assert!(library.problems[1].message.contains("exists already"));
    assert_eq!(library.nearest("by-pi"), vec!["by-ip"]);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = Template::parse("x.sql", &text).map(|template| template.sites.len());
    }

    #[test]
    fn a_bound_value_never_reaches_the_statement(value in any::<String>()) {
        let text = "-- purpose: x\n-- param: v text\nSELECT /* :v */ 'd'";
        let template = Template::parse("x.sql", text).unwrap();
        let bound = template.bind(&values(&[("v", &value)]), &context()).unwrap();
        prop_assert_eq!(bound.sql, "SELECT /* :v */ ?");
        prop_assert_eq!(bound.literals, vec![Literal::text(&value)]);
    }
}
