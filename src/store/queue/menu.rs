//! Lists of the queue: what items turned out to be, the mutes in force, playbooks for an item.

use std::sync::Arc;

use super::{alerts, key, update};
use crate::domain::detection::Cause;
use crate::domain::playbook::Playbook;
use crate::domain::queue::{Act, Disposition, ItemId, MuteId};
use crate::store::case;
use crate::store::command::Command;
use crate::store::effect::Effect;
use crate::store::overlay::{Overlay, Picker};
use crate::store::screen::Pane;
use crate::store::state::State;

/// Which list is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueList {
    /// What these items turned out to be.
    Dispositions(Vec<ItemId>),
    /// The mutes in force.
    Mutes,
    /// The playbooks, those that fit first.
    Playbooks(ItemId),
}

/// An open list of the queue.
#[derive(Debug, Clone)]
pub struct QueueMenu {
    /// Which.
    pub list: QueueList,
    /// The filter and the chosen line.
    pub picker: Picker,
}

/// What a line stands for.
#[derive(Debug, Clone)]
enum Target {
    Close(Disposition),
    Unmute(MuteId),
    Playbook(Arc<Playbook>),
}

/// A line of a list.
#[derive(Debug, Clone)]
pub struct MenuLine {
    /// What it is.
    pub label: String,
    /// What goes with it.
    pub detail: String,
    target: Target,
}

/// Opens a list.
pub(super) fn open(state: &mut State, list: QueueList) {
    let picker = Picker::default();
    state.overlay = Some(Overlay::Queue(QueueMenu { list, picker }));
}

/// Opens the list of mutes, where there are any.
pub(in crate::store) fn open_mutes(state: &mut State) {
    let now = state.now;
    if state.queue.queue.mutes().any(|mute| mute.holds_at(now)) {
        open(state, QueueList::Mutes);
    } else {
        let mute = key(state, Command::QueueMute);
        state.inform(format!("nothing is muted; {mute} mutes"));
    }
}

/// The lines of a list that pass its filter.
pub fn lines(state: &State, menu: &QueueMenu) -> Vec<MenuLine> {
    let all: Vec<MenuLine> = match &menu.list {
        QueueList::Dispositions(_) => Disposition::ALL.into_iter().map(disposition).collect(),
        QueueList::Mutes => mutes(state),
        QueueList::Playbooks(item) => playbooks(state, *item),
    };
    let texts: Vec<String> = all
        .iter()
        .map(|line| format!("{} {}", line.label, line.detail))
        .collect();
    let found = menu.picker.passing(texts.iter().map(String::as_str));
    let line = |at: usize| all.get(at).cloned();
    found.into_iter().filter_map(line).collect()
}

fn disposition(disposition: Disposition) -> MenuLine {
    MenuLine {
        label: disposition.name().to_owned(),
        detail: disposition.meaning().to_owned(),
        target: Target::Close(disposition),
    }
}

fn mutes(state: &State) -> Vec<MenuLine> {
    let zone = state.setting.zone;
    let in_force = state.queue.queue.mutes();
    let in_force = in_force.filter(|mute| mute.holds_at(state.now));
    let line = |mute: &crate::domain::queue::Mute| {
        let until = mute.until.map_or_else(
            || "until it is taken back".to_owned(),
            |until| {
                let until = until.with_timezone(&zone);
                format!("until {}", until.format("%Y-%m-%d %H:%M %Z"))
            },
        );
        let hidden = mute.preview(&state.queue.queue).hidden.len();
        MenuLine {
            label: mute.to_string(),
            detail: format!("{until} · hides {}", case::count(hidden, "item", "items")),
            target: Target::Unmute(mute.id),
        }
    };
    in_force.map(line).collect()
}

/// Every playbook; one that answers the finding's type says so and stands first.
fn playbooks(state: &State, item: ItemId) -> Vec<MenuLine> {
    let cause = state.queue.queue.item(item).map(|item| &item.cause);
    let fits = |playbook: &Playbook| match cause {
        Some(Cause::Finding(kind)) => playbook.answers(kind),
        _ => false,
    };
    let mut all: Vec<(bool, &Arc<Playbook>)> = state
        .content
        .playbooks
        .iter()
        .map(|playbook| (fits(playbook), playbook))
        .collect();
    all.sort_by_key(|(fits, _)| !fits);
    let line = |(fits, playbook): (bool, &Arc<Playbook>)| MenuLine {
        label: playbook.title.clone(),
        detail: if fits {
            format!("fits this finding · {}", playbook.file_name)
        } else {
            playbook.file_name.clone()
        },
        target: Target::Playbook(Arc::clone(playbook)),
    };
    all.into_iter().map(line).collect()
}

/// Takes the chosen line.
pub(in crate::store) fn choose(state: &mut State, menu: &QueueMenu) -> Vec<Effect> {
    let chosen = lines(state, menu).into_iter().nth(menu.picker.selected);
    match (chosen.map(|line| line.target), &menu.list) {
        (Some(Target::Close(disposition)), QueueList::Dispositions(items)) => {
            update::close(state, items, disposition)
        }
        (Some(Target::Unmute(mute)), _) => {
            let known = state.queue.queue.mutes().find(|known| known.id == mute);
            let told = known.map(ToString::to_string).unwrap_or_default();
            update::done(state, Act::Unmuted { mute }, "queue.mutes", &told);
            state.inform(format!("no longer muted: {told}"));
            alerts::titled(state).into_iter().collect()
        }
        (Some(Target::Playbook(playbook)), _) => {
            state.playbook.open(playbook);
            state.focus(Pane::Playbook);
            state.session_changed()
        }
        _ => Vec::new(),
    }
}
