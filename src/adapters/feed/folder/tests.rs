use std::fs;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;

use super::*;

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
    let arrival = arrival_of_object(lake.path(), &path, None, None);
    assert!(matches!(arrival.events, Some(Err(_))));
}

#[test]
fn a_folder_that_is_gone_cannot_be_watched() {
    let (sender, _receiver) = mpsc::channel(4);
    let source = FolderSource::new(PathBuf::from("/nowhere/at/all"));
    let error = watch(source, &sender).unwrap_err();
    assert!(error.contains("/nowhere/at/all"), "{error}");
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
    assert_eq!(inbox.counts().await.unwrap()[0].total(), 3);
}
