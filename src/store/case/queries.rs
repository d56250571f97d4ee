//! Queries in the journal: begun, ended, and which value led to which.

use super::{Begun, CaseWork, OpenCase};
use crate::domain::case::{EntityRef, Key, Outcome, PivotFrom, What};
use crate::domain::entity::extract::Found;
use crate::domain::query::{QueryErrorKind, QueryId, QuerySummary, Route};
use crate::store::event::QueryNews;
use crate::store::pivot::Place;
use crate::store::results::{LastEnd, Origin, Phase, Tab};
use crate::store::state::{Setting, State};

/// The engine that answers over files and straight from S3, whatever the lake's own is.
const EMBEDDED: &str = "embedded";

/// A query is handed over.
pub(in crate::store) fn begun(state: &mut State, query: QueryId, origin: &Origin) {
    let now = state.now;
    if let Some(case) = &mut state.case.open {
        let what = begin(case, query, origin, &state.setting);
        case.note(now, what);
    }
}

/// Gives a run its key and tells how it begins.
fn begin(case: &mut OpenCase, query: QueryId, origin: &Origin, setting: &Setting) -> What {
    let key = case.fresh_key('q');
    let begun = Begun {
        key: key.clone(),
        summary: None,
        ended: false,
    };
    case.queries.insert(query, begun);
    let file = |(name, path): &(String, std::path::PathBuf)| format!("{name}={}", path.display());
    What::QueryBegun {
        query: key,
        sql: origin.sql.clone(),
        parameters: origin.parameters.clone(),
        engine: engine(origin, setting),
        profile: setting.on_aws.then(|| setting.lake_name.clone()),
        files: origin.attached.iter().map(file).collect(),
    }
}

/// The engine that answers a statement.
pub(super) fn engine(origin: &Origin, setting: &Setting) -> String {
    if origin.attached.is_empty() && origin.route == Route::Service {
        setting.engine.clone()
    } else {
        EMBEDDED.to_owned()
    }
}

/// A query has something to tell: its end is noted.
pub(in crate::store) fn news(state: &mut State, query: QueryId, news: &QueryNews) {
    let now = state.now;
    let Some(case) = &mut state.case.open else {
        return;
    };
    let Some(begun) = case.queries.get_mut(&query).filter(|begun| !begun.ended) else {
        return;
    };
    let outcome = match news {
        QueryNews::Finished(summary) | QueryNews::Kept { summary, .. } => {
            begun.summary = Some(summary.clone());
            return;
        }
        QueryNews::KeptAs(Ok(name)) => {
            begun.ended = true;
            let work = CaseWork::KeepResult {
                query: begun.key.clone(),
                name: name.clone(),
                summary: begun.summary.clone().unwrap_or_default(),
                at: now,
            };
            case.work.push(work);
            return;
        }
        QueryNews::KeptAs(Err(_)) => finished(&begun.summary.clone().unwrap_or_default(), None),
        QueryNews::Failed(error) if error.kind == QueryErrorKind::Cancelled => Outcome::Cancelled,
        QueryNews::Failed(error) => Outcome::Failed {
            message: error.message.clone(),
        },
        QueryNews::Planned(_)
        | QueryNews::Progress(_)
        | QueryNews::Answered(_)
        | QueryNews::Explained(_)
        | QueryNews::Here(_)
        | QueryNews::InFeed { .. } => return,
    };
    begun.ended = true;
    let query = begun.key.clone();
    case.note(now, What::QueryEnded { query, outcome });
}

/// The end of a run that came to its end.
pub fn finished(summary: &QuerySummary, result: Option<crate::domain::case::ResultRef>) -> Outcome {
    let execution = summary.execution.as_ref();
    Outcome::Finished {
        result,
        rows: summary.progress.rows_out,
        scanned_bytes: execution.map_or(summary.progress.bytes_read, |run| run.scanned_bytes),
        execution_id: execution.map(|run| run.id.clone()),
    }
}

/// The key of a tab's query. One that ran before the case was opened is taken into it.
pub(super) fn adopt(state: &mut State, query: QueryId) -> Option<Key> {
    let now = state.now;
    let case = state.case.open.as_mut()?;
    if let Some(begun) = case.queries.get(&query) {
        return Some(begun.key.clone());
    }
    let tab = state.results.tabs.iter().find(|tab| tab.query == query)?;
    let what = begin(case, query, &tab.origin, &state.setting);
    case.note(now, what);
    let begun = case.queries.get_mut(&query)?;
    let key = begun.key.clone();
    let outcome = match (&tab.phase, &tab.kept) {
        (Phase::Finished(summary), Some(name)) => {
            begun.ended = true;
            case.work.push(CaseWork::KeepResult {
                query: key.clone(),
                name: name.clone(),
                summary: summary.clone(),
                at: now,
            });
            return Some(key);
        }
        // Its rows are still being kept: the name comes.
        (Phase::Finished(summary), None) => {
            begun.summary = Some(summary.clone());
            return Some(key);
        }
        (Phase::Failed(error), _) => Outcome::Failed {
            message: error.message.clone(),
        },
        (Phase::Cancelled, _) => Outcome::Cancelled,
        (Phase::Running | Phase::Stopping | Phase::NotLoaded(_), _) => return Some(key),
    };
    begun.ended = true;
    let query = key.clone();
    case.note(now, What::QueryEnded { query, outcome });
    Some(key)
}

