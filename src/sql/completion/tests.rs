use super::*;
use proptest::prelude::*;

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.add_table(
        "lake_db.table_cloud_trail_mgmt_2_0",
        Some("cloud_trail_mgmt".to_owned()),
        [
            ("time_dt", "timestamp"),
            (
                "actor",
                "struct<user:struct<uid:string,name:string>,session:struct<issuer:string>>",
            ),
            ("resources", "array<struct<uid:string,type:string>>"),
            ("status", "string"),
        ],
    );
    catalogue.add_table(
        "lake_db.table_vpc_flow_2_0",
        Some("vpc_flow".to_owned()),
        [
            ("time_dt", "timestamp"),
            ("traffic", "struct<bytes:bigint,packets:bigint>"),
        ],
    );
    catalogue.add_function("date_trunc", "date_trunc(unit, timestamp)");
    catalogue.add_function("count", "count(*)");
    catalogue.add_template("denied-calls", "Calls that were denied");
    catalogue
}

/// The candidates at the `|` in a text.
fn at(marked: &str) -> Vec<String> {
    let offset = marked.find('|').unwrap();
    complete(&marked.replacen('|', "", 1), offset, &catalogue())
        .candidates
        .into_iter()
        .map(|candidate| candidate.text)
        .collect()
}

#[test]
fn after_from_stand_tables() {
    assert_eq!(at("SELECT 1 FROM |")[0], "vpc_flow");
    assert_eq!(at("SELECT 1 FROM clou|")[0], "cloud_trail_mgmt");
    assert_eq!(at("SELECT 1 FROM ctm|")[0], "cloud_trail_mgmt");
    assert_eq!(at("SELECT 1 FROM a JOIN flow|")[0], "vpc_flow");
    assert_eq!(at("SELECT 1 FROM vpc_flow, cl|")[0], "cloud_trail_mgmt");
    assert_eq!(
        at("SELECT 1 FROM lake_db.|"),
        vec!["table_vpc_flow_2_0", "table_cloud_trail_mgmt_2_0"]
    );
}

#[test]
fn after_a_dot_stand_fields() {
    assert_eq!(
        at("SELECT actor.| FROM cloud_trail_mgmt"),
        vec!["user", "session"]
    );
    assert_eq!(
        at("SELECT actor.user.u| FROM cloud_trail_mgmt"),
        vec!["uid"]
    );
    assert_eq!(
        at("SELECT resources[1].| FROM cloud_trail_mgmt"),
        vec!["uid", "type"]
    );
    assert_eq!(
        at("SELECT f.| FROM vpc_flow AS f"),
        vec!["time_dt", "traffic"]
    );
    assert_eq!(at("SELECT f.traffic.b| FROM vpc_flow f"), vec!["bytes"]);
    assert_eq!(at("SELECT traffic.|"), vec!["bytes", "packets"]);
}

#[test]
fn unnested_columns_have_the_fields_of_their_elements() {
    assert_eq!(
        at("SELECT r.| FROM cloud_trail_mgmt CROSS JOIN UNNEST(resources) AS t(r)"),
        vec!["uid", "type"]
    );
}

#[test]
fn expressions_offer_columns_before_functions_before_keywords() {
    let found = at("SELECT | FROM vpc_flow");
    let place = |name: &str| found.iter().position(|text| text == name).unwrap();
    assert!(place("traffic") < place("count"));
    assert!(place("count") < place("CASE"));
    assert!(!found.contains(&"status".to_owned()));
    assert_eq!(at("SELECT date_t| FROM vpc_flow")[0], "date_trunc");
}

#[test]
fn a_field_is_found_by_its_own_name() {
    assert_eq!(
        at("SELECT * FROM cloud_trail_mgmt WHERE uid|")[0],
        "actor.user.uid"
    );
}

#[test]
fn keywords_follow_the_case_that_is_typed() {
    assert_eq!(at("SELECT 1 FROM vpc_flow whe|")[0], "where");
    assert_eq!(at("SELECT 1 FROM vpc_flow WHE|")[0], "WHERE");
}

#[test]
fn a_statement_begins_with_a_template_or_a_verb() {
    assert_eq!(at("|"), vec!["denied-calls", "WITH", "SELECT", "EXPLAIN"]);
    assert_eq!(at("SELECT 1; den|"), vec!["denied-calls"]);
    assert_eq!(at("SELECT 1;|")[0], "denied-calls");
}

#[test]
fn nothing_is_offered_inside_strings_comments_and_numbers() {
    for text in [
        "SELECT 'a|'",
        "SELECT 'a|",
        "-- sel|",
        "/* sel| */",
        "SELECT 12|",
        "SELECT 1 AS n|",
    ] {
        assert!(at(text).is_empty(), "{text}");
    }
}

#[test]
fn the_whole_word_under_the_cursor_is_replaced() {
    let found = complete("SELECT stzz FROM t", 9, &catalogue());
    assert_eq!(found.replaces, 7..11);
}

proptest! {
    #[test]
    fn no_text_and_place_make_it_panic(
        text in prop_oneof![
            any::<String>(),
            "(SELECT |FROM |vpc_flow|UNNEST|\\(|\\)|\\.|,|;|'|\\[|\\]|AS |x){0,20}",
        ],
        offset in 0_usize..80,
    ) {
        let found = complete(&text, offset, &catalogue());
        prop_assert!(text.get(found.replaces).is_some());
    }
}
