//! The page of the sources: how each is, and its switch.

use super::super::command::Command;
use super::super::effect::Effect;
use super::super::overlay::Overlay;
use super::super::state::State;
use crate::domain::lake::SourceNews;

/// The open page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourcesPage {
    /// The chosen source, by its place in [`super::Feed::sources`].
    pub selected: usize,
}

/// Opens the page.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.overlay = Some(Overlay::Sources(SourcesPage::default()));
    Vec::new()
}

/// Runs a command of the page.
pub fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(Overlay::Sources(page)) = &state.overlay else {
        return Vec::new();
    };
    let at = page.selected;
    match command {
        Command::SourcesSwitch => {
            let feed = &mut state.feed;
            let Some(source) = feed.sources.get_mut(at) else {
                return Vec::new();
            };
            source.on = !source.on;
            let (name, on) = (source.name.clone(), source.on);
            if on {
                feed.switched_off.remove(&name);
            } else {
                feed.switched_off.insert(name.clone());
            }
            vec![Effect::SwitchSource { name, on }]
        }
        Command::SourcesCopy => match state.feed.sources.get(at) {
            Some(source) => {
                let text = told(source);
                state.copy(text)
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What is copied of a source: the URLs that lead to it, one a line, which go into somebody's form;
/// else its name and what it says of itself.
fn told(source: &SourceNews) -> String {
    let notes = source.notes.iter();
    let urls: Vec<&str> = notes.filter_map(|note| note.strip_prefix("URL ")).collect();
    if !urls.is_empty() {
        return urls.join("\n");
    }
    let mut lines = vec![source.name.clone()];
    lines.extend(source.state.as_ref().err().cloned());
    lines.extend(source.notes.iter().cloned());
    lines.join("\n")
}

/// A source says how it is. What is wrong is said aloud once, until it is well again.
pub fn news(state: &mut State, mut news: SourceNews) {
    // What was on its way when the source was switched off does not switch it on.
    news.on = !state.feed.switched_off.contains(&news.name);
    let sources = &mut state.feed.sources;
    let known = sources.iter().position(|source| source.name == news.name);
    let before = known.and_then(|at| sources.get(at));
    let is_said = before.is_some_and(|before| before.state == news.state);
    let failure = news.state.as_ref().err().filter(|_| !is_said && news.on);
    let text = failure.map(|reason| format!("the feed `{}` does not watch: {reason}", news.name));
    match known.and_then(|at| sources.get_mut(at)) {
        Some(source) => *source = news,
        None => {
            // In the order of their names, whichever says something first.
            let at = sources.partition_point(|source| source.name < news.name);
            sources.insert(at, news);
        }
    }
    if let Some(text) = text {
        state.warn(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::event::Event;
    use crate::store::testing::{noon, press, state};
    use crate::store::update;

    fn with_two_sources() -> State {
        let mut state = state(120, 40);
        for news in [
            SourceNews::watching("sqs:a"),
            SourceNews {
                notes: vec!["POST to https://h/".to_owned()],
                ..SourceNews::watching("webhook:b")
            },
        ] {
            update(&mut state, Event::Source(news), noon());
        }
        state
    }

    #[test]
    fn the_switch_holds_whatever_was_still_on_its_way() {
        let mut state = with_two_sources();
        let effects = press(&mut state, "alt-s down space");
        let switched = |on| Effect::SwitchSource {
            name: "webhook:b".to_owned(),
            on,
        };
        assert!(effects.contains(&switched(false)), "{effects:?}");
        let late = SourceNews::failing("webhook:b", "closed");
        update(&mut state, Event::Source(late), noon());
        assert!(!state.feed.sources[1].on);
        let effects = press(&mut state, "space");
        assert!(effects.contains(&switched(true)), "{effects:?}");
        assert!(state.feed.sources[1].on && state.feed.sources[0].on);
    }

    #[test]
    fn what_a_source_says_of_itself_is_copied() {
        let mut state = with_two_sources();
        let effects = press(&mut state, "alt-s down y");
        let copied = Effect::Copy("webhook:b\nPOST to https://h/".to_owned());
        assert!(effects.contains(&copied), "{effects:?}");
    }

    #[test]
    fn of_a_webhook_the_urls_alone_are_copied() {
        let notes = ["URL https://h/a", "key in the header x", "URL https://h/b"];
        let source = SourceNews {
            notes: notes.map(str::to_owned).to_vec(),
            ..SourceNews::watching("webhook:b")
        };
        assert_eq!(told(&source), "https://h/a\nhttps://h/b");
    }

    #[test]
    fn a_failure_is_said_aloud_once() {
        let mut state = with_two_sources();
        let fails = |state: &mut State, reason: &str| {
            state.message = None;
            let news = SourceNews::failing("sqs:a", reason);
            update(state, Event::Source(news), noon());
            state.message.is_some()
        };
        assert!(fails(&mut state, "expired"));
        assert!(!fails(&mut state, "expired"));
        assert!(fails(&mut state, "denied"));
        press(&mut state, "alt-s space");
        assert!(!fails(&mut state, "gone"));
    }
}
