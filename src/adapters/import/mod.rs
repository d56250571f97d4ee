//! Raw logs into a lake: CloudTrail, VPC flow logs, query logs of the Route 53 resolver and OCSF
//! JSON become objects in Security Lake's layout, with the documented columns of its version 2.
//!
//! Files are read piece by piece and in parallel; memory is bounded whatever their size. Every record
//! becomes a row or is kept with the reason why not. The lake sees all of an import or nothing, and
//! a file that it has already adds nothing.

mod commit;
mod flow;
mod frame;
mod json;
mod leftover;
mod objects;
mod ocsf;
mod page;
mod refused;
mod resolver;
mod source_file;
mod trail;
mod walk;
mod worker;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use arrow::error::ArrowError;

use commit::{ReadFile, Site};
use objects::Objects;
use refused::{Refused, RefusedFile};
use source_file::{FileFacts, Opened, SourceFile};
use worker::{Tally, Worker};

use crate::domain::lake::Source;
use crate::ports::RunControl;

/// What the logs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogType {
    /// As each file and each record says.
    #[default]
    Auto,
    /// CloudTrail records.
    CloudTrail,
    /// VPC flow logs.
    VpcFlow,
    /// Query logs of the Route 53 resolver.
    Route53,
    /// OCSF records as JSON.
    Ocsf,
}

/// What is to be imported, and where to.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Files, and folders that are gone through with all that is in them.
    pub paths: Vec<PathBuf>,
    /// The lake's folder; made where it is not there.
    pub lake: PathBuf,
    /// What the logs are.
    pub log: LogType,
    /// The Region of records that name none, where no path does either.
    pub region: Option<String>,
    /// The account of records that name none, where no path does either.
    pub account: Option<String>,
    /// The file that refused records are appended to.
    pub refused: PathBuf,
    /// Threads; `None` for one a core.
    pub threads: Option<NonZeroUsize>,
}

/// What an import came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records read.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Records refused.
    pub refused: u64,
    /// Objects made.
    pub objects: u64,
    /// Files read.
    pub files: u64,
    /// Files that the lake had already.
    pub known_files: u64,
    /// Files in folders that are no logs.
    pub other_files: u64,
    /// Bytes unpacked.
    pub bytes: u64,
    /// Rows written of each table.
    pub tables: BTreeMap<Source, u64>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// Files done with.
    pub files_done: u64,
    /// Files in all.
    pub files: u64,
    /// Records so far.
    pub records: u64,
    /// Bytes unpacked so far.
    pub bytes: u64,
}

/// Why an import was given up. The lake is as it was.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ImportError {
    #[error("cannot read {}: {why}", path.display())]
    Read { path: PathBuf, why: String },
    #[error("{} changed while it was read; copy it and import the copy", path.display())]
    Changed { path: PathBuf },
    #[error("{} cannot be imported: {why}", path.display())]
    NoLog { path: PathBuf, why: &'static str },
    #[error("no log file was found in what was named")]
    NothingFound,
    #[error("cannot write {}: {why}", path.display())]
    Write { path: PathBuf, why: String },
    #[error("the record of an earlier import, {}, cannot be read: {why}", path.display())]
    Record { path: PathBuf, why: String },
    #[error("another import writes to {} at this moment; wait for its end", lake.display())]
    Busy { lake: PathBuf },
    #[error("rows could not be made: {0}")]
    Rows(#[from] ArrowError),
    #[error("stopped")]
    Stopped,
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Imports. `progress` is called from several threads, at most once for about a megabyte.
///
/// # Errors
///
/// [`ImportError`]; then the lake has nothing of it. Records that cannot be used are no error.
pub fn import(
    request: &ImportRequest,
    control: &RunControl,
    progress: &(dyn Fn(ImportProgress) + Sync),
) -> Result<Imported, ImportError> {
    let files = walk::files(&request.paths)?;
    if files.is_empty() {
        return Err(ImportError::NothingFound);
    }
    let site = Site::open(&request.lake)?;
    match read_all(request, &site, files, control, progress) {
        Ok(ready) => publish(request, site, ready),
        Err(error) => {
            site.abandon();
            Err(error)
        }
    }
}

/// Everything read, and nothing of it in the lake yet.
struct Ready {
    imported: Imported,
    files: Vec<ReadFile>,
    staged: Vec<objects::Staged>,
    refused: Option<PathBuf>,
}

fn publish(request: &ImportRequest, site: Site, ready: Ready) -> Result<Imported, ImportError> {
    if let Some(kept) = &ready.refused
        && let Err(error) = commit::append_refused(kept, &request.refused)
    {
        site.abandon();
        return Err(error);
    }
    if ready.staged.is_empty() {
        // Nothing to be known by: what was refused may be tried in another way.
        site.abandon();
    } else {
        site.publish(ready.files, &ready.staged)?;
    }
    Ok(ready.imported)
}

/// What the threads share.
struct Shared {
    waiting: VecDeque<walk::Found>,
    /// Files that are open and that nobody reads from at this moment.
    idle: VecDeque<Box<SourceFile>>,
    /// How many threads open a file or read from one at this moment.
    reading: usize,
    claimed: HashSet<String>,
    hashes: HashMap<usize, ReadFile>,
    tallies: HashMap<usize, Tally>,
    imported: Imported,
    progress: ImportProgress,
    error: Option<ImportError>,
}

struct Run<'a> {
    request: &'a ImportRequest,
    site: &'a Site,
    control: &'a RunControl,
    shared: Mutex<Shared>,
    /// Told when a file is free to be read from, and when nobody reads any more.
    freed: Condvar,
    refused: &'a RefusedFile,
    progress: &'a (dyn Fn(ImportProgress) + Sync),
}

fn read_all(
    request: &ImportRequest,
    site: &Site,
    files: Vec<walk::Found>,
    control: &RunControl,
    progress: &(dyn Fn(ImportProgress) + Sync),
) -> Result<Ready, ImportError> {
    let objects = Objects::new(site.staging());
    let refused = RefusedFile::new(site.staging().join("refused.ndjson"));
    let cores = std::thread::available_parallelism();
    let threads = request.threads.or(cores.ok()).map_or(1, NonZeroUsize::get);
    let run = Run {
        request,
        site,
        control,
        refused: &refused,
        progress,
        freed: Condvar::new(),
        shared: Mutex::new(Shared {
            progress: ImportProgress {
                files: files.len() as u64,
                ..ImportProgress::default()
            },
            waiting: files.into(),
            idle: VecDeque::new(),
            reading: 0,
            claimed: HashSet::new(),
            hashes: HashMap::new(),
            tallies: HashMap::new(),
            imported: Imported::default(),
            error: None,
        }),
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut worker = Worker::new(&objects, &refused, request.log);
                if let Err(error) = run.work(&mut worker) {
                    run.shared().error.get_or_insert(error);
                    run.freed.notify_all();
                }
            });
        }
    });
    let shared = run
        .shared
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = shared.error {
        return Err(error);
    }
    let mut imported = shared.imported;
    if imported.files == 0 && imported.known_files == 0 {
        return Err(ImportError::NothingFound);
    }
    let staged = objects.finish()?;
    imported.objects = staged.len() as u64;
    imported.bytes = shared.progress.bytes;
    let written = |index: &usize| {
        let tally = shared.tallies.get(index);
        tally.is_some_and(|tally| tally.written > 0 || tally.refused == 0)
    };
    let mut hashes = shared.hashes;
    hashes.retain(|index, _| written(index));
    Ok(Ready {
        imported,
        files: hashes.into_values().collect(),
        staged,
        refused: refused.finish()?,
    })
}

