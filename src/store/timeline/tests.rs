//! What the timeline's keys do.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::domain::timeline::Place;
use crate::store::effect::Effect;
use crate::store::event::Event;
use crate::store::overlay::{Overlay, PageContent};
use crate::store::testing::{OnePage, finished, merged, noon, pinned, press, rows, state as plain};
use crate::store::update as happen;

/// Presses keys and lets the runtime answer.
fn pressed(state: &mut State, keys: &str) -> Vec<Effect> {
    let effects = press(state, keys);
    merged(state, &effects);
    effects
}

/// A console with three pins, its timeline open.
fn open() -> State {
    let mut state = plain(102, 30);
    let pins = vec![
        pinned("eve", 0, &["discovery"], "ListBuckets"),
        pinned("eve", 500, &["loud"], "GetObject"),
        pinned("mallory", 1_000, &[], "DeleteTrail"),
    ];
    let effects = pins_changed(&mut state, pins);
    assert_eq!(effects, [], "nothing is made that nobody looks at");
    pressed(&mut state, "alt-t");
    state
}

/// How many effects are the timeline's work.
fn work(effects: &[Effect]) -> usize {
    let is_ours = |effect: &&Effect| {
        matches!(
            effect,
            Effect::Timeline { .. } | Effect::ExportTimeline { .. }
        )
    };
    effects.iter().filter(is_ours).count()
}

fn summaries(state: &State) -> Vec<String> {
    let lines = state.timeline.outline.lines.iter();
    lines
        .map(|line| match line {
            Line::Item(number) => {
                let mark = state.timeline.outline.mark(*number).unwrap();
                item(state, mark).map_or("closed".to_owned(), |item| item.summary)
            }
            Line::Group(number) => {
                let group = &state.timeline.outline.groups[*number as usize];
                format!("[{}]", group.name.as_deref().unwrap_or("-"))
            }
            Line::Gap { .. } => "gap".to_owned(),
        })
        .collect()
}

#[test]
fn it_opens_with_the_pins_and_asks_only_once() {
    let mut state = open();
    assert_eq!(
        summaries(&state),
        ["ListBuckets", "GetObject", "DeleteTrail"]
    );
    assert_eq!(press(&mut state, "esc alt-t"), [], "it is there already");
    press(&mut state, "down down");
    let effects = pressed(&mut state, "g");
    assert_eq!(effects.len(), 1);
    assert_eq!(
        summaries(&state),
        [
            "[principal eve]",
            "ListBuckets",
            "GetObject",
            "[principal mallory]",
            "DeleteTrail"
        ]
    );
    assert_eq!(state.timeline.selected, 4, "the same item stays chosen");
}

#[test]
fn groups_are_gone_through() {
    let mut state = open();
    pressed(&mut state, "g");
    press(&mut state, "home n");
    assert_eq!(state.timeline.selected, 3, "the second group");
    press(&mut state, "n");
    assert_eq!(state.timeline.selected, 3, "there is no third");
    press(&mut state, "down N N");
    assert_eq!(state.timeline.selected, 0);
}

#[test]
fn an_answer_that_is_no_longer_waited_for_is_dropped() {
    let mut state = open();
    let first = press(&mut state, "g");
    let second = press(&mut state, "g");
    merged(&mut state, &first);
    assert_eq!(state.timeline.shown.grouping, Grouping::None);
    merged(&mut state, &second);
    assert_eq!(state.timeline.shown.grouping, Grouping::Tag);
}

#[test]
fn a_whole_result_goes_in_and_out() {
    let mut state = open();
    let two = rows(2, |n| format!("row {n}"));
    finished(&mut state, two);
    pressed(&mut state, "t");
    assert_eq!(
        summaries(&state),
        [
            "number=0 text=row 0",
            "number=1 text=row 1",
            "gap",
            "ListBuckets",
            "GetObject",
            "DeleteTrail"
        ]
    );
    press(&mut state, "esc alt-3 home down esc alt-t home down");
    // Its row is gone to, in its tab, also where a filter hides it.
    let tab = state.results.tab_mut().unwrap();
    tab.order = Some(Arc::from([0]));
    press(&mut state, "enter");
    assert!(state.overlay.is_none());
    assert_eq!(state.results.tab().unwrap().selected_row(), Some(1));
    pressed(&mut state, "alt-t t");
    assert_eq!(summaries(&state).len(), 3);
}

#[test]
fn a_closed_result_leaves() {
    let mut state = open();
    finished(&mut state, rows(2, |n| format!("row {n}")));
    pressed(&mut state, "t");
    press(&mut state, "esc alt-3 x");
    assert_eq!(summaries(&state)[0], "closed");
    pressed(&mut state, "alt-t");
    assert_eq!(summaries(&state).len(), 3);
}

