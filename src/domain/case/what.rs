//! What can happen in a case. As JSON these are the bodies of the journal: fields are added with a
//! default, never renamed or given another meaning; a new kind is a new variant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::evidence::EvidenceRow;
use crate::domain::lake::{LOCAL_BUCKET, ObjectVersion};

/// Names a query, a pin, a note or a pivot within its case. Given by whoever appends the entry, and
/// unique because it begins with the mark of a session that no other session has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub String);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// The case was opened: always the first entry, and no other.
    Opened {
        /// The case's name.
        name: String,
        /// Random digits that tell two cases of one name and time apart.
        nonce: String,
    },
    /// The case has another name.
    Renamed {
        /// The name.
        name: String,
    },
    /// The work is done.
    Closed {
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// The work goes on.
    Reopened {},
    /// A command of the console was run.
    Command {
        /// Its stable name.
        name: String,
        /// What it was run with.
        #[serde(default)]
        detail: String,
    },
    /// A query was handed over.
    QueryBegun {
        /// The query.
        query: Key,
        /// The statement's exact text.
        sql: String,
        /// SQL literals for its `?`, in order.
        #[serde(default)]
        parameters: Vec<String>,
        /// The query service's name.
        engine: String,
        /// The profile that it ran with.
        #[serde(default)]
        profile: Option<String>,
        /// Files that it names as tables, as `table=path`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
    },
    /// A query has ended.
    QueryEnded {
        /// The query.
        query: Key,
        /// How.
        outcome: Outcome,
    },
    /// A value of a result led to a query.
    Pivoted {
        /// Where from.
        from: PivotFrom,
        /// The template's name.
        template: String,
        /// The query that it led to.
        query: Key,
    },
    /// A place of the trail was given a name.
    TrailNamed {
        /// The query of the place.
        query: Key,
        /// The name; an empty one takes it away.
        name: String,
    },
    /// A row was kept as evidence.
    Pinned(Box<Pin>),
    /// A pin was taken back; it stays in the journal.
    Unpinned {
        /// The pin.
        pin: Key,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// A pin's tags or note were changed; what is `None` stays as it is.
    Annotated {
        /// The pin.
        pin: Key,
        /// Its tags from now on.
        #[serde(default)]
        tags: Option<Vec<String>>,
        /// Its note from now on.
        #[serde(default)]
        note: Option<String>,
    },
    /// A note was written.
    Noted {
        /// The note.
        note: Key,
        /// What it is about.
        about: About,
        /// Its text.
        text: String,
    },
    /// A note has another text.
    NoteEdited {
        /// The note.
        note: Key,
        /// Its text from now on.
        text: String,
    },
    /// A note was taken back; it stays in the journal.
    NoteRemoved {
        /// The note.
        note: Key,
    },
    /// The work on a playbook was begun, or it was found changed.
    PlaybookOpened {
        /// The file's name.
        playbook: String,
        /// SHA-256 of its text, in hexadecimal.
        sha256: String,
    },
    /// A step was ticked, or its tick taken away.
    StepTicked {
        /// The playbook's file name.
        playbook: String,
        /// The step's identity in it.
        step: String,
        /// Whether it is done.
        done: bool,
    },
    /// A step's note was written; an empty one takes it away.
    StepNoted {
        /// The playbook's file name.
        playbook: String,
        /// The step's identity in it.
        step: String,
        /// The note.
        text: String,
    },
    /// A decision was taken.
    Decided {
        /// What was decided.
        decision: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// An entity was judged.
    Judged {
        /// The entity.
        entity: EntityRef,
        /// What it is taken for.
        verdict: Verdict,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// Something left the case as a file.
    Exported {
        /// What: `result`, `timeline`, `report`, `capsule` …
        subject: String,
        /// The format.
        format: String,
        /// The file's name, without its folder.
        file: String,
        /// Rows, where it has rows.
        #[serde(default)]
        rows: Option<u64>,
        /// SHA-256 of its bytes, in hexadecimal.
        sha256: String,
    },
}

/// How a query ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Outcome {
    /// With all its rows.
    Finished {
        /// The kept result, where its rows were kept.
        #[serde(default)]
        result: Option<ResultRef>,
        /// Rows of the result.
        rows: u64,
        /// Bytes read of the lake; on Athena those scanned.
        #[serde(default)]
        scanned_bytes: u64,
        /// The service's name of the run.
        #[serde(default)]
        execution_id: Option<String>,
    },
    /// With an error.
    Failed {
        /// What was said.
        message: String,
    },
    /// On demand.
    Cancelled,
}

/// A kept result.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResultRef {
    /// Its name where it was kept, such as `result_3`; another copy may use it for another result.
    pub name: String,
    /// SHA-256 of the file of its rows, in hexadecimal.
    pub sha256: String,
}

/// Where a pivot started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PivotFrom {
    /// The query whose result it started from; `None` outside results.
    #[serde(default)]
    pub query: Option<Key>,
    /// The row of that result, from 1.
    #[serde(default)]
    pub row: Option<u64>,
    /// The path of the value in the row, such as `src_endpoint.ip`.
    #[serde(default)]
    pub path: Option<String>,
    /// The entity that was asked about.
    pub entity: EntityRef,
}

