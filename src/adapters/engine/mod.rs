//! The embedded engine: Athena's SQL over the files of a lake, in a folder or on S3, on DataFusion.
//!
//! Owns its own runtime, the listing of the lake, the reading of Parquet and everything of
//! DataFusion's; nothing of DataFusion leaves this folder. The dialect turns Athena's statements
//! into DataFusion's, the functions give calls Trino's meaning, the rest is how files become tables.
//!
//! # How a lake becomes tables
//!
//! - A file belongs where its path says ([`lake`]): Security Lake's layout anywhere below (or above)
//!   the opened folder, else a table named after its folder.
//! - The table of a Region holds the files of that Region's bucket where the path names the bucket,
//!   else those of that `region=` partition. A short alias spans all Regions.
//! - A table has the documented columns of its source and every column that its files add, by name
//!   ([`schema`], [`columns_of`]); what a file lacks is NULL in its rows.
//! - Files are left out by path, by the day in the path (with a day's tolerance on either side), by
//!   the times in their footers ([`prune`]), then by row groups and pages.
//! - A file that cannot be read is left out and named in the query's notes.

mod asked;
mod attached;
mod columns;
mod columns_of;
mod coverage;
pub mod dialect;
mod dictionaries;
mod early;
mod errors;
mod estimate;
mod fields;
mod footer;
pub mod functions;
mod information;
mod lake;
mod lambdas;
mod narrow;
pub(in crate::adapters) mod object;
mod output;
mod plan;
mod provider;
mod prune;
mod reader;
mod repair;
mod run;
mod schema;
mod scope;
mod scout;
mod session;
mod shares;
mod source;
mod stop;
mod storage;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use datafusion::execution::context::SessionState;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::domain::coverage::Coverage;
use crate::domain::estimate::Effort;
use crate::domain::lake::LakeFacts;
use crate::domain::query::{QueryError, QueryErrorKind, QueryRequest, ScanEstimate};
use crate::ports::{Catalog, ColumnInfo, QueryService, RunControl, RunningQuery, TableInfo};
use columns_of::ColumnsOf;
use errors::explain;
use footer::FooterCache;
use lake::remote::RemoteLake;
pub use lake::remote::{S3Lake, S3Table};
use lake::{Lake, LakeFile, NamedTable, Names, Snapshot, TableKey};
pub use object::{ObjectFault, ObjectStore};
pub use storage::s3::{CacheOptions, S3Place};
use watch::Watch;

/// Memory for footers, in bytes; a footer of a lake file takes 50 to 150 KB.
const FOOTER_BYTES: usize = 64 << 20;

/// Where an engine's lake is.
#[derive(Debug, Clone)]
pub enum LakeRoot {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// On S3, read with the credentials of one access.
    S3(Box<S3Lake>),
    /// Nowhere: only attached files are tables.
    Nowhere,
}

impl From<PathBuf> for LakeRoot {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl From<&Path> for LakeRoot {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_path_buf())
    }
}

impl From<S3Lake> for LakeRoot {
    fn from(lake: S3Lake) -> Self {
        Self::S3(Box::new(lake))
    }
}

/// How to open the engine.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Where the lake is.
    pub lake: LakeRoot,
    /// Memory that queries may use together; past it they spill to disk or fail.
    pub memory_bytes: usize,
    /// Threads for queries, at least 1.
    pub threads: usize,
    /// Where to spill; the system's folder for temporary files if `None`. What is put there is
    /// removed.
    pub spill_dir: Option<PathBuf>,
}

/// Why a lake cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Nothing is there.
    #[error("the lake folder {} does not exist", .0.display())]
    Missing(PathBuf),
    /// Something else is there.
    #[error("the lake {} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The folder cannot be read.
    #[error("the lake folder {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Threads could not be started.
    #[error("the query threads cannot be started: {0}")]
    Threads(String),
}

/// The embedded engine over one lake, or over none. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Engine {
    inner: Arc<Inner>,
    runtime: Option<Runtime>,
}

/// A lake that is opened.
#[derive(Debug)]
enum LakeHome {
    Folder(Lake),
    S3(Arc<RemoteLake>),
    Nowhere,
}

/// The engine's share of the machine.
#[derive(Debug)]
struct Share {
    memory_bytes: usize,
    threads: usize,
    spill_dir: Option<PathBuf>,
}

