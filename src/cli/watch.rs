//! `lakehound watch`: the feed without a screen.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use futures::StreamExt as _;
use futures::stream::{self, select_all};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::interrupt::run_until_interrupted;
use super::judged;
use super::lake::LakeArgs;
use super::stdout::Stdout;
use super::stop::Stop;
use crate::adapters::matching::{Hydrator, READING};
use crate::app::{
    FeedSetup, LakePlace, LiveMatcher, Looking, conditions_of, feed_door, open_inbox,
};
use crate::config::FeedSource;
use crate::domain::lake::{Arrival, SourceNews};
use crate::ports::{FeedNews, Inbox, NotificationSource};
use crate::runtime::SystemClock;

/// Notifications of an earlier run that are told together: a kill in the midst tells them twice.
const TOGETHER: usize = 10;

const EXAMPLES: &str = "\
Examples:
  lakehound watch                                    the configured sources, else the lake's folder
  lakehound watch --from sqs:https://sqs.us-east-1.amazonaws.com/111122223333/AmazonSecurityLake-abc-Main-Queue
  lakehound watch --from sqs-peek:https://sqs.us-east-1.amazonaws.com/111122223333/their-queue --limit 20
  lakehound watch --from sqs-dlq:https://sqs.us-east-1.amazonaws.com/111122223333/my-queue --once
  lakehound watch --from s3:s3://aws-security-data-lake-us-east-1-abc/aws/ --from dir:./evidence --once
  lakehound watch --lake ./evidence --once --rules ./sigma/rules/cloud/aws
  lakehound watch --from webhook:127.0.0.1:8443      listen; the first line has the URL and where the key lies";

/// Tell of every object that arrives, and of what rules find in it: JSON lines, newest last
///
/// Every notification is written down in the inbox before its queue is told that it came, and is
/// told once over all starts, by the next start where a kill cut its line off; then its object is read, and each event judged. Lines have a \"kind\":
/// \"notification\" for an object that arrived, \"event\" for the events of one that was read,
/// \"detection\" for an event that matters, \"source\" where the state of a source changes. Without
/// --rules the shipped rules judge, and yours beside the configuration; they are read again when
/// they change. Ctrl-C ends it; nothing is lost.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Where notifications come from: sqs:URL, sqs-peek:URL (looks, deletes nothing), sqs-dlq:URL
    /// (the queue's dead letters), webhook:ADDRESS (listens), dir:DIR or s3:URI; may be given many
    /// times
    #[arg(long, value_name = "SOURCE")]
    from: Vec<FeedSource>,
    /// End after so many notifications; more that came with the last one stay in the inbox
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// End when what is there now has been told
    #[arg(long)]
    once: bool,
    /// Judge by these rules: a file of Sigma rules, or a folder; may be given many times
    #[arg(long, value_name = "PATH", num_args = 1..)]
    rules: Vec<PathBuf>,
    /// Leave the objects unread: tell of notifications alone. Of several processes one reads what a
    /// source brings; this leaves it to a console
    #[arg(long, conflicts_with = "rules")]
    unread: bool,
    #[command(flatten)]
    pub(super) lake: LakeArgs,
}

pub(super) fn run(context: &Context, args: &Args, lake: &LakeArgs) -> Result<(), Stop> {
    let listed = sources(context, args, lake)?;
    let profile = lake.feed_profile(context)?;
    let code = match profile
        .as_ref()
        .and_then(|profile| profile.mfa_serial.as_ref())
    {
        Some(device) => super::lake::mfa_code(device)?,
        None => None,
    };
    run_until_interrupted(async {
        let door = feed_door(profile.as_ref(), code.as_ref()).await;
        let setup = FeedSetup {
            feed: context.config.feed.clone(),
            door: door.map_err(|error| Stop::query(error, ""))?,
            inbox: open_inbox(&context.paths, true).map_err(Stop::failed)?,
            paths: context.paths.clone(),
            once: args.once,
        };
        let sources: Result<Vec<_>, _> = listed.iter().map(|listed| setup.source(listed)).collect();
        let sources = sources.map_err(Stop::usage)?;
        if args.unread {
            return watch(&sources, &*setup.inbox, args, None).await;
        }
        let looking = Looking {
            rules: args.rules.clone(),
            conditions: conditions_of(&context.config.feed),
            findings: context.config.feed.findings.clone(),
        };
        // It follows the files of rules, as long as it lives.
        let live = LiveMatcher::open(&context.paths, looking).map_err(Stop::failed)?;
        let objects = setup.objects(&Handle::current());
        let reader = live.reader(objects, Arc::new(SystemClock));
        let ending = CancellationToken::new();
        let names = sources.iter().map(|source| source.name_in_the_inbox());
        let hydrator = Hydrator::new(Arc::clone(&setup.inbox), names.collect(), reader);
        let hydrator = hydrator.until(ending.clone());
        watch(&sources, &*setup.inbox, args, Some((&hydrator, ending))).await
    })
}

