//! States and rows for tests of the store and of the screen.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{Field, SchemaRef};
use chrono::{DateTime, TimeDelta, Utc};

use super::content::Content;
use super::effect::Effect;
use super::event::{Event, QueryNews};
use super::key::Chord;
use super::results::Origin;
use super::state::{Setting, State};
use super::update;
use crate::domain::case::Key;
use crate::domain::entity::{Entity, EntityType};
use crate::domain::playbook::Playbook;
use crate::domain::query::{QueryId, QuerySummary};
use crate::domain::rows::{Column, Page, Rows};
use crate::domain::template::Template;
use crate::domain::timeline::{Moment, Outline, Place, RowReader, TimelineItem};

/// The time of every test.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A state over a demo lake with one template and one playbook.
pub(crate) fn state(width: u16, height: u16) -> State {
    let setting = Setting {
        lake_name: "demo lake".into(),
        is_demo: true,
        on_aws: false,
        demo_speed: 4,
        engine: "embedded".into(),
        zone: chrono_tz::UTC,
        themes: vec!["dark".into(), "light".into()],
        analyst: "ana".into(),
        alerts: super::queue::Alerts::default(),
        keymap: Arc::default(),
    };
    let mut state = State::new(setting, "dark".into(), (width, height), noon());
    let template = "-- name: by-address\n-- purpose: Who called from an address.\n\
        -- classes: 6003\n-- tables: cloud_trail_mgmt\n-- param: ip ip \"The address\"\n\
        SELECT api.operation FROM cloud_trail_mgmt WHERE src_endpoint.ip = /* :ip */ '192.0.2.1'\n";
    let playbook = "# A bucket\n\n## Part 1 — Prepare\n\n- [ ] Have a lake\n\n\
        ## Part 2 — Detect\n\n- [ ] Ask who reads\n\n  ```sql\n  SELECT 1\n  ```\n- [ ] Ask what was read\n";
    let content = Content {
        templates: vec![Arc::new(
            Template::parse("by-address.sql", template).unwrap(),
        )],
        playbooks: vec![
            Arc::new(Playbook::parse("bucket.md", playbook)),
            Arc::new(Playbook::parse(
                "zebra.md",
                "# A zebra\n\n## Contain\n\n- [ ] Stripe\n",
            )),
        ],
        pivots: Arc::default(),
        triggers: Arc::default(),
        problems: Vec::new(),
    };
    update(&mut state, Event::Content(content), noon());
    state
}

/// Presses keys as the key map writes them, or types the words in quotes.
pub(crate) fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys.split_whitespace() {
        let chords: Vec<Chord> = match key.strip_prefix('"') {
            Some(word) => word
                .trim_end_matches('"')
                .chars()
                .map(Chord::char)
                .collect(),
            None => vec![key.parse().unwrap()],
        };
        for chord in chords {
            effects.extend(update(state, Event::Key(chord), noon()));
        }
    }
    effects
}

/// Rows held in memory as one page.
#[derive(Debug)]
pub(crate) struct OnePage {
    columns: Vec<Column>,
    batch: RecordBatch,
}

impl OnePage {
    /// Rows whose columns are called as their fields.
    pub(crate) fn of(batch: RecordBatch) -> Self {
        let column = |field: &Arc<Field>| Column {
            name: field.name().clone(),
        };
        Self {
            columns: batch.schema().fields().iter().map(column).collect(),
            batch,
        }
    }
}

impl Rows for OnePage {
    fn columns(&self) -> &[Column] {
        &self.columns
    }
    fn schema(&self) -> SchemaRef {
        self.batch.schema()
    }
    fn len(&self) -> usize {
        self.batch.num_rows()
    }
    fn page(&self, row: usize) -> Option<Page> {
        (row < self.len()).then(|| Page {
            batch: self.batch.clone(),
            first_row: 0,
        })
    }
}

/// `count` rows of a number, a text and a time.
pub(crate) fn rows(count: usize, text: impl Fn(usize) -> String) -> Arc<OnePage> {
    let numbers =
        Int64Array::from_iter_values((0..count).map(usize::cast_signed).map(|n| n as i64));
    let texts = StringArray::from_iter_values((0..count).map(text));
    let times = TimestampMillisecondArray::from_iter_values((0..count).map(|n| n as i64 * 60_000))
        .with_timezone("UTC");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("number", Arc::new(numbers)),
        ("text", Arc::new(texts)),
        ("time_dt", Arc::new(times)),
    ];
    Arc::new(OnePage::of(RecordBatch::try_from_iter(columns).unwrap()))
}

/// Runs a statement and lets it finish with these rows.
pub(crate) fn finished(state: &mut State, rows: Arc<OnePage>) -> QueryId {
    let (query, _) = state.run(Origin::statement("test", "SELECT 1"));
    update(state, Event::Query(query, QueryNews::Planned(rows)), noon());
    let done = QueryNews::Finished(QuerySummary::default());
    update(state, Event::Query(query, done), noon());
    query
}

/// Answers what was asked of the timeline, as the runtime does.
pub(crate) fn merged(state: &mut State, effects: &[Effect]) {
    for effect in effects {
        let Effect::Timeline { id, request } = effect else {
            continue;
        };
        let pins = request.pins.iter().map(TimelineItem::moment).zip(0..);
        let mut runs: Vec<Vec<(Moment, u32)>> = vec![pins.collect()];
        for (query, _) in &request.results {
            let rows = state
                .results
                .by_query(*query)
                .unwrap()
                .rows
                .clone()
                .unwrap();
            let reader = RowReader::new(&rows.schema(), rows.columns());
            let batch = rows.page(0).unwrap().batch;
            let moments = (0..rows.len()).map(|row| reader.moment(&batch, row));
            runs.push(moments.zip(0..).collect());
        }
        let outline = Outline::new(runs, request.grouping, None, |mark| {
            let pin = request
                .pins
                .get(mark.row as usize)
                .filter(|_| mark.run == 0);
            pin.map(|pin| pin.groups(request.grouping))
                .unwrap_or_default()
        });
        let outline = Arc::new(outline);
        update(state, Event::Timeline { id: *id, outline }, noon());
    }
}

/// A pin of a timeline, some seconds after the time of every test.
pub(crate) fn pinned(name: &str, seconds: i64, tags: &[&str], summary: &str) -> TimelineItem {
    TimelineItem {
        event_time: Some(noon() + TimeDelta::seconds(seconds)),
        discovered: Some(noon() + TimeDelta::days(2)),
        source: "CLOUD_TRAIL_MGMT".into(),
        entity: Entity::parse(EntityType::Principal, name).ok(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        stage: None,
        note: String::new(),
        summary: summary.into(),
        place: Place::Pin(Key(format!("p-{seconds}"))),
    }
}
