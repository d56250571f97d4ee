//! The bytes of a capsule, which may come from anyone: held against the one form that they can have.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use tar::Header;

use super::form::{BLOCK, FORMAT, JOURNAL, Member, contents, header, parts, sum_line};
use super::tape::{Body, Tape};
use crate::adapters::case::CaseError;
use crate::adapters::case::keep::{CaseFiles, Kind};
use crate::adapters::case::verify::{Looked, Report};
use crate::domain::case::{EntryHash, History, Sealed, Unfit};

/// Bytes of a member that is read as a whole: the sums, the contents, a manifest.
const MOST_TEXT: u64 = 32 << 20;

/// Bytes of one line of the journal: a pin of a row with a very large value.
const MOST_LINE: u64 = 256 << 20;

/// Recomputes every hash of a capsule. `noted` is the hash of an entry that was noted elsewhere.
///
/// # Errors
///
/// Where the file cannot be read. What does not fit, and that it is no capsule at all, is no error:
/// it is in the report.
pub fn verify_capsule(path: &Path, noted: Option<EntryHash>) -> Result<Report, CaseError> {
    let fault = |error: io::Error| CaseError::io(path, "read", error);
    let file = File::open(path).map_err(fault)?;
    verify(&mut BufReader::with_capacity(1 << 18, file), noted).map_err(|error| match error {
        CaseError::Io { reason, .. } => CaseError::io(path, "read", reason),
        error => error,
    })
}

/// The same for the bytes of a capsule.
pub(in crate::adapters::case) fn verify(
    bytes: &mut dyn Read,
    noted: Option<EntryHash>,
) -> Result<Report, CaseError> {
    let (mut report, history) = read(bytes, None)?;
    report.check_noted(noted, history.as_ref());
    Ok(report.finish())
}

/// Reads a capsule through. Its files are stored in `keep` as they come, each under the hash that
/// its bytes have. The history is there as far as it fits; the report is not finished yet.
pub(in crate::adapters::case) fn read(
    bytes: &mut dyn Read,
    keep: Option<&CaseFiles>,
) -> Result<(Report, Option<History>), CaseError> {
    let mut reader = Reader {
        tape: Tape::new(bytes),
        keep,
        report: Report::new("capsule"),
        sums: Vec::new(),
        next: 0,
        history: None,
        contents: None,
        contents_sum: None,
        manifests: Vec::new(),
        rows: BTreeSet::new(),
        playbooks: BTreeSet::new(),
    };
    // What stops the reading is in the report; an error is of the disk.
    let whole = reader.members()?;
    if whole {
        reader.compare();
    }
    let contents = Member::Contents.name();
    if let Some((start, what)) = reader.contents_sum.take()
        && !reader.report.complains_of(&contents)
    {
        reader.report.problem(&contents, Some(start), None, what);
    }
    Ok((reader.report, reader.history))
}

struct Reader<'a> {
    tape: Tape<'a>,
    keep: Option<&'a CaseFiles>,
    report: Report,
    /// The members that the sums name, in order, with their hashes.
    sums: Vec<(Member, EntryHash)>,
    /// The place in the sums of the member that must come next.
    next: usize,
    history: Option<History>,
    /// Place and text of the contents.
    contents: Option<(u64, Vec<u8>)>,
    /// What the sums say against the contents; told where nothing more exact can be.
    contents_sum: Option<(u64, String)>,
    /// Name, place and text of every manifest.
    manifests: Vec<(String, u64, Vec<u8>)>,
    rows: BTreeSet<EntryHash>,
    playbooks: BTreeSet<EntryHash>,
}

/// What a file that cannot be a capsule is told to be.
const NO_CAPSULE: &str = "it is no capsule of a case: it does not begin with SHA256SUMS";

