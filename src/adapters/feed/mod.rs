//! Notification sources: who tells that an object has arrived. They decode and count, nothing more.

mod folder;
pub mod webhook;

pub use folder::FolderSource;
