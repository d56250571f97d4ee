use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Position;

use super::*;
use crate::domain::rows::{Column, Page};
use crate::domain::view::Step;
use crate::ui::theme::Depth;

/// Rows made on demand, in pages of a thousand, so that any size costs nothing.
#[derive(Debug)]
struct Made {
    columns: Vec<Column>,
    schema: SchemaRef,
    len: usize,
    make: fn(std::ops::Range<usize>, &SchemaRef) -> RecordBatch,
}

const PAGE: usize = 1_000;

impl Rows for Made {
    fn columns(&self) -> &[Column] {
        &self.columns
    }
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
    fn len(&self) -> usize {
        self.len
    }
    fn page(&self, row: usize) -> Option<Page> {
        (row < self.len).then(|| {
            let first_row = row / PAGE * PAGE;
            let rows = first_row..(first_row + PAGE).min(self.len);
            Page {
                batch: (self.make)(rows, &self.schema),
                first_row,
            }
        })
    }
}

fn made(
    fields: Vec<Field>,
    len: usize,
    make: fn(std::ops::Range<usize>, &SchemaRef) -> RecordBatch,
) -> Made {
    let columns = fields
        .iter()
        .map(|field| Column {
            name: field.name().clone(),
        })
        .collect();
    Made {
        columns,
        schema: Arc::new(Schema::new(fields)),
        len,
        make,
    }
}

/// Events as a query gives them: times, texts, NULLs, numbers, nested values.
fn events(len: usize) -> Made {
    let user = DataType::Struct(
        vec![
            Field::new("uid", DataType::Utf8, true),
            Field::new("type", DataType::Utf8, true),
        ]
        .into(),
    );
    let stamp = DataType::Timestamp(arrow::datatypes::TimeUnit::Millisecond, None);
    let fields = vec![
        Field::new("time_dt", stamp, true),
        Field::new("operation", DataType::Utf8, true),
        Field::new("src_ip", DataType::Utf8, true),
        Field::new("bytes", DataType::Int64, true),
        Field::new("user", user, true),
        Field::new("status", DataType::Utf8, true),
        Field::new("user_agent", DataType::Utf8, true),
        Field::new("score", DataType::Float64, true),
    ];
    made(fields, len, |rows, schema| {
        let text = |make: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
            Arc::new(rows.clone().map(make).collect::<StringArray>())
        };
        let times = rows
            .clone()
            .map(|row| 1_735_787_045_123 + row as i64 * 61_001);
        let DataType::Struct(fields) = schema.field(4).data_type() else {
            unreachable!()
        };
        let user = StructArray::new(
            fields.clone(),
            vec![
                text(&|row| Some(format!("arn:aws:iam::111122223333:user/u{}", row % 7))),
                text(&|_| Some("IAMUser".into())),
            ],
            None,
        );
        let columns: Vec<ArrayRef> = vec![
            Arc::new(TimestampMillisecondArray::from_iter_values(times)),
            text(&|row| Some(["GetObject", "ListBuckets", "AssumeRole"][row % 3].into())),
            text(&|row| (row % 5 != 3).then(|| format!("198.51.100.{}", row % 256))),
            Arc::new(
                rows.clone()
                    .map(|row| (row % 4 != 1).then_some((row * 7919) as i64))
                    .collect::<Int64Array>(),
            ),
            Arc::new(user),
            text(&|row| match row % 4 {
                0 => None,
                1 => Some(String::new()),
                2 => Some("NULL".into()),
                _ => Some("Success".into()),
            }),
            text(&|row| {
                Some(format!(
                    "aws-cli/2.15.{row} Python/3.11 Linux/6.1 exe/x86_64 prompt/off command/s3.cp"
                ))
            }),
            Arc::new(
                rows.clone()
                    .map(|row| Some(row as f64 / 8.0))
                    .collect::<Float64Array>(),
            ),
        ];
        RecordBatch::try_new(schema.clone(), columns).unwrap()
    })
}

/// The same hostile texts in each of many columns.
fn hostile() -> Made {
    let names = [
        "plain",
        "\x1b[31mred",
        "a\u{202e}b",
        "z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
        "東京",
        "",
    ];
    let fields = names
        .iter()
        .enumerate()
        .map(|(index, name)| Field::new(format!("{name}{index}"), DataType::Utf8, true))
        .collect();
    made(fields, 12, |rows, schema| {
        let texts = [
            "\x1b[2J\x1b[H",
            "\u{9b}31m",
            "\0",
            "a\r\nb\tc",
            "\u{202e}gnp.exe",
            "\u{2066}x\u{2069}",
            "ad\u{200b}min\u{feff}",
            "\u{e0041}\u{e0042}",
            "a\u{2028}b",
            "👩\u{200d}💻 東京",
            "=cmd|' /C calc'!A0",
            "z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}",
        ];
        let column = || -> ArrayRef {
            Arc::new(
                rows.clone()
                    .map(|row| Some(texts[row % 12]))
                    .collect::<StringArray>(),
            )
        };
        RecordBatch::try_new(
            schema.clone(),
            schema.fields().iter().map(|_| column()).collect(),
        )
        .unwrap()
    })
}