#[derive(Debug)]
struct Inner {
    lake: LakeHome,
    options: Share,
    footers: Arc<FooterCache>,
    told: coverage::Told,
    columns: Arc<ColumnsOf>,
    template: OnceLock<Result<SessionState, QueryError>>,
    /// Where attached objects of S3 are read from.
    objects: OnceLock<ObjectStore>,
    /// Set when the engine ends, and its queries with it.
    closing: Arc<AtomicBool>,
}

impl Engine {
    /// Opens a lake. Returns at once: a folder is listed and the session prepared in the
    /// background; of S3 nothing is asked yet.
    pub fn open(options: EngineOptions) -> Result<Self, LakeError> {
        let lake = match options.lake {
            LakeRoot::Folder(folder) => {
                check_folder(&folder)?;
                LakeHome::Folder(Lake::new(folder))
            }
            LakeRoot::S3(lake) => LakeHome::S3(Arc::new(RemoteLake::new(*lake))),
            LakeRoot::Nowhere => LakeHome::Nowhere,
        };
        let share = Share {
            memory_bytes: options.memory_bytes,
            threads: options.threads,
            spill_dir: options.spill_dir,
        };
        Self::start(lake, share)
    }

    /// An engine without a lake, for attached files alone; `options.lake` is not looked at.
    pub fn without_lake(options: EngineOptions) -> Result<Self, LakeError> {
        Self::open(EngineOptions {
            lake: LakeRoot::Nowhere,
            ..options
        })
    }

    /// Takes the tables that the catalogue names now. Without meaning for a lake in a folder.
    pub fn name_tables(&self, tables: Vec<S3Table>) {
        if let LakeHome::S3(lake) = &self.inner.lake {
            lake.set_tables(tables);
        }
    }

    /// From now on objects of S3 can be attached like files, and are read from here. What was said
    /// first counts.
    pub fn read_objects_from(&self, objects: ObjectStore) {
        let _ = self.inner.objects.set(objects);
    }

    fn start(lake: LakeHome, options: Share) -> Result<Self, LakeError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .thread_name("lakehound-engine")
            .enable_all()
            .build()
            .map_err(|error| LakeError::Threads(error.to_string()))?;
        let inner = Arc::new(Inner {
            lake,
            options,
            footers: Arc::new(FooterCache::new(FOOTER_BYTES)),
            told: coverage::Told::default(),
            columns: Arc::default(),
            template: OnceLock::new(),
            objects: OnceLock::new(),
            closing: Arc::default(),
        });
        let warm = Arc::clone(&inner);
        runtime.spawn_blocking(move || warm.template().is_ok());
        let list = Arc::clone(&inner);
        runtime.spawn_blocking(move || list.snapshot());
        Ok(Self {
            inner,
            runtime: Some(runtime),
        })
    }

    /// Runs a piece of work on the engine's own threads.
    async fn on_runtime<T, F>(
        &self,
        work: impl FnOnce(Arc<Inner>, Handle) -> F,
    ) -> Result<T, QueryError>
    where
        F: Future<Output = Result<T, QueryError>> + Send + 'static,
        T: Send + 'static,
    {
        let Some(runtime) = &self.runtime else {
            return Err(run::engine_fault());
        };
        let work = work(Arc::clone(&self.inner), runtime.handle().clone());
        let task = run::AbortOnDrop(runtime.spawn(work));
        task.await.unwrap_or_else(|_| Err(run::engine_fault()))
    }
}

