//! Answers, listings and bytes.

use lakehound::adapters::engine::{S3Place, S3Table};
use lakehound::domain::lake::{Source, SourceVersion, TableName};
use lakehound::domain::query::QueryErrorKind;
use lakehound::ports::{QueryService, RunControl};

use super::lake::{BUCKET, DAYS, Lake, STATEMENTS, block_on, bucket, direct, rows};
use crate::peer::wait_until;
use crate::relay::Meet;
use crate::support::request;

#[test]
fn every_statement_has_the_folders_answer() {
    let lake = Lake::get();
    let relay = lake.relay();
    block_on(async {
        let local = lake.local();
        let cache = tempfile::tempdir().unwrap();
        let remote = direct(
            &relay.endpoint(),
            bucket(BUCKET),
            Vec::new(),
            Some(cache.path()),
        )
        .await;
        for sql in STATEMENTS {
            let (expected, _) = rows(&local, sql).await.unwrap();
            let (found, summary) = rows(&remote, sql)
                .await
                .unwrap_or_else(|e| panic!("{sql}: {e:?}"));
            assert_eq!(found, expected, "{sql}");
            let noted = |note: &String| note.starts_with("no objects of the table");
            let notes = summary.notes.iter().filter(|note| !noted(note));
            assert_eq!(notes.count(), 0, "{sql}: {:?}", summary.notes);
        }
    });
}

#[test]
fn a_needle_lists_and_fetches_what_can_hold_it() {
    let lake = Lake::get();
    let relay = lake.relay();
    let key = &lake.keys_of("CLOUD_TRAIL_MGMT", DAYS[0])[0];
    let value = |name: &str| {
        let part = key.split('/').find(|part| part.starts_with(name)).unwrap();
        part.split_once('=').unwrap().1.to_owned()
    };
    let (region, account) = (value("region="), value("accountId="));
    let sql = format!(
        "SELECT time_dt, api.operation FROM cloud_trail_mgmt WHERE region = '{region}' \
         AND accountid = '{account}' AND eventday = '{}'",
        DAYS[0]
    );
    block_on(async {
        let cache = tempfile::tempdir().unwrap();
        let remote = direct(
            &relay.endpoint(),
            bucket(BUCKET),
            Vec::new(),
            Some(cache.path()),
        )
        .await;
        let (found, summary) = rows(&remote, &sql).await.unwrap();
        let (expected, _) = rows(&lake.local(), &sql).await.unwrap();
        assert!(!expected.is_empty());
        assert_eq!(found, expected);
        let prefixes: Vec<String> = relay
            .log()
            .iter()
            .filter_map(|asked| asked.prefix())
            .collect();
        let root = "aws/CLOUD_TRAIL_MGMT/2.0/";
        let levels = [
            root.to_owned(),
            format!("{root}region={region}/"),
            format!("{root}region={region}/accountId={account}/"),
            format!(
                "{root}region={region}/accountId={account}/eventDay={}/",
                DAYS[0]
            ),
        ];
        assert_eq!(prefixes, levels);
        // What is counted is what went over the wire.
        assert_eq!(summary.progress.bytes_fetched, relay.sent());
        assert_eq!(summary.progress.requests, relay.log().len() as u64);
        assert!(
            relay.sent() * 20 < lake.bytes,
            "{} of {}",
            relay.sent(),
            lake.bytes
        );
        assert_eq!(summary.progress.files_total, 1);

        // The listing is fresh enough to serve again, and every range is at hand.
        relay.forget();
        rows(&remote, &sql).await.unwrap();
        assert_eq!(relay.log(), Vec::new());
    });
}

#[test]
fn a_second_start_fetches_nothing_and_a_damaged_entry_heals() {
    let lake = Lake::get();
    let relay = lake.relay();
    let sql = STATEMENTS[2];
    block_on(async {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("ranges");
        let (expected, _) = rows(&lake.local(), sql).await.unwrap();
        let run = async || {
            relay.forget();
            let engine = direct(&relay.endpoint(), bucket(BUCKET), Vec::new(), Some(&folder)).await;
            let (found, summary) = rows(&engine, sql).await.unwrap();
            assert_eq!(found, expected);
            assert_eq!(summary.progress.bytes_fetched, relay.sent());
            relay.gets()
        };
        assert!(run().await > 0);
        assert_eq!(run().await, 0);
        let entries: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        assert!(!entries.is_empty());
        for (at, entry) in entries.iter().enumerate() {
            let mut bytes = std::fs::read(entry).unwrap();
            // A bit of the body, a byte too few, nothing at all.
            match at % 3 {
                0 => *bytes.last_mut().unwrap() ^= 1,
                1 => bytes.truncate(bytes.len() - 1),
                _ => bytes.clear(),
            }
            std::fs::write(entry, bytes).unwrap();
        }
        assert!(run().await > 0);
        assert_eq!(run().await, 0);
    });
}