struct Scene {
    view: GridView,
    order: Option<Vec<u32>>,
    marked: BTreeSet<usize>,
    sort: Option<SortMark>,
    find: Option<&'static str>,
    times: TimeStyle,
    memo: GridMemo,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            view: GridView::default(),
            order: None,
            marked: BTreeSet::new(),
            sort: None,
            find: None,
            times: TimeStyle::Shown(chrono_tz::UTC),
            memo: GridMemo::default(),
        }
    }
}

impl Scene {
    fn draw(&mut self, rows: &dyn Rows, theme: &Theme, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let Self {
            view,
            order,
            marked,
            sort,
            find,
            times,
            memo,
        } = self;
        let grid = Grid {
            rows,
            order: order.as_deref(),
            view,
            marked: Some(marked),
            sort: *sort,
            find: *find,
            times: *times,
            focused: true,
            theme,
        };
        terminal
            .draw(|frame| grid.draw(frame.area(), frame.buffer_mut(), memo))
            .unwrap();
        terminal.backend().buffer().clone()
    }

    fn text(&mut self, rows: &dyn Rows, width: u16, height: u16) -> String {
        text(&self.draw(rows, &Theme::plain(), width, height))
    }
}

fn text(buffer: &Buffer) -> String {
    let area = *buffer.area();
    let line = |y| -> String {
        let cells: String = (area.x..area.right())
            .map(|x| buffer[(x, y)].symbol())
            .collect();
        cells.trim_end().to_owned()
    };
    (area.y..area.bottom()).map(|y| line(y) + "\n").collect()
}

#[test]
fn it_looks_right_at_the_usual_sizes() {
    let rows = events(1_000_000);
    insta::assert_snapshot!("80x24", Scene::default().text(&rows, 80, 24));
    let mut scene = Scene {
        sort: Some(SortMark {
            column: 3,
            descending: true,
        }),
        ..Scene::default()
    };
    scene.view = GridView {
        row: 999_990,
        frozen: 1,
        ..GridView::default()
    };
    scene.marked = [999_985, 999_990].into();
    insta::assert_snapshot!("120x40", scene.text(&rows, 120, 40));
    let mut scene = Scene {
        times: TimeStyle::Shown(chrono_tz::Europe::Berlin),
        ..Scene::default()
    };
    scene.order = Some((0..50).map(|row| 900_000 - row * 17).collect());
    insta::assert_snapshot!("200x60", scene.text(&rows, 200, 60));
    insta::assert_snapshot!("hostile", Scene::default().text(&hostile(), 120, 14));
}

#[test]
fn null_empty_and_a_text_that_spells_null_differ() {
    let drawn = Scene {
        view: GridView {
            left: 5,
            column: 5,
            ..GridView::default()
        },
        ..Scene::default()
    }
    .text(&events(4), 30, 6);
    let cells: Vec<_> = drawn
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap_or(""))
        .collect();
    assert_eq!(cells[1..5], ["NULL", "''", "'NULL'", "Success"]);
}

#[test]
fn the_selected_column_scrolls_into_sight_and_back_without_jumping() {
    let rows = events(100);
    let mut scene = Scene::default();
    let mut seen = Vec::new();
    for step in [Step::Right; 7].into_iter().chain([Step::Left; 7]) {
        scene.view.step(step, 100, 8, 20);
        scene.text(&rows, 80, 20);
        let shown: Vec<_> = scene
            .memo
            .places
            .columns
            .iter()
            .map(|(column, _)| *column)
            .collect();
        assert!(
            shown.contains(&scene.view.column),
            "{:?} not in {shown:?}",
            scene.view.column
        );
        seen.push(shown[0]);
    }
    assert!(seen[..7].is_sorted(), "{seen:?}");
    assert!(seen[7..].is_sorted_by(|a, b| a >= b), "{seen:?}");
    assert_eq!(
        seen[6], seen[7],
        "one step back keeps the columns: {seen:?}"
    );
    assert_eq!(seen[13], 0);
}

