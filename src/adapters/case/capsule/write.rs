//! A case into the bytes of its capsule.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::fs::File;
use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::form::{
    CONTENTS, JOURNAL, Member, README, README_TEXT, contents, header, line, sum_line,
};
use crate::adapters::case::CaseError;
use crate::adapters::case::keep::{CaseFiles, Kind};
use crate::domain::case::{CaseState, EntryHash, History};

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The first 16 digits of the case's identity.
    pub id: String,
    /// The case's name.
    pub name: String,
    /// Entries of the journal.
    pub entries: u64,
    /// The entries that no other follows.
    pub heads: Vec<EntryHash>,
    /// Results and playbooks in the capsule, manifests not counted.
    pub files: u64,
    /// Results that the journal names and whose rows are not there.
    pub absent: Vec<String>,
    /// Bytes of the capsule.
    pub bytes: u64,
    /// SHA-256 of those bytes.
    pub sha256: EntryHash,
}

/// Writes the capsule of a case.
pub(in crate::adapters::case) fn write(
    history: &History,
    kept: &CaseFiles,
    out: &mut dyn Write,
) -> Result<Exported, CaseError> {
    let fault = |error: io::Error| CaseError::io("the capsule".as_ref(), "written", error);
    let state = CaseState::of(history);
    let files = kept.files()?;
    let includes = |kind: Kind, hash: &EntryHash| files.contains(&(kind, *hash));
    let contents =
        contents(history, &state, includes).map_err(|error| fault(io::Error::other(error)))?;
    let mut journal = String::new();
    for sealed in history.ordered() {
        journal.push_str(&line(sealed));
        journal.push('\n');
    }
    let texts = [
        (README, README_TEXT),
        (CONTENTS, contents.as_str()),
        (JOURNAL, journal.as_str()),
    ];
    let mut sums = String::new();
    for (name, text) in &texts {
        sums.push_str(&sum_line(&EntryHash::of(text.as_bytes()), name));
    }
    for (kind, hash) in &files {
        sums.push_str(&sum_line(hash, &kind.name(hash)));
    }

    let mut counted = Counted {
        out,
        bytes: 0,
        hash: Sha256::new(),
    };
    let mut archive = tar::Builder::new(&mut counted);
    let mut put = |name: &str, size: u64, bytes: &mut dyn Read| {
        header(name, size).and_then(|header| archive.append(&header, bytes))
    };
    put(
        &Member::Sums.name(),
        sums.len() as u64,
        &mut sums.as_bytes(),
    )
    .map_err(fault)?;
    for (name, text) in &texts {
        put(name, text.len() as u64, &mut text.as_bytes()).map_err(fault)?;
    }
    for (kind, hash) in &files {
        let path = kept.path(*kind, hash);
        let unread = |error: io::Error| CaseError::io(&path, "read", error);
        let file = File::open(&path).map_err(unread)?;
        let size = file.metadata().map_err(unread)?.len();
        let mut hashed = Hashed {
            file: file.take(size),
            hash: Sha256::new(),
        };
        put(&kind.name(hash), size, &mut hashed).map_err(fault)?;
        let found = EntryHash::from_digest(hashed.hash.finalize().into());
        if found != *hash {
            return Err(CaseError::Changed {
                path,
                found: found.to_string(),
            });
        }
    }
    archive.finish().map_err(fault)?;
    drop(archive);
    counted.flush().map_err(fault)?;

    let absent = state
        .results
        .iter()
        .filter(|kept| {
            let hash = kept.result.sha256.parse();
            !hash.is_ok_and(|hash| includes(Kind::Rows, &hash))
        })
        .map(|kept| kept.result.name.clone())
        .collect();
    let counts = |(kind, _): &&(Kind, EntryHash)| *kind != Kind::Manifest;
    Ok(Exported {
        id: history.id().map(|id| id.short()).unwrap_or_default(),
        name: state.name,
        entries: history.entries().len() as u64,
        heads: history.heads().collect(),
        files: files.iter().filter(counts).count() as u64,
        absent,
        bytes: counted.bytes,
        sha256: EntryHash::from_digest(counted.hash.finalize().into()),
    })
}

/// A writer that counts and hashes what goes through it.
struct Counted<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
    hash: Sha256,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A file that is hashed as it is read.
struct Hashed {
    file: io::Take<File>,
    hash: Sha256,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
