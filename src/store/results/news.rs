//! What queries and exports tell, and runs that take the place of others.

use std::path::PathBuf;

use super::order::order_at_end;
use super::{Origin, Phase, zero};
use crate::domain::query::{QueryErrorKind, QueryId, TextPosition};
use crate::store::editor::bill;
use crate::store::effect::{Effect, ExportId};
use crate::store::event::QueryNews;
use crate::store::overlay::{Overlay, Question};
use crate::store::state::{Consent, State};

/// Runs a statement in the place of another run's tab.
pub(super) fn run_in_place(
    state: &mut State,
    old: QueryId,
    origin: Origin,
    consent: Consent,
) -> Vec<Effect> {
    let shown = state.results.tab().map(|tab| tab.query);
    let (query, mut effects) = state.run_with(origin, consent);
    state.editor.hand_over(old, query);
    state.results.hand_over(old, query);
    let tabs = &mut state.results.tabs;
    // The new tab stands at the end, or has taken the place of a failed one already.
    if let Some(place) = tabs.iter().position(|tab| tab.query == old) {
        if tabs.last().is_some_and(|tab| tab.query == query) {
            tabs.swap_remove(place);
        } else {
            tabs.remove(place);
        }
        effects.push(Effect::DropRows(old));
    }
    let wanted = shown.filter(|shown| *shown != old).unwrap_or(query);
    let place = tabs.iter().position(|tab| tab.query == wanted);
    state.results.current = place.unwrap_or(0);
    effects
}

/// A person has agreed to a run that was not begun: it is begun, in its place.
pub fn run_agreed(state: &mut State, query: QueryId) -> Vec<Effect> {
    let Some(origin) = state.results.by_query(query).map(|tab| tab.origin.clone()) else {
        // The tab was closed under the question.
        return Vec::new();
    };
    let consent = Consent {
        confirmed: true,
        fresh: true,
    };
    run_in_place(state, query, origin, consent)
}

/// Asks a person whether a run may begin. Where something else is open, the tab tells.
pub(super) fn ask(state: &mut State, query: QueryId) -> Option<Effect> {
    let shown = state.results.tab().filter(|tab| tab.query == query)?;
    let text = shown.question()?.to_string();
    if state.overlay.is_some() || state.leaving {
        return None;
    }
    let (question, timer) = Question::about_a_run(query, text);
    state.overlay = Some(Overlay::Question(question));
    Some(timer)
}

