//! Files of Sigma rules: the shipped ones with the user's own, or those that are named. Read again
//! when they change; an edit that breaks a file leaves what was there in use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::config::{ContentKind, PLACEHOLDERS_FILE, content, parse_placeholders, read_text};
use crate::domain::sigma::{self, About, Document, Placeholders};
use crate::sql::sigma::RuleSet;

/// Files of rules below one folder.
const MOST_FILES: usize = 50_000;

/// Why no rule can be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Nothing is there.
    #[error("there is no {}", .0.display())]
    Missing(PathBuf),
    /// The system refuses.
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Somebody named the root of a disk.
    #[error("{} holds more than {MOST_FILES} files of rules", .0.display())]
    TooMany(PathBuf),
}

impl RulesError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing(_) => {
                Some("--rules takes a file of Sigma rules, or a folder of such files")
            }
            Self::Unreadable { .. } => None,
            Self::TooMany(_) => Some("name a folder further down"),
        }
    }
}

/// Rules of files, and what is wrong with the others.
#[derive(Debug, Clone, Default)]
pub struct LoadedRules {
    /// The rules.
    pub set: RuleSet,
    /// The file that each of them is in.
    pub files: Vec<(String, About)>,
    /// Files with what is wrong in them.
    pub faults: Vec<(String, String)>,
}

/// What one file holds: its documents, or why not.
type OneFile = Vec<Result<Document, String>>;

/// Files by their names, with their texts, or why these cannot be read.
type Texts = Vec<(String, Result<String, String>)>;

/// Where rules lie, with what was read there last.
#[derive(Debug, Clone)]
pub struct RuleFiles {
    /// Files and folders; none for the shipped rules and the user's own.
    named: Vec<PathBuf>,
    content_dir: PathBuf,
    /// The last good state of each file.
    good: BTreeMap<String, Vec<Document>>,
}

impl RuleFiles {
    /// The rules at these paths; the shipped ones, and the user's own beside the configuration, where
    /// no path is given.
    pub fn new(named: Vec<PathBuf>, content_dir: PathBuf) -> Self {
        Self {
            named,
            content_dir,
            good: BTreeMap::new(),
        }
    }

    /// The files and folders that may change.
    pub fn places(&self) -> Vec<PathBuf> {
        let mut places = match self.named.is_empty() {
            true => vec![self.detections()],
            false => self.named.clone(),
        };
        // A folder's own file is below it.
        let files = self.named.iter().filter(|path| !path.is_dir());
        places.extend(files.map(|path| placeholders_of(path)));
        places
    }

    /// The folder of the user's own rules.
    fn detections(&self) -> PathBuf {
        self.content_dir.join(ContentKind::Detections.folder())
    }

    /// The placeholders of all places together, and what is wrong with their files. Of two values
    /// for one name that of the place named later counts.
    fn placeholders(&self) -> (Placeholders, Vec<(String, String)>) {
        let mut all = Placeholders::default();
        let mut faults = Vec::new();
        let files = match self.named.is_empty() {
            true => vec![self.detections().join(PLACEHOLDERS_FILE)],
            false => self
                .named
                .iter()
                .map(|path| placeholders_of(path))
                .collect(),
        };
        for file in files.into_iter().filter(|file| file.is_file()) {
            let name = file.display().to_string();
            let (read, problems) = match read_text(&file) {
                Ok(text) => parse_placeholders(&file, &text),
                Err(problem) => (Placeholders::default(), vec![problem]),
            };
            all.0.extend(read.0);
            faults.extend(problems.iter().map(|one| (name.clone(), one.to_string())));
        }
        (all, faults)
    }

    /// Reads them. A file that was good before and is not now is told as a fault, and what was in it
    /// before is used on.
    ///
    /// # Errors
    ///
    /// A path at which nothing is, a folder that cannot be listed.
    pub fn read(&mut self) -> Result<LoadedRules, RulesError> {
        let texts = self.texts()?;
        let (placeholders, faults) = self.placeholders();
        let mut good = BTreeMap::new();
        let mut loaded = LoadedRules {
            faults,
            ..LoadedRules::default()
        };
        for (file, text) in texts {
            let documents: OneFile = match text {
                Ok(text) => sigma::read_with(&text, &placeholders)
                    .into_iter()
                    .map(|document| document.map_err(|problem| problem.to_string()))
                    .collect(),
                Err(problem) => vec![Err(problem)],
            };
            let is_whole = documents.iter().all(Result::is_ok);
            if let Some(before) = self.good.get(&file).filter(|_| !is_whole) {
                let faults = documents.into_iter().filter_map(Result::err);
                let told = faults.map(|why| format!("{why}; what was there before is used on"));
                loaded.faults.extend(told.map(|why| (file.clone(), why)));
                for document in before.clone() {
                    loaded.add(&file, document);
                }
                good.insert(file, before.clone());
                continue;
            }
            let mut whole = Vec::new();
            for document in documents {
                match document {
                    Ok(document) => {
                        whole.push(document.clone());
                        loaded.add(&file, document);
                    }
                    Err(why) => loaded.faults.push((file.clone(), why)),
                }
            }
            good.insert(file, whole);
        }
        self.good = good;
        loaded.tell_idle_filters();
        Ok(loaded)
    }

