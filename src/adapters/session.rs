//! The file that keeps the panes between two starts.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the session's file"
)]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// One file that is replaced as a whole: a reader sees the old text or the new one, whenever the
/// power fails.
#[derive(Debug, Clone)]
pub struct SessionFile {
    path: PathBuf,
}

impl SessionFile {
    /// A session in a file, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The kept text; `None` where nothing was kept.
    pub fn load(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a text. It is on the disk when this returns, readable by its owner alone.
    pub fn save(&self, text: &str) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let beside = self.path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        // The new name is safe only when the folder is.
        fs::File::open(folder)?.sync_all()
    }

    /// Puts a file that cannot be read aside, so that nothing is lost, and tells where it is.
    pub fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = self.path.with_extension("unreadable");
        fs::rename(&self.path, &aside)?;
        Ok(aside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let session = SessionFile::new(folder.path().join("deep/session.json"));
        assert_eq!(session.load().unwrap(), None);
        session.save("one").unwrap();
        session.save("two").unwrap();
        assert_eq!(session.load().unwrap().as_deref(), Some("two"));
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        SessionFile::new(path.clone()).save("x").unwrap();
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn an_unreadable_file_is_put_aside_whole() {
        let folder = tempfile::tempdir().unwrap();
        let session = SessionFile::new(folder.path().join("session.json"));
        session.save("{broken").unwrap();
        let aside = session.set_aside().unwrap();
        assert_eq!(fs::read_to_string(aside).unwrap(), "{broken");
        assert_eq!(session.load().unwrap(), None);
    }
}
