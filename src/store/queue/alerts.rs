//! Bell, desktop notification and terminal title: for new items of the severities chosen, never
//! while the feed is paused or for what is muted, and not more often than people can look.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::queue::{Act, ItemId, QueueEvent, Status};
use crate::domain::severity;
use crate::store::effect::{Effect, TimerId};
use crate::store::state::State;

/// The time between two alerts; what happens in between is told together.
const BETWEEN: Duration = Duration::from_secs(10);

/// From which severity on what is done; `None` never. Ranks as [`severity::rank`] gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alerts {
    /// Ring the bell.
    pub bell: Option<u8>,
    /// Send a notification to the desktop, through the terminal.
    pub notify: Option<u8>,
    /// Count the open items in the terminal's title.
    pub title: Option<u8>,
}

impl Alerts {
    /// The severities by their names; a name that nobody knows is none.
    pub fn of_names(bell: Option<&str>, notify: Option<&str>, title: Option<&str>) -> Self {
        let rank = |name: Option<&str>| name.and_then(severity::rank);
        Self {
            bell: rank(bell),
            notify: rank(notify),
            title: rank(title),
        }
    }
}

/// What the terminal is to do. Texts are data: whoever writes them makes them safe.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alert {
    /// Ring the bell.
    pub bell: bool,
    /// Send this to the desktop.
    pub notify: Option<String>,
    /// Be called this.
    pub title: Option<String>,
}

/// What is to be told, and when something was told last.
#[derive(Debug, Default)]
pub(super) struct Alerting {
    /// New items of which nothing was told, the first of the most severe ones last.
    waiting: Vec<ItemId>,
    last: Option<DateTime<Utc>>,
    is_timed: bool,
    title: Option<String>,
}

/// Items that events opened.
pub(super) fn opened(events: &[QueueEvent]) -> Vec<ItemId> {
    let opened = |event: &QueueEvent| match &event.act {
        Act::Detected(seen) if seen.opening.is_some() => Some(seen.item),
        _ => None,
    };
    events.iter().filter_map(opened).collect()
}

/// Tells of new items: now, or together with others when it is time.
pub(super) fn tell(state: &mut State, opened: &[ItemId]) -> Vec<Effect> {
    let wanted = state.setting.alerts;
    if wanted == Alerts::default() || state.feed.paused {
        return Vec::new();
    }
    let (now, desk) = (state.now, &mut state.queue);
    let lowest = [wanted.bell, wanted.notify].into_iter().flatten().min();
    for id in opened {
        // What a storm of the same batch took in is no item any more.
        let Some(item) = desk.queue.item(*id) else {
            continue;
        };
        let is_loud = lowest.is_some_and(|lowest| item.rank() >= lowest);
        if is_loud && !desk.queue.is_muted(item, now) {
            desk.alerting.waiting.push(*id);
        }
    }
    // Of a flood the number counts, not every name.
    let beyond = desk.alerting.waiting.len().saturating_sub(1_000);
    desk.alerting.waiting.drain(..beyond);
    if desk.alerting.waiting.is_empty() && title(state).is_none_or(|t| is_told(state, &t)) {
        return Vec::new();
    }
    let since = state.queue.alerting.last.map(|last| state.now - last);
    let rest = since.and_then(|since| {
        let between = TimeDelta::from_std(BETWEEN).unwrap_or_default();
        (between - since)
            .to_std()
            .ok()
            .filter(|rest| !rest.is_zero())
    });
    match rest {
        None => act_on_alert(state),
        Some(_) if state.queue.alerting.is_timed => Vec::new(),
        Some(rest) => {
            state.queue.alerting.is_timed = true;
            vec![Effect::SetTimer(TimerId::Alert, rest)]
        }
    }
}

/// Tells what waits.
pub(in crate::store) fn act_on_alert(state: &mut State) -> Vec<Effect> {
    let wanted = state.setting.alerts;
    let now = state.now;
    let desk = &mut state.queue;
    desk.alerting.is_timed = false;
    let waiting = std::mem::take(&mut desk.alerting.waiting);
    if state.feed.paused {
        return Vec::new();
    }
    // Since then it may have been muted or worked on.
    let items: Vec<_> = waiting
        .iter()
        .filter_map(|id| desk.queue.item(*id))
        .filter(|item| item.status == Status::Open && !desk.queue.is_muted(item, now))
        .collect();
    let from = |lowest: Option<u8>| {
        let loud = items
            .iter()
            .filter(move |item| lowest.is_some_and(|lowest| item.rank() >= lowest));
        loud.copied().collect::<Vec<_>>()
    };
    let notify = from(wanted.notify);
    let highest = notify.iter().max_by_key(|item| item.rank());
    let notify = highest.map(|item| {
        let more = match notify.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        format!("{}: {} ({}){more}", item.severity, item.title, item.about())
    });
    let bell = !from(wanted.bell).is_empty();
    let title = title(state).filter(|title| !is_told(state, title));
    if !bell && notify.is_none() && title.is_none() {
        return Vec::new();
    }
    state.queue.alerting.last = Some(now);
    if title.is_some() {
        state.queue.alerting.title.clone_from(&title);
    }
    vec![Effect::Alert(Alert {
        bell,
        notify,
        title,
    })]
}

/// The title after somebody has worked on items, where it is another one.
pub(in crate::store) fn titled(state: &mut State) -> Option<Effect> {
    let title = title(state).filter(|title| !is_told(state, title))?;
    state.queue.alerting.title = Some(title.clone());
    Some(Effect::Alert(Alert {
        title: Some(title),
        ..Alert::default()
    }))
}

fn is_told(state: &State, title: &str) -> bool {
    match &state.queue.alerting.title {
        Some(told) => told == title,
        // Before anything is open the terminal keeps its own title.
        None => title == QUIET,
    }
}

/// The title where nothing is open.
const QUIET: &str = "lakehound";

/// What the terminal is to be called.
fn title(state: &State) -> Option<String> {
    let lowest = state.setting.alerts.title?;
    let queue = &state.queue.queue;
    let loud = queue.items().filter(|item| {
        item.status == Status::Open && item.rank() >= lowest && !queue.is_muted(item, state.now)
    });
    let (mut count, mut highest) = (0_usize, None);
    for item in loud {
        count += 1;
        highest = highest.max(Some((item.rank(), item.severity.as_str())));
    }
    Some(highest.map_or_else(
        || QUIET.to_owned(),
        |(_, severity)| format!("{QUIET}: {count} open, {severity}"),
    ))
}
