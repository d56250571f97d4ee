//! What a source counts of itself.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::lake::{Notification, SourceNews};
use crate::ports::FeedNews;

/// The counts of a source, and how it is.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    news: SourceNews,
    /// New notifications by the second in which they came, of the last minute.
    recent: VecDeque<(i64, u64)>,
}

impl Tally {
    /// Of a source that has just begun.
    pub(super) fn new(name: &str) -> Self {
        Self {
            news: SourceNews::watching(name),
            recent: VecDeque::new(),
        }
    }

    /// What a person should know of the source, once.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.news.notes.contains(&note) {
            self.news.notes.push(note);
        }
    }

    /// So many were brought, of which these are new.
    pub(super) fn took(&mut self, brought: usize, new: &[Notification], now: DateTime<Utc>) {
        let fresh = new.len() as u64;
        self.news.received += fresh;
        self.news.duplicates += (brought as u64).saturating_sub(fresh);
        if fresh > 0 {
            let second = now.timestamp();
            match self.recent.back_mut() {
                Some((last, count)) if *last == second => *count += fresh,
                _ => self.recent.push_back((second, fresh)),
            }
        }
        let newest = new.iter().filter_map(|notification| notification.time);
        self.news.newest = self.news.newest.max(newest.max());
    }

    /// A body is no notification.
    pub(super) fn refused(&mut self, reason: String, now: DateTime<Utc>) {
        self.news.refused += 1;
        self.news.last_error = Some((now, reason));
    }

    /// Something went wrong that passed.
    pub(super) fn stumbled(&mut self, reason: String, now: DateTime<Utc>) {
        self.news.last_error = Some((now, reason));
    }

    /// It does not watch any more, until it is well again. Whether that is news.
    pub(super) fn failed(&mut self, reason: String, now: DateTime<Utc>) -> bool {
        let is_news = self.news.state.as_ref() != Err(&reason);
        self.news.last_error = Some((now, reason.clone()));
        self.news.state = Err(reason);
        is_news
    }

    /// It watches. Whether that is news.
    pub(super) fn well(&mut self) -> bool {
        let is_news = self.news.state.is_err();
        self.news.state = Ok(());
        is_news
    }

    /// What waits at the other end.
    pub(super) fn set_backlog(&mut self, backlog: Option<crate::domain::lake::Backlog>) {
        self.news.backlog = backlog;
    }

    /// As news.
    pub(super) fn news(&mut self, now: DateTime<Utc>) -> FeedNews {
        let from = (now - TimeDelta::minutes(1)).timestamp();
        while self.recent.front().is_some_and(|(at, _)| *at <= from) {
            self.recent.pop_front();
        }
        self.news.per_minute = self.recent.iter().map(|(_, count)| count).sum();
        FeedNews::State(self.news.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lake::ObjectKey;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn written(second: i64) -> Notification {
        Notification {
            bucket: "b".to_owned(),
            key: ObjectKey::foreign("k"),
            size: None,
            etag: None,
            sequencer: None,
            time: Some(at(second)),
        }
    }

    fn state(tally: &mut Tally, second: i64) -> SourceNews {
        match tally.news(at(second)) {
            FeedNews::State(news) => news,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_rate_is_of_the_last_minute_and_the_lag_of_the_newest_object() {
        let mut tally = Tally::new("sqs:q");
        tally.took(5, &[written(-9), written(-30)], at(0));
        tally.took(1, &[written(-90)], at(50));
        let told = state(&mut tally, 51);
        assert_eq!((told.received, told.duplicates, told.per_minute), (3, 3, 3));
        assert_eq!(told.lag(at(51)), Some(TimeDelta::seconds(60)));
        assert_eq!(state(&mut tally, 61).per_minute, 1);
        assert_eq!(state(&mut tally, 200).per_minute, 0);
    }

    #[test]
    fn a_failure_is_news_once_and_stays_as_the_last_error() {
        let mut tally = Tally::new("sqs:q");
        assert!(!tally.well());
        assert!(tally.failed("expired".to_owned(), at(1)));
        assert!(!tally.failed("expired".to_owned(), at(2)));
        assert!(tally.well());
        let told = state(&mut tally, 3);
        assert_eq!(told.state, Ok(()));
        assert_eq!(told.last_error, Some((at(2), "expired".to_owned())));
    }
}