/// The sources that are meant.
fn sources(context: &Context, args: &Args, lake: &LakeArgs) -> Result<Vec<FeedSource>, Stop> {
    if !args.from.is_empty() {
        return Ok(args.from.clone());
    }
    let configured = &context.config.feed.sources;
    if !configured.is_empty() && !lake.names_a_folder() {
        return Ok(configured.clone());
    }
    match lake.place(context)? {
        LakePlace::Folder(folder) => Ok(vec![FeedSource::Folder(folder)]),
        LakePlace::Aws { name, .. } => Err(Stop::usage(format_args!(
            "it is not known where the notifications of the profile `{name}` come from"
        ))
        .hint("pass --from sqs:URL, or set `sources` under [feed] in the configuration")),
        LakePlace::Nowhere => Ok(Vec::new()),
    }
}

/// Tells what the sources tell until they end, or until so many notifications were told; and what is
/// in the objects, until those that are there have been read.
async fn watch(
    sources: &[Arc<dyn NotificationSource>],
    inbox: &dyn Inbox,
    args: &Args,
    reading: Option<(&Hydrator, CancellationToken)>,
) -> Result<(), Stop> {
    let mut news = select_all(sources.iter().map(|source| {
        let name = source.name().to_owned();
        source.watch().map(move |news| (name.clone(), news)).boxed()
    }));
    let mut told = Told::new(args.limit);
    let mut out = Stdout::lock();
    let mut read = match &reading {
        Some((hydrator, _)) => hydrator.watch(),
        None => stream::empty().boxed(),
    };
    for source in sources {
        tell_the_untold(&**source, inbox, &mut told, &mut out).await?;
    }
    // With --once what arrived is told first, then what is in it.
    let at_once = reading.is_some() && !args.once;
    while !told.is_enough() {
        let (source, news) = tokio::select! {
            next = news.next() => match next {
                Some(next) => next,
                None => break,
            },
            Some(next) = read.next(), if at_once => (READING.to_owned(), next),
        };
        let lines = told.lines(&source, &news, Utc::now());
        print(&mut out, &lines)?;
        if let FeedNews::Arrived(arrivals) = news {
            // Only now: a process that dies before it writes them once more.
            let written = arrivals.into_iter().take(lines.len());
            let written = written.map(|arrival| arrival.notification).collect();
            inbox.told(written).await.map_err(Stop::failed)?;
        }
    }
    drop(news);
    if let Some((_, ending)) = reading {
        ending.cancel();
        while let Some(news) = read.next().await {
            print(&mut out, &told.lines(READING, &news, Utc::now()))?;
        }
    }
    told.end()?;
    out.finish()
}

/// Tells what an earlier run has written down and not told any more, because it was killed or had
/// told as many as it was asked for.
async fn tell_the_untold(
    source: &dyn NotificationSource,
    inbox: &dyn Inbox,
    told: &mut Told,
    out: &mut Stdout,
) -> Result<(), Stop> {
    let name = source.name_in_the_inbox();
    while !told.is_enough() {
        let untold = inbox.untold(&name, TOGETHER).await.map_err(Stop::failed)?;
        if untold.is_empty() {
            break;
        }
        let arrivals = untold.iter().cloned().map(|notification| Arrival {
            notification,
            path: None,
            events: None,
            seen: None,
        });
        let news = FeedNews::Arrived(arrivals.collect());
        let lines = told.lines(source.name(), &news, Utc::now());
        print(out, &lines)?;
        let written = untold.into_iter().take(lines.len()).collect();
        inbox.told(written).await.map_err(Stop::failed)?;
    }
    Ok(())
}

fn print(out: &mut Stdout, lines: &[Value]) -> Result<(), Stop> {
    for line in lines {
        out.foreign_text(&format!("{line}\n"))?;
    }
    out.flush().map_err(|error| Stop::stdout(&error))
}

/// What has been told.
struct Told {
    left: Option<u64>,
    states: HashMap<String, SourceNews>,
}

impl Told {
    fn new(limit: Option<u64>) -> Self {
        Self {
            left: limit,
            states: HashMap::new(),
        }
    }

    fn is_enough(&self) -> bool {
        self.left == Some(0)
    }

