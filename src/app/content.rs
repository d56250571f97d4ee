//! Shipped and own content as the store and the painter take it.

use std::collections::HashMap;
use std::sync::Arc;

use super::AppOptions;
use crate::config::{ContentFile, ContentKind, Origin, Paths, content, parse_triggers, read_text};
use crate::domain::playbook::Playbook;
use crate::domain::template::Library;
use crate::domain::trigger::Trigger;
use crate::sql::pivot::PivotTemplates;
use crate::sql::table_names::TableNames;
use crate::store::content::Content;
use crate::ui::Painter;
use crate::ui::theme::{Depth, MONOCHROME, Theme, ThemeFile};

/// The painter and the themes that it knows.
pub(super) struct Painting {
    pub(super) painter: Painter,
    /// The themes' names, sorted.
    pub(super) names: Vec<String>,
    /// The theme to begin with.
    pub(super) first: String,
}

/// The painter for this terminal. Themes with faults are left out; `lakehound config themes` tells.
pub(super) fn painter(options: &AppOptions) -> Painting {
    let depth = Depth::from_env(|name| std::env::var(name).ok());
    let (files, _) = content(ContentKind::Themes, &options.paths.content_dir);
    let mut themes = HashMap::new();
    for file in &files {
        if let Ok(theme) = ThemeFile::parse(&file.name, &file.text) {
            themes.insert(file.stem().to_owned(), Theme::from_file(&theme, depth));
        }
    }
    let mut names: Vec<String> = themes.keys().cloned().collect();
    names.sort();
    let wanted = &options.config.theme.name;
    let first = if depth == Depth::None {
        MONOCHROME.to_owned()
    } else if themes.contains_key(wanted) {
        wanted.clone()
    } else {
        "dark".to_owned()
    };
    Painting {
        painter: Painter::new(depth, themes),
        names,
        first,
    }
}

/// Questions about entities. One of the user's takes the place of a shipped one of its name; the
/// names of tables come from the lake when a question is written out.
pub fn pivot_templates(mut files: Vec<ContentFile>) -> PivotTemplates {
    files.sort_by_key(|file| file.origin == Origin::Shipped);
    let named: Vec<(String, &str)> = files
        .iter()
        .map(|file| {
            let path = file.path(ContentKind::Pivots);
            (path.display().to_string(), file.text.as_str())
        })
        .collect();
    PivotTemplates::read(named.iter().map(|(name, text)| (name.as_str(), *text)))
}

/// Saved queries and playbooks over the lake's own table names, with the faults of those that were
/// left out.
pub(super) fn load(paths: &Paths, names: &TableNames) -> Content {
    let (queries, mut problems) = content(ContentKind::SavedQueries, &paths.content_dir);
    let texts: Vec<_> = queries
        .iter()
        .map(|file| (file.name.as_str(), names.bind(&file.text)))
        .collect();
    let library = Library::read(texts.iter().map(|(name, text)| (*name, text.as_ref())));
    let (playbooks, unreadable) = content(ContentKind::Playbooks, &paths.content_dir);
    problems.extend(unreadable);
    let mut faults: Vec<String> = problems.iter().map(ToString::to_string).collect();
    faults.extend(library.problems.iter().map(ToString::to_string));
    let mut templates: Vec<_> = library.templates.into_iter().map(Arc::new).collect();
    templates.sort_by(|a, b| a.name.cmp(&b.name));
    let playbooks = playbooks
        .iter()
        .map(|file| Arc::new(Playbook::parse(&file.name, &names.bind(&file.text))));
    let (pivots, unreadable) = content(ContentKind::Pivots, &paths.content_dir);
    faults.extend(unreadable.iter().map(ToString::to_string));
    let pivots = pivot_templates(pivots);
    faults.extend(pivots.problems.iter().map(ToString::to_string));
    let triggers = triggers(paths, &mut faults);
    Content {
        triggers,
        templates,
        pivots: Arc::new(pivots),
        playbooks: playbooks.collect(),
        problems: faults,
    }
}

/// What detections start by themselves. What a trigger names is looked for when it starts.
fn triggers(paths: &Paths, faults: &mut Vec<String>) -> Arc<[Trigger]> {
    let file = paths.triggers_file();
    if !file.exists() {
        return Arc::default();
    }
    let (triggers, problems) = match read_text(&file) {
        Ok(text) => parse_triggers(&file, &text),
        Err(problem) => (Vec::new(), vec![problem]),
    };
    faults.extend(problems.iter().map(ToString::to_string));
    triggers.into()
}
