//! Notification sources: who tells that an object has arrived. They decode, write down in the inbox
//! and tell, in this order; a folder's also counts. What is told is new, or was there before the
//! start; what comes again is counted and not told.

mod door;
mod folder;
mod listing;
mod past;
mod sqs;
mod tally;
mod telling;

pub use door::AwsDoor;
pub use folder::FolderSource;
pub use listing::{ListingOptions, ListingSource};
pub use past::WithPast;
pub use sqs::{QueueKind, SqsSource};
