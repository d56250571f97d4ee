//! The state: everything that is on the screen and behind it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::case::CaseDesk;
use super::command::Context;
use super::content::Content;
use super::editor::Editor;
use super::effect::{Effect, ExportId, OrderId, TimerId};
use super::feed::Feed;
use super::keymap::Keymap;
use super::layout::Layout;
use super::lineage::Lineages;
use super::overlay::Overlay;
use super::pivot::Pivots;
use super::playbook::PlaybookPane;
use super::queue::{Alerts, QueueDesk};
use super::results::{Origin, Phase, Results, Tab};
use super::screen::{Pane, Screen};
use super::session::Session;
use super::timeline::Timeline;
use super::triggers::TriggerDesk;
use crate::domain::access::Access;
use crate::domain::lake::{LakeFacts, ObjectVersion, plain_statement};
use crate::domain::query::{QueryId, QueryRequest, TextPosition, UnfinishedRun};
use crate::sql::completion::Catalogue;

/// How long the session rests before it is written.
const SAVE_AFTER: Duration = Duration::from_millis(400);

/// How long leaving waits for queries to stop.
const LEAVE_WITHIN: Duration = Duration::from_millis(1_500);

/// How long a message stays when no key takes it away.
pub const MESSAGE_STAYS: Duration = Duration::from_secs(6);

/// What terminals take of a clipboard sequence, before it is encoded.
const CLIPBOARD_BYTES: usize = 72 << 10;

/// The table as which an opened object or file is asked.
pub const OBJECT_TABLE: &str = "notified_object";

/// How a message is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// To be known.
    Info,
    /// To be looked at.
    Warning,
    /// Something failed.
    Error,
}

/// What the footer says instead of the keys: until the next key, or until it was read long enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How it is to be taken.
    pub tone: Tone,
    /// What it says.
    pub text: String,
}

/// What a person has said of a run before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consent {
    /// It may do what the service asks about: write, or cost more than was meant to be spent.
    pub confirmed: bool,
    /// Rows kept from an earlier run do not do.
    pub fresh: bool,
}

/// What is known at the start and does not change.
#[derive(Debug, Clone)]
pub struct Setting {
    /// What the status line calls the lake.
    pub lake_name: String,
    /// Whether the lake is a demo lake, which can go on.
    pub is_demo: bool,
    /// Whether the lake is on AWS: queries cost money, and more than one engine can answer.
    pub on_aws: bool,
    /// How much faster than real time a demo lake goes on.
    pub demo_speed: u32,
    /// The engine's name.
    pub engine: String,
    /// The zone in which times are shown.
    pub zone: Tz,
    /// The themes to choose from.
    pub themes: Vec<String>,
    /// Who works here.
    pub analyst: String,
    /// On which severities the terminal rings, tells the desktop and changes its title.
    pub alerts: Alerts,
    /// The key map in force.
    pub keymap: Arc<Keymap>,
}

/// THE state.
#[derive(Debug)]
pub struct State {
    /// What is known at the start.
    pub setting: Setting,
    /// Size, focus and borders.
    pub screen: Screen,
    /// Where everything stands.
    pub layout: Layout,
    /// The feed.
    pub feed: Feed,
    /// What its detections became.
    pub queue: QueueDesk,
    /// The editor.
    pub editor: Editor,
    /// The results.
    pub results: Results,
    /// The playbook.
    pub playbook: PlaybookPane,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// The message line.
    pub message: Option<Message>,
    /// Counts the messages, so that a new one is told from the one before.
    messages: u64,
    /// With whose rights a lake on AWS is read; `None` until it was asked, or elsewhere.
    pub access: Option<Access>,
    /// Runs elsewhere that an earlier start left.
    pub unfinished: Vec<UnfinishedRun>,
    /// What the lake holds; `None` until it was read.
    pub facts: Option<LakeFacts>,
    /// Saved queries and playbooks.
    pub content: Content,
    /// What triggers did.
    pub triggers: TriggerDesk,
    /// The case in which the console works.
    pub case: CaseDesk,
    /// Which tables pivots ask, and how far around an event.
    pub pivots: Pivots,
    /// What happened when.
    pub timeline: Timeline,
    /// Trees of credentials that were asked for.
    pub lineage: Lineages,
    /// Tables, columns and functions for completion.
    pub catalogue: Arc<Catalogue>,
    /// The theme's name.
    pub theme: String,
    /// Whether the program has the mouse.
    pub mouse: bool,
    /// The time of the last event.
    pub now: DateTime<Utc>,
    /// Whether leaving waits for queries to stop.
    pub leaving: bool,
    /// Whether the session has changed since it was written.
    unsaved: bool,
    next_id: u64,
}

