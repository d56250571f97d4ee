//! Access to AWS: whose credentials, which Region, the clients, and what the SDK's errors mean.
//!
//! Owns everything of `aws-config`. Credentials come from its provider chain alone (environment,
//! files, SSO, web identity, process, instance), are kept by the SDK until they expire, and never
//! leave it: nothing here prints, stores or logs one.

mod access;
mod again;
mod faults;
mod mfa;
mod parts;

pub use access::{AwsAccess, AwsSettings};
pub use again::again;
pub use faults::{Fault, ServiceFault, explain, fault_of, reasons};
pub use mfa::MfaCode;
pub use parts::{content_range, pause};
