//! One log file on its way in: opened, unpacked, recognised, and cut into blocks of records.

#![allow(
    clippy::disallowed_methods,
    reason = "this room reads the logs that are imported"
)]

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::flow::FlowFields;
use super::frame::{self, Framing, Inside, Piece};
use super::json::{Kind, Tape};
use super::{ImportError, LogType, hex};

/// Bytes that are unpacked at a time.
const BLOCK: usize = 1 << 20;

/// What is known of a file besides its records.
#[derive(Debug)]
pub(super) struct FileFacts {
    /// The place in the list of files.
    pub(super) index: usize,
    pub(super) path: PathBuf,
    /// The Region that the path names.
    pub(super) region: Option<String>,
    /// The account that the path names.
    pub(super) account: Option<String>,
}

impl FileFacts {
    /// What a path tells: AWS puts account and Region into folders and names.
    pub(super) fn of(index: usize, path: &Path) -> Self {
        let text = path.to_string_lossy();
        let words = || text.rsplit(['/', '\\', '_', '=']);
        let owned = |word: Option<&str>| word.map(str::to_owned);
        Self {
            index,
            path: path.to_owned(),
            region: owned(words().find(|word| is_region(word))),
            account: owned(words().find(|word| is_account(word))),
        }
    }
}

/// The directions in the names of Regions.
const DIRECTIONS: [&str; 9] = [
    "north",
    "south",
    "east",
    "west",
    "central",
    "northeast",
    "northwest",
    "southeast",
    "southwest",
];

/// Whether a word looks like a Region: `us-east-1`, `us-gov-west-1`.
fn is_region(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return false;
    };
    let lower = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    first.len() == 2
        && lower(first)
        && !middle.is_empty()
        && middle.iter().all(|part| lower(part))
        && middle.last().is_some_and(|part| DIRECTIONS.contains(part))
        && last.len() == 1
        && last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_account(word: &str) -> bool {
    word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// What the records of a file are.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// JSON records; which kind shows in each.
    Json,
    /// Lines of VPC flow logs with these fields.
    Flow(Arc<FlowFields>),
}

/// Records of one file.
pub(super) struct Block {
    pub(super) file: Arc<FileFacts>,
    pub(super) shape: Shape,
    pub(super) bytes: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
    /// Where the bytes begin in the unpacked file.
    pub(super) offset: u64,
    /// Why the file could be read no further than this block.
    pub(super) broken: Option<String>,
}

/// A file that is read.
pub(super) struct SourceFile {
    pub(super) file: Arc<FileFacts>,
    reader: Box<dyn Read + Send>,
    window: Vec<u8>,
    offset: u64,
    ended: bool,
    broken: Option<String>,
    framing: Framing,
    shape: Shape,
    state: (u64, Option<SystemTime>),
}

