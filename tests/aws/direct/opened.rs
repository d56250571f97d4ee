//! Objects of S3 that are opened like files: the same rows in the same order, or why not.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use futures::FutureExt as _;
use lakehound::adapters::engine::{Engine, EngineOptions, LakeRoot, ObjectStore};
use lakehound::domain::query::{
    AttachedFile, QueryError, QueryErrorKind, QueryRequest, QuerySummary,
};
use lakehound::ports::{QueryService, RunControl};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::lake::{BUCKET, DAYS, Lake, block_on};
use crate::relay::{Asked, Meet};
use crate::support::{Row, access, request, table};

/// An engine that reads objects behind an address.
fn engine(endpoint: &str) -> Engine {
    let engine = Engine::without_lake(EngineOptions {
        lake: LakeRoot::Nowhere,
        memory_bytes: 512 << 20,
        threads: 2,
        spill_dir: None,
    });
    let engine = engine.unwrap();
    let endpoint = endpoint.to_owned();
    let open = move || {
        let endpoint = endpoint.clone();
        async move { Ok(access(&endpoint).await) }.boxed()
    };
    engine.read_objects_from(ObjectStore::new(open, tokio::runtime::Handle::current()));
    engine
}

fn asked(path: &Path) -> QueryRequest {
    QueryRequest {
        attached: vec![AttachedFile {
            name: "notified_object".to_owned(),
            path: path.to_path_buf(),
        }],
        in_order: true,
        attended: true,
        ..request("SELECT time_dt, *, metadata.uid AS id FROM notified_object")
    }
}

async fn opened(
    engine: &Engine,
    asked: QueryRequest,
) -> Result<(Vec<Row>, QuerySummary), QueryError> {
    let running = engine.start(asked, RunControl::default()).await?;
    let monitor = Arc::clone(&running.monitor);
    let rows = table(running).await?.rows;
    Ok((rows, monitor.summary()))
}

fn of(bucket: &str, key: &str) -> QueryRequest {
    asked(Path::new(&format!("s3://{bucket}/{key}")))
}

#[test]
fn an_object_shows_the_rows_of_its_file_in_their_order_and_names_its_state() {
    let lake = Lake::get();
    let keys = lake.keys_of("CLOUD_TRAIL_MGMT", DAYS[0]);
    let [key, ..] = keys.as_slice() else {
        panic!("the lake has objects of that day");
    };
    block_on(async {
        let engine = engine(&lake.peer.endpoint());
        let (here, summary) = opened(&engine, asked(&lake.folder.join(key)))
            .await
            .unwrap();
        assert_eq!(summary.objects, []);
        let (there, summary) = opened(&engine, of(BUCKET, key)).await.unwrap();
        assert!(there.len() > 100);
        assert!(here == there, "{} and {} rows", here.len(), there.len());
        let [object] = summary.objects.as_slice() else {
            panic!("{:?}", summary.objects);
        };
        let size = std::fs::metadata(lake.folder.join(key)).unwrap().len();
        assert_eq!((object.bucket.as_str(), &object.key), (BUCKET, key));
        assert_eq!(object.size, Some(size));
        let etag = object.etag.as_deref().unwrap();
        assert!(etag.len() >= 32 && !etag.contains('"'), "{etag}");
        // As some senders spell keys.
        let spelled = key.replace('=', "%3D");
        let (again, summary) = opened(&engine, of(BUCKET, &spelled)).await.unwrap();
        assert!(again == there);
        assert_eq!(summary.objects[0].key, *key);
    });
}

#[test]
fn an_object_that_cannot_be_opened_says_why() {
    let lake = Lake::get();
    let keys = lake.keys_of("CLOUD_TRAIL_MGMT", DAYS[1]);
    let key = &keys[0];
    lake.peer.create_bucket("lake-opened");
    let broken = key.replace(".gz.parquet", "x.gz.parquet");
    lake.peer
        .put_object("lake-opened", &broken, b"PAR1 and no more");
    lake.peer.put_object(
        "lake-opened",
        key,
        &lake.peer.get_object(BUCKET, key).unwrap(),
    );
    let relay = lake.relay();
    block_on(async {
        let engine = engine(&relay.endpoint());
        let fails = async |key: &str, kind: QueryErrorKind, words: &str| {
            let error = opened(&engine, of("lake-opened", key)).await.unwrap_err();
            let told = format!("{} {}", error.message, error.hint.unwrap_or_default());
            assert_eq!(error.kind, kind, "{told}");
            assert!(told.contains(words), "{told}");
        };
        fails("no/such.parquet", QueryErrorKind::Storage, "is not there").await;
        fails(&broken, QueryErrorKind::Storage, "is damaged").await;
        for (meet, kind, words) in [
            (
                Meet::Refuse(403, "AccessDenied"),
                QueryErrorKind::Denied,
                "s3:GetObject",
            ),
            (
                Meet::Refuse(400, "ExpiredToken"),
                QueryErrorKind::Credentials,
                "aws sso login",
            ),
        ] {
            relay.rule(move |asked: &Asked| match asked.is_get_object() {
                true => meet,
                false => Meet::Pass,
            });
            fails(key, kind, words).await;
        }
        // The next try is one with new credentials.
        relay.rule(|_| Meet::Pass);
        assert!(
            !opened(&engine, of("lake-opened", key))
                .await
                .unwrap()
                .0
                .is_empty()
        );
    });
}

#[test]
fn a_person_is_asked_before_much_comes_over_the_network() {
    let lake = Lake::get();
    let text = "x".repeat(1 << 20);
    let column: ArrayRef = Arc::new(StringArray::from(vec![text.as_str(); 65]));
    let batch = RecordBatch::try_from_iter([("time_dt", Arc::clone(&column)), ("text", column)]);
    let batch = batch.unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.into_inner().unwrap();
    lake.peer.create_bucket("lake-large");
    lake.peer.put_object("lake-large", "large.parquet", &bytes);
    block_on(async {
        let engine = engine(&lake.peer.endpoint());
        let some = QueryRequest {
            sql: "SELECT length(text) FROM notified_object LIMIT 1".to_owned(),
            ..of("lake-large", "large.parquet")
        };
        let question = opened(&engine, some.clone()).await.unwrap_err();
        assert_eq!(question.kind, QueryErrorKind::Unconfirmed);
        assert!(
            question
                .message
                .contains("MB of s3://lake-large/large.parquet"),
            "{question}"
        );
        // Whoever says yes, or cannot be asked, gets it.
        for (attended, confirmed) in [(true, true), (false, false)] {
            let agreed = QueryRequest {
                attended,
                confirmed,
                ..some.clone()
            };
            assert_eq!(opened(&engine, agreed).await.unwrap().0.len(), 1);
        }
        let nothing = QueryRequest {
            sql: "SELECT count(*) FROM notified_object".to_owned(),
            ..some
        };
        assert_eq!(
            opened(&engine, nothing).await.unwrap().0.len(),
            1,
            "no column is fetched"
        );
    });
}