#[test]
fn two_processes_share_a_cache() {
    let lake = Lake::get();
    let relay = lake.relay();
    block_on(async {
        let cache = tempfile::tempdir().unwrap();
        let (expected, _) = rows(&lake.local(), STATEMENTS[2]).await.unwrap();
        // Two engines know as little of each other as two processes do.
        let one = direct(
            &relay.endpoint(),
            bucket(BUCKET),
            Vec::new(),
            Some(cache.path()),
        )
        .await;
        let two = direct(
            &relay.endpoint(),
            bucket(BUCKET),
            Vec::new(),
            Some(cache.path()),
        )
        .await;
        let (one, two) = tokio::join!(rows(&one, STATEMENTS[2]), rows(&two, STATEMENTS[2]));
        assert_eq!(one.unwrap().0, expected);
        assert_eq!(two.unwrap().0, expected);
    });
}

#[test]
fn a_cache_that_cannot_be_written_costs_requests_and_no_row() {
    let lake = Lake::get();
    let relay = lake.relay();
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("no folder");
        std::fs::write(&file, b"").unwrap();
        let (expected, _) = rows(&lake.local(), STATEMENTS[1]).await.unwrap();
        for cache in [None, Some(file.as_path())] {
            let engine = direct(&relay.endpoint(), bucket(BUCKET), Vec::new(), cache).await;
            assert_eq!(rows(&engine, STATEMENTS[1]).await.unwrap().0, expected);
        }
    });
}

#[test]
fn tables_have_the_catalogues_names() {
    let lake = Lake::get();
    let table = |database: &str, name: &str, source| S3Table {
        name: TableName {
            database: database.to_owned(),
            table: name.to_owned(),
        },
        alias: None,
        holds: Some((source, SourceVersion::V2)),
        location: S3Place::parse(&format!("s3://{BUCKET}/aws/{}/2.0", source.key_name())).unwrap(),
    };
    block_on(async {
        let tables = vec![
            table("sl_links", "flows_of_the_north", Source::VpcFlow),
            S3Table {
                holds: None,
                ..table("sl_links", "whatever", Source::Waf)
            },
        ];
        let engine = direct(&lake.peer.endpoint(), Vec::new(), tables, None).await;
        let local = lake.local();
        let count = async |sql: &str, like: &str| {
            let (found, _) = rows(&engine, sql)
                .await
                .unwrap_or_else(|e| panic!("{sql}: {e:?}"));
            assert_eq!(found, rows(&local, like).await.unwrap().0, "{sql}");
        };
        let flows = "SELECT count(*) FROM vpc_flow";
        count("SELECT count(*) FROM sl_links.flows_of_the_north", flows).await;
        count(
            "SELECT count(*) FROM \"AwsDataCatalog\".\"sl_links\".\"flows_of_the_north\"",
            flows,
        )
        .await;
        count("SELECT count(*) FROM flows_of_the_north", flows).await;
        // The short name means the tables that hold the source.
        count("SELECT count(*) FROM vpc_flow", flows).await;
        // Nothing documents this one: its columns are those of its objects.
        count(
            "SELECT action, count(*) FROM sl_links.whatever GROUP BY 1",
            "SELECT action, count(*) FROM waf GROUP BY 1",
        )
        .await;
        let described = rows(&engine, "DESCRIBE sl_links.whatever").await.unwrap().0;
        assert!(
            described
                .iter()
                .any(|row| row[0].as_deref() == Some("http_request"))
        );
        let error = rows(&engine, "SELECT * FROM sl_links.flows_of_the_nort")
            .await
            .unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::UnknownName);
        let error = rows(&engine, "SELECT count(*) FROM eks_audit")
            .await
            .unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::UnknownName);
        assert!(error.hint.unwrap().contains("data_locations"));
        let error = rows(&engine, "SELECT nope FROM vpc_flow")
            .await
            .unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::UnknownName, "{error:?}");
    });
}

#[test]
fn an_iceberg_table_says_that_its_metadata_was_not_read() {
    let lake = Lake::get();
    let relay = lake.relay();
    block_on(async {
        let key = &lake.keys_of("WAF", DAYS[0])[0];
        let object = lake.peer.get_object(BUCKET, key).unwrap();
        lake.peer.create_bucket("lake-iceberg");
        lake.peer.put_object("lake-iceberg", key, &object);
        let root = "aws/WAF/2.0";
        lake.peer.put_object(
            "lake-iceberg",
            &format!("{root}/metadata/1.metadata.json"),
            b"{}",
        );
        lake.peer.put_object(
            "lake-iceberg",
            &format!("{root}/metadata/stats.parquet"),
            &object,
        );
        let engine = direct(&relay.endpoint(), bucket("lake-iceberg"), Vec::new(), None).await;
        let (_, summary) = rows(&engine, "SELECT count(*) FROM waf").await.unwrap();
        assert_eq!(summary.files_known, 1);
        assert!(
            summary.notes[0].contains("Iceberg's metadata was not read"),
            "{:?}",
            summary.notes
        );
        let listed: Vec<String> = relay
            .log()
            .iter()
            .filter_map(|asked| asked.prefix())
            .collect();
        assert!(
            !listed.iter().any(|prefix| prefix.contains("metadata")),
            "{listed:?}"
        );
    });
}

