//! What the tests of queries share: a service over a peer, and the rows of a run as texts.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_athena::config::{Credentials, SharedCredentialsProvider};
use futures::StreamExt;
use lakehound::adapters::athena::{AthenaOptions, AthenaService};
use lakehound::adapters::aws::{AwsAccess, AwsSettings};
use lakehound::adapters::journal::RunJournal;
use lakehound::domain::cost::Price;
use lakehound::domain::query::{QueryError, QueryId, QueryRequest};
use lakehound::ports::{QueryService, RunControl, RunningQuery};

use crate::peer::{ACCESS_KEY, Peer, REGION, SECRET_KEY, output_location};

/// A row's values as texts; `None` is NULL.
pub(crate) type Row = Vec<Option<String>>;

/// What a result has: its columns' names and its rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// How long the tests' SDK waits for a byte: short, so that a fault's timeout is met soon.
pub(crate) const READ_WITHIN: Duration = Duration::from_secs(5);

/// The access to AWS at an address, with the peer's credentials.
pub(crate) async fn access(endpoint: &str) -> AwsAccess {
    let keys = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test");
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(TimeoutConfig::builder().read_timeout(READ_WITHIN).build())
        .stalled_stream_protection(
            StalledStreamProtectionConfig::enabled()
                .grace_period(READ_WITHIN)
                .build(),
        )
        .load()
        .await;
    let settings = AwsSettings {
        aws_profile: Some("peer".to_owned()),
        endpoint_url: Some(endpoint.to_owned()),
        ..AwsSettings::default()
    };
    AwsAccess::over(config, settings).await.unwrap()
}

/// How queries run on a peer.
pub(crate) fn options() -> AthenaOptions {
    AthenaOptions {
        profile: "peer".to_owned(),
        output_location: Some(output_location()),
        price: Some(Price {
            usd_per_tb: 5.0,
            minimum_bytes: 10_000_000,
        }),
        ..AthenaOptions::default()
    }
}

/// The journal in a folder.
pub(crate) fn journal(folder: &Path) -> Arc<RunJournal> {
    Arc::new(RunJournal::open(&folder.join("runs.db")).unwrap())
}

/// A service over a peer with a journal in a folder.
pub(crate) async fn service(peer: &Peer, folder: &Path) -> AthenaService {
    AthenaService::new(&access(&peer.endpoint()).await, journal(folder), options())
}

/// A request of one statement.
pub(crate) fn request(sql: &str) -> QueryRequest {
    QueryRequest::new(QueryId(1), sql)
}

/// Runs a statement to its last row.
pub(crate) async fn run(service: &AthenaService, sql: &str) -> Result<Table, QueryError> {
    let running = service.start(request(sql), RunControl::default()).await?;
    table(running).await
}

/// All of a run's rows.
pub(crate) async fn table(mut running: RunningQuery) -> Result<Table, QueryError> {
    let columns = running
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let mut rows = Vec::new();
    while let Some(batch) = running.batches.next().await {
        let batch = batch?;
        assert_eq!(batch.schema(), running.schema);
        let options = FormatOptions::default();
        let formatters: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter().zip(&formatters);
            rows.push(
                values
                    .map(|(column, formatter)| {
                        column
                            .is_valid(row)
                            .then(|| formatter.value(row).to_string())
                    })
                    .collect(),
            );
        }
    }
    running.monitor.settle().await;
    let progress = running.monitor.progress();
    assert_eq!(progress.rows_out, rows.len() as u64);
    Ok(Table { columns, rows })
}