    /// The lines of one piece of news.
    fn lines(&mut self, source: &str, news: &FeedNews, now: DateTime<Utc>) -> Vec<Value> {
        match news {
            FeedNews::Arrived(arrivals) => {
                let most = self.left.unwrap_or(u64::MAX);
                let most = usize::try_from(most).unwrap_or(usize::MAX);
                let lines: Vec<_> = arrivals.iter().take(most).collect();
                self.left = self
                    .left
                    .map(|left| left.saturating_sub(lines.len() as u64));
                let each = lines.into_iter();
                each.map(|arrival| notification(source, arrival, now))
                    .collect()
            }
            FeedNews::State(state) => {
                // A source may speak for another, as who reads objects does for the rules.
                let source = if source == READING {
                    &state.name
                } else {
                    source
                };
                let before = self.states.insert(source.to_owned(), state.clone());
                let is_news = before.is_none_or(|before| {
                    (&before.state, before.on, &before.notes, before.refused)
                        != (&state.state, state.on, &state.notes, state.refused)
                });
                let line = is_news.then(|| source_line(source, state, now));
                line.into_iter().collect()
            }
            FeedNews::Read(readings) => readings
                .iter()
                .flat_map(|reading| judged::lines(reading, now))
                .collect(),
        }
    }

    /// Whether every source ended well.
    fn end(self) -> Result<(), Stop> {
        let mut failed: Vec<String> = self
            .states
            .into_iter()
            .filter_map(|(name, news)| Some(format!("{name}: {}", news.state.err()?)))
            .collect();
        failed.sort();
        if failed.is_empty() || self.left == Some(0) {
            return Ok(());
        }
        Err(Stop::failed(failed.join("; ")))
    }
}

fn notification(source: &str, arrival: &Arrival, now: DateTime<Utc>) -> Value {
    let notification = &arrival.notification;
    let key = &notification.key;
    let mut line = json!({
        "kind": "notification",
        "source": source,
        "time": rfc3339(arrival.seen.unwrap_or(now)),
        "bucket": notification.bucket,
        "key": key.key,
        "size": notification.size,
        "etag": notification.etag,
        "written": notification.time.map(rfc3339),
        "table": key.source.map_or(key.source_name.as_str(), |source| source.alias()),
        "account": key.account,
        "region": key.region,
        "day": key.event_day,
    });
    if let Some(fields) = line.as_object_mut() {
        match &arrival.events {
            Some(Ok(events)) => fields.insert("events".to_owned(), json!(events)),
            Some(Err(reason)) => fields.insert("error".to_owned(), json!(reason)),
            None => None,
        };
    }
    line
}

fn source_line(source: &str, news: &SourceNews, now: DateTime<Utc>) -> Value {
    let state = match (&news.state, news.on) {
        (_, false) => "off",
        (Ok(()), true) => "watching",
        (Err(_), true) => "failing",
    };
    json!({
        "kind": "source",
        "source": source,
        "time": rfc3339(now),
        "state": state,
        "reason": news.state.as_ref().err(),
        "notes": news.notes,
        "received": news.received,
        "duplicates": news.duplicates,
        "refused": news.refused,
        "per_minute": news.per_minute,
        "lag_seconds": news.lag(now).map(|lag| lag.num_seconds()),
        "waiting": news.backlog.map(|backlog| backlog.waiting),
        "in_flight": news.backlog.map(|backlog| backlog.in_flight),
        "dead_letters": news.backlog.and_then(|backlog| backlog.dead),
        "last_error": news.last_error.as_ref().map(|(at, text)| json!({
            "time": rfc3339(*at),
            "text": text,
        })),
    })
}

pub(super) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lake::{Notification, ObjectKey};

    fn arrived(count: u64) -> FeedNews {
        let arrival = |size| Arrival {
            notification: Notification {
                bucket: "b".to_owned(),
                key: ObjectKey::foreign("k"),
                size: Some(size),
                etag: None,
                sequencer: None,
                time: None,
            },
            path: None,
            events: None,
            seen: None,
        };
        FeedNews::Arrived((0..count).map(arrival).collect())
    }

    #[test]
    fn no_more_notifications_are_told_than_were_asked_for() {
        let now = DateTime::UNIX_EPOCH;
        let mut told = Told::new(Some(3));
        assert_eq!(told.lines("s", &arrived(2), now).len(), 2);
        assert!(!told.is_enough());
        assert_eq!(told.lines("s", &arrived(2), now).len(), 1);
        assert!(told.is_enough());
        assert_eq!(told.lines("s", &arrived(2), now).len(), 0);
    }

    #[test]
    fn a_state_is_told_when_it_changes_and_counts_alone_are_no_change() {
        let now = DateTime::UNIX_EPOCH;
        let mut told = Told::new(None);
        let mut lines = |news: SourceNews| told.lines("s", &FeedNews::State(news), now).len();
        assert_eq!(lines(SourceNews::watching("s")), 1);
        let counted = SourceNews {
            received: 5,
            ..SourceNews::watching("s")
        };
        assert_eq!(lines(counted), 0);
        assert_eq!(lines(SourceNews::failing("s", "expired")), 1);
        assert!(matches!(told.end(), Err(Stop::Failed(_))));
    }
}