#[test]
fn what_tells_no_time_stays_out() {
    let mut state = open();
    press(&mut state, "t");
    assert!(
        state
            .message
            .as_ref()
            .unwrap()
            .text
            .contains("no result is open")
    );
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_from_iter([("count", numbers)]).unwrap();
    finished(&mut state, Arc::new(OnePage::of(batch)));
    assert_eq!(work(&press(&mut state, "t")), 0);
    assert!(
        state
            .message
            .as_ref()
            .unwrap()
            .text
            .contains("no column that tells a time")
    );
}

#[test]
fn the_brush_becomes_the_time_of_the_next_queries() {
    let mut state = open();
    // A hundred buckets over 1,000 s and a millisecond: the chosen item's, then nine more.
    press(&mut state, "down b");
    for _ in 0..9 {
        press(&mut state, "}");
    }
    let brush = state.timeline.brush.unwrap();
    let (from, to) = brush.times().unwrap();
    let about = |time: DateTime<Utc>, seconds: i64| {
        let away = time - (noon() + TimeDelta::seconds(seconds));
        away.abs() < TimeDelta::seconds(10)
    };
    assert!(about(from, 500) && about(to, 600), "{from} {to}");
    assert_eq!(state.timeline.outline.within(brush.from, brush.to), 1);
    press(&mut state, "a");
    assert_eq!(state.pivots.range, Some((from, to)));
    let suggested = state.suggestions();
    assert_eq!(suggested["from"].parse::<DateTime<Utc>>().unwrap(), from);
    assert_eq!(suggested["to"].parse::<DateTime<Utc>>().unwrap(), to);
    // Without a brush it is taken away again.
    press(&mut state, "b a");
    assert_eq!(state.pivots.range, None);
    assert!(!state.suggestions().contains_key("from"));
}

#[test]
fn the_brush_is_moved_by_its_edges_and_as_a_whole_and_shown_closer() {
    let mut state = open();
    press(&mut state, "]");
    let buckets = |state: &State| {
        state
            .timeline
            .brush
            .unwrap()
            .buckets(&strip(state).unwrap())
    };
    assert_eq!(buckets(&state), 1..100);
    press(&mut state, "{ {");
    assert_eq!(buckets(&state), 1..98);
    press(&mut state, "right right right [");
    assert_eq!(buckets(&state), 2..100, "it does not leave the strip");
    press(&mut state, "left");
    assert_eq!(buckets(&state), 1..99);
    let brushed = state.timeline.brush.unwrap();
    press(&mut state, "z");
    assert_eq!(strip(&state).unwrap().range(), brushed.from..brushed.to);
    assert_eq!(strip(&state).unwrap().counts().iter().sum::<u64>(), 1);
    press(&mut state, "z");
    assert_eq!(strip(&state).unwrap().counts().iter().sum::<u64>(), 3);
}

#[test]
fn a_pin_is_shown_in_full() {
    let mut state = open();
    press(&mut state, "down enter");
    let Some(Overlay::Page(page)) = &state.overlay else {
        panic!("a page is open")
    };
    let PageContent::Value { path, text } = &page.content else {
        panic!("a value is shown")
    };
    assert_eq!(
        path,
        &Place::Pin(crate::domain::case::Key("p-500".into())).to_string()
    );
    assert!(
        text.contains("principal eve") && text.contains("loud"),
        "{text}"
    );
}

#[test]
fn a_page_leads_back_to_where_it_was_opened() {
    let mut state = open();
    for keys in ["enter q", "? esc", "enter enter"] {
        press(&mut state, keys);
        let is_back = matches!(state.overlay, Some(Overlay::Timeline));
        assert!(is_back, "{keys}");
    }
    press(&mut state, "enter esc esc f1 esc");
    assert!(state.overlay.is_none(), "a page of the panes leads to them");
}

#[test]
fn it_is_written_to_a_file_and_stays_open() {
    let mut state = open();
    assert_eq!(work(&press(&mut state, "e \"x.nonsense enter")), 0);
    assert!(
        matches!(state.overlay, Some(Overlay::Prompt(_))),
        "asked again"
    );
    press(&mut state, "esc");
    assert!(matches!(state.overlay, Some(Overlay::Timeline)));
    let effects = press(&mut state, "e enter");
    assert!(matches!(state.overlay, Some(Overlay::Timeline)));
    let Some(Effect::ExportTimeline { outline, path, .. }) = effects.first() else {
        panic!("an export: {effects:?}")
    };
    assert_eq!(outline.marks.len(), 3);
    assert_eq!(path.to_str(), Some("timeline.md"));
}

#[test]
fn pins_that_come_while_it_is_open_appear() {
    let mut state = open();
    let pins = vec![pinned("eve", 7, &[], "alone")];
    let effects = pins_changed(&mut state, pins);
    merged(&mut state, &effects);
    assert_eq!(summaries(&state), ["alone"]);
    let stale = Event::Timeline {
        id: crate::store::effect::OrderId(0),
        outline: Arc::default(),
    };
    happen(&mut state, stale, noon());
    assert_eq!(summaries(&state), ["alone"]);
}