impl Reader<'_> {
    /// Reads one member after the other; `false` where something stops the reading.
    fn members(&mut self) -> Result<bool, CaseError> {
        let mut first = true;
        loop {
            let start = self.tape.at();
            let mut block = [0; BLOCK];
            let got = self.tape.fill(&mut block).map_err(unread)?;
            if got < BLOCK {
                let what = if first && got == 0 {
                    "it is empty"
                } else if first {
                    NO_CAPSULE
                } else {
                    "it ends in the midst of a header: something was cut off"
                };
                return Ok(self.stop(start + got as u64, what));
            }
            let expected = if first {
                Some((Member::Sums, None))
            } else {
                let next = self.sums.get(self.next);
                next.map(|(member, hash)| (*member, Some(*hash)))
            };
            let Some((member, hash)) = expected else {
                return self.end(start, &block);
            };
            let size = match self.header(start, &block, member) {
                Ok(size) => size,
                Err((_, _)) if first => return Ok(self.stop(start, NO_CAPSULE)),
                Err((byte, what)) => return Ok(self.stop(byte, what)),
            };
            if !self.member(member, size, hash)? {
                return Ok(false);
            }
            if first {
                first = false;
            } else {
                self.next += 1;
            }
        }
    }

    /// Notes what stops the reading.
    fn stop(&mut self, byte: u64, what: impl Into<String>) -> bool {
        let what = what.into();
        self.report.problems.push(crate::adapters::case::Problem {
            file: None,
            byte: Some(byte),
            entry: None,
            problem: what,
        });
        false
    }

    /// The size in a header, which must be the header of this member.
    fn header(
        &self,
        start: u64,
        block: &[u8; BLOCK],
        member: Member,
    ) -> Result<u64, (u64, String)> {
        let name = member.name();
        let wrong = |byte: usize| {
            (
                start + byte as u64,
                format!("the header of {name} is not as it must be here"),
            )
        };
        let size = Header::from_byte_slice(block)
            .entry_size()
            .map_err(|_| wrong(124))?;
        let expected = header(&name, size).map_err(|_| wrong(0))?;
        let differs = block
            .iter()
            .zip(expected.as_bytes())
            .position(|(is, must)| is != must);
        differs.map_or(Ok(size), |byte| Err(wrong(byte)))
    }

    /// Two blocks of zeros, and nothing behind.
    fn end(&mut self, start: u64, first: &[u8; BLOCK]) -> Result<bool, CaseError> {
        let mut second = [0; BLOCK];
        let got = self.tape.fill(&mut second).map_err(unread)?;
        let zeros = first.iter().chain(&second);
        if let Some(byte) = zeros.clone().position(|byte| *byte != 0) {
            let what = "something stands where the capsule must end";
            return Ok(self.stop(start + byte as u64, what));
        }
        if got < BLOCK {
            let what = "it ends in the midst of its end: something was cut off";
            return Ok(self.stop(self.tape.at(), what));
        }
        let mut more = [0];
        let at = self.tape.at();
        if self.tape.fill(&mut more).map_err(unread)? > 0 {
            return Ok(self.stop(at, "something stands behind the end of the capsule"));
        }
        Ok(true)
    }

    /// Reads a member's bytes and what fills its last block.
    fn member(
        &mut self,
        member: Member,
        size: u64,
        expected: Option<EntryHash>,
    ) -> Result<bool, CaseError> {
        let start = self.tape.at();
        let name = member.name();
        let mut body = Body::new(&mut self.tape, size);
        let mut text = None;
        let mut disk = Ok(());
        match member {
            Member::Journal => {
                let (history, problem) = journal(&mut body).map_err(unread)?;
                if let Some((entry, offset, what)) = problem {
                    self.report
                        .problem(JOURNAL, Some(start + offset), Some(entry), what);
                }
                self.history = history;
            }
            Member::File(kind @ (Kind::Rows | Kind::Playbook), hash) => {
                match kind {
                    Kind::Rows => self.rows.insert(hash),
                    _ => self.playbooks.insert(hash),
                };
                disk = self.keep.map_or(Ok(()), |keep| {
                    match keep.store(kind, &mut body, Some(hash)) {
                        // Told below, with the place.
                        Ok(_) | Err(CaseError::Changed { .. }) => Ok(()),
                        Err(error) => Err(error),
                    }
                });
            }
            _ if size > MOST_TEXT => {
                let what = format!("{name} has {size} bytes, which none of a capsule has");
                return Ok(self.stop(start, what));
            }
            _ => {
                let mut bytes = Vec::new();
                body.read_to_end(&mut bytes).map_err(unread)?;
                text = Some(bytes);
            }
        }
        let end = body.finish().map_err(unread)?;
        disk?;
        let Some(found) = end else {
            let what = format!("it ends in the midst of {name}: something was cut off");
            let at = self.tape.at();
            return Ok(self.stop(at, what));
        };
        self.report.looked_at.push(Looked {
            name: name.clone(),
            bytes: size,
            sha256: Some(found.to_string()),
            ok: true,
        });
        if let Some(expected) = expected
            && expected != found
            && !self.report.complains_of(&name)
        {
            let what = format!(
                "the SHA-256 of its {size} bytes from here on is {found}, and SHA256SUMS says {expected}"
            );
            if member == Member::Contents {
                self.contents_sum = Some((start, what));
            } else {
                self.report.problem(&name, Some(start), None, what);
            }
        }
        if let Some(byte) = self.tape.padding(size).map_err(unread)? {
            let what = format!("what fills the last block of {name} is not zeros, or cut off");
            return Ok(self.stop(byte, what));
        }
        match (member, text) {
            (Member::Sums, Some(text)) => return Ok(self.take_sums(start, &text)),
            (Member::Contents, Some(text)) => self.contents = Some((start, text)),
            (Member::File(Kind::Manifest, hash), Some(text)) => {
                if let Some(keep) = self.keep {
                    match keep.store(Kind::Manifest, &mut text.as_slice(), Some(hash)) {
                        Ok(_) | Err(CaseError::Changed { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
                self.manifests.push((name, start, text));
            }
            _ => {}
        }
        Ok(true)
    }

    /// What the sums name: the members in their order, each once, files by the hash of their name.
    fn take_sums(&mut self, start: u64, text: &[u8]) -> bool {
        let mut at = start;
        let mut last = Member::Sums.place();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let read = std::str::from_utf8(line).ok().and_then(|line| {
                let (hash, name) = line.strip_suffix('\n')?.split_once("  ")?;
                let hash: EntryHash = hash.parse().ok()?;
                let member = Member::of(name)?;
                (sum_line(&hash, name) == line).then_some((member, hash))
            });
            let Some((member, hash)) = read else {
                self.report
                    .problem("SHA256SUMS", Some(at), None, "it is no line of these sums");
                return false;
            };
            let place = member.place();
            let fits = match member {
                Member::File(_, named) => named == hash,
                _ => true,
            };
            if place <= last || !fits {
                let what = format!("{} stands where it cannot stand", member.name());
                self.report.problem("SHA256SUMS", Some(at), None, what);
                return false;
            }
            last = place;
            self.sums.push((member, hash));
            at += line.len() as u64;
        }
        let fixed = [Member::Readme, Member::Contents, Member::Journal];
        let begins = self
            .sums
            .iter()
            .map(|(member, _)| *member)
            .take(3)
            .eq(fixed);
        if !begins {
            let what = "a member that every capsule has is missing";
            self.report.problem("SHA256SUMS", Some(at), None, what);
        }
        begins
    }

    /// Holds the members against one another.
    fn compare(&mut self) {
        let Some(history) = &self.history else { return };
        if !self.report.complains_of(JOURNAL) {
            let ordered = history.ordered();
            let wrong = (1..)
                .zip(ordered.iter().zip(history.entries()))
                .find(|(_, (must, is))| must.hash() != is.hash());
            if let Some((number, _)) = wrong {
                let what = "it does not stand where the order of entries puts it";
                self.report.problem(JOURNAL, None, Some(number), what);
            }
        }
        let state = self.report.take(history, JOURNAL);
        let includes = |kind: Kind, hash: &EntryHash| match kind {
            Kind::Rows => self.rows.contains(hash),
            _ => self.playbooks.contains(hash),
        };
        let name = Member::Contents.name();
        if let Some((start, text)) = &self.contents
            && !self.report.complains_of(JOURNAL)
            && let Ok(expected) = contents(history, &state, includes)
            && let Some(byte) = first_difference(text, expected.as_bytes())
        {
            let what = later(text)
                .unwrap_or_else(|| "it does not say what the journal and the files are".to_owned());
            self.report.problem(&name, Some(start + byte), None, what);
        }
        self.report.check_results(&state, &self.rows);
        for (name, start, text) in &self.manifests {
            if !self.report.complains_of(name) {
                self.report
                    .check_manifest(name, Some(*start), text, &self.rows);
            }
        }
    }
}

fn unread(error: io::Error) -> CaseError {
    CaseError::io(Path::new("the capsule"), "read", error)
}

fn first_difference(is: &[u8], must: &[u8]) -> Option<u64> {
    let differs = is.iter().zip(must).position(|(is, must)| is != must);
    let shorter = is.len().min(must.len());
    let byte = differs.or((is.len() != must.len()).then_some(shorter))?;
    Some(byte as u64)
}

/// Whether the contents are of a later form.
fn later(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Form {
        format: u64,
    }
    let form: Form = serde_json::from_slice(text).ok()?;
    (form.format > FORMAT).then(|| {
        let format = form.format;
        format!("it was written by a later version of the program (form {format}): update this one")
    })
}

/// The number of an entry, where its line begins in the journal, and what is wrong with it.
type LineProblem = (u64, u64, String);

/// Reads the journal as far as it fits.
fn journal(body: &mut Body<'_, '_>) -> io::Result<(Option<History>, Option<LineProblem>)> {
    let mut history = History::new();
    let mut lines = BufReader::with_capacity(1 << 16, body);
    let mut offset = 0_u64;
    let mut problem = None;
    for number in 1.. {
        let mut line = Vec::new();
        let read = (&mut lines).take(MOST_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        let added = std::str::from_utf8(&line)
            .map_err(|error| Unfit::NotAnEntry(error.to_string()))
            .and_then(|line| add(&mut history, line));
        if let Err(unfit) = added {
            problem = Some((number, offset, unfit.to_string()));
            break;
        }
        offset += read as u64;
    }
    if problem.is_none() && history.entries().is_empty() {
        problem = Some((1, 0, "it has no entries".to_owned()));
    }
    Ok(((!history.entries().is_empty()).then_some(history), problem))
}

fn add(history: &mut History, line: &str) -> Result<(), Unfit> {
    let form = || Unfit::NotAnEntry("its line is not of the form of a journal".to_owned());
    let line = line.strip_suffix('\n').ok_or_else(form)?;
    let (hash, text) = parts(line).ok_or_else(form)?;
    let sealed = Sealed::read_as(text.to_owned(), hash.parse()?)?;
    if history.add(sealed)? {
        Ok(())
    } else {
        Err(Unfit::NotAnEntry("it is there twice".to_owned()))
    }
}
