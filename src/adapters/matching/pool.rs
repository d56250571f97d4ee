//! Threads that read and judge objects: neither the console's nor the engine's, so that a burst of
//! objects delays no key and no query.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// So many threads, and as many jobs that wait for one. They end with the pool.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    jobs: mpsc::Sender<Job>,
    threads: usize,
}

impl Pool {
    /// A pool; with fewer threads where the system has no room for more.
    pub(super) fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        let (jobs, waiting) = mpsc::channel::<Job>(threads);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = Arc::clone(&waiting);
            let named = std::thread::Builder::new().name(format!("lakehound-match-{number}"));
            let started = named.spawn(move || {
                loop {
                    let next = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .blocking_recv();
                    match next {
                        Some(job) => job(),
                        None => break,
                    }
                }
            });
            if started.is_err() {
                break;
            }
        }
        Self { jobs, threads }
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Does a piece of work on one of the threads; waits for one that is free. `None` if the work
    /// failed or no thread is left.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, done) = oneshot::channel();
        let job: Job = Box::new(move || {
            let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            if let Ok(made) = made {
                // Whoever asked may have gone.
                let _ = answer.send(made);
            }
        });
        self.jobs.send(job).await.ok()?;
        done.await.ok()
    }
}
