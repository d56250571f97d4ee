use chrono::{TimeZone, Timelike};
use proptest::prelude::*;

use super::*;

fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, day, hour, minute, 0).unwrap()
}

fn stretch(source: &str, account: &str) -> Stretch {
    Stretch {
        source: source.into(),
        account: account.into(),
        region: "us-east-1".into(),
    }
}

fn object(source: &str, from: DateTime<Utc>, to: DateTime<Utc>, rows: u64) -> SeenObject {
    SeenObject {
        stretch: stretch(source, "111122223333"),
        day: Some(from.date_naive()),
        span: Some((from, to)),
        bytes: 10,
        rows: Some(rows),
    }
}

/// One object an hour from the first to the last hour of a day, but for some hours.
fn hourly(source: &str, hours: impl Iterator<Item = u32>) -> Vec<SeenObject> {
    hours
        .map(|hour| object(source, at(2, hour, 5), at(2, hour, 55), 100))
        .collect()
}

#[test]
fn an_object_counts_for_each_hour_that_it_touches_and_its_rows_once() {
    let coverage = Coverage::of([object("vpc_flow", at(2, 3, 50), at(2, 5, 10), 10)], true);
    let (_, series) = coverage.series().next().unwrap();
    let hours: Vec<(i64, u64, u64)> = series
        .hours
        .iter()
        .map(|(hour, cell)| (hour.rem_euclid(24), cell.objects, cell.rows))
        .collect();
    assert_eq!(hours, [(3, 1, 4), (4, 1, 3), (5, 1, 3)]);
}

#[test]
fn an_object_without_a_footer_counts_for_its_day() {
    let mut unread = object("waf", at(2, 3, 0), at(2, 4, 0), 0);
    unread.span = None;
    unread.rows = None;
    let coverage = Coverage::of([unread], true);
    let part = Part::of("waf");
    assert_eq!(coverage.extent(&part).objects, 1);
    assert_eq!(
        coverage.objects_in(&part, Some(at(2, 23, 0)), Some(at(3, 0, 0))),
        1
    );
    assert_eq!(coverage.objects_in(&part, Some(at(3, 0, 0)), None), 0);
    let strip = Strip::of(&coverage, 24).unwrap();
    let (_, series) = coverage.series().next().unwrap();
    assert_eq!(strip.shades(series), vec![Shade::ByDay; 24]);
}

#[test]
fn an_unusual_pause_is_a_gap_and_a_usual_one_is_none() {
    let steady = (0..24).filter(|hour| !(8..12).contains(hour));
    let mut objects = hourly("vpc_flow", steady);
    // Findings come every six hours: that is their way.
    objects.extend(hourly("sh_findings", (0..24).step_by(6)));
    // Calls of a small account rest three times a day, now and then for longer.
    objects.extend(hourly(
        "lambda_execution",
        [0, 1, 5, 6, 9, 10, 18, 19, 20, 23].into_iter(),
    ));
    // DNS ends at noon, while the flows go on.
    objects.extend(hourly("route53", 0..12));
    let gaps = Coverage::of(objects, true).gaps();
    let told: Vec<(&str, u32, i64, bool)> = gaps
        .iter()
        .map(|gap| (&*gap.stretch.source, gap.from.hour(), gap.hours(), gap.open))
        .collect();
    assert_eq!(told, [("route53", 12, 12, true), ("vpc_flow", 8, 4, false)]);
}

#[test]
fn a_part_is_asked_by_source_account_and_region() {
    let mut other = object("vpc_flow", at(2, 1, 0), at(2, 1, 30), 7);
    other.stretch.account = "000000000012".into();
    let coverage = Coverage::of(
        [object("vpc_flow", at(2, 3, 0), at(2, 3, 30), 5), other],
        true,
    );
    let mut part = Part::of("vpc_flow");
    assert_eq!(coverage.extent(&part).rows, 12);
    part.accounts = vec!["000000000012".to_owned()];
    assert_eq!(coverage.extent(&part).rows, 7);
    assert_eq!(coverage.distinct(&Part::default(), |s| &s.account).len(), 2);
    let part = Part::of("vpc_flow");
    let (before, after) = coverage.around(&part, at(2, 2, 0), at(2, 2, 59));
    assert_eq!((before, after), (Some(at(2, 2, 0)), Some(at(2, 3, 0))));
}

#[test]
fn a_strip_fits_its_cells_and_shades_what_is_unusual() {
    let mut objects = hourly("vpc_flow", (0..20).filter(|hour| *hour != 9));
    objects.push(object("vpc_flow", at(2, 20, 0), at(2, 20, 10), 10));
    objects.push(object("vpc_flow", at(2, 21, 0), at(2, 21, 10), 900));
    let coverage = Coverage::of(objects, true);
    let strip = Strip::of(&coverage, 30).unwrap();
    assert_eq!((strip.step.hours, strip.cells), (1, 22));
    let (_, series) = coverage.series().next().unwrap();
    let shades = strip.shades(series);
    assert_eq!(shades[9], Shade::Absent);
    assert_eq!(shades[8], Shade::Usual);
    assert_eq!((shades[20], shades[21]), (Shade::Little, Shade::Much));
    assert!(Strip::of(&coverage, 5).unwrap().cells <= 5);
}

proptest! {
    #[test]
    fn rows_are_shared_out_without_loss(
        objects in prop::collection::vec((0_i64..2_000, 0_i64..40, 0_u64..1_000), 1..30)
    ) {
        let objects = objects.into_iter().map(|(start, length, rows)| {
            let from = at(1, 0, 0) + TimeDelta::minutes(start * 17);
            object("x", from, from + TimeDelta::minutes(length * 30), rows)
        });
        let objects: Vec<SeenObject> = objects.collect();
        let wanted: u64 = objects.iter().filter_map(|o| o.rows).sum();
        let coverage = Coverage::of(objects, true);
        let (_, series) = coverage.series().next().unwrap();
        prop_assert_eq!(series.hours.values().map(|cell| cell.rows).sum::<u64>(), wanted);
        let strip = Strip::of(&coverage, 40).unwrap();
        prop_assert!(strip.cells <= 40);
        prop_assert_eq!(strip.shades(series).len(), strip.cells);
        for gap in coverage.gaps() {
            prop_assert!(gap.from < gap.to);
            prop_assert_eq!(coverage.objects_in(&Part::default(), Some(gap.from), Some(gap.to)), 0);
        }
    }
}