impl Run<'_> {
    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, worker: &mut Worker<'_>) -> Result<(), ImportError> {
        while let Some(mut file) = self.next_file()? {
            let index = file.file.index;
            let block = file.next_block()?;
            let mut shared = self.shared();
            shared.reading -= 1;
            let Some(block) = block else {
                shared.progress.files_done += 1;
                shared.tallies.entry(index).or_default();
                drop(shared);
                self.freed.notify_all();
                continue;
            };
            shared.idle.push_back(file);
            drop(shared);
            self.freed.notify_all();
            let tally = worker.take(&block)?;
            let mut shared = self.shared();
            let all = shared.tallies.entry(index).or_default();
            all.read += tally.read;
            all.written += tally.written;
            all.refused += tally.refused;
            shared.progress.records += tally.read;
            shared.progress.bytes += block.bytes.len() as u64;
            let now = shared.progress;
            drop(shared);
            (self.progress)(now);
        }
        worker.finish()?;
        let mut shared = self.shared();
        shared.imported.read += worker.tally.read;
        shared.imported.written += worker.tally.written;
        shared.imported.refused += worker.tally.refused;
        for (source, rows) in &worker.rows {
            *shared.imported.tables.entry(*source).or_default() += rows;
        }
        Ok(())
    }

    /// A file to read from: one that is open, else the next.
    fn next_file(&self) -> Result<Option<Box<SourceFile>>, ImportError> {
        loop {
            if self.control.is_stopping() {
                return Err(ImportError::Stopped);
            }
            let mut shared = self.shared();
            if shared.error.is_some() {
                return Err(ImportError::Stopped);
            }
            if let Some(file) = shared.idle.pop_front() {
                shared.reading += 1;
                return Ok(Some(file));
            }
            if let Some(found) = shared.waiting.pop_front() {
                shared.reading += 1;
                drop(shared);
                if let Some(file) = self.open(&found)? {
                    return Ok(Some(file));
                }
                self.shared().reading -= 1;
                self.freed.notify_all();
                continue;
            }
            if shared.reading == 0 {
                return Ok(None);
            }
            let waited = self.freed.wait(shared);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn open(&self, found: &walk::Found) -> Result<Option<Box<SourceFile>>, ImportError> {
        let mut facts = FileFacts::of(found.index, &found.path);
        facts.region = facts.region.or_else(|| self.request.region.clone());
        facts.account = facts.account.or_else(|| self.request.account.clone());
        let opened = SourceFile::open(facts, self.request.log, |hash| {
            let mut shared = self.shared();
            let is_new =
                !self.site.known().contains(hash) && shared.claimed.insert(hash.to_owned());
            if is_new {
                let file = ReadFile {
                    sha256: hash.to_owned(),
                    path: found.path.display().to_string(),
                };
                shared.hashes.insert(found.index, file);
            }
            is_new
        })?;
        let mut shared = self.shared();
        match opened {
            Opened::Records(file) => {
                shared.imported.files += 1;
                return Ok(Some(file));
            }
            Opened::Known => shared.imported.known_files += 1,
            Opened::NoLog(_) if !found.named => shared.imported.other_files += 1,
            Opened::NoLog(why) => {
                // A file that somebody names is a record that is refused.
                shared.imported.files += 1;
                shared.imported.read += 1;
                shared.imported.refused += 1;
                drop(shared);
                self.refused.keep(&Refused::new(&found.path, 0, &[], why))?;
                shared = self.shared();
            }
        }
        shared.progress.files_done += 1;
        Ok(None)
    }
}

/// The file beside a lake that keeps what its imports refused.
pub fn refused_beside(lake: &Path) -> PathBuf {
    let name = lake.file_name().unwrap_or_default().to_string_lossy();
    let name = if name.is_empty() { "lake" } else { &name };
    lake.with_file_name(format!("{name}.refused.ndjson"))
}

#[cfg(test)]
mod tests;
