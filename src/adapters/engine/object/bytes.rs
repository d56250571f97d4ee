//! Where an object's bytes come from, and the ranges of it that were fetched.

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use futures::future::BoxFuture;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use tokio::runtime::Handle;

use super::ObjectFault;
use crate::adapters::aws::AwsAccess;
use crate::adapters::engine::storage::local::LocalFile;
use crate::adapters::engine::storage::s3::{ReadFault, S3Object, S3Store, Traffic, coalesce};
use crate::domain::lake::notification::url_decoded;
use crate::domain::query::QueryError;

/// Opens the access to AWS.
type Open = Arc<dyn Fn() -> BoxFuture<'static, Result<AwsAccess, QueryError>> + Send + Sync>;

/// Objects of S3, for threads that may wait for them. The access is opened when the first object is
/// asked for, and anew after one could not be had: credentials may have expired.
#[derive(Clone)]
pub struct ObjectStore {
    open: Open,
    store: Arc<Mutex<Option<Arc<S3Store>>>>,
    runtime: Handle,
}

impl fmt::Debug for ObjectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStore").finish_non_exhaustive()
    }
}

impl ObjectStore {
    /// The objects that an access can read, asked for on a runtime. Nothing is kept on disk: an
    /// object that arrived is read once.
    pub fn new(
        open: impl Fn() -> BoxFuture<'static, Result<AwsAccess, QueryError>> + Send + Sync + 'static,
        runtime: Handle,
    ) -> Self {
        Self {
            open: Arc::new(open),
            store: Arc::default(),
            runtime,
        }
    }

