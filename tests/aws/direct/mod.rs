//! The embedded engine over a lake on the peer's S3: the same answers as over a folder, few bytes,
//! faults that never cost a row, and estimates that are true.

mod estimates;
mod faults;
mod headless;
mod lake;
mod opened;
mod reading;
