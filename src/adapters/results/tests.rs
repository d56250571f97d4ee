//! Results as their panes use them: rows in and out, spilled or not, sorted and filtered.

#![allow(
    clippy::disallowed_methods,
    reason = "the tests look at the folder that a result spills to"
)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, MapBuilder, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use proptest::prelude::*;

use super::*;
use crate::domain::cell::TimeStyle;

const STYLE: TimeStyle = TimeStyle::Athena;

fn batch(values: &[Option<i64>], texts: &[Option<&str>]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([
        (
            "n",
            Arc::new(Int64Array::from(values.to_vec())) as ArrayRef,
            true,
        ),
        (
            "t",
            Arc::new(StringArray::from(texts.to_vec())) as ArrayRef,
            true,
        ),
    ])
    .unwrap()
}

fn store(budget: usize, folder: &std::path::Path) -> ResultStore {
    let schema = Schema::new(vec![
        Field::new("n", DataType::Int64, true),
        Field::new("t", DataType::Utf8, true),
    ]);
    let columns = vec![
        Column {
            name: "n".to_owned(),
        },
        Column {
            name: "t".to_owned(),
        },
    ];
    ResultStore::new(columns, Arc::new(schema), budget, folder.to_path_buf())
}

fn numbers(rows: &ResultStore) -> Vec<Option<i64>> {
    (0..rows.len())
        .map(|row| {
            let page = rows.page(row).unwrap();
            let array = page.batch.column(0);
            let array = array.as_any().downcast_ref::<Int64Array>().unwrap();
            let at = row - page.first_row;
            array.is_valid(at).then(|| array.value(at))
        })
        .collect()
}

#[test]
fn rows_come_back_from_memory_and_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    for budget in [0, 1 << 12, usize::MAX] {
        let rows = store(budget, folder.path());
        let mut expected = Vec::new();
        for size in [1, 3, 2_000, 20_000, 5, 5, 9_000] {
            let values: Vec<Option<i64>> = (0..size)
                .map(|n| (n % 7 != 0).then_some(n * size))
                .collect();
            expected.extend(values.clone());
            rows.append(batch(&values, &vec![Some("x"); values.len()]))
                .unwrap();
            assert_eq!(rows.len(), expected.len());
        }
        assert_eq!(numbers(&rows), expected);
        assert!(rows.page(expected.len()).is_none());
        assert_eq!(rows.on_disk() > 0, budget < usize::MAX);
        if budget > 0 && budget < usize::MAX {
            // Everything but the growing last page obeys the budget.
            assert!(
                rows.memory() <= budget + (PAGE_ROWS * 32),
                "{}",
                rows.memory()
            );
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn small_batches_are_joined_into_pages() {
    let folder = tempfile::tempdir().unwrap();
    let rows = store(usize::MAX, folder.path());
    for n in 0..3_000 {
        rows.append(batch(&[Some(n)], &[None])).unwrap();
    }
    assert_eq!(rows.page(0).unwrap().batch.num_rows(), SMALL_PAGE);
    assert_eq!(numbers(&rows), (0..3_000).map(Some).collect::<Vec<_>>());
}

#[test]
fn a_batch_of_other_columns_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rows = store(usize::MAX, folder.path());
    let other = batch(&[Some(1)], &[None]).project(&[0]).unwrap();
    assert!(matches!(rows.append(other), Err(ResultError::Columns)));
}

#[test]
fn an_unwritable_folder_is_an_error_that_keeps_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let rows = store(0, &file);
    rows.append(batch(&[Some(1)], &[None])).unwrap();
    let many: Vec<Option<i64>> = (0..PAGE_ROWS as i64).map(Some).collect();
    let error = rows
        .append(batch(&many, &vec![None; many.len()]))
        .unwrap_err();
    assert!(matches!(error, ResultError::Create { .. }), "{error}");
    assert_eq!(rows.len(), many.len() + 1);
    assert!(rows.page(0).is_some());
}

#[test]
fn readers_and_the_writer_work_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let rows = store(1 << 14, folder.path());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for start in 0..200 {
                let values: Vec<Option<i64>> = (0..100).map(|n| Some(start * 100 + n)).collect();
                rows.append(batch(&values, &vec![Some("text"); 100]))
                    .unwrap();
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while rows.len() < 20_000 {
                    let seen = rows.len();
                    if let Some(last) = seen.checked_sub(1) {
                        let page = rows.page(last).unwrap();
                        assert!(page.first_row <= last);
                        assert!(last < page.first_row + page.batch.num_rows());
                    }
                }
            });
        }
    });
    assert_eq!(numbers(&rows), (0..20_000).map(Some).collect::<Vec<_>>());
}

#[test]
fn a_filter_finds_text_in_any_column_and_any_case() {
    let folder = tempfile::tempdir().unwrap();
    let rows = store(0, folder.path());
    rows.append(batch(
        &[Some(1042), Some(7), None],
        &[Some("alpha"), Some("Größe 42"), Some("a.b")],
    ))
    .unwrap();
    let keep = |text: &str| {
        let keep = Keep {
            contains: Some(text.to_owned()),
            same_as: None,
        };
        filter(&rows, &keep, STYLE)
    };
    assert_eq!(keep("42"), [0, 1]);
    assert_eq!(keep("GRÖSSE"), Vec::<u32>::new());
    assert_eq!(keep("GRÖß"), [1]);
    assert_eq!(keep("a.b"), [2]);
    assert_eq!(keep("null"), Vec::<u32>::new());
    assert_eq!(keep(""), [0, 1, 2]);
}