    fn store(&self) -> Result<Arc<S3Store>, ObjectFault> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &*store {
            return Ok(Arc::clone(store));
        }
        let access = self.runtime.block_on((self.open)());
        let access = access.map_err(|error| passed(&ReadFault::Failed(error)))?;
        Ok(Arc::clone(
            store.insert(Arc::new(S3Store::new(access, None))),
        ))
    }

    /// The same for a task, which must not wait for a thread that waits for the network.
    async fn store_for_a_task(&self) -> Result<Arc<S3Store>, QueryError> {
        let known = || {
            let store = self.store.try_lock().ok()?;
            store.as_ref().map(Arc::clone)
        };
        if let Some(store) = known() {
            return Ok(store);
        }
        let made = Arc::new(S3Store::new((self.open)().await?, None));
        if let Ok(mut store) = self.store.try_lock() {
            return Ok(Arc::clone(store.get_or_insert(made)));
        }
        Ok(made)
    }

    /// The object of this name as it is now, for a task. Some senders write keys as URLs do: where
    /// there is no such key, the one is looked for that it would be.
    pub(in crate::adapters::engine) async fn look_up(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<(Arc<S3Store>, S3Object), ReadFault> {
        let store = self.store_for_a_task().await?;
        let mut found = store.head(bucket, key).await;
        if found == Err(ReadFault::Gone) && key.contains(['%', '+']) {
            let decoded = url_decoded(key);
            if decoded != key
                && let Ok(object) = store.head(bucket, &decoded).await
            {
                found = Ok(object);
            }
        }
        if let Err(ReadFault::Failed(_)) = &found
            && let Ok(mut store) = self.store.try_lock()
        {
            *store = None;
        }
        Ok((store, found?))
    }

    fn failed(&self, fault: &ReadFault) -> ObjectFault {
        if matches!(fault, ReadFault::Failed(_)) {
            *self.store.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        passed(fault)
    }

    pub(super) fn find(&self, bucket: &str, key: &str) -> Result<ObjectBytes, ObjectFault> {
        let store = self.store()?;
        let object = self.runtime.block_on(store.head(bucket, key));
        let object = object.map_err(|fault| self.failed(&fault))?;
        Ok(ObjectBytes::S3 {
            object: Arc::new(object),
            store,
            home: self.clone(),
        })
    }
}

/// What S3 said, as a fault of the object.
fn passed(fault: &ReadFault) -> ObjectFault {
    match fault {
        ReadFault::Gone => ObjectFault::Gone,
        ReadFault::Failed(error) => ObjectFault::Passing(match &error.hint {
            Some(hint) => format!("{}; {hint}", error.message),
            None => error.message.clone(),
        }),
    }
}

/// The bytes of one object.
pub(super) enum ObjectBytes {
    /// On this machine.
    Disk(Mutex<LocalFile>, u64),
    /// On S3.
    S3 {
        object: Arc<S3Object>,
        store: Arc<S3Store>,
        home: ObjectStore,
    },
}

impl ObjectBytes {
    pub(super) fn disk(path: &Path) -> Result<Self, ObjectFault> {
        let file = LocalFile::open(path).map_err(|error| of_disk(&error))?;
        let size = file.size().map_err(|error| of_disk(&error))?;
        Ok(Self::Disk(Mutex::new(file), size))
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Disk(_, size) => *size,
            Self::S3 { object, .. } => object.size,
        }
    }

    /// The mark of its state that its store tells.
    pub(super) fn tag(&self) -> Option<&str> {
        match self {
            Self::Disk(..) => None,
            Self::S3 { object, .. } => object.etag.as_deref(),
        }
    }

    /// The bytes of one range.
    pub(super) fn read(&self, range: &Range<u64>) -> Result<Bytes, ObjectFault> {
        let missing = || ObjectFault::Damaged("a range of it was not read".to_owned());
        match self {
            Self::Disk(file, _) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let bytes = file.read(range).map_err(|error| of_disk(&error))?;
                Ok(bytes.into())
            }
            Self::S3 { .. } => self
                .read_all(std::slice::from_ref(range))?
                .pop()
                .ok_or_else(missing),
        }
    }

    fn read_all(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, ObjectFault> {
        match self {
            Self::Disk(..) => ranges.iter().map(|range| self.read(range)).collect(),
            Self::S3 {
                object,
                store,
                home,
            } => {
                let traffic = Traffic::default();
                let read = store.read(object, ranges, &traffic);
                let read = home.runtime.block_on(read);
                read.map_err(|fault| home.failed(&fault))
            }
        }
    }

    /// The bytes of many ranges, near ones together.
    pub(super) fn fetch(&self, ranges: &[Range<u64>]) -> Result<Fetched, ObjectFault> {
        let runs = coalesce(ranges);
        let bytes = self.read_all(&runs)?;
        Ok(Fetched {
            length: self.len(),
            runs: runs.into_iter().zip(bytes).collect(),
        })
    }
}

fn of_disk(error: &std::io::Error) -> ObjectFault {
    match error.kind() {
        std::io::ErrorKind::NotFound => ObjectFault::Gone,
        // Cut off while it was read, or before.
        std::io::ErrorKind::UnexpectedEof => {
            ObjectFault::Damaged("it is shorter than it says".to_owned())
        }
        _ => ObjectFault::Passing(error.to_string()),
    }
}

/// Ranges of an object that are at hand.
pub(super) struct Fetched {
    length: u64,
    runs: Vec<(Range<u64>, Bytes)>,
}

impl Fetched {
    /// The bytes from a place on, to the end of the run that it lies in.
    fn from(&self, start: u64) -> Result<Bytes, ParquetError> {
        self.runs
            .iter()
            .find(|(run, _)| run.contains(&start))
            .and_then(|(run, bytes)| {
                let at = usize::try_from(start - run.start).ok()?;
                (at <= bytes.len()).then(|| bytes.slice(at..))
            })
            .ok_or_else(|| ParquetError::EOF("a page lies outside its column".to_owned()))
    }
}

impl Length for Fetched {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Fetched {
    type T = Box<dyn Read + Send>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(Box::new(self.from(start)?.reader()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = self.from(start)?;
        if length > bytes.len() {
            return Err(ParquetError::EOF(
                "a page ends outside its column".to_owned(),
            ));
        }
        bytes.truncate(length);
        Ok(bytes)
    }
}