impl State {
    /// A fresh state.
    pub fn new(setting: Setting, theme: String, size: (u16, u16), now: DateTime<Utc>) -> Self {
        let screen = Screen::new(size.0, size.1);
        Self {
            layout: Layout::of(&screen),
            screen,
            feed: Feed::new(),
            queue: QueueDesk::default(),
            editor: Editor::new(""),
            results: Results::default(),
            triggers: TriggerDesk::default(),
            playbook: PlaybookPane::default(),
            overlay: None,
            message: None,
            messages: 0,
            access: None,
            unfinished: Vec::new(),
            facts: None,
            content: Content::default(),
            case: CaseDesk::default(),
            pivots: Pivots::default(),
            timeline: Timeline::default(),
            lineage: Lineages::default(),
            catalogue: Arc::default(),
            theme,
            mouse: true,
            now,
            leaving: false,
            unsaved: false,
            next_id: 1,
            setting,
        }
    }

    fn fresh_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// A new name for a run.
    pub fn fresh_query(&mut self) -> QueryId {
        QueryId(self.fresh_id())
    }

    /// A new name for an order or a find.
    pub fn fresh_order(&mut self) -> OrderId {
        OrderId(self.fresh_id())
    }

    /// A new name for an export.
    pub fn fresh_export(&mut self) -> ExportId {
        ExportId(self.fresh_id())
    }