fn check_folder(path: &Path) -> Result<(), LakeError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(LakeError::NotAFolder(path.to_path_buf())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(LakeError::Missing(path.to_path_buf()))
        }
        Err(error) => Err(LakeError::Unreadable {
            path: path.to_path_buf(),
            reason: error.to_string(),
        }),
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.inner.closing.store(true, Ordering::Relaxed);
        // A runtime may not wait for its threads inside another runtime's task.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Inner {
    fn template(&self) -> Result<&SessionState, QueryError> {
        let options = &self.options;
        self.template
            .get_or_init(|| {
                session::template(
                    options.memory_bytes,
                    options.threads.max(1),
                    options.spill_dir.clone(),
                )
                .map_err(|error| explain(&error))
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        let columns = |file: &LakeFile| Some(Arc::clone(&self.footers.get(file).ok()?.schema));
        match &self.lake {
            LakeHome::Folder(lake) => lake.snapshot(columns),
            LakeHome::S3(_) | LakeHome::Nowhere => Arc::default(),
        }
    }

    fn names(&self, snapshot: &Snapshot) -> Names {
        match &self.lake {
            LakeHome::Folder(_) => Names::of(snapshot, true),
            LakeHome::S3(lake) => lake.names(std::iter::empty()),
            LakeHome::Nowhere => Names::of(snapshot, false),
        }
    }

    fn describe(&self, named: &NamedTable, snapshot: &Snapshot, deep: bool) -> TableInfo {
        let columns = self.columns.get(
            &named.key,
            snapshot,
            deep,
            &self.footers,
            self.options.threads,
            &Watch::default(),
        );
        let info = |field: &arrow::datatypes::Field, partition| ColumnInfo {
            name: field.name().clone(),
            type_text: crate::domain::lake::athena_type(field.data_type()),
            partition,
        };
        let (source, version) = match &named.key {
            TableKey::Native(source, version) => (Some(*source), Some(*version)),
            TableKey::Custom(_) | TableKey::Folder(_) => (None, None),
        };
        let files = named.files(snapshot);
        TableInfo {
            name: named.name.clone(),
            alias: named.alias.clone(),
            source,
            version,
            columns: columns
                .file
                .fields()
                .iter()
                .map(|field| info(field, false))
                .chain(columns.partitions.iter().map(|field| info(field, true)))
                .collect(),
            location: None,
            files: Some(files.len() as u64),
            bytes: Some(files.iter().map(|file| file.size).sum()),
        }
    }
}

#[async_trait]
impl QueryService for Engine {
    fn name(&self) -> &str {
        "embedded"
    }

    async fn start(
        &self,
        request: QueryRequest,
        control: RunControl,
    ) -> Result<RunningQuery, QueryError> {
        let told = control.clone();
        let planned = self.on_runtime(|inner, runtime| async move {
            plan::start(&inner, &runtime, request, &told).await
        });
        let running = tokio::select! {
            biased;
            () = control.stopping() => Err(run::stopped()),
            running = planned => running,
        }?;
        Ok(RunningQuery {
            batches: run::until_stopped(running.batches, control),
            ..running
        })
    }

    /// Plans the statement, which is quick: the effort makes no difference.
    async fn estimate(
        &self,
        request: QueryRequest,
        effort: Effort,
    ) -> Result<ScanEstimate, QueryError> {
        if effort == Effort::Quick && matches!(self.inner.lake, LakeHome::S3(_)) {
            // Nothing is known before objects are listed, which costs requests.
            return Ok(ScanEstimate::default());
        }
        self.on_runtime(|inner, _| async move { plan::estimate(&inner, request).await })
            .await
    }
}

#[async_trait]
impl Catalog for Engine {
    async fn tables(&self) -> Result<Vec<TableInfo>, QueryError> {
        self.on_runtime(|inner, _| async move {
            let snapshot = inner.snapshot();
            let names = inner.names(&snapshot);
            Ok(names
                .listed()
                .iter()
                .map(|named| inner.describe(named, &snapshot, false))
                .collect())
        })
        .await
    }

    async fn table(&self, name: &str) -> Result<TableInfo, QueryError> {
        let name = name.to_owned();
        self.on_runtime(|inner, _| async move {
            let snapshot = inner.snapshot();
            let names = inner.names(&snapshot);
            let parts = name_parts(&name);
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let named = names
                .find(&parts)
                .ok_or_else(|| unknown_table(&name, &names))?;
            Ok(inner.describe(named, &snapshot, true))
        })
        .await
    }

    async fn facts(&self) -> Result<LakeFacts, QueryError> {
        self.on_runtime(|inner, _| async move { Ok(inner.snapshot().facts()) })
            .await
    }

    async fn coverage(&self) -> Result<Option<Coverage>, QueryError> {
        self.on_runtime(|inner, _| async move {
            let LakeHome::Folder(_) = &inner.lake else {
                return Ok(None);
            };
            let snapshot = inner.snapshot();
            let threads = inner.options.threads;
            Ok(Some(coverage::coverage(
                &snapshot,
                &inner.told,
                &inner.footers,
                threads,
            )))
        })
        .await
    }
}

/// The parts of a written name: dots between them, double quotes or backticks around any.
fn name_parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in name.trim().chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '`' => quote = Some(c),
            None if c == '.' => parts.push(String::new()),
            _ => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts
}

fn unknown_table(name: &str, names: &Names) -> QueryError {
    let last = name_parts(name).pop().unwrap_or_default();
    let error = QueryError::new(
        QueryErrorKind::UnknownName,
        format!("there is no table `{name}`"),
    );
    match names.did_you_mean(&last) {
        Some(hint) => error.with_hint(hint),
        None => error.with_hint("the command `tables` lists the tables"),
    }
}

#[cfg(test)]
mod tests;
