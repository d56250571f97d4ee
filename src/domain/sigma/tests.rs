//! The reader: every part of the format, what cannot be used, and whatever a file may hold.

use proptest::prelude::*;

use super::*;

fn rule(detection: &str) -> Result<Rule, Problem> {
    let indented = detection.replace('\n', "\n  ");
    let text = format!(
        "title: T\nid: i\nlevel: high\nlogsource:\n  product: aws\n  service: CloudTrail\ndetection:\n  {indented}\n"
    );
    match read(&text).remove(0)? {
        Document::Rule(rule) => Ok(rule),
        other => panic!("{other:?}"),
    }
}

fn text(pattern: Vec<Piece>) -> Test {
    Test::Text {
        pattern: Pattern(pattern),
        cased: false,
    }
}

fn fixed(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

#[test]
fn a_rule_is_read_with_all_that_it_says_of_itself() {
    let read = rule("selection:\n  eventName: StopLogging\ncondition: selection").unwrap();
    assert_eq!(read.about.level, Level::High);
    assert_eq!(read.logs.service.as_deref(), Some("cloudtrail"));
    assert_eq!(read.condition, Condition::Search(0));
    assert_eq!(
        read.searches[0].1,
        Search::Item {
            field: Some("eventName".to_owned()),
            test: text(vec![fixed("StopLogging")]),
        }
    );
}

#[test]
fn conditions_bind_not_then_and_then_or() {
    let names = ["a", "b_1", "b_2", "_c"].map(str::to_owned);
    let read = |text: &str| condition::parse(text, &names);
    use Condition::{All, Any, Not, Search};
    assert_eq!(
        read("a or not b_1 and b_2").unwrap(),
        Any(vec![
            Search(0),
            All(vec![Not(Box::new(Search(1))), Search(2)])
        ])
    );
    assert_eq!(
        read("(a or b_1) AND 1 of b_*").unwrap(),
        All(vec![
            Any(vec![Search(0), Search(1)]),
            Any(vec![Search(1), Search(2)])
        ])
    );
    assert_eq!(
        read("all of them").unwrap(),
        All(vec![Search(0), Search(1), Search(2)])
    );
    for wrong in [
        "",
        "a and",
        "a b_1",
        "(a",
        "2 of b_*",
        "1 of x*",
        "d",
        "a | count() > 5",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    assert!(read(&"(".repeat(5_000)).is_err());
    assert!(read(&"not ".repeat(5_000)).is_err());
}

#[test]
fn wildcards_are_told_from_what_is_escaped() {
    for (value, pieces) in [
        (
            "a*b?",
            vec![fixed("a"), Piece::Anything, fixed("b"), Piece::One],
        ),
        (r"a\*b", vec![fixed("a*b")]),
        (r"a\\*", vec![fixed(r"a\"), Piece::Anything]),
        (r"a\b", vec![fixed(r"a\b")]),
        ("", vec![]),
    ] {
        assert_eq!(Pattern::parse(value).0, pieces, "{value}");
    }
}

#[test]
fn what_cannot_be_used_says_why_and_stops_no_other() {
    for (detection, why) in [
        ("s:\n  a|fuzzy: x\ncondition: s", "modifier `fuzzy`"),
        ("s:\n  a|expand: '%x%'\ncondition: s", "placeholder `%x%`"),
        ("s:\n  a|hour: x\ncondition: s", "no whole number"),
        ("s:\n  a|re: '(?=x)'\ncondition: s", "no regular expression"),
        ("s:\n  a|cidr: x\ncondition: s", "no network"),
        ("s:\n  a|gt: x\ncondition: s", "no number"),
        ("s:\n  a|exists: x\ncondition: s", "true or false"),
        ("s:\n  a|wide|contains: x\ncondition: s", "base64 only"),
        ("s:\n  a|base64: x*\ncondition: s", "wildcards"),
        ("s:\n  a|contains|re: x\ncondition: s", "different things"),
        ("s:\n  a: []\ncondition: s", "empty list"),
        ("s:\n  a: x", "no `condition`"),
    ] {
        let problem = rule(detection).unwrap_err();
        assert!(problem.message.contains(why), "{detection}: {problem}");
        assert_eq!(problem.title.as_deref(), Some("T"));
    }
    let good = "title: G\nlogsource: {product: aws}\ndetection:\n  s: {a: b}\n  condition: s\n";
    let file = format!("{good}---\ntitle: B\n---\n{good}---\n[");
    let outcomes: Vec<bool> = read(&file).iter().map(Result::is_ok).collect();
    assert_eq!(outcomes, [true, false, true, false]);
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            before.trim_end_matches(", ")
        ));
    }
    let problem = read(&text).remove(0).unwrap_err();
    assert!(problem.message.contains("more than"), "{problem}");
    assert!(read(&"[".repeat(10_000))[0].is_err());
}

#[test]
fn an_account_id_keeps_its_zeros() {
    let read = rule("s:\n  a: 012345678901\n  b: 12\ncondition: s").unwrap();
    let Search::All(items) = &read.searches[0].1 else {
        panic!("{read:?}");
    };
    let test = |place: usize| match &items[place] {
        Search::Item { test, .. } => test.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(test(0), text(vec![fixed("012345678901")]));
    assert_eq!(test(1), Test::Number("12".to_owned()));
}

#[test]
fn a_correlation_is_read() {
    let text = "title: C\ncorrelation:\n  type: value_count\n  rules: [x]\n  group-by: [userIdentity.arn]\n  timespan: 5m\n  condition: {gte: 10, field: eventName}\n";
    let Document::Correlation(read) = read(text).remove(0).unwrap() else {
        panic!("no correlation");
    };
    assert_eq!(read.kind, CorrelationKind::Values("eventName".to_owned()));
    assert_eq!((read.span_ms, read.bounds[0].count), (300_000, 10));
}

#[test]
fn a_timeframe_without_a_count_is_remarked_on() {
    let read = rule("s:\n  a: x\ntimeframe: 5m\ncondition: s").unwrap();
    assert!(read.about.remark.unwrap().contains("no effect"));
    let read = rule("s:\n  a: x\ncondition: s").unwrap();
    assert_eq!(read.about.remark, None);
}

#[test]
fn placeholders_are_filled_from_beside_the_rule() {
    let text = "title: T\nlogsource: {product: aws}\ndetection:\n  s:\n    a|expand|endswith: ['%names%', '.x']\n  condition: s\n";
    let known =
        Placeholders([("names".to_owned(), vec!["one".to_owned(), "t*o".to_owned()])].into());
    let Document::Rule(read) = read_with(text, &known).remove(0).unwrap() else {
        panic!("no rule");
    };
    let patterns = format!("{:?}", read.searches[0].1);
    for part in ["\"one\"", "\"t\"), Anything, Text(\"o\")", "\".x\""] {
        assert!(patterns.contains(part), "{part}: {patterns}");
    }
}

#[test]
fn a_filter_is_put_on_the_rules_that_it_names() {
    let head = "title: F\nlogsource: {product: aws}\nfilter:\n";
    let filter = |rest: &str| match read(&format!("{head}{rest}")).remove(0) {
        Ok(Document::Filter(filter)) => Ok(filter),
        Ok(other) => panic!("{other:?}"),
        Err(problem) => Err(problem.message),
    };
    let mut found = rule("a: {x: y}\nb: {x: z}\ncondition: a and not b").unwrap();
    let named = filter("  rules: [other, i]\n  c: {u: v}\n  condition: not c\n").unwrap();
    assert!(named.is_about(&found));
    named.put_on(&mut found);
    use Condition::{All, Not, Search};
    assert_eq!(
        found.condition,
        All(vec![
            All(vec![Search(0), Not(Box::new(Search(1)))]),
            Not(Box::new(Search(2))),
        ])
    );
    assert_eq!(found.searches[2].0, "c");
    let any = filter("  rules: any\n  c: {u: v}\n  condition: c\n").unwrap();
    assert!(any.is_about(&found));
    found.logs.product = Some("windows".to_owned());
    assert!(!named.is_about(&found) && !any.is_about(&found));
    for (rest, why) in [
        ("  c: {u: v}\n  condition: c\n", "names no `rules`"),
        ("  rules: [i]\n  c: {u: v}\n", "no `condition`"),
        (
            "  rules: [i]\n  c: {u: v}\n  condition: d\n",
            "names the search `d`",
        ),
        (
            "  rules: [i]\n  c: {u: v}\n  condition: c | count() > 2\n",
            "counts after",
        ),
    ] {
        assert!(filter(rest).unwrap_err().contains(why), "{rest}");
    }
}

fn correlation(rest: &str) -> Result<Correlation, String> {
    let text =
        format!("title: C\ncorrelation:\n  rules: [a, b]\n  timespan: 5m\n  group-by: [x]\n{rest}");
    match read(&text).remove(0) {
        Ok(Document::Correlation(read)) => Ok(read),
        Ok(other) => panic!("{other:?}"),
        Err(problem) => Err(problem.message),
    }
}

#[test]
fn an_alias_means_another_field_in_each_rule() {
    let aliases = "  type: temporal_ordered\n  aliases:\n    x: {a: f.a, b: f.b}\n";
    let read = correlation(aliases).unwrap();
    assert_eq!(read.kind, CorrelationKind::Ordered);
    let about = |id: &str| About {
        id: id.to_owned(),
        ..About::default()
    };
    assert_eq!(read.field_of("x", &about("a")), "f.a");
    assert_eq!(read.field_of("x", &about("c")), "x");
    assert_eq!(read.field_of("y", &about("b")), "y");
    assert_eq!(read.fields(), ["f.a", "f.b", "x"].into());
    assert_eq!(read.all_bounds()[0].count, 2);
}

#[test]
fn a_correlation_that_cannot_be_run_says_why() {
    for (rest, why) in [
        (
            "  type: temporal_ordered\n  condition: {gte: 1}\n",
            "says otherwise",
        ),
        ("  type: temporal\n  condition: a or b\n", "another way"),
        ("  type: temporal\n  condition: a and\n", "another way"),
        ("  type: event_count\n  condition: a and b\n", "another way"),
        (
            "  type: event_count\n  condition: {gte: 1, field: x}\n",
            "not values",
        ),
        (
            "  type: value_avg\n  condition: {gte: 1, field: x}\n",
            "type `value_avg`",
        ),
        ("  type: temporal\n  aliases: [x]\n", "`aliases` are names"),
        (
            "  type: temporal\n  aliases: {x: y}\n",
            "`aliases` are names",
        ),
    ] {
        let message = correlation(rest).unwrap_err();
        assert!(message.contains(why), "{rest}: {message}");
    }
    for rest in [
        "  type: temporal\n  condition: b and a\n",
        "  type: temporal_ordered\n  condition: {gte: 2}\n",
    ] {
        assert!(correlation(rest).is_ok(), "{rest}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_stops_the_reader(text in "\\PC{0,200}") {
        let _ = read(&text).len();
    }

    #[test]
    fn no_yaml_stops_the_reader(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("title: x\n"), Just("detection:\n"), Just("  condition: "), Just("1 of s*\n"),
                Just("  s:\n"), Just("    - a|re: '('\n"), Just("    a|windash|contains: -x\n"),
                Just("logsource:\n  product: aws\n"), Just("  - "), Just("&a "), Just("*a"),
                Just("---\n"), Just("{"), Just("}"), Just("["), Just("]"), Just(": "), Just("? "),
                Just("|\n"), Just("\t"), Just("filter:\n  rules: any\n"), Just("  timeframe: 5m\n"),
                Just("s | count(x) by y > 3\n"), Just("s | near s and s\n"), Just("    a|expand: '%x%%'\n"), Just("'"), Just("correlation:\n  type: temporal\n"),
            ],
            0..24,
        )
    ) {
        let _ = read(&parts.concat()).len();
    }
}
