use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::arrivals::{FileState, appeared};
use super::*;
use crate::adapters::inbox::DiskInbox;
use crate::domain::detection::Unreadable;
use crate::domain::lake::{Arrival, Notification};
use crate::ports::{InboxError, Waiting};

const KEY: &str = "aws/WAF/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301";

/// An object of so many rows, renamed into place as writers do.
fn put_object(lake: &Path, name: &str, rows: i64) -> PathBuf {
    let folder = lake.join(KEY);
    fs::create_dir_all(&folder).unwrap();
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    let part = folder.join("part");
    let file = fs::File::create(&part).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let object = folder.join(name);
    fs::rename(part, &object).unwrap();
    object
}

async fn next_arrivals(news: &mut BoxStream<'static, FeedNews>) -> Vec<Arrival> {
    loop {
        let next = tokio::time::timeout(Duration::from_secs(30), news.next());
        match next
            .await
            .expect("news within half a minute")
            .expect("the source goes on")
        {
            FeedNews::Arrived(arrivals) => return arrivals,
            FeedNews::State(state) => assert_eq!(state.state, Ok(())),
            FeedNews::Read(readings) => panic!("a folder reads nothing: {readings:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_there_is_told_first_and_then_what_appears() {
    let lake = tempfile::tempdir().unwrap();
    put_object(lake.path(), "a.parquet", 3);
    let mut news = FolderSource::new(lake.path().to_owned()).watch();
    let there = next_arrivals(&mut news).await;
    assert_eq!(
        (there.len(), &there[0].events, there[0].seen),
        (1, &Some(Ok(3)), None)
    );
    put_object(lake.path(), "b.parquet", 5);
    let new = next_arrivals(&mut news).await;
    assert_eq!(new[0].events, Some(Ok(5)));
    assert!(new[0].seen.is_some());
    assert_eq!(
        new[0].notification.key.account.as_deref(),
        Some("000011112222")
    );
}

#[tokio::test]
async fn a_notification_file_tells_of_its_object() {
    let lake = tempfile::tempdir().unwrap();
    let folder = lake.path().join(NOTIFICATIONS);
    fs::create_dir_all(&folder).unwrap();
    put_object(lake.path(), "a.parquet", 3);
    let mut news = FolderSource::new(lake.path().to_owned()).watch();
    next_arrivals(&mut news).await;
    put_object(lake.path(), "b.parquet", 7);
    let body = serde_json::json!({
        "detail-type": "Object Created", "time": "2026-03-01T10:00:00Z",
        "detail": {"bucket": {"name": "lake"}, "object": {"key": format!("{KEY}/b.parquet"), "etag": "e"}}
    });
    fs::write(folder.join("1.part"), body.to_string()).unwrap();
    fs::rename(folder.join("1.part"), folder.join("1.json")).unwrap();
    let new = next_arrivals(&mut news).await;
    assert_eq!((new.len(), &new[0].events), (1, &Some(Ok(7))));
    assert_eq!(new[0].notification.bucket, "lake");
    let told = new[0].notification.time;

    // The next start knows the time again, though it finds the object in the folder.
    let mut again = FolderSource::new(lake.path().to_owned()).watch();
    let there = next_arrivals(&mut again).await;
    let of = |name: &str| {
        let found = there
            .iter()
            .find(|a| a.notification.key.key.ends_with(name));
        found.unwrap().notification.clone()
    };
    assert_eq!(
        (of("b.parquet").time, of("b.parquet").etag),
        (told, Some("e".into()))
    );
    assert_eq!(of("a.parquet").etag, None);
}

#[test]
fn an_object_that_cannot_be_read_says_why() {
    let lake = tempfile::tempdir().unwrap();
    let path = put_object(lake.path(), "a.parquet", 3);
    fs::write(&path, b"PAR1 but no more").unwrap();
    let arrival = appeared(lake.path(), &path, &FileState::now(&path), Utc::now());
    assert!(matches!(arrival.events, Some(Err(_))));
}

/// An object like others, made where nobody watches.
fn finished(rows: i64) -> (tempfile::TempDir, PathBuf) {
    let beside = tempfile::tempdir().unwrap();
    let path = put_object(beside.path(), "a.parquet", rows);
    (beside, path)
}

/// A source over a folder, once it watches and has told what is there.
async fn watching(source: FolderSource) -> BoxStream<'static, FeedNews> {
    let mut news = source.watch();
    let mut states = 0;
    while states < 2 {
        let next = tokio::time::timeout(Duration::from_secs(30), news.next());
        let next = next.await.unwrap().unwrap();
        states += usize::from(matches!(next, FeedNews::State(state) if state.state.is_ok()));
    }
    news
}

/// The names of the next objects that are told, as many as are waited for.
async fn names_of(news: &mut BoxStream<'static, FeedNews>, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    while names.len() < count {
        names.extend(names_in(&next_arrivals(news).await));
    }
    names.sort_unstable();
    names
}

fn names_in(arrivals: &[Arrival]) -> Vec<String> {
    let keys = arrivals.iter().map(|arrival| &arrival.notification.key.key);
    keys.map(|key| key.rsplit('/').next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_link_to_a_finished_object_is_told() {
    let lake = tempfile::tempdir().unwrap();
    let (_beside, object) = finished(3);
    let mut news = watching(FolderSource::new(lake.path().to_owned())).await;
    fs::hard_link(&object, lake.path().join("b.parquet")).unwrap();
    assert_eq!(names_of(&mut news, 1).await, ["b.parquet"]);
}

#[tokio::test]
async fn objects_in_folders_that_are_new_are_told() {
    let lake = tempfile::tempdir().unwrap();
    let (beside, object) = finished(3);
    let mut news = watching(FolderSource::new(lake.path().to_owned())).await;
    // Moved in as a whole.
    fs::rename(beside.path().join("aws"), lake.path().join("aws")).unwrap();
    assert_eq!(names_of(&mut news, 1).await, ["a.parquet"]);
    // Made and filled before anybody can watch them.
    let object = lake
        .path()
        .join(object.strip_prefix(beside.path()).unwrap());
    let count = 60;
    for number in 0..count {
        let folder = lake.path().join(format!("{number}/b/c"));
        fs::create_dir_all(&folder).unwrap();
        fs::hard_link(&object, folder.join(format!("{number:02}.parquet"))).unwrap();
    }
    let wanted: Vec<String> = (0..count).map(|n| format!("{n:02}.parquet")).collect();
    assert_eq!(names_of(&mut news, count).await, wanted);
}

#[tokio::test]
async fn a_burst_that_overflows_is_told_in_full_and_once() {
    let lake = tempfile::tempdir().unwrap();
    let (_beside, object) = finished(1);
    let mut source = FolderSource::new(lake.path().to_owned());
    source.reports = 4;
    let mut news = watching(source).await;
    // Nobody takes the news meanwhile: the source waits, its reports are more than it keeps.
    let count = 700;
    for number in 0..count {
        let name = format!("{number:06}.parquet");
        fs::hard_link(&object, lake.path().join(name)).unwrap();
    }
    let wanted: Vec<String> = (0..count).map(|n| format!("{n:06}.parquet")).collect();
    assert_eq!(names_of(&mut news, count).await, wanted);
    put_object(lake.path(), "last.parquet", 1);
    assert_eq!(names_of(&mut news, 1).await, ["last.parquet"]);
}

#[tokio::test]
async fn an_object_that_is_written_anew_is_told_again() {
    let lake = tempfile::tempdir().unwrap();
    let mut news = watching(FolderSource::new(lake.path().to_owned())).await;
    put_object(lake.path(), "a.parquet", 3);
    assert_eq!(next_arrivals(&mut news).await[0].events, Some(Ok(3)));
    put_object(lake.path(), "a.parquet", 4);
    assert_eq!(next_arrivals(&mut news).await[0].events, Some(Ok(4)));
}

#[tokio::test]
async fn half_a_file_in_a_new_folder_is_told_when_nobody_goes_on_with_it() {
    let lake = tempfile::tempdir().unwrap();
    let (beside, _) = finished(3);
    let half = beside.path().join(KEY).join("half.parquet");
    fs::write(&half, b"PAR1 but no more").unwrap();
    let mut source = FolderSource::new(lake.path().to_owned());
    source.quiet = Duration::from_millis(1);
    let mut news = watching(source).await;
    fs::rename(beside.path().join("aws"), lake.path().join("aws")).unwrap();
    let told = next_arrivals(&mut news).await;
    assert_eq!(names_in(&told), ["a.parquet"]);
    let told = next_arrivals(&mut news).await;
    assert_eq!(names_in(&told), ["half.parquet"]);
    assert!(matches!(told[0].events, Some(Err(_))));
}

#[tokio::test]
async fn what_others_are_not_done_with_is_not_told() {
    let lake = tempfile::tempdir().unwrap();
    let (_beside, object) = finished(3);
    for folder in [".lakehound/staging", "_temporary"] {
        let folder = lake.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::hard_link(&object, folder.join("there.parquet")).unwrap();
    }
    let mut news = watching(FolderSource::new(lake.path().to_owned())).await;
    fs::hard_link(&object, lake.path().join(".lakehound/staging/new.parquet")).unwrap();
    fs::rename(
        lake.path().join(".lakehound/staging/new.parquet"),
        lake.path().join("done.parquet"),
    )
    .unwrap();
    assert_eq!(names_of(&mut news, 1).await, ["done.parquet"]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_yet_is_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    let mut source = FolderSource::new(lake.clone());
    source.retry = Duration::from_millis(1);
    let mut news = source.watch();
    let Some(FeedNews::State(state)) = news.next().await else {
        panic!("a state");
    };
    assert!(state.state.unwrap_err().contains("lake cannot be watched"));
    put_object(&lake, "a.parquet", 3);
    loop {
        match news.next().await.unwrap() {
            FeedNews::Arrived(arrivals) => {
                assert_eq!(names_in(&arrivals), ["a.parquet"]);
                return;
            }
            // It fails as long as it is not there.
            FeedNews::State(_) => {}
            FeedNews::Read(readings) => panic!("a folder reads nothing: {readings:?}"),
        }
    }
}

/// An inbox whose disk is full for a while.
struct Full {
    inbox: DiskInbox,
    is_full: AtomicBool,
}

#[async_trait]
impl Inbox for Full {
    async fn receive(
        &self,
        source: &str,
        notifications: Vec<Notification>,
    ) -> Result<Vec<Notification>, InboxError> {
        if self.is_full.swap(false, Ordering::SeqCst) {
            return Err(InboxError("the disk is full".to_owned()));
        }
        self.inbox.receive(source, notifications).await
    }

    async fn take(&self, most: usize, now: DateTime<Utc>) -> Result<Vec<Waiting>, InboxError> {
        self.inbox.take(most, now).await
    }

    async fn settle(&self, id: i64, outcome: Result<u64, Unreadable>) -> Result<(), InboxError> {
        self.inbox.settle(id, outcome).await
    }

    async fn arrived(&self) {
        self.inbox.arrived().await;
    }

    async fn next_try(&self) -> Result<Option<DateTime<Utc>>, InboxError> {
        self.inbox.next_try().await
    }
}

#[tokio::test]
async fn what_could_not_be_written_down_is_told_when_it_can() {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    put_object(&lake, "a.parquet", 3);
    let inbox = Arc::new(Full {
        inbox: DiskInbox::open(&home.path().join("inbox.sqlite")).unwrap(),
        is_full: AtomicBool::new(false),
    });
    let mut source = FolderSource::new(lake.clone()).into_inbox(Arc::clone(&inbox) as _);
    source.retry = Duration::from_millis(1);
    let mut news = watching(source).await;
    inbox.is_full.store(true, Ordering::SeqCst);
    put_object(&lake, "b.parquet", 4);
    let mut failures = 0;
    loop {
        match news.next().await.unwrap() {
            FeedNews::Arrived(arrivals) => {
                assert_eq!(names_in(&arrivals), ["b.parquet"]);
                break;
            }
            FeedNews::State(state) => failures += usize::from(state.state.is_err()),
            FeedNews::Read(readings) => panic!("a folder reads nothing: {readings:?}"),
        }
    }
    assert_eq!(failures, 1);
    put_object(&lake, "c.parquet", 5);
    assert_eq!(names_of(&mut news, 1).await, ["c.parquet"]);
}

/// Everything that a source tells until it ends, by the objects' names.
async fn told_once(lake: &Path, inbox: &Arc<dyn Inbox>) -> Vec<String> {
    let source = FolderSource::new(lake.to_owned())
        .named("dir:lake")
        .into_inbox(Arc::clone(inbox))
        .where_it_left_off()
        .once();
    let news: Vec<FeedNews> = source.watch().collect().await;
    let arrivals = news.into_iter().filter_map(|news| match news {
        FeedNews::Arrived(arrivals) => Some(arrivals),
        _ => None,
    });
    let names = arrivals.flatten().map(|arrival| {
        let key = arrival.notification.key.key;
        key.rsplit('/').next().unwrap_or_default().to_owned()
    });
    names.collect()
}

#[tokio::test]
async fn with_an_inbox_a_start_goes_on_where_the_last_one_ended() {
    let home = tempfile::tempdir().unwrap();
    let inbox = crate::adapters::inbox::DiskInbox::open(&home.path().join("inbox.sqlite"));
    let inbox: Arc<dyn Inbox> = Arc::new(inbox.unwrap());
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put_object(one.path(), "a.parquet", 3);
    assert_eq!(told_once(one.path(), &inbox).await, ["a.parquet"]);
    put_object(one.path(), "b.parquet", 3);
    assert_eq!(told_once(one.path(), &inbox).await, ["b.parquet"]);
    assert_eq!(told_once(one.path(), &inbox).await, [""; 0]);
    // The same name in another lake is another object.
    put_object(other.path(), "a.parquet", 3);
    assert_eq!(told_once(other.path(), &inbox).await, ["a.parquet"]);
    // A console tells the newest ones at every start, and writes nothing down twice.
    let console = FolderSource::new(one.path().to_owned()).into_inbox(Arc::clone(&inbox));
    let there = next_arrivals(&mut console.watch()).await;
    assert_eq!(there.len(), 2);
    let counts = inbox.counts().await.unwrap();
    let totals: Vec<u64> = counts.iter().map(|count| count.total()).collect();
    assert_eq!(totals.iter().sum::<u64>(), 3);
}

#[tokio::test]
async fn what_appeared_while_no_console_was_open_is_told_however_much_it_is() {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    let inbox = DiskInbox::open(&home.path().join("inbox.sqlite")).unwrap();
    let inbox: Arc<dyn Inbox> = Arc::new(inbox);
    // A console that shows two objects at its start.
    let console = || {
        let mut source = FolderSource::new(lake.clone()).into_inbox(Arc::clone(&inbox));
        source.at_start = 2;
        source
    };
    let put = |names: &[&str]| {
        for name in names {
            put_object(&lake, name, 1);
        }
    };
    put(&["a.parquet", "b.parquet", "c.parquet"]);
    let mut news = console().watch();
    assert_eq!(names_of(&mut news, 2).await, ["b.parquet", "c.parquet"]);
    drop(news);
    drop(watching(console()).await);
    put(&["d.parquet", "e.parquet", "f.parquet", "g.parquet"]);
    let mut news = console().watch();
    // The older ones of those that are new, then the newest; `a` was passed over.
    let told = names_of(&mut news, 4).await;
    assert_eq!(told, ["d.parquet", "e.parquet", "f.parquet", "g.parquet"]);
    put(&["h.parquet"]);
    assert_eq!(names_of(&mut news, 1).await, ["h.parquet"]);
}
