//! `-o FILE`: a file that appears as a whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::stop::Stop;

/// A file that is written beside its place and moved there by [`OutFile::finish`], in place of an
/// earlier one; dropped before, it leaves nothing behind. What is no regular file (`/dev/null`, a
/// named pipe) is written straight.
pub(super) struct OutFile {
    out: BufWriter<File>,
    target: PathBuf,
    /// The file beside the place, until it is moved.
    part: Option<PathBuf>,
}

impl OutFile {
    pub(super) fn create(target: &Path) -> Result<Self, Stop> {
        Self::open(target).map_err(|error| cannot_write(target, &error))
    }

    fn open(target: &Path) -> io::Result<Self> {
        // A link keeps pointing where it points: the file behind it is replaced.
        let target = match target.canonicalize() {
            Ok(real) => real,
            Err(_) => target.to_owned(),
        };
        if target.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        if target.exists() && !target.is_file() {
            let file = File::options().write(true).open(&target)?;
            return Ok(Self {
                out: BufWriter::new(file),
                target,
                part: None,
            });
        }
        let name = target
            .file_name()
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
        let mut part_name = std::ffi::OsString::from(".");
        part_name.push(name);
        part_name.push(format!(".{}.part", std::process::id()));
        let part = target.with_file_name(part_name);
        let file = File::options().write(true).create_new(true).open(&part)?;
        Ok(Self {
            out: BufWriter::with_capacity(256 << 10, file),
            target,
            part: Some(part),
        })
    }

    /// Hands the file to the disk and puts it in its place.
    pub(super) fn finish(mut self) -> Result<(), Stop> {
        let finished = self.out.flush().and_then(|()| match &self.part {
            Some(part) => {
                self.out.get_ref().sync_all()?;
                std::fs::rename(part, &self.target)
            }
            None => Ok(()),
        });
        finished.map_err(|error| cannot_write(&self.target, &error))?;
        self.part = None;
        Ok(())
    }
}

/// A file that cannot be written.
pub(super) fn cannot_write(target: &Path, error: &io::Error) -> Stop {
    Stop::failed(format_args!("cannot write {}: {error}", target.display()))
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            let _ = std::fs::remove_file(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_file_leaves_the_earlier_one_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.csv");
        std::fs::write(&target, "earlier").unwrap();
        let mut file = OutFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "earlier");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_finished_file_takes_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.csv");
        std::fs::write(&target, "earlier").unwrap();
        let mut file = OutFile::create(&target).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "whole");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_straight() {
        let mut file = OutFile::create(Path::new("/dev/null")).unwrap();
        file.write_all(b"gone").unwrap();
        file.finish().unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            OutFile::create(folder.path()),
            Err(Stop::Failed(_))
        ));
    }
}
