//! The pure function: routing only. What a pane does stands in the pane's own folder.

use chrono::{DateTime, Utc};

use super::command::{Command, Context};
use super::effect::{Effect, TimerId};
use super::event::Event;
use super::key::Chord;
use super::overlay::{self, Overlay, PageContent, Picker, Question};
use super::screen::{Direction, Pane};
use super::state::{MESSAGE_STAYS, State};
use super::{
    case, coverage, editor, entity, feed, lineage, mouse, pivot, playbook, queue, restore, results,
    timeline, unfinished,
};
use crate::domain::case::What;
use crate::domain::lake::LakeFacts;
use crate::domain::query::Route;

/// Changes the state by an event, at a time, and says what is to be done.
pub fn update(state: &mut State, event: Event, now: DateTime<Utc>) -> Vec<Effect> {
    state.now = now;
    let said = state.messages();
    // What the disk has just refused goes again with whatever happens next.
    let did_not_write = matches!(event, Event::Queue(queue::QueueNews::NotWritten(_)));
    let asked = handle(state, event);
    // What happened is noted before anything is done about it, and before the program ends.
    let noted = state.case.take_work().into_iter().map(Effect::Case);
    let mut effects: Vec<Effect> = noted.collect();
    let is_last = asked.contains(&Effect::Quit);
    let queued = state.queue.take_work(is_last, !did_not_write);
    effects.extend(queued.map(Effect::Queue));
    effects.extend(state.queue.take_kept().into_iter().map(Effect::Kept));
    effects.extend(asked);
    if state.messages() != said {
        effects.push(Effect::SetTimer(TimerId::Message, MESSAGE_STAYS));
    }
    effects
}

fn handle(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(chord) => key(state, chord),
        Event::Paste(text) => paste(state, &text),
        Event::Mouse(mouse) => mouse::used(state, mouse),
        Event::Command(command) => run_command(state, command),
        Event::Resize { width, height } => {
            resize(state, width, height);
            Vec::new()
        }
        Event::Focus(_) => Vec::new(),
        Event::Query(query, news) => results::news(state, query, news),
        Event::Estimated(id, outcome) => {
            editor::bill::answer(state, id, outcome);
            Vec::new()
        }
        Event::Ordered { id, rows } => {
            results::answer_order(state, id, rows);
            Vec::new()
        }
        Event::Found { id, rows } => {
            results::answer_find(state, id, rows);
            Vec::new()
        }
        Event::Timeline { id, outline } => {
            timeline::answer(state, id, outline);
            Vec::new()
        }
        Event::Judged { id, ranking } => results::answer_judged(state, id, ranking),
        Event::Lineage(id, outcome) => lineage::answer(state, id, outcome),
        Event::Exported { id, outcome } => {
            results::answer_export(state, id, outcome);
            Vec::new()
        }
        Event::Arrived(arrivals) => {
            state.feed.take(arrivals);
            Vec::new()
        }
        Event::Enriched(of, facts) => {
            super::triggers::enriched(state, &of, &facts);
            entity::enriched(state, &of, facts);
            Vec::new()
        }
        Event::Read(readings) => {
            state.feed.read(&readings);
            queue::read(state, readings)
        }
        Event::Source(news) => {
            feed::sources::news(state, news);
            Vec::new()
        }
        Event::Unfinished(runs) => {
            unfinished::known(state, runs);
            Vec::new()
        }
        Event::Access(Ok(access)) => {
            state.access = Some(access);
            Vec::new()
        }
        Event::Access(Err(error)) => {
            let hint = error.hint.as_deref().map(|hint| format!("; {hint}"));
            state.fail(format!("{error}{}", hint.unwrap_or_default()));
            Vec::new()
        }
        Event::Content(content) => playbook::content_read(state, content),
        Event::Catalogue(catalogue) => {
            state.catalogue = catalogue;
            Vec::new()
        }
        Event::Tables(tables) => {
            state.pivots.tables = tables;
            Vec::new()
        }
        Event::Lake(facts) => {
            lake_read(state, facts);
            Vec::new()
        }
        Event::Case(news) => case::news(state, news),
        Event::Queue(news) => queue::news(state, news),
        Event::Coverage(coverage) => {
            coverage::read(state, coverage);
            Vec::new()
        }
        Event::Restored(session) => restore::restore(state, session),
        Event::DemoLive(outcome) => {
            demo_live(state, outcome);
            Vec::new()
        }
        Event::Fault(text) => {
            state.fail(text);
            Vec::new()
        }
        Event::Timer(timer) => timer_rang(state, timer),
        Event::Terminate => vec![state.save_session(), Effect::Quit],
        Event::Resumed { size } => {
            if let Some((width, height)) = size {
                resize(state, width, height);
            }
            vec![Effect::Redraw]
        }
    }
}

