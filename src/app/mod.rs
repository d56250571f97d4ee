//! The composition root: config, adapters, store, terminal and loop put together.

#![allow(
    clippy::disallowed_methods,
    reason = "this room starts the runtime and the task that reads the keys"
)]

mod content;
mod direct;
mod events;
mod feed;
mod lake;
mod matching;
mod on_aws;
mod pivot;
mod rules;
mod screen;
mod services;
mod webhook;
mod zero;

pub use content::pivot_templates;
pub use feed::{FeedSetup, SourceError, feed_door, open_inbox};
pub use lake::{EngineShare, LakePlace, OpenError, OpenLake};
pub use matching::{LiveMatcher, Looking, MatchingError, conditions_of};
pub use pivot::pivot_tables;
pub use rules::{LoadedRules, RuleFiles, RulesError};
pub use zero::{Asked, explain_empty};

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::adapters::matching::Hydrator;
use crate::adapters::session::SessionFile;
use crate::config::{Config, Paths};
use crate::domain::case::Author;
use crate::ports::Clock;
use crate::runtime::{Effects, EventLoop, SystemClock, input, signals};
use crate::sql::table_names::TableNames;
use crate::store::effect::Effect;
use crate::store::event::Event;
use crate::store::keymap::Keymap;
use crate::store::queue::Alerts;
use crate::store::session::Session;
use crate::store::state::Setting;
use crate::store::{State, update};
use crate::terminal::{TerminalError, TerminalSession};

/// Memory that the engine's queries may use together.
const QUERY_BYTES: usize = 2 << 30;
/// Answers that wait for the loop before their senders do.
const WAITING: usize = 1_024;

/// What the console is opened on.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// The lake.
    pub place: LakePlace,
    /// Result files to open as tabs.
    pub open_files: Vec<PathBuf>,
    /// The configuration in force.
    pub config: Config,
    /// Where session, log and spilled results lie.
    pub paths: Paths,
    /// Who writes in cases.
    pub author: Author,
}

