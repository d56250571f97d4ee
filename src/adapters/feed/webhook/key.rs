//! The key that senders show. It is read, hashed and forgotten: what is compared is the digest.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the file of the webhook's key"
)]

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The shortest key that is taken, in bytes.
pub const SHORTEST_KEY: usize = 16;
/// The longest one: longer files are something else.
const LONGEST_KEY: usize = 1_024;
/// The random bytes of a key that is made.
const RANDOM: usize = 32;

/// A key. Holds the digest alone, so nothing can print it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApiKey {
    digest: [u8; 32],
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

/// Where a key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// It was given by an environment variable of this name.
    Variable(String, ApiKey),
    /// A file of the user's.
    File(PathBuf),
    /// A file of ours, made where it is not there.
    Made(PathBuf),
}

/// Why there is no key. Never says what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is too short, too long, or not of printable ASCII.
    #[error(
        "the webhook's key in {0} is none: it has {SHORTEST_KEY} to {LONGEST_KEY} printable ASCII \
         characters and no space"
    )]
    Unfit(String),
    /// The file is not there.
    #[error(
        "the webhook's key file {} does not exist; write a key into it, or leave `key_file` out \
         and one is made",
        .0.display()
    )]
    Missing(PathBuf),
    /// The file cannot be read or made.
    #[error("the webhook's key file {} cannot be {action}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `read` or `made`.
        action: &'static str,
        /// What the system says.
        reason: String,
    },
}

impl ApiKey {
    /// A key as it was read from a place, for the error's text.
    ///
    /// # Errors
    ///
    /// A text that is no key.
    pub fn parse(text: &str, place: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let fits = (SHORTEST_KEY..=LONGEST_KEY).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::Unfit(place.to_owned()));
        }
        Ok(Self {
            digest: Sha256::digest(text.as_bytes()).into(),
        })
    }

    /// Whether this is what was shown; takes as long for one that is nearly right as for one that is
    /// not.
    pub(super) fn fits(&self, shown: &[u8]) -> bool {
        let digest: [u8; 32] = Sha256::digest(shown).into();
        self.digest.ct_eq(&digest).into()
    }
}

impl KeyPlace {
    /// Reads the key, or makes one.
    pub(super) fn key(&self) -> Result<ApiKey, KeyError> {
        match self {
            Self::Variable(_, key) => Ok(*key),
            Self::File(path) => match read(path)? {
                Some(key) => Ok(key),
                None => Err(KeyError::Missing(path.clone())),
            },
            Self::Made(path) => match read(path)? {
                Some(key) => Ok(key),
                None => make(path),
            },
        }
    }

    /// Where the key is, in words.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Variable(name, _) => format!("the variable {name}"),
            Self::File(path) | Self::Made(path) => path.display().to_string(),
        }
    }
}

fn read(path: &Path) -> Result<Option<ApiKey>, KeyError> {
    let length = match path.metadata() {
        Ok(data) => data.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(path, "read", &error)),
    };
    let place = path.display().to_string();
    if length > 2 * LONGEST_KEY as u64 {
        return Err(KeyError::Unfit(place));
    }
    let text = std::fs::read_to_string(path).map_err(|error| io(path, "read", &error))?;
    ApiKey::parse(&text, &place).map(Some)
}

fn make(path: &Path) -> Result<ApiKey, KeyError> {
    let failed = |error: &dyn fmt::Display| io(path, "made", error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    }
    let mut random = [0; RANDOM];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    if provider.secure_random.fill(&mut random).is_err() {
        return Err(failed(&"the system gives no random bytes"));
    }
    let key: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| failed(&error))?;
    writeln!(file, "{key}")
        .and_then(|()| file.sync_all())
        .map_err(|error| failed(&error))?;
    ApiKey::parse(&key, &path.display().to_string())
}

fn io(path: &Path, action: &'static str, error: &dyn fmt::Display) -> KeyError {
    KeyError::Io {
        path: path.to_owned(),
        action,
        reason: error.to_string(),
    }
}
