//! What a frame of the grid costs at 180×50 over a million rows, part of them on disk. The target
//! is 1 ms a frame at any size of the result.

#![allow(clippy::expect_used, reason = "a bench stops where it cannot measure")]

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, StructArray, TimestampMillisecondArray,
};
use arrow::datatypes::{Field, Schema};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use lakehound::adapters::results::ResultStore;
use lakehound::domain::cell::TimeStyle;
use lakehound::domain::record::{RecordView, lines};
use lakehound::domain::rows::{Column, Rows};
use lakehound::domain::view::{GridView, Step};
use lakehound::ui::theme::{Depth, Theme};
use lakehound::ui::widgets::grid::{Grid, GridMemo};
use lakehound::ui::widgets::record::Record;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const AREA: Rect = Rect {
    x: 0,
    y: 0,
    width: 180,
    height: 50,
};
const ROWS: usize = 1_000_000;
const BATCH: usize = 8_192;
const TIMES: TimeStyle = TimeStyle::Shown(chrono_tz::Europe::Berlin);

/// Events as a query gives them: a time, texts, numbers, a nested value.
fn batch(rows: std::ops::Range<usize>) -> RecordBatch {
    let text = |make: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.clone().map(make)))
    };
    let uid = text(&|row| format!("arn:aws:iam::111122223333:user/user-{}", row % 97));
    let kind = text(&|_| "IAMUser".to_owned());
    let field =
        |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
    let user = StructArray::from(vec![
        (field("uid", &uid), uid.clone()),
        (field("type", &kind), kind.clone()),
    ]);
    let time = rows.clone().map(|row| 1_735_787_045_123 + row as i64 * 977);
    let number = |factor: i64| -> ArrayRef {
        Arc::new(
            rows.clone()
                .map(|row| (row % 5 != 0).then_some(row as i64 * factor))
                .collect::<Int64Array>(),
        )
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "time_dt",
            Arc::new(TimestampMillisecondArray::from_iter_values(time)),
        ),
        (
            "operation",
            text(&|row| ["GetObject", "ListBuckets", "AssumeRole"][row % 3].to_owned()),
        ),
        (
            "src_ip",
            text(&|row| format!("198.51.{}.{}", row / 256 % 256, row % 256)),
        ),
        ("bytes", number(7_919)),
        ("user", Arc::new(user)),
        (
            "user_agent",
            text(&|row| format!("aws-cli/2.15.{row} Python/3.11 exe/x86_64\x1b[0m")),
        ),
        ("packets", number(3)),
        (
            "status",
            text(&|row| {
                if row % 4 == 0 {
                    String::new()
                } else {
                    "Success".to_owned()
                }
            }),
        ),
        ("region", text(&|_| "us-east-1".to_owned())),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .expect("columns of one length")
}

fn result(folder: &std::path::Path) -> ResultStore {
    let schema: Arc<Schema> = batch(0..1).schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| Column {
            name: field.name().clone(),
        })
        .collect();
    let store = ResultStore::new(columns, schema, 64 << 20, folder.to_owned());
    for start in (0..ROWS).step_by(BATCH) {
        store
            .append(batch(start..(start + BATCH).min(ROWS)))
            .expect("room on the disk");
    }
    store
}

fn frames(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the pages");
    let store = result(folder.path());
    let theme = Theme::shipped("dark", Depth::True).expect("a shipped theme");
    let mut buffer = Buffer::empty(AREA);
    let order: Vec<u32> = (0..ROWS as u32)
        .map(|place| (u64::from(place) * 7_919 % ROWS as u64) as u32)
        .collect();
    let mut group = criterion.benchmark_group("grid 180x50 of 1,000,000 rows");
    let mut frame =
        |view: &GridView, order: Option<&[u32]>, find: Option<&str>, memo: &mut GridMemo| {
            let grid = Grid {
                rows: &store,
                order,
                view,
                marked: None,
                sort: None,
                find,
                times: TIMES,
                focused: true,
                theme: &theme,
            };
            buffer.reset();
            grid.draw(AREA, &mut buffer, memo);
        };
    let in_middle = GridView {
        row: ROWS / 2,
        top: ROWS / 2,
        frozen: 1,
        ..GridView::default()
    };
    let page = Grid::page(AREA.height);
    let columns = store.columns().len();

    group.bench_function("first frame", |bencher| {
        bencher.iter_batched_ref(
            GridMemo::default,
            |memo| frame(&in_middle, None, None, memo),
            BatchSize::SmallInput,
        );
    });
    for (name, step) in [
        ("row down", Step::Down),
        ("page down", Step::PageDown),
        ("column right", Step::Right),
    ] {
        group.bench_function(name, |bencher| {
            let (mut view, mut memo) = (in_middle.clone(), GridMemo::default());
            bencher.iter(|| {
                view.step(step, ROWS, columns, page);
                if view.row + 1 == ROWS || view.column + 1 == columns {
                    view = in_middle.clone();
                }
                frame(&view, None, None, &mut memo);
            });
        });
    }
    group.bench_function("find highlighted", |bencher| {
        let mut memo = GridMemo::default();
        bencher.iter(|| frame(&in_middle, None, Some("getobject"), &mut memo));
    });
    group.bench_function("row down, sorted", |bencher| {
        let (mut view, mut memo) = (in_middle.clone(), GridMemo::default());
        bencher.iter(|| {
            view.step(Step::Down, ROWS, columns, page);
            frame(&view, Some(&order), None, &mut memo);
        });
    });
    group.finish();

    let row = ROWS - 1;
    let page = store.page(row).expect("the last page");
    let view = RecordView {
        all: true,
        ..RecordView::default()
    };
    let mut buffer = Buffer::empty(AREA);
    criterion.bench_function("record 180x50", |bencher| {
        bencher.iter(|| {
            let lines = lines(&page, store.columns(), row, &view);
            let record = Record {
                lines: &lines,
                view: &view,
                find: None,
                times: TIMES,
                focused: true,
                theme: &theme,
            };
            record.draw(AREA, &mut buffer);
        });
    });
}

criterion_group!(benches, frames);
criterion_main!(benches);