    fn texts(&self) -> Result<Texts, RulesError> {
        if self.named.is_empty() {
            let (files, problems) = content(ContentKind::Detections, &self.content_dir);
            let read = files.into_iter().map(|file| {
                let name = file.path(ContentKind::Detections).display().to_string();
                (name, Ok(file.text))
            });
            let unreadable = problems
                .iter()
                .map(|problem| ("detections".to_owned(), Err(problem.to_string())));
            return Ok(read.chain(unreadable).collect());
        }
        let mut texts = Vec::new();
        for path in &self.named {
            if !path.exists() {
                return Err(RulesError::Missing(path.clone()));
            }
            for file in files_below(path)? {
                let text = read_text(&file).map_err(|problem| problem.to_string());
                texts.push((file.display().to_string(), text));
            }
        }
        Ok(texts)
    }
}

impl LoadedRules {
    fn add(&mut self, file: &str, document: Document) {
        let about = document.about().clone();
        let before = self.files.iter().find(|(_, known)| known.id == about.id);
        if let Some((other, _)) = before {
            let why = format!("its id {} is that of a rule in {other}", about.id);
            self.faults.push((file.to_owned(), why));
            return;
        }
        self.files.push((file.to_owned(), about));
        self.set.add(document);
    }

    /// Filters that no rule here needs are told as faults.
    fn tell_idle_filters(&mut self) {
        let idle: BTreeSet<String> = self
            .set
            .idle_filters()
            .map(|about| about.id.clone())
            .collect();
        let (idle, used) = std::mem::take(&mut self.files)
            .into_iter()
            .partition(|(_, about)| idle.contains(&about.id));
        self.files = used;
        let told = |(file, about): (String, About)| {
            let why = format!("its filter `{}` is about no rule that is here", about.title);
            (file, why)
        };
        self.faults.extend(Vec::into_iter(idle).map(told));
    }
}

/// The file of placeholders that belongs to a path of rules.
fn placeholders_of(path: &Path) -> PathBuf {
    let folder = match path.is_dir() {
        true => path,
        false => path.parent().unwrap_or(Path::new("")),
    };
    folder.join(PLACEHOLDERS_FILE)
}

fn files_below(path: &Path) -> Result<Vec<PathBuf>, RulesError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| RulesError::Unreadable {
            path: folder.clone(),
            reason: error.to_string(),
        })?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_rule = path.extension().is_some_and(|end| {
                end.eq_ignore_ascii_case("yml") || end.eq_ignore_ascii_case("yaml")
            });
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if is_rule {
                found.push(path);
            }
        }
        if found.len() > MOST_FILES {
            return Err(RulesError::TooMany(path.to_owned()));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "title: a\nid: a\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s: {eventName: x}\n  condition: s\n";

    #[test]
    fn an_edit_that_breaks_a_file_leaves_what_was_there_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.yml"), folder.path().join("two.yml"));
        std::fs::write(&one, GOOD).unwrap();
        std::fs::write(&two, GOOD.replace(": a\n", ": b\n")).unwrap();
        let mut files = RuleFiles::new(vec![folder.path().to_owned()], PathBuf::new());
        let ids = |loaded: &LoadedRules| -> Vec<String> {
            let rules = loaded.set.rules.iter();
            rules.map(|rule| rule.about.id.clone()).collect()
        };
        let loaded = files.read().unwrap();
        assert_eq!(
            (ids(&loaded), loaded.faults.len()),
            (vec!["a".into(), "b".into()], 0)
        );

        std::fs::write(&one, "title: a\nid: a\ndetection: [").unwrap();
        let loaded = files.read().unwrap();
        assert_eq!(ids(&loaded), ["a", "b"]);
        assert!(
            loaded.faults[0]
                .1
                .ends_with("what was there before is used on")
        );

        std::fs::write(&one, GOOD.replace(": a\n", ": c\n")).unwrap();
        std::fs::remove_file(&two).unwrap();
        let loaded = files.read().unwrap();
        assert_eq!((ids(&loaded), loaded.faults.len()), (vec!["c".into()], 0));

        let missing = RuleFiles::new(vec![folder.path().join("none")], PathBuf::new()).read();
        assert!(missing.unwrap_err().hint().is_some());
    }
    #[test]
    fn placeholders_and_filters_lie_beside_the_rules() {
        let folder = tempfile::tempdir().unwrap();
        let rule = folder.path().join("rule.yml");
        std::fs::write(
            &rule,
            GOOD.replace("{eventName: x}", "{'eventName|expand': '%names%'}"),
        )
        .unwrap();
        let filter = |rule: &str| {
            format!(
                "title: f\nid: f\nlogsource: {{product: aws}}\nfilter:\n  rules: [{rule}]\n  own: {{userAgent: y}}\n  condition: not own\n"
            )
        };
        std::fs::write(folder.path().join("a_filter.yml"), filter("a")).unwrap();
        let mut files = RuleFiles::new(vec![folder.path().to_owned()], PathBuf::new());
        let why: Vec<String> = files
            .read()
            .unwrap()
            .faults
            .into_iter()
            .map(|(_, why)| why)
            .collect();
        assert!(
            why[0].contains("`%names%` has no value") && why[1].contains("no rule that is here"),
            "{why:?}"
        );

        let given = folder.path().join(PLACEHOLDERS_FILE);
        std::fs::write(&given, "names = [\"one\", \"two\"]\nother = {}\n").unwrap();
        let loaded = files.read().unwrap();
        assert_eq!(
            (loaded.files.len(), loaded.faults.len()),
            (2, 1),
            "{:?}",
            loaded.faults
        );
        assert_eq!(loaded.set.rules[0].searches.len(), 2);
        // The same for the file by itself, whose placeholders are followed as well.
        let mut alone = RuleFiles::new(vec![rule], PathBuf::new());
        assert_eq!(alone.read().unwrap().files.len(), 1);
        assert!(alone.places().contains(&given));
    }
}
