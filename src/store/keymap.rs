//! The key map: which chord runs which command, where.

use std::collections::{BTreeMap, HashMap};

use super::command::{COMMANDS, Command, Context};
use super::key::Chord;

/// The map that is shipped.
pub const DEFAULT_KEYMAP: &str = include_str!("keymap.toml");

/// Chords to commands, and back for help and footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    by_chord: HashMap<(Context, Chord), Command>,
    by_command: HashMap<Command, Vec<Chord>>,
}

/// A fault of one line of a key map; the other lines still count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// The name before the `=` is no command.
    #[error(
        "there is no command `{name}`; did you mean `{nearest}`? `lakehound config keys` lists them all"
    )]
    UnknownCommand {
        /// The name as written.
        name: String,
        /// The command with the most similar name.
        nearest: &'static str,
    },
    /// A chord cannot be read.
    #[error("`{name}`: {reason}")]
    BadChord {
        /// The command.
        name: String,
        /// What is wrong with the chord.
        reason: String,
    },
    /// A chord that counts in the editor would type a character.
    #[error(
        "`{name}` counts in the editor too, where `{chord}` types a character: add ctrl or alt"
    )]
    TypesCharacter {
        /// The command.
        name: String,
        /// The chord as written.
        chord: String,
    },
    /// Two commands of one place share a chord; the later one has it.
    #[error("`{chord}` runs both `{first}` and `{second}`")]
    Twice {
        /// The chord as written.
        chord: String,
        /// The command that had it.
        first: &'static str,
        /// The command that has it now.
        second: &'static str,
    },
}

/// Chords by command name, as a key map file or the `[keys]` table gives them.
pub type RawKeys = BTreeMap<String, Vec<String>>;

impl Keymap {
    /// The shipped map with the user's lines over it, and what was wrong with those.
    pub fn with_overrides(overrides: &RawKeys) -> (Self, Vec<KeymapError>) {
        let mut errors = Vec::new();
        let mut chords: BTreeMap<&'static str, Vec<Chord>> = BTreeMap::new();
        let defaults = default_keys();
        for (name, texts) in defaults.iter().chain(overrides) {
            match read_line(name, texts) {
                Ok((command, read)) => {
                    chords.insert(command.name(), read);
                }
                Err(error) => errors.push(error),
            }
        }
        let mut map = Self {
            by_chord: HashMap::new(),
            by_command: HashMap::new(),
        };
        for row in COMMANDS {
            let own = chords.remove(row.name).unwrap_or_default();
            for chord in &own {
                if let Some(first) = map.by_chord.insert((row.context, *chord), row.command) {
                    errors.push(KeymapError::Twice {
                        chord: chord.to_string(),
                        first: first.name(),
                        second: row.name,
                    });
                }
            }
            map.by_command.insert(row.command, own);
        }
        (map, errors)
    }

    /// The command of a chord: the innermost context that knows the chord wins.
    pub fn lookup(&self, contexts: &[Context], chord: Chord) -> Option<Command> {
        contexts
            .iter()
            .find_map(|context| self.by_chord.get(&(*context, chord)).copied())
    }

    /// The chords of a command, the preferred one first.
    pub fn chords(&self, command: Command) -> &[Chord] {
        self.by_command.get(&command).map_or(&[], Vec::as_slice)
    }

    /// The preferred chord as text, or nothing.
    pub fn label(&self, command: Command) -> Option<String> {
        self.chords(command).first().map(ToString::to_string)
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Self::with_overrides(&RawKeys::new()).0
    }
}

/// The shipped map as raw lines.
fn default_keys() -> RawKeys {
    /// One chord or several.
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Chords {
        One(String),
        Many(Vec<String>),
    }
    // The file is part of the program and read by a test: it always parses.
    let raw: BTreeMap<String, Chords> = toml::from_str(DEFAULT_KEYMAP).unwrap_or_default();
    raw.into_iter()
        .map(|(name, chords)| match chords {
            Chords::One(chord) => (name, vec![chord]),
            Chords::Many(chords) => (name, chords),
        })
        .collect()
}

fn read_line(name: &str, texts: &[String]) -> Result<(Command, Vec<Chord>), KeymapError> {
    let command: Command = name.parse().map_err(|()| KeymapError::UnknownCommand {
        name: name.to_owned(),
        nearest: nearest_command(name),
    })?;
    let takes_text = matches!(command.row().context, Context::Global | Context::Editor);
    let mut chords = Vec::with_capacity(texts.len());
    for text in texts {
        let chord: Chord =
            text.parse()
                .map_err(|error: super::key::ChordError| KeymapError::BadChord {
                    name: name.to_owned(),
                    reason: error.to_string(),
                })?;
        if takes_text && chord.typed().is_some() {
            return Err(KeymapError::TypesCharacter {
                name: name.to_owned(),
                chord: text.clone(),
            });
        }
        chords.push(chord);
    }
    Ok((command, chords))
}

fn nearest_command(name: &str) -> &'static str {
    COMMANDS
        .iter()
        .map(|row| row.name)
        .max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overriding(name: &str, chords: &[&str]) -> (Keymap, Vec<KeymapError>) {
        let chords = chords.iter().map(ToString::to_string).collect();
        Keymap::with_overrides(&RawKeys::from([(name.to_owned(), chords)]))
    }

    #[test]
    fn the_shipped_map_is_whole_and_free_of_conflicts() {
        let (map, errors) = Keymap::with_overrides(&RawKeys::new());
        assert_eq!(errors, []);
        for row in COMMANDS {
            assert!(
                !map.chords(row.command).is_empty(),
                "{} has no chord",
                row.name
            );
        }
    }

    #[test]
    fn the_innermost_context_wins() {
        let map = Keymap::default();
        let enter = "enter".parse().unwrap();
        let contexts = [Context::Feed, Context::Pane, Context::Global];
        assert_eq!(map.lookup(&contexts, enter), Some(Command::FeedOpen));
        assert_eq!(
            map.lookup(&contexts, Chord::char('?')),
            Some(Command::PaneHelp)
        );
        assert_eq!(
            map.lookup(&[Context::Editor, Context::Global], Chord::char('?')),
            None
        );
    }

    #[test]
    fn an_override_replaces_the_chords_and_may_take_them_away() {
        let (map, errors) = overriding("query.run", &["f10"]);
        assert_eq!(
            (map.label(Command::RunStatement), errors),
            (Some("f10".into()), vec![])
        );
        let (map, _) = overriding("query.run", &[]);
        assert_eq!(map.label(Command::RunStatement), None);
    }

    #[test]
    fn faults_are_named_and_leave_the_rest_in_force() {
        let (map, errors) = overriding("query.rum", &["f7"]);
        assert!(matches!(
            &errors[..],
            [KeymapError::UnknownCommand {
                nearest: "query.run",
                ..
            }]
        ));
        assert_eq!(map, Keymap::default());
        assert!(matches!(
            &overriding("quit", &["x"]).1[..],
            [KeymapError::TypesCharacter { .. }]
        ));
        assert!(matches!(
            &overriding("quit", &["oops"]).1[..],
            [KeymapError::BadChord { .. }]
        ));
        assert!(matches!(
            &overriding("quit", &["f1"]).1[..],
            [KeymapError::Twice { .. }]
        ));
    }
}
