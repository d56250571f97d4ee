//! Saved queries.

use std::collections::BTreeSet;
use std::path::Path;

use lakehound::config::{ContentFile, ContentKind, content};
use lakehound::domain::lake::Source;
use lakehound::domain::template::Library;
use lakehound::sql::lint::lint;

fn files() -> Vec<ContentFile> {
    content(ContentKind::SavedQueries, Path::new("")).0
}

fn library() -> Library {
    let files = files();
    Library::read(
        files
            .iter()
            .map(|file| (file.name.as_str(), file.text.as_str())),
    )
}

#[test]
fn every_file_is_a_template_named_like_its_file() {
    let files = files();
    let library = library();
    assert_eq!(library.problems, vec![]);
    assert!(library.templates.len() >= 40);
    let names: BTreeSet<&str> = library.templates.iter().map(|t| t.name.as_str()).collect();
    let stems: BTreeSet<&str> = files.iter().map(ContentFile::stem).collect();
    assert_eq!(names, stems);
}

#[test]
fn every_template_says_what_it_is_for() {
    const CLASSES: [u32; 9] = [2002, 2003, 2004, 3001, 3002, 4001, 4002, 4003, 6003];
    for template in library().templates {
        let name = &template.name;
        assert!(
            template.purpose.ends_with('.'),
            "{name}: a purpose is a sentence"
        );
        assert!(!template.classes.is_empty(), "{name}");
        assert!(
            template.classes.iter().all(|class| CLASSES.contains(class)),
            "{name}"
        );
        assert!(!template.tables.is_empty(), "{name}");
        for table in &template.tables {
            let source: Source = table.parse().unwrap_or_else(|()| panic!("{name}: {table}"));
            assert!(
                template.sql.contains(&format!("_{}_2_0", source.alias())),
                "{name} does not read {table}"
            );
        }
        for parameter in &template.parameters {
            assert!(!parameter.help.is_empty(), "{name}: {}", parameter.name);
            assert!(
                parameter.default_text.is_some(),
                "{name}: {}",
                parameter.name
            );
        }
        for always in ["from", "to"] {
            assert!(
                template.parameters.iter().any(|p| p.name == always),
                "{name}: {always}"
            );
        }
    }
}

#[test]
fn no_template_makes_a_mistake_that_the_hints_know() {
    for file in files() {
        assert_eq!(lint(&file.text), vec![], "{}", file.name);
    }
}