#[test]
fn widths_never_shrink_while_rows_scroll_by() {
    let rows = events(1_000_000);
    let mut scene = Scene::default();
    let mut before = Vec::new();
    for row in [0, 500_000, 3, 999_999, 7] {
        scene.view.row = row;
        scene.text(&rows, 160, 30);
        let widths: Vec<_> = scene
            .memo
            .places
            .columns
            .iter()
            .map(|(_, span)| span.len())
            .collect();
        // The last column is cut by the edge.
        for (old, new) in before.iter().zip(&widths).take(4) {
            assert!(new >= old, "{before:?} {widths:?}");
        }
        before = widths;
    }
}

#[test]
fn frozen_columns_stay_and_leave_room_for_others() {
    let rows = events(100);
    let mut scene = Scene {
        view: GridView {
            frozen: 2,
            column: 7,
            ..GridView::default()
        },
        ..Scene::default()
    };
    let drawn = scene.text(&rows, 100, 10);
    let shown: Vec<_> = scene
        .memo
        .places
        .columns
        .iter()
        .map(|(column, _)| *column)
        .collect();
    assert_eq!(shown[..2], [0, 1]);
    assert!(shown.contains(&7), "{shown:?}");
    assert!(drawn.contains('│') && drawn.contains('‹'), "{drawn}");
    scene.view.frozen = 7;
    scene.text(&rows, 60, 10);
    assert!(
        scene
            .memo
            .places
            .columns
            .iter()
            .any(|(column, _)| *column == 7)
    );
}

#[test]
fn styles_carry_selection_cursor_null_and_find() {
    let theme = Theme::shipped("dark", Depth::True).unwrap();
    let mut scene = Scene {
        find: Some("listb"),
        ..Scene::default()
    };
    scene.view = GridView {
        row: 1,
        column: 1,
        ..GridView::default()
    };
    let buffer = scene.draw(&events(10), &theme, 120, 12);
    let span = |column: usize| scene.memo.places.columns[column].1.clone();
    let style = |x: u16, y: u16| buffer[(x, y)].style();
    assert_eq!(style(span(0).start, 2).bg, theme.style(Role::Selection).bg);
    assert_eq!(
        style(span(5).start, 2).bg,
        theme.style(Role::Selection).bg,
        "under a text"
    );
    assert_eq!(style(span(1).end - 1, 2).bg, theme.style(Role::Cursor).bg);
    assert_eq!(
        style(span(1).start, 2).bg,
        theme.style(Role::Match).bg,
        "found in the cursor's cell"
    );
    assert_eq!(style(span(1).start, 5).bg, theme.style(Role::Match).bg);
    assert_eq!(
        style(span(1).start + 5, 5).bg,
        Some(ratatui::style::Color::Reset)
    );
    let null = (span(2).start, 4);
    assert_eq!(buffer[null].symbol(), "N");
    assert_eq!(style(null.0, null.1).fg, theme.style(Role::Null).fg);
}

#[test]
fn places_are_found_again() {
    let rows = events(100);
    let mut scene = Scene {
        view: GridView {
            row: 50,
            ..GridView::default()
        },
        ..Scene::default()
    };
    scene.text(&rows, 100, 11);
    let span = scene.memo.places.columns[1].1.clone();
    let hit = |x, y| scene.memo.hit(Position { x, y });
    assert_eq!(hit(span.start, 0), Some(Hit::Head { column: 1 }));
    assert_eq!(hit(span.start, 1), Some(Hit::Cell { row: 41, column: 1 }));
    assert_eq!(hit(0, 10), Some(Hit::Row { row: 50 }));
    assert_eq!(hit(span.end, 1), None);
    assert_eq!(hit(span.start, 11), None);
}

#[test]
fn another_result_starts_afresh() {
    let mut scene = Scene::default();
    scene.text(&events(100), 100, 10);
    let drawn = scene.text(&hostile(), 100, 10);
    assert!(drawn.contains("plain0"), "{drawn}");
    assert_eq!(scene.memo.heads.len(), 6);
}

