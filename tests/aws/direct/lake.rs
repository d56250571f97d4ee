//! A demo lake in a folder and in a bucket of the peer's, and engines over both.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::{TimeZone, Utc};
use lakehound::adapters::engine::{
    CacheOptions, Engine, EngineOptions, LakeRoot, S3Lake, S3Place, S3Table,
};
use lakehound::demo::{DemoOptions, write_lake};
use lakehound::domain::query::{QueryError, QuerySummary};
use lakehound::ports::{QueryService, RunControl};

use crate::peer::Peer;
use crate::relay::Relay;
use crate::support::{Row, access, request, table};

/// The bucket, as Security Lake names its own; the folder's name as well, so that both know the
/// lake's Region.
pub(crate) const BUCKET: &str = "aws-security-data-lake-us-east-1-abcdefghijklmnopqrstuvwxyz0123";

/// Events of the lake.
const EVENTS: usize = 240_000;

/// The days of the lake, the first and the second.
pub(crate) const DAYS: [&str; 2] = ["20260108", "20260109"];

/// A lake in both places. Made once for all tests; the peer ends with the process.
pub(crate) struct Lake {
    pub(crate) peer: Peer,
    pub(crate) folder: PathBuf,
    /// Bytes of all its objects.
    pub(crate) bytes: u64,
    /// Keys of its objects, sorted.
    pub(crate) keys: Vec<String>,
}

impl Lake {
    pub(crate) fn get() -> &'static Self {
        static LAKE: OnceLock<Lake> = OnceLock::new();
        LAKE.get_or_init(Self::make)
    }

    fn make() -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("direct-lake-{EVENTS}"));
        let folder = home.join(BUCKET);
        if !home.join("made").exists() {
            // What an earlier run left unfinished.
            let _ = std::fs::remove_dir_all(&home);
            let mut options = DemoOptions::new(Utc.with_ymd_and_hms(2026, 1, 10, 0, 0, 0).unwrap());
            options.events = EVENTS;
            options.days = 2;
            std::fs::create_dir_all(&home).unwrap();
            write_lake(&folder, &options, &mut |_| {}).unwrap();
            std::fs::write(home.join("made"), b"").unwrap();
        }
        let peer = Peer::start();
        peer.create_bucket(BUCKET);
        let (mut bytes, mut keys) = (0, Vec::new());
        for path in parquet_below(&folder) {
            let key = path
                .strip_prefix(&folder)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            let object = std::fs::read(&path).unwrap();
            bytes += object.len() as u64;
            peer.put_object(BUCKET, &key, &object);
            keys.push(key);
        }
        keys.sort();
        Self {
            peer,
            folder,
            bytes,
            keys,
        }
    }

    /// A proxy of one's own before the lake.
    pub(crate) fn relay(&self) -> Relay {
        Relay::before(self.peer.port())
    }

    /// The keys of one source's objects of one day.
    pub(crate) fn keys_of(&self, source: &str, day: &str) -> Vec<String> {
        let day = format!("eventDay={day}/");
        let keys = self
            .keys
            .iter()
            .filter(|key| key.contains(source) && key.contains(&day));
        keys.cloned().collect()
    }

    /// The engine over the folder.
    pub(crate) fn local(&self) -> Engine {
        open(self.folder.clone().into())
    }
}

/// The whole bucket as a lake.
pub(crate) fn bucket(bucket: &str) -> Vec<S3Place> {
    vec![S3Place::parse(&format!("s3://{bucket}/")).unwrap()]
}

/// An engine over objects, which has read nothing yet.
pub(crate) async fn direct(
    endpoint: &str,
    places: Vec<S3Place>,
    tables: Vec<S3Table>,
    cache: Option<&Path>,
) -> Engine {
    let lake = S3Lake {
        access: access(endpoint).await,
        places,
        tables,
        cache: cache.map(|folder| CacheOptions {
            folder: folder.to_path_buf(),
            budget: 1 << 30,
        }),
    };
    open(lake.into())
}