fn resize(state: &mut State, width: u16, height: u16) {
    state.screen.width = width;
    state.screen.height = height;
    state.relayout();
}

fn key(state: &mut State, chord: Chord) -> Vec<Effect> {
    // An open list of candidates has the keys that walk it before any command does.
    let walks_candidates = state.overlay.is_none()
        && state.editor.completion.is_some()
        && state.screen.focus == Pane::Editor
        && editor::walks(chord);
    if !walks_candidates && let Some(command) = command_of(state, chord) {
        state.message = None;
        return run_command(state, command);
    }
    if state.overlay.is_some() {
        return overlay::press(state, chord);
    }
    if state.screen.focus == Pane::Editor {
        state.message = None;
        return editor::edit(state, chord);
    }
    Vec::new()
}

/// The command of a chord where the keys go now. What leaves, redraws or suspends counts over
/// everything, whatever is open.
fn command_of(state: &State, chord: Chord) -> Option<Command> {
    let keymap = &state.setting.keymap;
    let over_everything =
        |command: &Command| matches!(command, Command::Quit | Command::Redraw | Command::Suspend);
    keymap.lookup(&state.contexts(), chord).or_else(|| {
        keymap
            .lookup(&[Context::Global], chord)
            .filter(over_everything)
    })
}

fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if state.overlay.is_some() {
        overlay::paste(state, text)
    } else if state.screen.focus == Pane::Editor {
        editor::paste(state, text)
    } else {
        state.warn("paste goes into the editor: go there first".to_owned());
        Vec::new()
    }
}

/// Runs a command, whatever key, palette row or test asked for it.
pub fn run_command(state: &mut State, command: Command) -> Vec<Effect> {
    state.editor.end_completion();
    if command.is_noted() {
        let (name, detail) = (command.name().to_owned(), String::new());
        case::note(state, What::Command { name, detail });
    }
    match command.row().context {
        Context::Global | Context::Pane => global(state, command),
        Context::Feed => feed::update(state, command),
        Context::Queue => queue::update(state, command),
        Context::Editor => editor::update(state, command),
        Context::Results => results::update(state, command),
        Context::Record => results::update_record(state, command),
        Context::Playbook => playbook::update(state, command),
        Context::Entity => super::entity::update(state, command),
        Context::Timeline => timeline::update(state, command),
        Context::Lineage => lineage::update(state, command),
        Context::Sources => feed::sources::command(state, command),
        Context::Overlay | Context::Question => overlay::update(state, command),
    }
}

fn global(state: &mut State, command: Command) -> Vec<Effect> {
    match command {
        Command::Help | Command::PaneHelp => {
            let contexts = state.pane_contexts();
            overlay::open_page(state, PageContent::Help(contexts));
            Vec::new()
        }
        Command::Palette | Command::PanePalette => {
            state.overlay = Some(Overlay::Palette(Picker::default()));
            Vec::new()
        }
        Command::Templates => {
            state.overlay = Some(Overlay::Templates(Picker::default()));
            Vec::new()
        }
        Command::FocusNext => focus(state, state.screen.focus.next()),
        Command::FocusPrevious => focus(state, state.screen.focus.previous()),
        Command::FocusFeed => focus(state, Pane::Feed),
        Command::QueueShow => {
            let is_there = state.queue.shown && state.screen.focus == Pane::Feed;
            queue::show(state, !is_there)
        }
        Command::FocusEditor => focus(state, Pane::Editor),
        Command::FocusResults => focus(state, Pane::Results),
        Command::FocusPlaybook => focus(state, Pane::Playbook),
        Command::PanePivot => pivot::open(state),
        Command::Lineage => lineage::open(state),
        Command::Zoom | Command::PaneZoom => {
            state.screen.zoomed = !state.screen.zoomed;
            state.relayout();
            state.session_changed()
        }
        Command::BorderLeft => border(state, Direction::Left),
        Command::BorderRight => border(state, Direction::Right),
        Command::BorderUp => border(state, Direction::Up),
        Command::BorderDown => border(state, Direction::Down),
        Command::RunStatement => run_statement(state, Route::Service),
        Command::RunDirect => run_direct(state),
        Command::CancelQuery => cancel(state),
        Command::CaseChoose
        | Command::CasePage
        | Command::CaseTrail
        | Command::CasePins
        | Command::CaseNote
        | Command::CaseDecide
        | Command::CaseRename
        | Command::CaseClose => case::command(state, command),
        Command::TimelineOpen => timeline::open(state),
        Command::Coverage => coverage::open(state),
        Command::FeedSources => feed::sources::open(state),
        Command::ThemeNext => next_theme(state),
        Command::ToggleMouse => {
            state.mouse = !state.mouse;
            let owner = if state.mouse {
                "the console"
            } else {
                "the terminal"
            };
            state.inform(format!("{owner} has the mouse"));
            vec![Effect::CaptureMouse(state.mouse)]
        }
        Command::DemoLive if !state.setting.is_demo => {
            state.warn("only a demo lake can be let go on".to_owned());
            Vec::new()
        }
        Command::ResumeQueries => unfinished::take_up(state),
        Command::DemoLive => vec![Effect::DemoLive(!state.feed.demo_live)],
        Command::Redraw => vec![Effect::Redraw],
        Command::Suspend => vec![Effect::Suspend],
        Command::Quit => quit(state),
        _ => Vec::new(),
    }
}