/// A query has something to tell.
pub fn news(state: &mut State, query: QueryId, news: QueryNews) -> Vec<Effect> {
    let now = state.now;
    let page = state.grid_page();
    crate::store::case::query_news(state, query, &news);
    let Some(tab) = state.results.by_query(query) else {
        // The tab was closed before the answer came.
        return Vec::new();
    };
    let mut fault: Option<(TextPosition, String)> = None;
    let mut changed = None;
    match news {
        QueryNews::Planned(rows) => {
            tab.rows = Some(rows);
            // What a row is about stands in its first column: that one stays in sight.
            tab.view.frozen = 1;
        }
        QueryNews::Progress(progress) => tab.progress = progress,
        QueryNews::Finished(summary) => {
            tab.progress = summary.progress;
            changed = tab.read_object(&summary.objects);
            tab.phase = Phase::Finished(summary);
            tab.ended = Some(now);
        }
        QueryNews::Answered(from) => {
            let told = format!(
                "{} holds the answer: nothing is scanned, nothing is paid",
                from.name
            );
            tab.answered = Some(from);
            state.inform(told);
            return Vec::new();
        }
        QueryNews::Explained(told) => {
            zero::answer(tab, told);
            return Vec::new();
        }
        QueryNews::Here(found) => {
            tab.here = found;
            let told = told_here(state, query);
            if let Some(told) = told {
                state.inform(told);
            }
            return Vec::new();
        }
        QueryNews::InFeed { rows, objects } => {
            tab.in_feed = Some((rows, objects));
            if let Some(told) = told_here(state, query) {
                state.inform(told);
            }
            return Vec::new();
        }
        QueryNews::KeptAs(Ok(name)) => {
            tab.kept = Some(name);
            return state.session_changed();
        }
        QueryNews::KeptAs(Err(reason)) => {
            state.warn(format!("the rows are not kept: {reason}"));
            return Vec::new();
        }
        QueryNews::Kept {
            rows,
            summary,
            ended,
        } => {
            tab.rows = Some(rows);
            tab.view.frozen = 1;
            tab.progress = summary.progress;
            tab.phase = Phase::Finished(summary);
            tab.ended = Some(ended);
        }
        QueryNews::Failed(error) => {
            if error.kind == QueryErrorKind::UnknownName
                && let Some(plainer) = tab.origin.plainer()
            {
                return run_in_place(state, query, plainer, Consent::default());
            }
            tab.ended = Some(now);
            if error.kind == QueryErrorKind::Cancelled {
                tab.phase = Phase::Cancelled;
            } else {
                fault = error
                    .position
                    .map(|position| (position, error.message.clone()));
                tab.phase = Phase::Failed(error);
            }
        }
    }
    let (rows, columns) = (tab.shown_rows(), tab.columns());
    tab.view.fit(rows, columns, page);
    if tab.phase.is_running() {
        return Vec::new();
    }
    if let Some(told) = changed {
        state.warn(told);
    }
    let Some(tab) = state.results.by_query(query) else {
        return Vec::new();
    };
    let may_be_left = matches!(&tab.phase, Phase::Failed(error) if leaves_a_run(error.kind));
    let mut effects = Vec::new();
    if tab.question().is_some() {
        effects.extend(ask(state, query));
    } else {
        state.editor.settle(query, fault);
    }
    effects.extend(order_at_end(state, query));
    effects.extend(state.session_changed());
    if may_be_left {
        effects.push(Effect::LoadUnfinished);
    }
    effects.extend(zero::ended(state, query));
    // What it scanned tells what the next one like it will.
    state.editor.bill = None;
    effects.extend(bill::ask_soon(state));
    if state.results.running().next().is_none() {
        if state.leaving {
            effects.extend(state.leave());
        } else if matches!(state.overlay, Some(Overlay::Question(Question::Leave))) {
            // There is nothing left to ask about; the console stays until it is told to go.
            state.overlay = None;
            state.inform("the query has ended: nothing has to be stopped any more".to_owned());
        }
    }
    effects
}

/// Which results that are open hold what a run asks for already, and how many rows of each.
pub fn told_here(state: &State, query: QueryId) -> Option<String> {
    let tabs = &state.results.tabs;
    let tab = tabs.iter().find(|tab| tab.query == query)?;
    let told = |(of, rows): &(QueryId, usize)| {
        let place = tabs.iter().position(|tab| tab.query == *of)?;
        Some(format!(
            "{rows} in {} {}",
            place + 1,
            tabs[place].origin.title
        ))
    };
    let mut places: Vec<String> = tab.here.iter().filter_map(told).collect();
    if let Some((rows, objects)) = tab.in_feed.filter(|(rows, _)| *rows > 0) {
        let objects = crate::store::case::count(objects, "object", "objects");
        places.push(format!("{rows} in the {objects} of the feed"));
    }
    (!places.is_empty()).then(|| format!("rows that name it here already: {}", places.join(", ")))
}

/// Whether a run that failed so may go on elsewhere.
fn leaves_a_run(kind: QueryErrorKind) -> bool {
    matches!(
        kind,
        QueryErrorKind::Credentials | QueryErrorKind::Storage | QueryErrorKind::Resources
    )
}

/// An export has ended.
pub fn answer_export(state: &mut State, id: ExportId, outcome: Result<(PathBuf, u64), String>) {
    match outcome {
        Ok((path, rows)) => {
            let of_timeline = state.timeline.exporting.take_if(|own| *own == id);
            let subject = of_timeline.map_or("result", |_| "timeline");
            crate::store::case::note_export(state, subject, &path, rows);
            state.inform(format!("wrote {rows} rows to {}", path.display()));
        }
        Err(reason) => state.fail(format!("nothing was written: {reason}")),
    }
}
