//! What stands in a capsule, in which sequence, under which header.

use serde::Serialize;
use tar::{EntryType, Header};

use crate::adapters::case::keep::Kind;
use crate::domain::case::{CaseState, EntryHash, History, Sealed};

/// The hashes of all other members, in the form of `sha256sum`.
pub(super) const SUMS: &str = "SHA256SUMS";
/// What a capsule is, for who unpacks one.
pub(super) const README: &str = "README.txt";
/// What the capsule holds.
pub(super) const CONTENTS: &str = "capsule.json";
/// The entries, one a line.
pub(super) const JOURNAL: &str = "journal.ndjson";

/// The form of capsules that this program writes.
pub(super) const FORMAT: u64 = 1;

/// Bytes of a block of tar.
pub(super) const BLOCK: usize = 512;

/// The text for who unpacks a capsule.
pub(super) const README_TEXT: &str = "\
This is a case of lakehound, the console for incident response on Amazon Security Lake.

  SHA256SUMS      the hashes of all other files; `sha256sum -c SHA256SUMS` checks them
  capsule.json    the case, its newest entries, and what belongs to it
  journal.ndjson  everything that happened, one entry a line; `hash` is the SHA-256 of the
                  bytes of `entry`, in which `parents` names the entries before it
  results/        rows as Parquet, each with its manifest as JSON, named by their SHA-256
  playbooks/      the playbooks that were worked down, named by their SHA-256

`lakehound case verify FILE` recomputes all of it, `lakehound case import FILE` takes it in.
";

/// A member of a capsule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    /// [`SUMS`].
    Sums,
    /// [`README`].
    Readme,
    /// [`CONTENTS`].
    Contents,
    /// [`JOURNAL`].
    Journal,
    /// A file that belongs to the case.
    File(Kind, EntryHash),
}

impl Member {
    /// What a name stands for; `None` for a name that no capsule has.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            SUMS => Some(Self::Sums),
            README => Some(Self::Readme),
            CONTENTS => Some(Self::Contents),
            JOURNAL => Some(Self::Journal),
            name => Kind::of(name).map(|(kind, hash)| Self::File(kind, hash)),
        }
    }

    /// Its name.
    pub(super) fn name(self) -> String {
        match self {
            Self::Sums => SUMS.to_owned(),
            Self::Readme => README.to_owned(),
            Self::Contents => CONTENTS.to_owned(),
            Self::Journal => JOURNAL.to_owned(),
            Self::File(kind, hash) => kind.name(&hash),
        }
    }

    /// Where it stands: members come in this order.
    pub(super) fn place(self) -> (u8, String) {
        let rank = match self {
            Self::Sums => 0,
            Self::Readme => 1,
            Self::Contents => 2,
            Self::Journal => 3,
            Self::File(..) => 4,
        };
        (rank, self.name())
    }
}

/// The one header that a member of this size has.
pub(super) fn header(name: &str, size: u64) -> std::io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    Ok(header)
}

/// A line of [`SUMS`].
pub(super) fn sum_line(hash: &EntryHash, name: &str) -> String {
    format!("{hash}  {name}\n")
}

/// What stands before and behind the bytes of an entry in its line of the journal.
const BEFORE: &str = "{\"hash\":\"";
const BETWEEN: &str = "\",\"entry\":";
const BEHIND: &str = "}";

/// The line of an entry, without its end.
pub(super) fn line(sealed: &Sealed) -> String {
    format!(
        "{BEFORE}{}{BETWEEN}{}{BEHIND}",
        sealed.hash(),
        sealed.text()
    )
}

/// Hash and bytes of the entry in a line; `None` where it has another form.
pub(super) fn parts(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix(BEFORE)?;
    let (hash, rest) = rest.split_at_checked(64)?;
    let entry = rest.strip_prefix(BETWEEN)?.strip_suffix(BEHIND)?;
    Some((hash, entry))
}

/// A file that the journal names.
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    sha256: &'a str,
    included: bool,
}

#[derive(Serialize)]
struct Contents<'a> {
    format: u64,
    case: Option<EntryHash>,
    name: &'a str,
    entries: u64,
    heads: Vec<EntryHash>,
    playbooks: Vec<Named<'a>>,
    results: Vec<Named<'a>>,
}

/// The text of [`CONTENTS`].
pub(super) fn contents(
    history: &History,
    state: &CaseState,
    includes: impl Fn(Kind, &EntryHash) -> bool,
) -> Result<String, serde_json::Error> {
    let is_in = |kind, sha256: &str| sha256.parse().is_ok_and(|hash| includes(kind, &hash));
    let mut results: Vec<Named<'_>> = state
        .results
        .iter()
        .map(|kept| Named {
            name: &kept.result.name,
            sha256: &kept.result.sha256,
            included: is_in(Kind::Rows, &kept.result.sha256),
        })
        .collect();
    results.sort_by_key(|result| (result.name, result.sha256));
    results.dedup_by_key(|result| (result.name, result.sha256));
    let playbooks = state
        .playbooks
        .iter()
        .map(|(name, sha256)| Named {
            name,
            sha256,
            included: is_in(Kind::Playbook, sha256),
        })
        .collect();
    let contents = Contents {
        format: FORMAT,
        case: history.id(),
        name: &state.name,
        entries: history.entries().len() as u64,
        heads: history.heads().collect(),
        playbooks,
        results,
    };
    serde_json::to_string_pretty(&contents).map(|text| text + "\n")
}
