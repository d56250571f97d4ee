//! What a lake holds, as far as its object keys tell.

/// What the lake holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LakeFacts {
    /// Accounts, sorted.
    pub accounts: Vec<String>,
    /// Regions, sorted.
    pub regions: Vec<String>,
    /// The first and last day, `YYYYMMDD` in UTC.
    pub days: Option<(String, String)>,
    /// Objects.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}
