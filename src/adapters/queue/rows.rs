//! The events of an item as a file that the engine reads as a table.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::private;

/// Writes events, each one JSON object, a line each. What is no JSON object is left out. The file
/// is readable by its owner alone and takes the place of an older one of the same name.
///
/// # Errors
///
/// Where the file cannot be written, or none of the events can be read.
pub fn write_rows(folder: &Path, name: &str, events: &[String]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("{name}.ndjson"));
    let beside = path.with_extension("new");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
        .open(&beside)
        .map(io::BufWriter::new)?;
    let mut written = 0;
    for event in events {
        // Read and written again: an object on one line, whatever it was before.
        let read = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(event);
        if let Ok(object) = read {
            serde_json::to_writer(&mut file, &object)?;
            file.write_all(b"\n")?;
            written += 1;
        }
    }
    file.flush()?;
    if written == 0 {
        let _ = fs::remove_file(&beside);
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "none of its events is kept in full; they are in the objects that it names",
        ));
    }
    fs::rename(&beside, &path)?;
    Ok(path)
}
