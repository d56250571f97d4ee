//! What the feed's commands do.

use super::super::command::Command;
use super::super::effect::Effect;
use super::super::overlay::{Overlay, Prompt, PromptKind};
use super::super::state::{OBJECT_TABLE, State};
use super::Feed;
use crate::domain::lake::{LOCAL_BUCKET, ObjectVersion, object_statement};

/// Runs a command of the feed.
pub fn update(state: &mut State, command: Command) -> Vec<Effect> {
    let page = usize::from(state.screen.height / 2).max(1);
    let feed = &mut state.feed;
    match command {
        Command::FeedUp => select(feed, feed.selected.saturating_sub(1)),
        Command::FeedDown => select(feed, feed.selected + 1),
        Command::FeedPageUp => select(feed, feed.selected.saturating_sub(page)),
        Command::FeedPageDown => select(feed, feed.selected + page),
        Command::FeedTop => select(feed, 0),
        Command::FeedBottom => select(feed, usize::MAX),
        Command::FeedFollow => {
            feed.follow = !feed.follow;
            if feed.follow {
                select(feed, 0);
                feed.follow = true;
            }
        }
        Command::FeedPause if feed.paused => feed.resume(),
        Command::FeedPause => feed.paused = true,
        Command::FeedFilter => {
            let prompt = Prompt::proposing(PromptKind::FeedFilter, feed.filter());
            state.overlay = Some(Overlay::Prompt(prompt));
        }
        Command::FeedCopy => return copy_key(state),
        Command::FeedOpen => return open_object(state),
        Command::FeedQueue => return crate::store::queue::show(state, true),
        _ => {}
    }
    Vec::new()
}

fn select(feed: &mut Feed, line: usize) {
    feed.selected = line.min(feed.len().saturating_sub(1));
    // Whoever looks at an older line does not want to be pulled away from it.
    feed.follow = feed.follow && feed.selected == 0;
}

fn copy_key(state: &mut State) -> Vec<Effect> {
    let Some(arrival) = state.feed.selection() else {
        return Vec::new();
    };
    let notification = &arrival.notification;
    state.copy(format!(
        "s3://{}/{}",
        notification.bucket, notification.key.key
    ))
}

fn open_object(state: &mut State) -> Vec<Effect> {
    let Some(arrival) = state.feed.selection() else {
        return Vec::new();
    };
    if let Some(Err(reason)) = &arrival.events {
        let text = format!("the object cannot be read: {reason}");
        state.warn(text);
        return Vec::new();
    }
    let object = ObjectVersion::from(&arrival.notification);
    let path = match arrival.path.clone() {
        Some(path) => path,
        None if object.bucket == LOCAL_BUCKET => {
            state.warn("the object's folder is not known any more".to_owned());
            return Vec::new();
        }
        // Who cannot read it there is told why.
        None => object.location().into(),
    };
    let key = &arrival.notification.key;
    let source = key
        .source
        .map_or(key.source_name.as_str(), |source| source.alias());
    let title = if source.is_empty() { "object" } else { source }.to_owned();
    let sql = object_statement(key, OBJECT_TABLE);
    state.open_object(&title, path, &sql, Some(object))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::domain::query::{QueryRequest, QuerySummary};
    use crate::store::event::{Event, QueryNews};
    use crate::store::feed::tests::arrival;
    use crate::store::testing::{noon, press, state};
    use crate::store::update;

    fn started(effects: &[Effect]) -> Option<&QueryRequest> {
        effects.iter().find_map(|effect| match effect {
            Effect::StartQuery(request) => Some(request),
            _ => None,
        })
    }

    #[test]
    fn an_object_of_s3_is_opened_by_its_location_and_one_of_a_folder_by_its_file() {
        for (bucket, path, opened) in [
            ("lake", None, Some("s3://lake/a/b.parquet")),
            ("lake", Some("/l/b.parquet"), Some("/l/b.parquet")),
            (LOCAL_BUCKET, Some("/l/b.parquet"), Some("/l/b.parquet")),
            (LOCAL_BUCKET, None, None),
        ] {
            let mut state = state(120, 40);
            let mut arrival = arrival("a/b.parquet");
            arrival.notification.bucket = bucket.to_owned();
            arrival.path = path.map(PathBuf::from);
            update(&mut state, Event::Arrived(vec![arrival]), noon());
            let effects = press(&mut state, "alt-1 enter");
            let request = started(&effects);
            let file = request.map(|request| request.attached[0].path.as_path());
            assert_eq!(file, opened.map(std::path::Path::new));
            assert!(request.is_none_or(|request| request.in_order && request.attended));
            assert_eq!(request.is_none(), state.message.is_some());
        }
    }

    #[test]
    fn an_object_that_was_written_again_since_it_was_told_of_is_said_to_be() {
        for (etag, said) in [("\"e\"", false), ("\"f\"", true)] {
            let mut state = state(120, 40);
            update(&mut state, Event::Arrived(vec![arrival("k")]), noon());
            let effects = press(&mut state, "alt-1 enter");
            let query = started(&effects).unwrap().id;
            let read = ObjectVersion {
                bucket: "lake".to_owned(),
                key: "k".to_owned(),
                version_id: Some("v".to_owned()),
                etag: Some(crate::domain::lake::unquoted(etag)),
                size: Some(10),
            };
            let summary = QuerySummary {
                objects: vec![read.clone()],
                ..QuerySummary::default()
            };
            update(
                &mut state,
                Event::Query(query, QueryNews::Finished(summary)),
                noon(),
            );
            let told = state.message.as_ref().map(|message| message.text.as_str());
            let is_said = told.is_some_and(|text| text.contains("was written again"));
            assert_eq!(is_said, said, "{told:?}");
            assert_eq!(state.results.tab().unwrap().origin.object, Some(read));
        }
    }
}