#[test]
fn a_filter_by_cell_tells_null_from_values() {
    let folder = tempfile::tempdir().unwrap();
    let rows = store(0, folder.path());
    rows.append(batch(
        &[Some(1), None, Some(1), None],
        &[Some(""), None, None, Some("")],
    ))
    .unwrap();
    let same = |row, column| {
        let keep = Keep {
            contains: None,
            same_as: Some((row, column)),
        };
        filter(&rows, &keep, STYLE)
    };
    assert_eq!(same(0, 0), [0, 2]);
    assert_eq!(same(1, 0), [1, 3]);
    assert_eq!(same(0, 1), [0, 3]);
    assert_eq!(same(1, 1), [1, 2]);
    assert_eq!(same(0, 9), Vec::<u32>::new());
}

#[test]
fn maps_are_sorted_by_their_text() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for value in ["b", "a"] {
        map.keys().append_value("k");
        map.values().append_value(value);
        map.append(true).unwrap();
    }
    map.append(false).unwrap();
    let batch =
        RecordBatch::try_from_iter_with_nullable([("m", Arc::new(map.finish()) as ArrayRef, true)])
            .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let columns = vec![Column {
        name: "m".to_owned(),
    }];
    let rows = ResultStore::new(
        columns,
        batch.schema(),
        usize::MAX,
        folder.path().to_path_buf(),
    );
    rows.append(batch).unwrap();
    assert_eq!(sort(&rows, None, 0, false, STYLE), [1, 0, 2]);
    assert_eq!(sort(&rows, None, 0, true, STYLE), [0, 1, 2]);
    let keep = Keep {
        contains: None,
        same_as: Some((1, 0)),
    };
    assert_eq!(filter(&rows, &keep, STYLE), [1]);
}

proptest! {
    #[test]
    fn sorting_agrees_with_a_naive_sort(
        values in proptest::collection::vec(proptest::option::of(-5i64..5), 0..300),
        descending: bool,
        every in 1usize..4,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let rows = store(64, folder.path());
        for part in values.chunks(37) {
            rows.append(batch(part, &vec![None; part.len()])).unwrap();
        }
        let kept: Vec<u32> = (0..values.len()).step_by(every).map(|row| row as u32).collect();
        let mut expected = kept.clone();
        expected.sort_by(|one, other| {
            match (values[*one as usize], values[*other as usize]) {
                (Some(one), Some(other)) if descending => other.cmp(&one),
                (Some(one), Some(other)) => one.cmp(&other),
                (one, other) => one.is_none().cmp(&other.is_none()),
            }
        });
        prop_assert_eq!(sort(&rows, Some(&kept), 0, descending, STYLE), expected);
    }

    #[test]
    fn texts_and_floats_sort_as_they_compare(
        texts in proptest::collection::vec(proptest::option::of("[a-cA-C]{0,3}"), 0..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let floats: Float64Array = texts.iter().map(|text| text.as_ref().map(|t| t.len() as f64 / 3.0)).collect();
        let strings: StringArray = texts.iter().map(Option::as_deref).collect();
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("t", Arc::new(strings) as ArrayRef, true),
            ("f", Arc::new(floats) as ArrayRef, true),
        ]).unwrap();
        let columns = vec![Column { name: "t".to_owned() }, Column { name: "f".to_owned() }];
        let rows = ResultStore::new(columns, batch.schema(), 0, folder.path().to_path_buf());
        rows.append(batch).unwrap();
        let naive = |key: &dyn Fn(&String) -> Vec<u8>| {
            let mut order: Vec<u32> = (0..texts.len() as u32).collect();
            order.sort_by_key(|row| {
                let text = &texts[*row as usize];
                (text.is_none(), text.as_ref().map(key))
            });
            order
        };
        prop_assert_eq!(sort(&rows, None, 0, false, STYLE), naive(&|text| text.as_bytes().to_vec()));
        prop_assert_eq!(sort(&rows, None, 1, false, STYLE), naive(&|text| vec![text.len() as u8]));
    }
}

#[test]
fn severities_are_sorted_by_what_they_mean() {
    let words = ["High", "Critical", "Low", "Unknown", "Medium"];
    let order = |words: &[&str], descending| {
        let folder = tempfile::tempdir().unwrap();
        let rows = store(usize::MAX, folder.path());
        let texts: Vec<Option<&str>> = words.iter().map(|word| Some(*word)).collect();
        rows.append(batch(&vec![None; words.len()], &texts))
            .unwrap();
        let sorted = sort(&rows, None, 1, descending, STYLE);
        let word = |row: u32| words[row as usize].to_owned();
        sorted.into_iter().map(word).collect::<Vec<_>>()
    };
    assert_eq!(
        order(&words, true),
        ["Critical", "High", "Medium", "Low", "Unknown"]
    );
    // One other word, and it is a column of words.
    assert_eq!(
        order(&["Low", "High", "Near"], false),
        ["High", "Low", "Near"]
    );
}
