#![allow(
    clippy::disallowed_methods,
    reason = "these tests read what was written"
)]

use std::fs;

use super::*;
use crate::demo::{DemoOptions, write_lake};
use crate::domain::lake::SourceVersion;

fn lake() -> (tempfile::TempDir, std::path::PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    let options = DemoOptions {
        events: 500,
        days: 1,
        ..DemoOptions::new("2026-03-04T23:58:00Z".parse().unwrap())
    };
    write_lake(&lake, &options, &mut |_| {}).unwrap();
    (home, lake)
}

/// Runs live mode for a number of steps.
fn run(lake: &Path, steps: usize) -> (Vec<LiveObject>, Vec<Duration>) {
    let (mut objects, mut pauses) = (Vec::new(), Vec::new());
    let options = LiveOptions {
        weekly_events: 2_000_000,
        speed: 10.0,
    };
    let mut pause = |time| {
        pauses.push(time);
        if pauses.len() > steps {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let count = live(lake, &options, &mut pause, &mut |o| objects.push(o.clone())).unwrap();
    assert_eq!(count as usize, objects.len());
    (objects, pauses)
}

#[test]
fn every_object_is_there_when_its_notification_is() {
    let (_home, lake) = lake();
    let (objects, pauses) = run(&lake, 120);
    assert!(objects.len() > 60);
    let step = Duration::from_millis((PERIOD / 37) as u64);
    assert!(pauses.iter().all(|pause| *pause == step.div_f64(10.0)));
    for object in &objects {
        let file = lake.join(format!("{NOTIFICATIONS}/{:010}.json", object.sequence));
        let body = fs::read_to_string(file).unwrap();
        let [notification] = notification::decode(&body).unwrap().try_into().unwrap();
        assert_eq!(notification.key.key, object.key);
        assert_eq!(notification.key.version, Some(SourceVersion::V2));
        assert_eq!(notification.time, Some(object.time));
        let size = fs::metadata(lake.join(&object.key)).unwrap().len();
        assert_eq!(notification.size, Some(size));
        assert!(object.rows > 0);
    }
    let days: std::collections::HashSet<_> = objects
        .iter()
        .map(|object| object.key.split('/').nth(5).unwrap().to_owned())
        .collect();
    assert_eq!(
        days.len(),
        2,
        "a stretch over midnight gives objects of both days"
    );
    assert!(!lake.join(".partial").exists());
}

#[test]
fn a_second_run_goes_on_where_the_first_ended() {
    let (_home, lake) = lake();
    let (first, _) = run(&lake, 40);
    let (second, _) = run(&lake, 40);
    let last = first.last().unwrap();
    assert_eq!(second[0].sequence, last.sequence + 1);
    assert!(second.iter().all(|object| object.time > last.time));
    let keys: std::collections::HashSet<_> = first
        .iter()
        .chain(&second)
        .map(|object| &object.key)
        .collect();
    assert_eq!(keys.len(), first.len() + second.len());
}

#[test]
fn suspicious_things_happen_within_their_time() {
    let world = World::new(3);
    let mut dice = Dice::new(3, "suspects");
    let mut seen = 0;
    for (stream, _) in plan::streams() {
        for _ in 0..10 {
            let events = suspects::act(&world, stream, (1_000_000, 1_300_000), &mut dice);
            assert!(events.is_sorted_by_key(|(time, _)| *time));
            assert!(
                events
                    .iter()
                    .all(|(time, _)| (1_000_000..1_300_000).contains(time))
            );
            seen += events.len();
        }
    }
    assert!(seen > 500);
}

#[test]
fn a_folder_without_an_answer_key_and_a_speed_of_nothing_are_refused() {
    let empty = tempfile::tempdir().unwrap();
    let mut stop = |_| ControlFlow::Break(());
    let options = LiveOptions::default();
    let error = live(empty.path(), &options, &mut stop, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("scenario.json"), "{error}");
    let still = LiveOptions {
        speed: 0.0,
        ..options
    };
    let error = live(empty.path(), &still, &mut stop, &mut |_| {}).unwrap_err();
    assert!(matches!(error, DemoError::Speed(_)));
}

/// Whoever lets the lake go on in the console sees something happen, and goes on seeing it.
#[test]
fn in_the_console_objects_arrive_every_few_seconds() {
    // By day and by night, when little happens.
    for hour in [0, 12] {
        let home = tempfile::tempdir().unwrap();
        let lake = home.path().join("lake");
        let options = DemoOptions {
            events: 500,
            days: 1,
            ..DemoOptions::new(format!("2026-03-04T{hour:02}:10:00Z").parse().unwrap())
        };
        write_lake(&lake, &options, &mut |_| {}).unwrap();
        let options = LiveOptions::for_the_console();
        let clock = std::cell::Cell::new(Duration::ZERO);
        let mut pause = |time| {
            clock.set(clock.get() + time);
            match clock.get() > Duration::from_secs(180) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let mut times = Vec::new();
        live(&lake, &options, &mut pause, &mut |_| {
            times.push(clock.get())
        })
        .unwrap();
        assert!(times[0] <= Duration::from_secs(5), "{hour}: {:?}", times[0]);
        let longest = times
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .max()
            .unwrap();
        assert!(longest <= Duration::from_secs(15), "{hour}: {longest:?}");
        assert!(times.len() >= 40, "{hour}: {}", times.len());
    }
}
