//! The files that the binary brings along, and the user's own beside them. A file of the user's
//! with the name of a shipped one takes its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::Problem;

static SAVED_QUERIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/saved-queries");
static PLAYBOOKS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/playbooks");
static PIVOTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/pivots");
static DETECTIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/detections");
static THEMES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// The largest file that is read as content: what people write is far smaller.
const LARGEST_FILE: u64 = 4 << 20;

/// A kind of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentKind {
    /// `saved-queries/*.sql`.
    SavedQueries,
    /// `pivots/*.sql`.
    Pivots,
    /// `playbooks/*.md`.
    Playbooks,
    /// `detections/*.yml`.
    Detections,
    /// `themes/*.toml`.
    Themes,
}

impl ContentKind {
    /// The folder's name, shipped and in the user's own place.
    pub fn folder(self) -> &'static str {
        match self {
            Self::SavedQueries => "saved-queries",
            Self::Pivots => "pivots",
            Self::Playbooks => "playbooks",
            Self::Detections => "detections",
            Self::Themes => "themes",
        }
    }

    /// The end of the file names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::SavedQueries | Self::Pivots => "sql",
            Self::Playbooks => "md",
            Self::Detections => "yml",
            Self::Themes => "toml",
        }
    }

    fn shipped(self) -> &'static Dir<'static> {
        match self {
            Self::SavedQueries => &SAVED_QUERIES,
            Self::Pivots => &PIVOTS,
            Self::Playbooks => &PLAYBOOKS,
            Self::Detections => &DETECTIONS,
            Self::Themes => &THEMES,
        }
    }

    /// Whether a file of the folder is content: the right end, and no page about the folder.
    fn holds(self, file: &Path) -> bool {
        let is_readme = file
            .file_stem()
            .is_some_and(|stem| stem.eq_ignore_ascii_case("readme"));
        file.extension()
            .is_some_and(|end| end.eq_ignore_ascii_case(self.extension()))
            && !is_readme
    }
}

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is part of the binary.
    Shipped,
    /// It lies in the user's folder.
    Own(PathBuf),
}

/// One file of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFile {
    /// The path below the kind's folder, `/`-separated.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl ContentFile {
    /// The file's name without folder and end, by which people call it.
    pub fn stem(&self) -> &str {
        let file = self
            .name
            .rsplit_once('/')
            .map_or(&*self.name, |(_, file)| file);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem)
    }

    /// The path to show in a report: the user's file, or the shipped name.
    pub fn path(&self, kind: ContentKind) -> PathBuf {
        match &self.origin {
            Origin::Own(path) => path.clone(),
            Origin::Shipped => Path::new(kind.folder()).join(&self.name),
        }
    }
}

/// Every file of a kind, sorted by name, the user's own in place of shipped ones; and the user's
/// files that cannot be read.
pub fn content(kind: ContentKind, content_dir: &Path) -> (Vec<ContentFile>, Vec<Problem>) {
    let mut files = BTreeMap::new();
    add_shipped(kind, kind.shipped(), &mut files);
    let mut problems = Vec::new();
    let own = content_dir.join(kind.folder());
    if own.is_dir() {
        add_own(kind, &own, &own, &mut files, &mut problems);
    }
    (files.into_values().collect(), problems)
}

fn add_shipped(
    kind: ContentKind,
    dir: &'static Dir<'static>,
    files: &mut BTreeMap<String, ContentFile>,
) {
    for file in dir.files().filter(|file| kind.holds(file.path())) {
        if let (Some(name), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            files.insert(
                name.to_owned(),
                ContentFile {
                    name: name.to_owned(),
                    text: text.to_owned(),
                    origin: Origin::Shipped,
                },
            );
        }
    }
    for dir in dir.dirs() {
        add_shipped(kind, dir, files);
    }
}

fn add_own(
    kind: ContentKind,
    root: &Path,
    folder: &Path,
    files: &mut BTreeMap<String, ContentFile>,
    problems: &mut Vec<Problem>,
) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(Problem::of_file(folder, format!("cannot be read: {error}")));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            add_own(kind, root, &path, files, problems);
        } else if kind.holds(&path) {
            match read_text(&path) {
                Ok(text) => {
                    let name = relative_name(root, &path);
                    files.insert(
                        name.clone(),
                        ContentFile {
                            name,
                            text,
                            origin: Origin::Own(path),
                        },
                    );
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
}

fn relative_name(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// The text of a file that a person wrote: UTF-8, of a size that a person writes.
pub fn read_text(path: &Path) -> Result<String, Problem> {
    let unreadable =
        |error: std::io::Error| Problem::of_file(path, format!("cannot be read: {error}"));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST_FILE {
        return Err(Problem::of_file(
            path,
            format!("is too large to be content: {size} bytes, at most {LARGEST_FILE} are read"),
        ));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error
            .as_bytes()
            .iter()
            .take(at)
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        Problem::of_file(path, "is not UTF-8 text")
            .at_line(line)
            .with_hint("save it as UTF-8")
    })
}