#[test]
fn a_step_down_in_a_sorted_result_reads_one_page() {
    #[derive(Debug)]
    struct Counted(Made, std::sync::atomic::AtomicUsize);
    impl Rows for Counted {
        fn columns(&self) -> &[Column] {
            self.0.columns()
        }
        fn schema(&self) -> SchemaRef {
            self.0.schema()
        }
        fn len(&self) -> usize {
            self.0.len()
        }
        fn page(&self, row: usize) -> Option<Page> {
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.0.page(row)
        }
    }
    let rows = Counted(events(100_000), 0.into());
    let mut scene = Scene {
        order: Some((0..100_000).map(|place| place * 7_919 % 100_000).collect()),
        ..Scene::default()
    };
    let asked = |scene: &mut Scene| {
        rows.1.store(0, std::sync::atomic::Ordering::Relaxed);
        let text = scene.text(&rows, 100, 21);
        (rows.1.load(std::sync::atomic::Ordering::Relaxed), text)
    };
    assert_eq!(asked(&mut scene).0, 20);
    scene.view.step(Step::Down, 100_000, 8, 20);
    assert_eq!(asked(&mut scene).0, 0, "nothing scrolled");
    scene.view.row = 20;
    let (pages, drawn) = asked(&mut scene);
    assert_eq!(pages, 1);
    assert!(drawn.lines().last().unwrap().contains("58,381"), "{drawn}");
    let fresh = Scene {
        order: scene.order.clone(),
        view: scene.view.clone(),
        ..Scene::default()
    }
    .text(&rows, 100, 21);
    assert_eq!(drawn, fresh);
}

#[test]
fn a_page_that_cannot_be_read_is_named() {
    #[derive(Debug)]
    struct Broken(Made);
    impl Rows for Broken {
        fn columns(&self) -> &[Column] {
            self.0.columns()
        }
        fn schema(&self) -> SchemaRef {
            self.0.schema()
        }
        fn len(&self) -> usize {
            self.0.len()
        }
        fn page(&self, _row: usize) -> Option<Page> {
            None
        }
    }
    let drawn = Scene::default().text(&Broken(events(3)), 60, 5);
    assert_eq!(
        drawn.matches("this row cannot be read").count(),
        3,
        "{drawn}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_size_and_no_view_panics(
        width in 0_u16..130,
        height in 0_u16..40,
        row in prop_oneof![0_usize..200, Just(usize::MAX)],
        column in 0_usize..12,
        top in 0_usize..200,
        left in 0_usize..12,
        frozen in 0_usize..12,
        set in prop::collection::btree_map(0_usize..9, 0_u16..300, 0..4),
        x in 0_u16..10,
        y in 0_u16..10,
        wild in any::<bool>(),
    ) {
        let rows = if wild { hostile() } else { events(120) };
        let view = GridView { row, column, top, left, frozen, widths: set };
        let theme = Theme::shipped("monochrome", Depth::None).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let grid = Grid {
            rows: &rows, order: None, view: &view, marked: None, sort: None, find: Some("a"),
            times: TimeStyle::Shown(chrono_tz::UTC), focused: true, theme: &theme,
        };
        let area = Rect::new(x, y, width, height);
        let mut memo = GridMemo::default();
        grid.draw(area, &mut buffer, &mut memo);
        grid.draw(area, &mut buffer, &mut memo);
        for cell in buffer.content() {
            let bad = |c: char| c.is_control() || c == '\u{202e}';
            prop_assert!(!cell.symbol().chars().any(bad));
        }
    }
}

fn severities() -> Made {
    let fields = vec![
        Field::new("severity", DataType::Utf8, true),
        Field::new("word", DataType::Utf8, true),
    ];
    made(fields, 3, |rows, schema| {
        let words: Vec<Option<&str>> = [Some("High"), Some("Critical"), None][rows].to_vec();
        let column: ArrayRef = Arc::new(StringArray::from(words));
        RecordBatch::try_new(schema.clone(), vec![column.clone(), column]).unwrap()
    })
}

#[test]
fn severities_have_their_colours_in_their_own_column_only() {
    let theme = Theme::shipped("dark", Depth::True).unwrap();
    let mut scene = Scene::default();
    scene.view.row = 2;
    let buffer = scene.draw(&severities(), &theme, 60, 6);
    let ink = |column: usize, y: u16| {
        let x = scene.memo.places.columns[column].1.start;
        buffer[(x, y)].style().fg
    };
    let role = |role| theme.style(role).fg;
    assert_eq!(ink(0, 1), role(Role::SeverityHigh));
    assert_eq!(ink(0, 2), role(Role::SeverityCritical));
    assert_eq!(ink(1, 1), role(Role::Text));
}

#[test]
fn the_sign_of_the_order_has_room_in_the_head() {
    for column in [0, 1] {
        let mut scene = Scene {
            sort: Some(SortMark {
                column,
                descending: true,
            }),
            ..Scene::default()
        };
        let text = scene.text(&severities(), 60, 6);
        let name = ["severity ▼", "word"][column];
        assert!(text.contains(name), "{text}");
        assert!(text.contains('▼'), "{text}");
    }
}
