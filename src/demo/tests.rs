#![allow(
    clippy::disallowed_methods,
    reason = "these tests read what was written"
)]

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::util::display::array_value_to_string;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;
use crate::domain::lake::{ObjectKey, Source, SourceVersion, athena_type, documented_schema};

fn options(events: usize) -> DemoOptions {
    DemoOptions {
        events,
        days: 3,
        ..DemoOptions::new("2026-03-04T15:20:00Z".parse().unwrap())
    }
}

/// Every file below a folder with its bytes, by key.
fn files(lake: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![lake.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let key = path.strip_prefix(lake).unwrap().to_str().unwrap();
                found.insert(key.replace('\\', "/"), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn make(options: &DemoOptions, threads: usize) -> (tempfile::TempDir, PathBuf, Scenario) {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    let scenario = write_with(&lake, options, threads, &mut |_| {}).unwrap();
    (home, lake, scenario)
}

fn batches(lake: &Path) -> Vec<(ObjectKey, RecordBatch)> {
    let mut all = Vec::new();
    for key in files(lake)
        .into_keys()
        .filter(|key| key.ends_with("parquet"))
    {
        let file = File::open(lake.join(&key)).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        for batch in reader.build().unwrap() {
            all.push((ObjectKey::parse(&key).unwrap(), batch.unwrap()));
        }
    }
    all
}

#[test]
fn options_fix_every_byte_whatever_the_threads() {
    let (_one, first, _) = make(&options(2_000), 1);
    let (_two, second, _) = make(&options(2_000), 3);
    assert!(files(&first) == files(&second));
    let other = DemoOptions {
        seed: 43,
        ..options(2_000)
    };
    let (_three, third, _) = make(&other, 3);
    assert!(files(&first) != files(&third));
}

#[test]
fn every_file_has_the_documented_columns_and_its_place() {
    let (_home, lake, scenario) = make(&options(3_000), 2);
    let (mut rows, mut sources) = (0, HashSet::new());
    for (key, batch) in batches(&lake) {
        let source = key.source.unwrap();
        assert_eq!(key.version, Some(SourceVersion::V2));
        let documented = documented_schema(source, SourceVersion::V2).unwrap();
        let types = |schema: &arrow::datatypes::Schema| -> Vec<_> {
            let fields = schema.fields().iter();
            fields
                .map(|f| (f.name().clone(), athena_type(f.data_type())))
                .collect()
        };
        assert_eq!(types(&batch.schema()), types(&documented), "{source}");
        let account = key.account.unwrap();
        assert!(account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
        let times = batch.column_by_name("time").unwrap();
        let mut last = 0;
        for &time in times.as_primitive::<Int64Type>().values() {
            let time_dt = DateTime::from_timestamp_millis(time).unwrap();
            assert!(time_dt >= scenario.from && time_dt < scenario.until);
            assert_eq!(
                time_dt.format("%Y%m%d").to_string(),
                key.event_day.clone().unwrap()
            );
            assert!(time >= last, "rows are in the order of their times");
            last = time;
        }
        rows += batch.num_rows();
        sources.insert(source);
    }
    assert_eq!(rows, 3_000);
    assert_eq!(sources.len(), Source::ALL.len());
}

/// Counts again in another way: every row as one text.
#[test]
fn the_answer_key_counts_what_was_written() {
    let (_home, lake, scenario) = make(&options(2_500), 2);
    let mut counts = vec![(0_u64, i64::MAX, i64::MIN); scenario.entities.len()];
    let mut taken = HashSet::new();
    let mut uids = HashSet::new();
    for (key, batch) in batches(&lake) {
        let times = batch
            .column_by_name("time")
            .unwrap()
            .as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let columns = batch.columns().iter();
            let text: Vec<String> = columns
                .map(|column| array_value_to_string(column, row).unwrap())
                .collect();
            let text = text.join("\n");
            for (entity, count) in scenario.entities.iter().zip(&mut counts) {
                if text.contains(&entity.value) {
                    let time = times.value(row);
                    *count = (count.0 + 1, count.1.min(time), count.2.max(time));
                }
            }
            if key.source == Some(Source::S3Data) && text.contains("/customers-") {
                taken.insert(text);
            }
            if key.source == Some(Source::ShFindings) {
                let uid = batch.column_by_name("finding_info").unwrap().as_struct();
                let uid = uid.column_by_name("uid").unwrap().as_string::<i32>();
                uids.insert(uid.value(row).to_owned());
            }
        }
    }
    for (entity, count) in scenario.entities.iter().zip(counts) {
        assert!(entity.events > 0, "{}", entity.role);
        assert_eq!(entity.events, count.0, "{}", entity.role);
        assert_eq!(
            entity.first_seen.timestamp_millis(),
            count.1,
            "{}",
            entity.role
        );
        assert_eq!(
            entity.last_seen.timestamp_millis(),
            count.2,
            "{}",
            entity.role
        );
    }
    assert_eq!(taken.len(), scenario.stolen_objects.len());
    for object in &scenario.stolen_objects {
        assert!(taken.iter().any(|text| text.contains(&object.key)));
    }
    assert!(scenario.findings.iter().all(|uid| uids.contains(uid)));
}

#[test]
fn no_value_of_the_answer_key_is_a_part_of_another() {
    let world = World::new(9);
    let until = "2026-03-04T15:20:00Z".parse().unwrap();
    let plot = Plot::new(
        "s3-data-theft",
        &world,
        until - Duration::days(7),
        until,
        9_000,
    )
    .unwrap();
    for (index, part) in plot.parts.iter().enumerate() {
        for (other, another) in plot.parts.iter().enumerate() {
            assert!(index == other || !another.value.contains(&part.value));
        }
    }
}

#[test]
fn a_quiet_lake_names_nobody() {
    let quiet = DemoOptions {
        scenario: "quiet".to_owned(),
        ..options(500)
    };
    let (_home, lake, scenario) = make(&quiet, 2);
    assert!(scenario.entities.is_empty() && scenario.stolen_objects.is_empty());
    let rows: usize = batches(&lake)
        .iter()
        .map(|(_, batch)| batch.num_rows())
        .sum();
    assert_eq!(rows, 500);
}

/// What belongs to the thieves alone is nowhere in the same seed's quiet lake; what they took over
/// is, because it has its ordinary uses.
#[test]
fn the_background_uses_only_what_was_there_before() {
    let quiet = DemoOptions {
        scenario: "quiet".to_owned(),
        ..options(6_000)
    };
    let (_home, lake, scenario) = make(&quiet, 2);
    let world = World::new(quiet.seed);
    let plot = Plot::new(
        "s3-data-theft",
        &world,
        scenario.from,
        scenario.until,
        6_000,
    )
    .unwrap();
    let census = Census::new(plot.parts.iter().map(|part| part.value.as_str())).unwrap();
    let mut seen = vec![Sightings::default(); plot.parts.len()];
    for (_, batch) in batches(&lake) {
        census.count(&batch, &mut seen);
    }
    let taken_over = [
        "leaked access key",
        "compromised user",
        "first role",
        "second role",
        "build host",
        "bucket",
    ];
    for (part, seen) in plot.parts.iter().zip(seen) {
        let ordinary = taken_over.contains(&part.role);
        assert_eq!(seen.events > 0, ordinary, "{}", part.role);
    }
}

#[test]
fn the_answer_key_reads_back_and_progress_ends_at_the_total() {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    let mut last = Progress::default();
    let scenario = write_lake(&lake, &options(2_000), &mut |progress| last = progress).unwrap();
    assert_eq!(read_scenario(&lake).unwrap(), scenario);
    assert_eq!((last.events, last.events_total), (2_000, 2_000));
    assert_eq!(last.objects, last.objects_total);
}

#[test]
fn a_demo_lake_is_replaced_whole_and_anything_else_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    write_with(&lake, &options(2_000), 2, &mut |_| {}).unwrap();
    let quiet = DemoOptions {
        scenario: "quiet".to_owned(),
        ..options(100)
    };
    write_with(&lake, &quiet, 2, &mut |_| {}).unwrap();
    assert_eq!(read_scenario(&lake).unwrap().name, "quiet");
    let beside: Vec<_> = fs::read_dir(home.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is left beside the lake");

    let foreign = home.path().join("photos");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("cat.jpg"), "miaow").unwrap();
    let refused = write_with(&foreign, &quiet, 2, &mut |_| {});
    assert!(matches!(refused, Err(DemoError::NotADemoLake { .. })));
    assert_eq!(fs::read(foreign.join("cat.jpg")).unwrap(), b"miaow");
}

#[test]
fn wrong_options_say_what_would_be_right() {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    let fails = |options: DemoOptions| {
        let error = write_lake(&lake, &options, &mut |_| {}).unwrap_err();
        assert!(!lake.exists());
        error.to_string()
    };
    let unknown = DemoOptions {
        scenario: "heist".to_owned(),
        ..options(1_000)
    };
    assert!(fails(unknown).contains("s3-data-theft, quiet"));
    assert!(fails(options(10)).contains("at least"));
    let never = DemoOptions {
        days: 0,
        ..options(1_000)
    };
    assert!(fails(never).contains("1 to 3,650 days"));
}

#[test]
fn a_default_lake_has_a_few_hundred_objects() {
    let until: DateTime<Utc> = "2026-03-04T15:20:00Z".parse().unwrap();
    let options = DemoOptions::new(until);
    let chunks = plan::chunks(
        until - Duration::days(7),
        until,
        options.events,
        object_rows(options.events),
    );
    let objects = chunks.iter().filter(|chunk| chunk.rows > 0).count();
    assert!((300..=600).contains(&objects), "{objects}");
}
