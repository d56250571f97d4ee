//! What the lake covers, as an open page: its objects are counted anew each time it opens.

use std::sync::Arc;

use super::effect::Effect;
use super::overlay::Overlay;
use super::state::State;
use crate::domain::coverage::{Coverage, SeenObject, Stretch};
use crate::domain::lake::{Arrival, ObjectKey, SourceVersion};

/// The open page.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverageView {
    /// What is known.
    pub known: Known,
    /// The first line in sight.
    pub top: usize,
}

/// What is known of a lake's coverage.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// It is being read.
    Asked,
    /// It was read.
    Read(Arc<Coverage>),
    /// It cannot be told, or not yet.
    Unknown(String),
}

/// Opens the page and asks what fills it.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.overlay = Some(Overlay::Coverage(CoverageView {
        known: Known::Asked,
        top: 0,
    }));
    vec![Effect::LoadCoverage]
}

/// What the lake covers was read; `None` where its objects are not listed.
pub fn read(state: &mut State, coverage: Result<Option<Arc<Coverage>>, String>) {
    let known = match coverage {
        Ok(Some(coverage)) if coverage.is_empty() => {
            Known::Unknown("the lake has no object yet".to_owned())
        }
        Ok(Some(coverage)) => Known::Read(coverage),
        Ok(None) => match seen(state) {
            Some(coverage) => Known::Read(Arc::new(coverage)),
            None => Known::Unknown(
                "the objects of this lake are not listed: what notifications tell of arriving ones fills this page"
                    .to_owned(),
            ),
        },
        Err(reason) => Known::Unknown(reason),
    };
    // It may have been closed in the meantime.
    if let Some(Overlay::Coverage(view)) = &mut state.overlay {
        view.known = known;
    }
}

/// What the feed's notifications tell; `None` where there are none.
pub fn seen(state: &State) -> Option<Coverage> {
    let objects = state.feed.arrivals().filter_map(object);
    let coverage = Coverage::of(objects, false);
    (!coverage.is_empty()).then_some(coverage)
}

fn object(arrival: &Arrival) -> Option<SeenObject> {
    let notification = &arrival.notification;
    let day = notification.key.event_day.as_deref()?;
    Some(SeenObject {
        stretch: Stretch {
            source: source(&notification.key)?.into(),
            account: notification.key.account.as_deref().unwrap_or("").into(),
            region: notification.key.region.as_deref().unwrap_or("").into(),
        },
        day: chrono::NaiveDate::parse_from_str(day, "%Y%m%d").ok(),
        span: None,
        bytes: notification.size.unwrap_or(0),
        rows: arrival
            .events
            .as_ref()
            .and_then(|events| events.as_ref().ok().copied()),
    })
}

fn source(key: &ObjectKey) -> Option<String> {
    Some(match (key.source, key.version) {
        (Some(source), Some(SourceVersion::V1)) => {
            format!("{}_{}", source.alias(), SourceVersion::V1.suffix())
        }
        (Some(source), _) => source.alias().to_owned(),
        (None, _) if key.source_name.is_empty() => return None,
        (None, _) => key.source_name.to_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lake::Notification;
    use crate::store::event::Event;
    use crate::store::testing::{noon, press, state};
    use crate::store::update;

    fn arrived(key: &str) -> Event {
        Event::Arrived(vec![Arrival {
            notification: Notification {
                bucket: "lake".into(),
                key: ObjectKey::parse(key).unwrap(),
                size: Some(10),
                etag: None,
                sequencer: None,
                time: None,
            },
            path: None,
            events: Some(Ok(5)),
            seen: None,
        }])
    }

    #[test]
    fn the_page_asks_and_shows_what_comes() {
        let mut state = state(80, 24);
        assert_eq!(press(&mut state, "alt-v"), [Effect::LoadCoverage]);
        let known = |state: &State| match &state.overlay {
            Some(Overlay::Coverage(view)) => view.known.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(known(&state), Known::Asked);
        update(&mut state, Event::Coverage(Ok(None)), noon());
        assert!(matches!(known(&state), Known::Unknown(_)));
        let key = "aws/VPC_FLOW/2.0/region=eu-west-1/accountId=000000000012/eventDay=20260102/a";
        update(&mut state, arrived(key), noon());
        update(&mut state, Event::Coverage(Ok(None)), noon());
        let Known::Read(coverage) = known(&state) else {
            panic!("the notifications tell")
        };
        assert!(!coverage.is_complete());
        let (stretch, series) = coverage.series().next().unwrap();
        assert_eq!((&*stretch.source, series.rows), ("vpc_flow", 5));
        press(&mut state, "esc");
        update(&mut state, Event::Coverage(Ok(None)), noon());
        assert!(state.overlay.is_none());
    }
}