fn open(lake: LakeRoot) -> Engine {
    Engine::open(EngineOptions {
        lake,
        memory_bytes: 512 << 20,
        threads: 2,
        spill_dir: None,
    })
    .unwrap()
}

/// The rows of a statement in one order, and what the run tells at its end.
pub(crate) async fn rows(
    engine: &Engine,
    sql: &str,
) -> Result<(Vec<Row>, QuerySummary), QueryError> {
    let running = engine.start(request(sql), RunControl::default()).await?;
    let monitor = running.monitor.clone();
    let mut rows = table(running).await?.rows;
    rows.sort();
    Ok((rows, monitor.summary()))
}

/// A multi-threaded test, as the program's runtime is.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn parquet_below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "parquet") {
                found.push(path);
            }
        }
    }
    found
}

/// Statements of an investigation: every kind of predicate, shape and table.
pub(crate) const STATEMENTS: [&str; 22] = [
    "SELECT count(*) FROM vpc_flow",
    "SELECT count(*), sum(traffic.bytes) FROM vpc_flow WHERE eventday = '20260108'",
    "SELECT api.operation, count(*) FROM cloud_trail_mgmt GROUP BY 1",
    "SELECT time_dt, api.operation, src_endpoint.ip FROM cloud_trail_mgmt WHERE region = 'eu-west-1'",
    "SELECT accountid, count(*), min(time_dt) FROM route53 GROUP BY accountid",
    "SELECT region, eventday, count(*) FROM vpc_flow WHERE region LIKE 'us-%' GROUP BY 1, 2",
    "SELECT dst_endpoint.ip, sum(traffic.bytes) AS b FROM vpc_flow GROUP BY 1 ORDER BY b DESC, 1 LIMIT 10",
    "SELECT count(*) FROM vpc_flow WHERE time_dt BETWEEN TIMESTAMP '2026-01-08 06:00:00 UTC' AND TIMESTAMP '2026-01-08 07:00:00 UTC'",
    "SELECT count(DISTINCT src_endpoint.ip) FROM vpc_flow WHERE time_dt >= TIMESTAMP '2026-01-09 12:00:00 UTC'",
    "SELECT count(*) FROM cloud_trail_mgmt WHERE (region = 'us-east-1' AND eventday = '20260108') OR (region = 'eu-west-1' AND eventday = '20260109')",
    "SELECT o.name, count(*) FROM cloud_trail_mgmt CROSS JOIN UNNEST(observables) AS t(o) GROUP BY 1",
    "SELECT * FROM sh_findings",
    "SELECT query.hostname, count(*) FROM route53 WHERE substr(eventday, 7) = '09' GROUP BY 1",
    "SELECT count(*) FROM s3_data WHERE api.operation = 'GetObject' AND http_request.user_agent LIKE '%boto%'",
    "SELECT metadata.uid, actor.user.uid FROM s3_data WHERE eventday >= '20260109'",
    "SELECT c.accountid, count(*) FROM cloud_trail_mgmt c JOIN (SELECT DISTINCT accountid FROM vpc_flow WHERE eventday = '20260109') v ON c.accountid = v.accountid GROUP BY 1",
    "SELECT eventday, count(*) FROM waf GROUP BY 1 UNION ALL SELECT eventday, count(*) FROM eks_audit WHERE eventday = '20260108' GROUP BY 1",
    "SELECT count(*) FROM route53 WHERE src_endpoint.ip IN (SELECT src_endpoint.ip FROM vpc_flow WHERE region = 'us-west-2')",
    "SELECT status, severity_id, count(*) FROM lambda_execution GROUP BY 1, 2",
    "SELECT max(\"$path\"), min(\"$path\"), count(*) FROM vpc_flow WHERE region <> 'us-east-1'",
    "SELECT * FROM cloud_trail_mgmt WHERE api.operation = 'ConsoleLogin'",
    "SELECT count(*) FROM vpc_flow WHERE eventday = '19990101'",
];
