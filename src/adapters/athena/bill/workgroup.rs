//! The cut-off of the workgroup: the bytes at which Athena stops a run by itself, and bills it.

use std::time::Duration;

use aws_sdk_athena::Client;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::adapters::aws::{Fault, explain, fault_of};
use crate::domain::estimate::Effort;

/// Athena's workgroup where none is named.
const PRIMARY: &str = "primary";

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(600);

/// How long it takes until what was not answered is asked again.
const AGAIN: Duration = Duration::from_secs(60);

/// How long somebody who types may wait for it.
const SOON: Duration = Duration::from_millis(800);

/// How long somebody who asks for it may wait.
const PATIENTLY: Duration = Duration::from_secs(20);

/// What the workgroup tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Bytes at which it stops a run; `None` where it does not, or does not tell.
    pub(super) cutoff_bytes: Option<u64>,
    /// Why it does not tell.
    pub(super) note: Option<String>,
}

/// A workgroup, asked once in a while.
#[derive(Debug)]
pub(super) struct Workgroup {
    client: Client,
    name: String,
    told: Mutex<Option<(Instant, Told)>>,
}

impl Workgroup {
    pub(super) fn new(client: Client, name: Option<&str>) -> Self {
        Self {
            client,
            name: name.unwrap_or(PRIMARY).to_owned(),
            told: Mutex::default(),
        }
    }

    /// What it tells. Asked where the last answer is old.
    pub(super) async fn read(&self, effort: Effort) -> Told {
        let patience = match effort {
            Effort::Quick => SOON,
            Effort::Full => PATIENTLY,
        };
        // Whoever waits for somebody else's answer waits no longer than for an own one.
        let unanswered = Told {
            cutoff_bytes: None,
            note: Some(format!(
                "the workgroup {} has not told its cut-off in time",
                self.name
            )),
        };
        timeout(patience, self.asked()).await.unwrap_or(unanswered)
    }

    async fn asked(&self) -> Told {
        let mut told = self.told.lock().await;
        if let Some((at, known)) = told.as_ref() {
            let counts = if known.note.is_none() { FRESH } else { AGAIN };
            if at.elapsed() < counts {
                return known.clone();
            }
        }
        let fresh = self.ask().await;
        *told = Some((Instant::now(), fresh.clone()));
        fresh
    }

    async fn ask(&self) -> Told {
        let asked = self.client.get_work_group().work_group(&self.name);
        match asked.send().await {
            Ok(answer) => {
                let group = answer.work_group.as_ref();
                let configured = group.and_then(|group| group.configuration.as_ref());
                let cutoff = configured.and_then(|c| c.bytes_scanned_cutoff_per_query);
                Told {
                    cutoff_bytes: cutoff.and_then(|bytes| u64::try_from(bytes).ok()),
                    note: None,
                }
            }
            Err(error) => {
                let why = match fault_of(&error) {
                    Fault::Denied => "athena:GetWorkGroup is refused".to_owned(),
                    _ => explain("athena:GetWorkGroup", &error).message,
                };
                Told {
                    cutoff_bytes: None,
                    note: Some(format!(
                        "the cut-off of the workgroup {} is not known: {why}",
                        self.name
                    )),
                }
            }
        }
    }
}
