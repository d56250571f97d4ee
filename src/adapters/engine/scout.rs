//! Finding the objects of S3 that a query may need, before it is planned over them.
//!
//! A query is planned twice. The first time its tables are empty: each scan brings the predicates
//! that DataFusion could push down to it, and takes them for walking the table's prefixes and
//! reading the footers of the objects that they leave. The second time the tables hold these
//! objects, and all goes on as with a folder: no object that matches can be missing, because both
//! times the same predicates decide, at the same moment of `now()`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use datafusion::catalog::Session;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::footer::{Footer, FooterCache, FooterError, Told, decoded, told_by_tail};
use super::lake::remote::{RemoteLake, Walked};
use super::lake::{Home, LakeFile, NamedTable, Snapshot, TableKey};
use super::provider::LakeTable;
use super::prune::{Bounds, by_bounds, by_folder, by_path};
use super::storage::s3::{ReadFault, S3Store, Traffic, tail_of};
use super::watch::Watch;
use crate::domain::query::{QueryError, QueryErrorKind};

/// Footers that are fetched at a time.
const FOOTERS: usize = 16;

/// Objects of a table that a sample takes.
const SAMPLE: usize = 3;

/// Objects that one query may look into. Each is asked for its footer, which stays in memory while
/// the query is planned: some 100 KB.
const MOST_OBJECTS: usize = 10_000;

/// A listing older than this is told of.
const OLD: Duration = Duration::from_secs(90);

/// Looks for the objects of one query.
#[derive(Debug)]
pub(super) struct Scout {
    pub lake: Arc<RemoteLake>,
    pub footers: Arc<FooterCache>,
    pub watch: Arc<Watch>,
    /// Bytes that the query may fetch; any number if `None`.
    pub allowed: Option<u64>,
    found: Mutex<BTreeMap<TableKey, BTreeMap<OsString, Arc<LakeFile>>>>,
}

impl Scout {
    pub(super) fn new(
        lake: &Arc<RemoteLake>,
        footers: &Arc<FooterCache>,
        watch: &Arc<Watch>,
        allowed: Option<u64>,
    ) -> Self {
        Self {
            lake: Arc::clone(lake),
            footers: Arc::clone(footers),
            watch: Arc::clone(watch),
            allowed,
            found: Mutex::default(),
        }
    }

    /// Finds what a scan of a table may need.
    pub(super) async fn look(
        &self,
        table: &LakeTable,
        session: &dyn Session,
        filters: &[Expr],
    ) -> Result<()> {
        if table.roots.is_empty() {
            return Err(DataFusionError::External(Box::new(nowhere(&table.name))));
        }
        let keep = |prefixes: &[Arc<LakeFile>]| {
            by_folder(session, filters, &table.schema, &table.columns, prefixes)
        };
        let walked = self
            .lake
            .walk(&table.roots, keep, &self.watch.traffic)
            .await?;
        self.tell(&walked);
        let mut files = walked.files;
        let keep = by_path(session, filters, &table.columns, &files)?;
        super::provider::retain(&mut files, &keep);
        let bounds: Vec<Bounds> = files.iter().map(|file| Bounds::of_path(file)).collect();
        let keep = by_bounds(
            session,
            filters,
            &table.schema,
            &table.columns,
            &files,
            &bounds,
        )?;
        super::provider::retain(&mut files, &keep);
        let taken = match self.too_many(&table.name, &table.key, &files) {
            Some(error) => Err(error),
            None => self.take(&table.key, files).await,
        };
        taken.map_err(|error| DataFusionError::External(Box::new(error)))
    }

    /// Finds a few objects of a table, whatever the query asks: for the names of its columns. Says
    /// whether there are any that were not known.
    pub(super) async fn sample(&self, named: &NamedTable) -> Result<bool, QueryError> {
        let roots = self.lake.roots(named);
        // The last of each level: the newest day.
        let last = |prefixes: &[Arc<LakeFile>]| {
            Ok((1..=prefixes.len())
                .map(|at| at == prefixes.len())
                .collect())
        };
        let walked = self.lake.walk(&roots, last, &self.watch.traffic).await;
        let mut files = walked.map_err(|error| super::explain(&error))?.files;
        files.drain(..files.len().saturating_sub(SAMPLE));
        let before = self.count();
        self.take(&named.key, files).await?;
        Ok(self.count() > before)
    }

    /// What was found so far, as tables.
    pub(super) fn snapshot(&self) -> Snapshot {
        let found = self.found();
        Snapshot {
            generation: 1,
            tables: found
                .iter()
                .map(|(key, files)| (key.clone(), files.values().map(Arc::clone).collect()))
                .collect(),
            problems: Vec::new(),
        }
    }