/// Why the console could not be opened or ended in failure.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The lake.
    #[error(transparent)]
    Lake(#[from] OpenError),
    /// The terminal.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The operating system.
    #[error("the console ended: {0}")]
    Io(#[from] std::io::Error),
}

/// Opens the console and returns when the user leaves it.
pub fn run(options: &AppOptions) -> Result<(), AppError> {
    let clock = SystemClock;
    let session_file = SessionFile::new(session_path(options));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("lakehound-work")
        .enable_all()
        .build()?;
    let share = EngineShare {
        memory_bytes: QUERY_BYTES,
        spill_dir: Some(options.paths.spill_dir()),
    };
    let lake = Arc::new(runtime.block_on(options.place.open(&options.paths, share))?);

    let mut terminal = TerminalSession::enter(true)?;
    let mut painter = content::painter(options);
    let mut state = initial_state(options, lake.queries.name(), &painter);
    let mut effects = update(
        &mut state,
        Event::Content(content::load(&options.paths, &names_before_asking(options))),
        clock.now(),
    );
    match restore(&session_file, &mut state, &clock) {
        Ok(Some(restored)) => effects.extend(restored),
        Ok(None) => effects.extend(first_start(&mut state)),
        // What was wrong has been said.
        Err(()) => {}
    }
    if options.place.is_on_aws() {
        effects.push(Effect::LoadAccess);
        effects.push(Effect::LoadUnfinished);
        effects.push(Effect::LoadContent);
    }
    effects.extend(
        options
            .open_files
            .iter()
            .flat_map(|file| state.open_file(file)),
    );
    effects.push(Effect::LoadCatalogue);
    effects.push(crate::store::queue::open(&mut state));

    let outcome = runtime.block_on(async {
        let terminal = &mut terminal;
        let (answer_sender, answers) = mpsc::channel(WAITING);
        let access = lake.access.as_ref();
        let objects = feed::objects_of_a_console(options, access, runtime.handle());
        lake.read_objects_from(objects.clone());
        let services = services::services(options, &lake, session_file, objects);
        let mut worker = Effects::new(services, runtime.handle().clone(), answer_sender);
        let watched = feed::of_a_console(options, access);
        let names: Vec<String> = watched
            .sources
            .iter()
            .map(|source| source.name_in_the_inbox())
            .collect();
        for source in watched.sources {
            worker.watch_switched(source);
        }
        if let Some(fault) = watched.fault {
            state.warn(fault);
        }
        // It follows the files of rules, as long as it lives.
        let mut live = None;
        if let Some(setup) = watched.setup {
            let looking = Looking {
                conditions: conditions_of(&options.config.feed),
                findings: options.config.feed.findings.clone(),
                ..Looking::default()
            };
            match LiveMatcher::open(&options.paths, looking) {
                Ok(matcher) => {
                    let reader = matcher.reader(setup.objects(runtime.handle()), Arc::new(clock));
                    worker.watch(&Hydrator::new(setup.inbox, names, reader));
                    live = Some(matcher);
                }
                Err(error) => state.warn(format!("events are not judged: {error}")),
            }
        }
        let screen = screen::Console::new(terminal, &mut painter)?;
        let input = input()?;
        // From here on changes of the size are heard of; one before this line was not.
        if let Ok((width, height)) = crossterm::terminal::size() {
            update(&mut state, Event::Resize { width, height }, clock.now());
        }
        let signals = signals()?;
        EventLoop::new(
            state,
            worker,
            screen,
            Arc::new(clock),
            input,
            answers,
            signals,
        )
        .run(effects)
        .await
        .map(|_| drop(live))
    });
    drop(terminal);
    // What still runs was told to stop; a task that is deep in a file does not keep the shell.
    runtime.shutdown_timeout(std::time::Duration::from_millis(300));
    outcome.map_err(AppError::Io)
}

/// Every lake has a session and kept results of its own; so have result files opened without one.
fn session_path(options: &AppOptions) -> PathBuf {
    let name = format!("session-{}.json", lake_mark(options));
    options.paths.session_file().with_file_name(name)
}

/// A short mark of the lake, for the names of files.
fn lake_mark(options: &AppOptions) -> String {
    let place = match &options.place {
        LakePlace::Folder(folder) => {
            let folder = folder.canonicalize().unwrap_or(folder.clone());
            folder.display().to_string()
        }
        LakePlace::Aws { name, .. } => format!("profile {name}"),
        LakePlace::Nowhere => "files".to_owned(),
    };
    mark(&place)
}

/// A short mark of a text.
fn mark(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn initial_state(options: &AppOptions, engine: &str, painter: &content::Painting) -> State {
    let (keymap, faults) = Keymap::with_overrides(&options.config.keys);
    let (lake_name, is_demo) = match &options.place {
        LakePlace::Folder(folder) if *folder == options.paths.demo_lake() => {
            ("demo lake".to_owned(), true)
        }
        LakePlace::Folder(folder) => (
            folder.display().to_string(),
            crate::demo::read_scenario(folder).is_ok(),
        ),
        LakePlace::Aws { name, .. } => (name.clone(), false),
        LakePlace::Nowhere => ("result files".to_owned(), false),
    };
    let setting = Setting {
        lake_name,
        is_demo,
        on_aws: options.place.is_on_aws(),
        demo_speed: crate::demo::CONSOLE_SPEED,
        engine: engine.to_owned(),
        zone: options.config.zone,
        themes: painter.names.clone(),
        analyst: options.author.analyst.clone(),
        alerts: alerts(&options.config.feed),
        keymap: Arc::new(keymap),
    };
    // A terminal that does not tell its size is drawn as the smallest usual one until it does.
    let size = crossterm::terminal::size().unwrap_or((80, 24));
    let mut state = State::new(setting, painter.first.clone(), size, SystemClock.now());
    if let Some(fault) = faults.first() {
        state.warn(format!("[keys] {fault}"));
    }
    state
}

/// The severities of which the terminal tells.
fn alerts(feed: &crate::config::Feed) -> Alerts {
    Alerts::of_names(
        feed.bell.as_deref(),
        feed.notify.as_deref(),
        feed.title.as_deref(),
    )
}

/// What the lake calls the documented tables, as far as that is known before anything is asked.
fn names_before_asking(options: &AppOptions) -> TableNames {
    if options.place.is_on_aws() {
        TableNames::default()
    } else {
        TableNames::short()
    }
}

/// Puts the panes of the last session back and gives what is to be done for them; `None` where
/// there were none. A file that cannot be read is put aside, not overwritten.
fn restore(
    file: &SessionFile,
    state: &mut State,
    clock: &SystemClock,
) -> Result<Option<Vec<Effect>>, ()> {
    let text = match file.load() {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(error) => {
            state.warn(format!("the last session cannot be read: {error}"));
            return Err(());
        }
    };
    match serde_json::from_str::<Session>(&text) {
        Ok(session) => Ok(Some(update(state, Event::Restored(session), clock.now()))),
        Err(error) => {
            let aside = file.set_aside().map(|path| path.display().to_string());
            let place = aside.unwrap_or_else(|_| "nowhere".to_owned());
            state.warn(format!(
                "the last session was unreadable ({error}); it is kept in {place}"
            ));
            Err(())
        }
    }
}

/// The first start on a demo lake shows its findings, where an investigation begins, and the
/// playbook that fits its incident.
fn first_start(state: &mut State) -> Vec<Effect> {
    const FINDINGS: &str = "new-findings";
    const PLAYBOOK: &str = "s3-data-access.md";
    if !state.setting.is_demo {
        return Vec::new();
    }
    let mut playbooks = state.content.playbooks.iter();
    if let Some(playbook) = playbooks.find(|playbook| playbook.file_name == PLAYBOOK) {
        state.playbook.open(Arc::clone(playbook));
    }
    state.run_template(FINDINGS)
}
