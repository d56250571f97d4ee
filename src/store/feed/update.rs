//! What the feed's commands do.

use super::super::command::Command;
use super::super::effect::Effect;
use super::super::overlay::{Overlay, Prompt, PromptKind};
use super::super::state::{OBJECT_TABLE, State};
use super::Feed;
use crate::domain::lake::object_statement;

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
    let Some(path) = arrival.path.clone() else {
        state.warn("the object is not in a local folder".to_owned());
        return Vec::new();
    };
    let key = &arrival.notification.key;
    let source = key
        .source
        .map_or(key.source_name.as_str(), |source| source.alias());
    let title = if source.is_empty() { "object" } else { source }.to_owned();
    let sql = object_statement(key, OBJECT_TABLE);
    state.open_object(&title, path, &sql)
}