/// Another run goes on with what one began: a query at Athena is taken up.
pub(in crate::store) fn hand_over(state: &mut State, from: Option<QueryId>, to: QueryId) {
    let Some(case) = &mut state.case.open else {
        return;
    };
    match from.and_then(|from| case.queries.remove(&from)) {
        Some(begun) => {
            case.queries.insert(to, begun);
        }
        None => {
            adopt(state, to);
        }
    }
}

/// A value led to a query.
pub(in crate::store) fn pivoted(
    state: &mut State,
    place: Place,
    found: &Found,
    template: &str,
    to: QueryId,
) {
    if state.case.open.is_none() {
        return;
    }
    let from = place.from.and_then(|from| adopt(state, from));
    let now = state.now;
    let Some(case) = &mut state.case.open else {
        return;
    };
    let Some(query) = case.key_of(to).cloned() else {
        return;
    };
    let from = PivotFrom {
        query: from,
        row: place.row.map(|row| row as u64 + 1),
        path: found.paths.first().cloned(),
        entity: entity_ref(&found.entity),
    };
    let template = template.to_owned();
    case.note(
        now,
        What::Pivoted {
            from,
            template,
            query,
        },
    );
}

/// An entity as the journal writes it.
pub(in crate::store) fn entity_ref(entity: &crate::domain::entity::Entity) -> EntityRef {
    EntityRef {
        entity_type: entity.kind.to_string(),
        value: entity.value.clone(),
    }
}

/// The tabs of the last session belong to a case that was opened again: what was cut off has
/// ended, and queries that were begun when the program was killed get their tabs back.
pub(super) fn reunite(state: &mut State, keys: Vec<(QueryId, Key)>, analyst: &str) {
    let now = state.now;
    let Some(case) = &mut state.case.open else {
        return;
    };
    for (query, key) in keys {
        let ended = case
            .state
            .trail
            .node(&key)
            .is_none_or(|(_, node)| node.outcome.is_some());
        let begun = Begun {
            key,
            summary: None,
            ended,
        };
        case.queries.insert(query, begun);
    }
    let shown: Vec<Key> = case
        .queries
        .values()
        .map(|begun| begun.key.clone())
        .collect();
    let mine = |node: &&crate::domain::case::TrailNode| {
        node.begun.as_ref().is_some_and(|stamp| stamp.by == analyst)
    };
    let unshown: Vec<(Key, Origin, chrono::DateTime<chrono::Utc>)> = case
        .state
        .running()
        .filter(mine)
        .filter(|node| !shown.contains(&node.query))
        .map(|node| {
            let origin = origin_of(node);
            let at = node.begun.as_ref().map_or(now, |stamp| stamp.at);
            (node.query.clone(), origin, at)
        })
        .collect();
    for (key, origin, at) in unshown {
        let query = state.fresh_query();
        let phase = Phase::NotLoaded(LastEnd::CutOff);
        state.results.tabs.push(Tab::new(query, origin, at, phase));
        let begun = Begun {
            key,
            summary: None,
            ended: false,
        };
        if let Some(case) = &mut state.case.open {
            case.queries.insert(query, begun);
        }
    }
    // At Athena it may run on, and can be taken up; here it ended with the program.
    if state.setting.on_aws {
        return;
    }
    let cut_off: Vec<QueryId> = state
        .results
        .tabs
        .iter()
        .filter(|tab| tab.phase == Phase::NotLoaded(LastEnd::CutOff))
        .map(|tab| tab.query)
        .collect();
    let Some(case) = &mut state.case.open else {
        return;
    };
    for query in cut_off {
        let begun = case.queries.get_mut(&query).filter(|begun| !begun.ended);
        let Some(begun) = begun else { continue };
        begun.ended = true;
        let query = begun.key.clone();
        let outcome = Outcome::Failed {
            message: "cut off when the console ended".to_owned(),
        };
        case.note(now, What::QueryEnded { query, outcome });
    }
}

/// What made the query of a place of the trail.
pub(super) fn origin_of(node: &crate::domain::case::TrailNode) -> Origin {
    let title = node.name.clone().or_else(|| {
        let (from, template) = node.pivot.as_ref()?;
        Some(format!("{template} {}", from.entity.value))
    });
    let title = title.unwrap_or_else(|| "of the case".to_owned());
    let file = |text: &String| {
        let (name, path) = text.split_once('=')?;
        Some((name.to_owned(), path.into()))
    };
    Origin {
        parameters: node.parameters.clone(),
        attached: node.files.iter().filter_map(file).collect(),
        ..Origin::statement(&title, &node.sql)
    }
}

/// The open case and the keys of the tabs' queries, for the session.
pub(in crate::store) fn of_session(state: &State) -> (Option<String>, Vec<Option<String>>) {
    let case = state.case.open.as_ref();
    let key = |tab: &Tab| Some(case?.key_of(tab.query)?.0.clone());
    let keys = state.results.tabs.iter().map(key).collect();
    (case.map(|case| case.id.clone()), keys)
}