    /// Messages said so far.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    fn say(&mut self, tone: Tone, text: String) {
        self.messages += 1;
        self.message = Some(Message { tone, text });
    }

    /// Says something that is good to know.
    pub fn inform(&mut self, text: String) {
        self.say(Tone::Info, text);
    }

    /// Says something that needs a look.
    pub fn warn(&mut self, text: String) {
        self.say(Tone::Warning, text);
    }

    /// Says that something failed.
    pub fn fail(&mut self, text: String) {
        self.say(Tone::Error, text);
    }

    /// Puts a text into the clipboard, unless it is larger than terminals take.
    pub fn copy(&mut self, text: String) -> Vec<Effect> {
        if text.len() > CLIPBOARD_BYTES {
            self.warn(format!(
                "{} bytes are too many for the terminal's clipboard; export the result instead",
                text.len()
            ));
            return Vec::new();
        }
        self.inform(format!("copied {} characters", text.chars().count()));
        vec![Effect::Copy(text)]
    }

    /// The session is to be written soon: so long after the first change, however many follow.
    pub fn session_changed(&mut self) -> Vec<Effect> {
        if std::mem::replace(&mut self.unsaved, true) {
            return Vec::new();
        }
        vec![Effect::SetTimer(TimerId::SaveSession, SAVE_AFTER)]
    }

    /// The session is written now.
    pub fn save_session(&mut self) -> Effect {
        self.unsaved = false;
        Effect::SaveSession(Box::new(Session::of(self)))
    }

    /// Gives a pane the focus.
    pub fn focus(&mut self, pane: Pane) {
        self.screen.focus = pane;
        self.editor.completion = None;
        self.relayout();
    }

    /// Computes where everything stands, after size, focus, zoom or borders have changed.
    pub fn relayout(&mut self) {
        self.layout = Layout::of(&self.screen);
        self.editor.page = self.layout.inner_height(Pane::Editor);
        let page = self.grid_page();
        for tab in &mut self.results.tabs {
            let (rows, columns) = (tab.shown_rows(), tab.columns());
            tab.view.fit(rows, columns, page);
        }
    }

    /// Rows of a result in sight: the pane less its frame, its tabs and the heads of the columns.
    pub fn grid_page(&self) -> usize {
        self.layout
            .inner_height(Pane::Results)
            .saturating_sub(2)
            .max(1)
    }

    /// The contexts whose keys count now, the innermost first.
    pub fn contexts(&self) -> Vec<Context> {
        match &self.overlay {
            Some(Overlay::Question(_)) => vec![Context::Question],
            Some(Overlay::Page(page)) if page.is_of_an_entity() => {
                vec![Context::Entity, Context::Overlay]
            }
            Some(Overlay::Timeline) => vec![Context::Timeline, Context::Overlay],
            Some(Overlay::Lineage(_)) => vec![Context::Lineage, Context::Overlay],
            Some(Overlay::Sources(_)) => vec![Context::Sources, Context::Overlay],
            Some(_) => vec![Context::Overlay],
            None => self.pane_contexts(),
        }
    }

    /// The contexts of the focused pane, the innermost first.
    pub fn pane_contexts(&self) -> Vec<Context> {
        match self.screen.focus {
            Pane::Feed if self.queue.shown => {
                vec![Context::Queue, Context::Pane, Context::Global]
            }
            Pane::Feed => vec![Context::Feed, Context::Pane, Context::Global],
            Pane::Editor => vec![Context::Editor, Context::Global],
            Pane::Results if self.results.tab().is_some_and(|tab| tab.record.is_some()) => {
                vec![Context::Record, Context::Pane, Context::Global]
            }
            Pane::Results => vec![Context::Results, Context::Pane, Context::Global],
            Pane::Playbook => vec![Context::Playbook, Context::Pane, Context::Global],
        }
    }

    /// Runs a statement in a new tab and shows it.
    pub fn run(&mut self, origin: Origin) -> (QueryId, Vec<Effect>) {
        self.run_with(origin, Consent::default())
    }

    /// The same with what a person has said of it.
    pub fn run_with(&mut self, origin: Origin, consent: Consent) -> (QueryId, Vec<Effect>) {
        let id = self.fresh_query();
        let request = QueryRequest {
            id,
            sql: origin.sql.clone(),
            parameters: origin.parameters.clone(),
            attached: origin.attached_files(),
            in_order: origin.object.is_some() || !origin.places.is_empty(),
            max_bytes: None,
            route: origin.route,
            resume: None,
            fresh: consent.fresh,
            attended: true,
            confirmed: consent.confirmed,
        };
        super::case::begun(self, id, &origin);
        let tab = Tab::new(id, origin, self.now, Phase::Running);
        let mut effects = Vec::new();
        // A run that failed without a row gives its place to the next try.
        if let Some(failed) = self.results.take_place(tab) {
            effects.push(Effect::DropRows(failed));
        }
        effects.push(Effect::StartQuery(request));
        effects.extend(self.session_changed());
        (id, effects)
    }

    /// Runs a statement of the current buffer that begins at `start`.
    pub fn run_in_editor(&mut self, origin: Origin, start: TextPosition) -> Vec<Effect> {
        let (query, effects) = self.run(origin);
        self.editor.remember_origin(query, start);
        effects
    }

    /// Ends the program; queries that run are stopped first, but not waited for longer than
    /// [`LEAVE_WITHIN`].
    pub fn leave(&mut self) -> Vec<Effect> {
        let running: Vec<QueryId> = self.results.running().map(|tab| tab.query).collect();
        if running.is_empty() {
            return vec![self.save_session(), Effect::Quit];
        }
        self.leaving = true;
        self.inform("stopping what runs …".to_owned());
        let stop = running.into_iter().map(Effect::CancelQuery);
        stop.chain([Effect::SetTimer(TimerId::LeaveAnyway, LEAVE_WITHIN)])
            .collect()
    }

    /// Ends the program and stops nothing: what runs elsewhere runs on, and the next start is
    /// offered it.
    pub fn leave_running(&mut self) -> Vec<Effect> {
        let running = self.results.running().map(|tab| tab.query);
        let mut effects: Vec<Effect> = running.map(Effect::DropRows).collect();
        effects.push(self.save_session());
        effects.push(Effect::Quit);
        effects
    }

    /// Runs a saved query with the values that the context suggests, and shows it.
    pub fn run_template(&mut self, name: &str) -> Vec<Effect> {
        let Some(template) = self
            .content
            .templates
            .iter()
            .find(|t| t.name == name)
            .cloned()
        else {
            return Vec::new();
        };
        let form = super::overlay::Form::new(template, |_, _| String::new());
        super::overlay::fill_in(self, form)
    }

    /// Opens a result file in a new tab.
    pub fn open_file(&mut self, path: &std::path::Path) -> Vec<Effect> {
        let title = path
            .file_stem()
            .map_or("file".into(), |stem| stem.to_string_lossy());
        self.open_object(
            &title,
            path.to_owned(),
            &plain_statement(OBJECT_TABLE),
            None,
        )
    }

    /// Opens the events of an object in a new tab by a statement over [`OBJECT_TABLE`]: of one of S3
    /// by its location, else by its file. The statement shows every row as it stands where the
    /// object is named.
    pub fn open_object(
        &mut self,
        title: &str,
        path: PathBuf,
        sql: &str,
        object: Option<ObjectVersion>,
    ) -> Vec<Effect> {
        let origin = Origin {
            attached: vec![(OBJECT_TABLE.to_owned(), path)],
            object,
            ..Origin::statement(title, sql)
        };
        self.open_rows(origin)
    }

    /// Opens rows in a new tab and goes there.
    pub fn open_rows(&mut self, origin: Origin) -> Vec<Effect> {
        self.focus(Pane::Results);
        self.run(origin).1
    }

    /// Values that the context suggests for a parameter: the time range that was chosen in the
    /// timeline, else the lake's own.
    pub fn suggestions(&self) -> BTreeMap<&'static str, String> {
        let mut suggested = BTreeMap::new();
        if let Some((from, to)) = self.pivots.range {
            suggested.insert("from", super::timeline::typed(from));
            suggested.insert("to", super::timeline::typed(to));
            return suggested;
        }
        if let Some((first, last)) = self.facts.as_ref().and_then(|facts| facts.days.as_ref())
            && let (Some(from), Some(to)) = (day_start(first), day_start(last))
        {
            suggested.insert("from", from.format("%Y-%m-%d %H:%M:%S UTC").to_string());
            let end = to + chrono::TimeDelta::days(1);
            suggested.insert("to", end.format("%Y-%m-%d %H:%M:%S UTC").to_string());
        }
        suggested
    }
}

fn day_start(day: &str) -> Option<DateTime<Utc>> {
    let date = chrono::NaiveDate::parse_from_str(day, "%Y%m%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc())
}