/// What events are about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntityRef {
    /// Its type's name, such as `ip` or `access-key`.
    #[serde(rename = "type")]
    pub entity_type: String,
    /// Its normalised value.
    pub value: String,
}

/// What an entity is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nobody knows yet.
    Unknown,
    /// It belongs there.
    Benign,
    /// It has to be looked at.
    Suspicious,
    /// It belongs to the attack.
    Malicious,
}

/// What a note is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum About {
    /// The case as a whole.
    Case,
    /// An entity.
    Entity {
        /// Which.
        entity: EntityRef,
    },
    /// A query and its result.
    Query {
        /// Which.
        query: Key,
    },
    /// A pin.
    Pin {
        /// Which.
        pin: Key,
    },
}

/// A row kept as evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// The pin.
    pub pin: Key,
    /// When it happened, as the row says.
    #[serde(default, with = "optional_time")]
    pub event_time: Option<DateTime<Utc>>,
    /// Short words to group by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Why it matters.
    #[serde(default)]
    pub note: String,
    /// Where it came from.
    pub source: Source,
    /// SHA-256 of the row's canonical text, in hexadecimal: [`EvidenceRow::sha256`].
    pub row_sha256: String,
    /// The row in full.
    pub row: EvidenceRow,
}

/// Where a row came from, so that anyone can find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Source {
    /// One object of the lake.
    Object {
        /// The bucket; `None` for a folder on this machine.
        #[serde(default)]
        bucket: Option<String>,
        /// The object's key, or its path below the lake's folder.
        key: String,
        /// Its version, where the bucket has versions.
        #[serde(default)]
        version_id: Option<String>,
        /// Its tag.
        #[serde(default)]
        etag: Option<String>,
        /// Its bytes.
        #[serde(default)]
        size: Option<u64>,
        /// The row in it, from 1, where known.
        #[serde(default)]
        row: Option<u64>,
    },
    /// A query's result.
    Run {
        /// The query, where it belongs to the case.
        #[serde(default)]
        query: Option<Key>,
        /// The statement's exact text.
        sql: String,
        /// SQL literals for its `?`, in order.
        #[serde(default)]
        parameters: Vec<String>,
        /// The query service's name.
        engine: String,
        /// The profile that it ran with.
        #[serde(default)]
        profile: Option<String>,
        /// The service's name of the run.
        #[serde(default)]
        execution_id: Option<String>,
        /// The kept result.
        #[serde(default)]
        result: Option<ResultRef>,
        /// The row in the result as it came, from 1.
        row: u64,
        /// The object whose rows the result shows as they stand in it, and the row there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<ObjectRow>,
    },
}

/// A row of one object in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRow {
    /// The bucket; `None` for a folder on this machine.
    #[serde(default)]
    pub bucket: Option<String>,
    /// The object's key, or its path below the lake's folder.
    pub key: String,
    /// Its version, where the bucket has versions.
    #[serde(default)]
    pub version_id: Option<String>,
    /// Its tag.
    #[serde(default)]
    pub etag: Option<String>,
    /// Its bytes.
    #[serde(default)]
    pub size: Option<u64>,
    /// The row in it, from 1.
    pub row: u64,
}

impl ObjectRow {
    /// A row of an object.
    pub fn of(object: &ObjectVersion, row: u64) -> Self {
        Self {
            bucket: Some(object.bucket.clone()).filter(|bucket| bucket != LOCAL_BUCKET),
            key: object.key.clone(),
            version_id: object.version_id.clone(),
            etag: object.etag.clone(),
            size: object.size,
            row,
        }
    }
}

impl Source {
    /// The same for another row, from 1.
    #[must_use]
    pub fn at_row(&self, number: u64) -> Self {
        let mut source = self.clone();
        match &mut source {
            Self::Run { row, object, .. } => {
                *row = number;
                if let Some(object) = object {
                    object.row = number;
                }
            }
            Self::Object { row, .. } => *row = Some(number),
        }
        source
    }
}

/// A time that may be missing, as RFC 3339 text or `null`.
mod optional_time {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        // Events may be timed to the nanosecond: nothing of it is cut off.
        time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}