    /// Refuses to look into objects whose mere ends are more than the query may fetch or hold.
    fn too_many(&self, table: &str, key: &TableKey, files: &[Arc<LakeFile>]) -> Option<QueryError> {
        let ends: u64 = files
            .iter()
            .map(|file| tail_of(file.size))
            .map(|tail| tail.end - tail.start)
            .sum();
        let known = self.found().get(key).map_or(0, |known| {
            let twice = |file: &&Arc<LakeFile>| known.contains_key(file.path.as_os_str());
            files.iter().filter(twice).count()
        });
        let objects = self.count() + files.len() - known;
        if let Some(allowed) = self.allowed.filter(|allowed| ends > *allowed) {
            let message = format!(
                "the query would read at least {ends} bytes, the ends of {} objects of {table}, and \
                 {allowed} are allowed",
                files.len()
            );
            return Some(
                QueryError::new(QueryErrorKind::TooLarge, message)
                    .with_hint("narrow the days, Regions or accounts, or allow more bytes"),
            );
        }
        (objects > MOST_OBJECTS).then(|| {
            let message = format!(
                "the query would look into {objects} objects of {table}, and {MOST_OBJECTS} are the \
                 most that one query reads straight from S3"
            );
            QueryError::new(QueryErrorKind::TooLarge, message).with_hint(
                "narrow the days, Regions or accounts (eventday, time_dt, region, accountid), or \
                 let Athena answer",
            )
        })
    }

    fn found(&self) -> MutexGuard<'_, BTreeMap<TableKey, BTreeMap<OsString, Arc<LakeFile>>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> usize {
        self.found().values().map(BTreeMap::len).sum()
    }

    /// Reads the footers of files and adds them to a table.
    async fn take(&self, key: &TableKey, files: Vec<Arc<LakeFile>>) -> Result<(), QueryError> {
        let reads: Vec<_> = files
            .iter()
            .map(|file| async move {
                let store = &self.lake.store;
                let read = footer_of(store, &self.footers, file, &self.watch.traffic).await;
                // A footer that cannot be used is told of where its file is passed over.
                read.map(|_| ())
            })
            .collect();
        stream::iter(reads)
            .buffer_unordered(FOOTERS)
            .try_collect::<()>()
            .await?;
        let mut found = self.found();
        let table = found.entry(key.clone()).or_default();
        for file in files {
            table.insert(file.path.as_os_str().to_owned(), file);
        }
        Ok(())
    }

    fn tell(&self, walked: &Walked) {
        for place in &walked.iceberg {
            self.watch.note(format!(
                "the objects under {place} were listed and Iceberg's metadata was not read: rows of \
                 files that a compaction has replaced, and that are still there, count twice"
            ));
        }
        if walked.oldest > OLD {
            self.watch.note(format!(
                "the listing of days that are over is up to {} minutes old: an object that arrived \
                 late since then is not in the result",
                walked.oldest.as_secs().div_ceil(60)
            ));
        }
    }
}

/// A table whose objects nobody knows the place of.
fn nowhere(table: &str) -> QueryError {
    QueryError::new(
        QueryErrorKind::UnknownName,
        format!("nothing tells where the objects of the table `{table}` lie on S3"),
    )
    .with_hint(
        "name the lake's buckets in the profile, such as data_locations = \
         [\"s3://aws-security-data-lake-us-east-1-…/\"], or let Athena answer",
    )
}

/// The footer of an object: kept, or fetched. An object that is no Parquet file, or is gone, is the
/// inner error; one that cannot be had is the outer.
pub(super) async fn footer_of(
    store: &Arc<S3Store>,
    footers: &FooterCache,
    file: &LakeFile,
    traffic: &Traffic,
) -> Result<Result<Arc<Footer>, FooterError>, QueryError> {
    if let Some(kept) = footers.kept(file) {
        return Ok(kept);
    }
    let Home::S3(object) = &file.home else {
        return Ok(footers.get(file));
    };
    if file.size == 0 {
        return Ok(footers.put(file, Err(FooterError::Empty)));
    }
    let bytes = match store.read(object, &[tail_of(file.size)], traffic).await {
        Ok(tail) => tail.into_iter().next().unwrap_or_default(),
        Err(ReadFault::Gone) => return Ok(footers.put(file, Err(FooterError::Gone))),
        Err(ReadFault::Failed(error)) => return Err(error),
    };
    let body = match told_by_tail(&bytes, file.size) {
        Ok(Told::Within(body)) => Ok(bytes.slice(body)),
        Ok(Told::Longer(body)) => match store.read(object, &[body], traffic).await {
            Ok(body) => Ok(body.into_iter().next().unwrap_or_default()),
            Err(ReadFault::Gone) => Err(FooterError::Gone),
            Err(ReadFault::Failed(error)) => return Err(error),
        },
        Err(error) => Err(error),
    };
    Ok(footers.put(file, body.and_then(|body| decoded(&body))))
}