/// What opening a file came to.
pub(super) enum Opened {
    /// It has records.
    Records(Box<SourceFile>),
    /// It is no log of these kinds, as is said here.
    NoLog(&'static str),
    /// Its content is in the lake already.
    Known,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ImportError + '_ {
    |error| ImportError::Read {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

fn state_of(path: &Path) -> io::Result<(u64, Option<SystemTime>)> {
    let data = std::fs::metadata(path)?;
    Ok((data.len(), data.modified().ok()))
}

impl SourceFile {
    /// Opens a file. `claim` is told the hash of its bytes and says whether they are to be read.
    pub(super) fn open(
        facts: FileFacts,
        log: LogType,
        claim: impl FnOnce(&str) -> bool,
    ) -> Result<Opened, ImportError> {
        let path = facts.path.clone();
        let failed = failed(&path);
        let state = state_of(&path).map_err(&failed)?;
        let mut file = File::open(&path).map_err(&failed)?;
        let mut head = [0; 2];
        let packed = file.read(&mut head).map_err(&failed)? == 2 && head == [0x1f, 0x8b];
        file.rewind().map_err(&failed)?;
        let hash = hash(&mut file).map_err(&failed)?;
        file.rewind().map_err(&failed)?;
        let file = BufReader::with_capacity(256 << 10, file);
        let reader: Box<dyn Read + Send> = if packed {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let mut source = Self {
            file: Arc::new(facts),
            reader,
            window: Vec::new(),
            offset: 0,
            ended: false,
            broken: None,
            framing: Framing::Lines,
            shape: Shape::Json,
            state,
        };
        source.fill(BLOCK);
        if source.window.starts_with(b"\xef\xbb\xbf") {
            source.skip(3);
        }
        if let Some(why) = source.recognise(log) {
            return Ok(Opened::NoLog(why));
        }
        if !claim(&hash) {
            return Ok(Opened::Known);
        }
        Ok(Opened::Records(Box::new(source)))
    }

    fn fill(&mut self, more: usize) {
        let length = self.window.len();
        self.window.resize(length + more, 0);
        let mut at = length;
        while at < self.window.len() {
            match self.reader.read(&mut self.window[at..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => at += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.broken = Some(format!("the file can be read no further: {error}"));
                    self.ended = true;
                    break;
                }
            }
        }
        self.window.truncate(at);
    }

    fn skip(&mut self, bytes: usize) {
        self.window.drain(..bytes);
        self.offset += bytes as u64;
    }

    /// Finds out what the file holds; says why where it is no log.
    fn recognise(&mut self, log: LogType) -> Option<&'static str> {
        let space = |byte: &&u8| byte.is_ascii_whitespace();
        let start = self.window.iter().take_while(space).count();
        let Some(first) = self.window.get(start) else {
            // A broken file without a byte is told as a refused record.
            return self.broken.is_none().then_some("it is empty");
        };
        let is_json = matches!(first, b'{' | b'[');
        if log == LogType::VpcFlow || (log == LogType::Auto && !is_json) {
            let line = first_line(&self.window[start..]);
            let line = String::from_utf8_lossy(line);
            return match FlowFields::recognise(&line, log == LogType::VpcFlow) {
                Some((fields, is_header)) => {
                    self.shape = Shape::Flow(Arc::new(fields));
                    if is_header {
                        let end = start + first_line(&self.window[start..]).len();
                        self.skip(end.min(self.window.len()));
                    }
                    None
                }
                None => Some("it begins like no log that can be imported"),
            };
        }
        if !is_json {
            return Some("it is no JSON");
        }
        let text = &self.window[start..];
        if *first == b'[' || !is_whole_record(first_line(text)) {
            self.framing = Framing::Document(Inside::Top);
        }
        if log == LogType::Auto && is_digest(text) {
            return Some("it is a digest of CloudTrail, not a log");
        }
        None
    }

    /// The next records; `None` behind the last.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, ImportError> {
        loop {
            if !self.ended && self.window.len() < BLOCK {
                self.fill(BLOCK);
            }
            if self.window.is_empty() && self.broken.is_none() {
                self.check_unchanged()?;
                return Ok(None);
            }
            let mut pieces = Vec::new();
            let done = frame::cut(&mut self.framing, &self.window, self.ended, &mut pieces);
            let last = self.ended && done >= self.window.len();
            if pieces.is_empty() && !last {
                if self.ended {
                    // Nothing is left but what stands between records.
                    self.skip(self.window.len());
                } else {
                    self.skip(done);
                    self.fill(BLOCK);
                }
                continue;
            }
            let rest = self.window.split_off(done.min(self.window.len()));
            let bytes = std::mem::replace(&mut self.window, rest);
            let offset = self.offset;
            self.offset += bytes.len() as u64;
            let broken = if self.ended && self.window.is_empty() {
                self.broken.take()
            } else {
                None
            };
            return Ok(Some(Block {
                file: Arc::clone(&self.file),
                shape: self.shape.clone(),
                bytes,
                pieces,
                offset,
                broken,
            }));
        }
    }

    fn check_unchanged(&self) -> Result<(), ImportError> {
        let path = &self.file.path;
        let now = state_of(path).map_err(failed(path))?;
        if now == self.state {
            return Ok(());
        }
        Err(ImportError::Changed { path: path.clone() })
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}

/// Whether a line is a JSON object by itself, and not one that holds the records.
fn is_whole_record(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else {
        return false;
    };
    let mut tape = Tape::default();
    tape.read(text).is_ok_and(|value| {
        let records = value.member("Records");
        records.is_none_or(|records| records.kind() != Kind::Array)
    })
}

/// Whether this begins like the digest files that CloudTrail puts beside its logs.
fn is_digest(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(2_048)).unwrap_or_default();
    memchr::memmem::find(head, b"\"digestStartTime\"").is_some()
}

fn hash(file: &mut File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(read) => hash.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
