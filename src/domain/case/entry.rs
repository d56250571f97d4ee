//! One entry of a case's journal: who did what when, after which other entries, and the hash of its
//! bytes.
//!
//! The bytes of an entry are those that were written first. They are kept as they are and never
//! made anew: so an entry of a later version, with kinds and fields that this program does not
//! know, keeps its hash on its way through it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::what::What;
use crate::domain::rfc3339;

/// The form of entries that this program writes.
const FORMAT: u32 = 1;

/// So many entries may be the last at once: as many copies of a case, each worked on apart.
const MOST_PARENTS: usize = 1_000;

/// A SHA-256, of an entry's bytes or of a file's; lower-case hexadecimal as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryHash([u8; 32]);

impl EntryHash {
    /// The hash of an entry's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A hash that was made piece by piece.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The first 16 digits: enough for a person, and for the name of a folder.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(16);
        text
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for EntryHash {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let wrong = || Unfit::NotAHash(text.chars().take(80).collect());
        if text.len() != 64 {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            // One spelling only: two spellings of one hash would be two texts for one thing.
            if !pair
                .iter()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
            {
                return Err(wrong());
            }
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for EntryHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// Why entries do not form the history of a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A text is no hash.
    #[error("`{0}` is no SHA-256 in hexadecimal")]
    NotAHash(String),
    /// A text is no entry.
    #[error("it is no entry of a journal: {0}")]
    NotAnEntry(String),
    /// The entry was written by a later version in a form that this one cannot read.
    #[error("it was written by a later version of the program (form {0}): update this program")]
    Later(u64),
    /// The bytes are not those that the hash was made of.
    #[error("its bytes do not give its hash: {expected} is written, {found} is what they give")]
    Changed {
        /// What is written beside the entry.
        expected: EntryHash,
        /// What its bytes give.
        found: EntryHash,
    },
    /// An entry before it is missing.
    #[error("it follows the entry {0}, which is not there")]
    Missing(EntryHash),
    /// The first entry opens no case, or another entry opens one.
    #[error("it has no place: a case is opened by its first entry and by no other")]
    Beginning,
    /// The entries belong to another case.
    #[error("it belongs to another case: {found} where this is {expected}")]
    AnotherCase {
        /// This case.
        expected: EntryHash,
        /// The other.
        found: EntryHash,
    },
    /// An entry names what precedes it in a way that this program never writes.
    #[error("the entries that it follows are not in their order, repeated, or too many")]
    Parents,
}

/// Who writes entries, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The analyst's name.
    pub analyst: String,
    /// The program with its version.
    pub tool: String,
}

/// Something that happened and is not in the journal yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// When; kept to the millisecond.
    pub at: DateTime<Utc>,
    /// What.
    pub what: What,
}

/// What an entry tells, as far as this program understands it.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// It is understood.
    Known(What),
    /// A kind, or a form of a known kind, of a later version. Kept, shown by its name, and without
    /// effect on the state.
    Unknown {
        /// The kind's name.
        kind: String,
    },
}

impl<'de> Deserialize<'de> for Happening {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let kind = value.get("kind").and_then(serde_json::Value::as_str);
        let kind = kind
            .ok_or_else(|| D::Error::custom("what happened has no kind"))?
            .to_owned();
        Ok(What::deserialize(value).map_or(Self::Unknown { kind }, Self::Known))
    }
}

/// An entry as it reads.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Entry {
    /// The entries that were the last when it was written, in the order of their hashes; none for
    /// the first entry of a case.
    pub parents: Vec<EntryHash>,
    /// When, in UTC, to the millisecond.
    #[serde(with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// The analyst's name.
    pub analyst: String,
    /// The program with its version.
    pub tool: String,
    /// What happened.
    pub what: Happening,
}

/// An entry as it is written.
#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    parents: &'a [EntryHash],
    #[serde(with = "rfc3339")]
    at: DateTime<Utc>,
    analyst: &'a str,
    tool: &'a str,
    what: &'a What,
}

/// An entry with its bytes and their hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    hash: EntryHash,
    text: String,
    entry: Entry,
}

impl Sealed {
    /// Writes an entry that follows these others.
    ///
    /// # Errors
    ///
    /// [`Unfit::Parents`] for too many of them.
    pub fn write(
        draft: &Draft,
        author: &Author,
        mut parents: Vec<EntryHash>,
    ) -> Result<Self, Unfit> {
        parents.sort_unstable();
        let written = Written {
            format: FORMAT,
            parents: &parents,
            at: draft.at,
            analyst: &author.analyst,
            tool: &author.tool,
            what: &draft.what,
        };
        let text = serde_json::to_string(&written)
            .map_err(|error| Unfit::NotAnEntry(error.to_string()))?;
        Self::read(text)
    }

    /// Reads an entry's text, which came from outside.
    ///
    /// # Errors
    ///
    /// [`Unfit::NotAnEntry`], [`Unfit::Later`] and [`Unfit::Parents`].
    pub fn read(text: String) -> Result<Self, Unfit> {
        let entry: Entry =
            serde_json::from_str(&text).map_err(|error| later_or_none(&text, &error))?;
        // A line of the journal is one entry.
        if text.contains(['\n', '\r']) {
            return Err(Unfit::NotAnEntry("it has more than one line".to_owned()));
        }
        let sorted = entry.parents.iter().zip(entry.parents.iter().skip(1));
        let ordered = sorted.into_iter().all(|(before, after)| before < after);
        if !ordered || entry.parents.len() > MOST_PARENTS {
            return Err(Unfit::Parents);
        }
        Ok(Self {
            hash: EntryHash::of(text.as_bytes()),
            text,
            entry,
        })
    }

    /// Reads an entry's text and holds it against the hash that stands beside it.
    ///
    /// # Errors
    ///
    /// [`Unfit::Changed`], and those of [`Self::read`].
    pub fn read_as(text: String, expected: EntryHash) -> Result<Self, Unfit> {
        let found = EntryHash::of(text.as_bytes());
        if found != expected {
            return Err(Unfit::Changed { expected, found });
        }
        Self::read(text)
    }

    /// The hash of its bytes.
    pub fn hash(&self) -> EntryHash {
        self.hash
    }

    /// Its bytes: one line of JSON.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The entry.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }
}

/// What a text that cannot be read is: of a later version, or nothing.
fn later_or_none(text: &str, error: &serde_json::Error) -> Unfit {
    #[derive(Deserialize)]
    struct Form {
        format: u64,
    }
    match serde_json::from_str::<Form>(text) {
        Ok(form) if form.format > u64::from(FORMAT) => Unfit::Later(form.format),
        _ => Unfit::NotAnEntry(error.to_string()),
    }
}
