//! A case that is written by a thread of its own, for those who must not wait for the disk.
//!
//! Entries are written in the order in which they are handed over; what has gathered while the disk
//! was at work goes into one commit. Every batch is answered when it is on the disk, or with the
//! reason why it is not. [`CaseWriter::close`] comes back when everything is written: nothing is
//! lost by leaving.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::file::{Appended, CaseFile};
use super::keep::CaseFiles;
use super::{CaseError, Cases};
use crate::domain::case::{Author, CaseState, Draft};

/// Batches that may wait for the disk. A person makes a few a second.
const WAITING: usize = 4_096;

/// Entries of one commit at most.
const TOGETHER: usize = 1_000;

/// The answer to a batch, when it is there: what was appended, or why nothing was.
pub type Pending = oneshot::Receiver<Result<Vec<Appended>, CaseError>>;

struct Batch {
    drafts: Vec<Draft>,
    answer: oneshot::Sender<Result<Vec<Appended>, CaseError>>,
}

/// The writing end of a case. Dropping it writes what waits and then lets go of the case, as
/// [`Self::close`] does, but cannot say what failed.
#[derive(Debug)]
pub struct CaseWriter {
    id: String,
    session: String,
    state: CaseState,
    kept: CaseFiles,
    batches: Option<SyncSender<Batch>>,
    thread: Option<JoinHandle<CaseFile>>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} drafts", self.drafts.len())
    }
}

impl CaseWriter {
    /// Opens a case and starts its thread. Blocks on the disk.
    ///
    /// # Errors
    ///
    /// As [`Cases::open`]; [`CaseError::Writer`] where no thread can be started.
    pub fn open(cases: &Cases, given: &str, author: Author) -> Result<Self, CaseError> {
        Self::start(cases.open(given, author)?)
    }

    /// Starts the thread of a case that is open.
    ///
    /// # Errors
    ///
    /// [`CaseError::Writer`] where no thread can be started.
    pub fn start(case: CaseFile) -> Result<Self, CaseError> {
        let (sender, receiver) = sync_channel(WAITING);
        let (id, session) = (case.id(), case.session().to_owned());
        let (state, kept) = (case.state().clone(), case.kept());
        let thread = std::thread::Builder::new()
            .name("case".to_owned())
            .spawn(move || run(case, &receiver))
            .map_err(|_| CaseError::Writer("the system has no room for a thread"))?;
        Ok(Self {
            id,
            session,
            state,
            kept,
            batches: Some(sender),
            thread: Some(thread),
        })
    }

    /// The first 16 digits of the case's identity.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What keys of pins, queries and notes begin with: see [`CaseFile::session`].
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The state when it was opened; every entry that an answer brings goes on from it
    /// by [`CaseState::apply`].
    pub fn opened_state(&self) -> &CaseState {
        &self.state
    }

    /// The results and playbooks that belong to the case; storing one does not hold up entries.
    pub fn kept(&self) -> &CaseFiles {
        &self.kept
    }

    /// Hands entries over and returns at once. They are on the disk when the answer is there, all
    /// of them or none.
    pub fn append(&self, drafts: Vec<Draft>) -> Pending {
        let (answer, pending) = oneshot::channel();
        let batch = Batch { drafts, answer };
        let refused = match &self.batches {
            Some(batches) => match batches.try_send(batch) {
                Ok(()) => return pending,
                Err(TrySendError::Full(batch)) => (batch, "the disk does not keep up"),
                Err(TrySendError::Disconnected(batch)) => (batch, "its writer has ended"),
            },
            None => (batch, "its writer has ended"),
        };
        let (batch, why) = refused;
        let _ = batch.answer.send(Err(CaseError::Writer(why)));
        pending
    }

    /// Writes what waits, then gives the case back, still open. Blocks until then.
    ///
    /// # Errors
    ///
    /// [`CaseError::Writer`] where the thread ended by a fault of its own.
    pub fn close(mut self) -> Result<CaseFile, CaseError> {
        self.finish()
            .ok_or(CaseError::Writer("its writer has ended"))
    }

    fn finish(&mut self) -> Option<CaseFile> {
        self.batches = None;
        self.thread.take()?.join().ok()
    }
}

impl Drop for CaseWriter {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Writes until nobody can hand over anything more, and everything that was handed over.
fn run(mut case: CaseFile, batches: &Receiver<Batch>) -> CaseFile {
    while let Ok(first) = batches.recv() {
        let mut together = vec![first];
        let mut count = together
            .iter()
            .map(|batch| batch.drafts.len())
            .sum::<usize>();
        while count < TOGETHER
            && let Ok(next) = batches.try_recv()
        {
            count += next.drafts.len();
            together.push(next);
        }
        write(&mut case, together);
    }
    case
}

fn write(case: &mut CaseFile, together: Vec<Batch>) {
    let all: Vec<Draft> = together
        .iter()
        .flat_map(|batch| batch.drafts.iter().cloned())
        .collect();
    if together.len() > 1
        && let Ok(appended) = case.append(&all)
    {
        let mut appended = appended.into_iter();
        for batch in together {
            let own = appended.by_ref().take(batch.drafts.len()).collect();
            // Nobody waiting for an answer is no fault: the entries are there.
            let _ = batch.answer.send(Ok(own));
        }
        return;
    }
    // Alone each batch has its own answer, and one that cannot be written hides no other.
    for batch in together {
        let appended = case.append(&batch.drafts);
        let _ = batch.answer.send(appended);
    }
}
