use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use proptest::prelude::*;

use super::*;
use crate::domain::record::lines;
use crate::domain::rows::Page;
use crate::ui::theme::Depth;

fn page() -> Page {
    let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let field =
        |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
    let uid = text(vec![Some("arn:aws:iam::111122223333:user/ci")]);
    let name = text(vec![Some("\u{202e}toor")]);
    let user: ArrayRef = Arc::new(StructArray::from(vec![
        (field("uid", &uid), uid.clone()),
        (field("name", &name), name.clone()),
    ]));
    let actor: ArrayRef = Arc::new(StructArray::from(vec![(
        field("user", &user),
        user.clone(),
    )]));
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.append_value([Some("a"), None, Some("")]);
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for index in 0..20 {
        map.keys()
            .append_value(format!("requestParameters.key{index}"));
        map.values().append_value(format!("value {index}"));
    }
    map.append(true).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "time_dt",
            Arc::new(TimestampMillisecondArray::from(vec![1_735_787_045_123])),
        ),
        ("actor", actor),
        ("tags", Arc::new(tags.finish())),
        ("unmapped", Arc::new(map.finish())),
        ("bytes", Arc::new(Int64Array::from(vec![None]))),
    ];
    let fields: Vec<_> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    assert_eq!(
        fields[0].data_type(),
        &DataType::Timestamp(TimeUnit::Millisecond, None)
    );
    let batch = RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns.into_iter().map(|(_, array)| array).collect(),
    )
    .unwrap();
    Page {
        batch,
        first_row: 0,
    }
}

fn draw(view: &RecordView, theme: &Theme, find: Option<&str>, width: u16, height: u16) -> Buffer {
    let page = page();
    let lines = lines(&page, &[], 0, view);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let record = Record {
        lines: &lines,
        view,
        find,
        times: TimeStyle::Shown(chrono_tz::UTC),
        focused: true,
        theme,
    };
    record.draw(Rect::new(0, 0, width, height), &mut buffer);
    buffer
}

fn text(buffer: &Buffer) -> String {
    let line = |y| -> String {
        let cells: String = (0..buffer.area().width)
            .map(|x| buffer[(x, y)].symbol())
            .collect();
        cells.trim_end().to_owned() + "\n"
    };
    (0..buffer.area().height).map(line).collect()
}

#[test]
fn a_row_is_a_tree() {
    let mut view = RecordView::default();
    let theme = Theme::plain();
    insta::assert_snapshot!("folded", text(&draw(&view, &theme, None, 80, 14)));
    view.unfold_all();
    view.line = 20;
    insta::assert_snapshot!("unfolded", text(&draw(&view, &theme, None, 60, 12)));
}

#[test]
fn finds_and_the_cursor_are_styled() {
    let theme = Theme::shipped("dark", Depth::True).unwrap();
    let view = RecordView {
        line: 1,
        ..RecordView::default()
    };
    let buffer = draw(&view, &theme, Some("CI"), 80, 14);
    assert_eq!(buffer[(79, 1)].style().bg, theme.style(Role::Cursor).bg);
    let marked = (0..80).filter(|x| buffer[(*x, 3)].style().bg == theme.style(Role::Match).bg);
    assert_eq!(marked.count(), 2);
}

proptest! {
    #[test]
    fn no_size_panics(width in 0_u16..70, height in 0_u16..20, line in 0_usize..60, top in 0_usize..60, all in any::<bool>()) {
        let view = RecordView { line, top, all, ..RecordView::default() };
        let buffer = draw(&view, &Theme::plain(), Some("a"), width, height);
        for cell in buffer.content() {
            let reorders = cell.symbol().contains('\u{202e}');
            prop_assert!(!reorders);
        }
    }
}