#[test]
fn a_bucket_of_another_region_is_asked_there() {
    let lake = Lake::get();
    let relay = lake.relay();
    let key = &lake.keys_of("WAF", DAYS[0])[0];
    let object = lake.peer.get_object(BUCKET, key).unwrap();
    // Its name tells a Region that it does not lie in; the peer says which it is.
    let elsewhere = "aws-security-data-lake-eu-west-3-abcdefghijklmnopqrstuvwxyz0123";
    lake.peer.create_bucket(elsewhere);
    lake.peer.put_object(elsewhere, key, &object);
    block_on(async {
        let engine = direct(&relay.endpoint(), bucket(elsewhere), Vec::new(), None).await;
        let (found, _) = rows(&engine, "SELECT eventday FROM waf LIMIT 1")
            .await
            .unwrap();
        assert_eq!(found[0][0].as_deref(), Some(DAYS[0]));
        let lists = relay.log().iter().filter(|asked| asked.is_list()).count();
        assert_eq!(
            lists,
            4 + 1,
            "one is sent to the wrong Region, and no other"
        );
    });
}

#[test]
fn an_object_by_its_path_is_found_without_its_neighbours() {
    let lake = Lake::get();
    let relay = lake.relay();
    let key = &lake.keys_of("VPC_FLOW", DAYS[1])[0];
    let sql = format!("SELECT count(*) FROM vpc_flow WHERE \"$path\" = 's3://{BUCKET}/{key}'");
    block_on(async {
        let engine = direct(&relay.endpoint(), bucket(BUCKET), Vec::new(), None).await;
        let (found, _) = rows(&engine, &sql).await.unwrap();
        let expected = rows(&lake.local(), &sql).await.unwrap().0;
        assert_ne!(expected[0][0].as_deref(), Some("0"));
        assert_eq!(found, expected);
        let lists = relay.log().iter().filter(|asked| asked.is_list()).count();
        assert_eq!((lists, relay.gets()), (4, 1));
    });
}

#[test]
fn a_custom_source_is_found_by_its_name() {
    let lake = Lake::get();
    let relay = lake.relay();
    let key = &lake.keys_of("WAF", DAYS[0])[0];
    let object = lake.peer.get_object(BUCKET, key).unwrap();
    let partitions = key.strip_prefix("aws/WAF/2.0/").unwrap();
    lake.peer.create_bucket("lake-custom");
    lake.peer.put_object(
        "lake-custom",
        &format!("ext/Edge-Logs/{partitions}"),
        &object,
    );
    lake.peer.put_object(
        "lake-custom",
        &format!("ext/okta/1.0/{partitions}"),
        &object,
    );
    block_on(async {
        let engine = direct(&relay.endpoint(), bucket("lake-custom"), Vec::new(), None).await;
        for table in ["edge_logs", "ext_edge_logs", "okta_1_0"] {
            let sql = format!("SELECT eventday, count(action) FROM {table} GROUP BY 1");
            let (found, _) = rows(&engine, &sql)
                .await
                .unwrap_or_else(|e| panic!("{table}: {e:?}"));
            assert_eq!(found[0][0].as_deref(), Some(DAYS[0]), "{table}");
        }
        let error = rows(&engine, "SELECT 1 FROM edge_log").await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::UnknownName);
        assert!(error.hint.unwrap().contains("edge_logs"));
    });
}

#[test]
fn a_stop_ends_the_requests_under_way() {
    let lake = Lake::get();
    let relay = lake.relay();
    block_on(async {
        let engine = direct(&relay.endpoint(), bucket(BUCKET), Vec::new(), None).await;
        relay.rule(|asked| {
            if asked.is_get_object() {
                Meet::Hold
            } else {
                Meet::Pass
            }
        });
        let control = RunControl::default();
        let told = control.clone();
        let query = tokio::spawn(async move {
            engine
                .start(request(STATEMENTS[0]), told)
                .await
                .err()
                .unwrap()
        });
        while relay.met() == 0 {
            tokio::task::yield_now().await;
        }
        // While it is planned, it tells what it has sent.
        assert!(control.waiting().requests > 0);
        control.stop();
        let error = query.await.unwrap();
        assert_eq!(error.kind, QueryErrorKind::Cancelled);
        wait_until("every held request is let go of", || {
            relay.let_go() == relay.met()
        });
    });
}