pub(super) fn focus(state: &mut State, pane: Pane) -> Vec<Effect> {
    state.overlay = None;
    state.focus(pane);
    state.session_changed()
}

fn border(state: &mut State, direction: Direction) -> Vec<Effect> {
    state.screen.move_border(direction);
    state.relayout();
    state.session_changed()
}

/// Runs the statement under the cursor on the embedded engine, straight from S3.
fn run_direct(state: &mut State) -> Vec<Effect> {
    if !state.setting.on_aws {
        let key = state.setting.keymap.label(Command::RunStatement);
        let key = key.map(|key| format!("; {key} runs it"));
        state.inform(format!(
            "the embedded engine answers everything on this lake{}",
            key.unwrap_or_default()
        ));
        return Vec::new();
    }
    run_statement(state, Route::Direct)
}

fn run_statement(state: &mut State, route: Route) -> Vec<Effect> {
    let buffer = state.editor.buffer();
    let Some(statement) = buffer.statement() else {
        state.warn("there is no statement under the cursor".to_owned());
        return Vec::new();
    };
    let text = buffer.text();
    let start = crate::sql::statements::position_of(&text, statement.range.start);
    let origin = results::Origin {
        route,
        ..results::Origin::statement(&buffer.name, statement.text(&text))
    };
    state.run_in_editor(origin, start)
}

fn cancel(state: &mut State) -> Vec<Effect> {
    if lineage::is_waiting(state) {
        state.inform("the tree of credentials is not waited for any more".to_owned());
        return lineage::stop(state);
    }
    let Some(tab) = state.results.tab_mut().filter(|tab| tab.phase.is_running()) else {
        let quit = state
            .setting
            .keymap
            .label(Command::Quit)
            .unwrap_or_default();
        state.inform(format!("no query of this result runs; {quit} leaves"));
        return Vec::new();
    };
    tab.phase = results::Phase::Stopping;
    vec![Effect::CancelQuery(tab.query)]
}

fn next_theme(state: &mut State) -> Vec<Effect> {
    let themes = &state.setting.themes;
    let at = themes.iter().position(|name| *name == state.theme);
    let next = at.map_or(0, |at| (at + 1) % themes.len().max(1));
    if let Some(name) = themes.get(next).cloned() {
        state.inform(format!("theme: {name}"));
        state.theme = name;
    }
    state.session_changed()
}

fn demo_live(state: &mut State, outcome: Result<bool, String>) {
    match outcome {
        Ok(on) => {
            state.feed.demo_live = on;
            let what = if on {
                let speed = state.setting.demo_speed;
                format!("goes on at {speed}× real time: new objects arrive every few seconds")
            } else {
                "rests".to_owned()
            };
            state.inform(format!("the demo lake {what}"));
        }
        Err(reason) => {
            state.feed.demo_live = false;
            state.fail(format!("the demo lake cannot go on: {reason}"));
        }
    }
}

fn lake_read(state: &mut State, facts: Result<LakeFacts, String>) {
    match facts {
        Ok(facts) => state.facts = Some(facts),
        Err(reason) => state.fail(reason),
    }
}

/// Asks first where something runs; asked a second time, it is the answer.
fn quit(state: &mut State) -> Vec<Effect> {
    let asked = matches!(
        state.overlay.take(),
        Some(Overlay::Question(Question::Leave))
    );
    if !asked && state.results.running().next().is_some() {
        state.overlay = Some(Overlay::Question(Question::Leave));
        return Vec::new();
    }
    state.leave()
}

fn timer_rang(state: &mut State, timer: TimerId) -> Vec<Effect> {
    match timer {
        TimerId::SaveSession => vec![state.save_session()],
        TimerId::Complete => {
            let awaited = state.editor.awaits_completion;
            if awaited && state.overlay.is_none() && state.screen.focus == Pane::Editor {
                editor::complete(state, false);
            }
            Vec::new()
        }
        TimerId::Estimate => editor::bill::ask(state),
        TimerId::Listen => {
            overlay::listen(state);
            Vec::new()
        }
        TimerId::MuteEnds => queue::mute_ended(state),
        TimerId::Alert => queue::act_on_alert(state),
        TimerId::Message => {
            state.message = None;
            Vec::new()
        }
        TimerId::LeaveAnyway => vec![state.save_session(), Effect::Quit],
    }
}
