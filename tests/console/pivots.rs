//! The incident of the demo lake, solved by pivots alone, from one finding on.

use super::LAKE;
use super::terminal::{Home, Terminal};

/// Presses and counts.
struct Hands {
    console: Terminal,
    pressed: usize,
}

impl Hands {
    fn keys(&mut self, keys: &[&str]) {
        self.pressed += keys.len();
        self.console.press(keys);
    }

    /// Opens the menu, narrows it down and asks the first question.
    fn pivot(&mut self, words: &str) {
        self.keys(&["p"]);
        self.console.wait_for("Pivot, around means");
        self.write(words);
        self.keys(&["enter"]);
    }

    fn write(&mut self, text: &str) {
        self.pressed += text.chars().count();
        self.console.type_text(text);
        self.console.wait_for(&format!("› {text}"));
    }
}

#[test]
fn a_finding_leads_to_the_key_the_address_the_roles_and_the_objects_in_forty_keystrokes() {
    let key = LAKE.value_of("leaked access key");
    let address = LAKE.value_of("outside address");
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (200, 50));
    console.wait_for("✓ new-findings");
    // The finding that somebody hands over: on it the work begins.
    console.press(&["alt-3", "z", "/"]);
    console.type_text("threat list\r");
    console.wait_for("“threat list” 1 of");
    let mut hands = Hands {
        console,
        pressed: 0,
    };

    // Whose key, and used from where? Its own network, and an address outside.
    hands.pivot("used");
    hands
        .console
        .wait_for(&format!("Results who-used {key} 2 rows"));
    hands
        .console
        .wait_until("the address", |screen| screen.contains(address));
    hands.keys(&["down"]);

    // Everything that names the address: as many rows as the answer key says.
    hands.pivot("ip");
    let rows = LAKE.entity("outside address").events;
    let counted = format!("Results all-events {address} {rows} rows");
    hands.console.wait_for(&counted);

    // The roles that were taken with the key, one from the other.
    hands.keys(&["backspace"]);
    hands.console.wait_for("Results who-used");
    hands.pivot("down");
    hands.console.wait_for(&format!("Results roles-down {key}"));
    for role in ["first role", "second role"] {
        // Its column is as wide as this much of it.
        let seen: String = LAKE.value_of(role).chars().take(36).collect();
        hands
            .console
            .wait_until(role, |screen| screen.contains(&seen));
    }

    // The objects that the address took.
    hands.keys(&["["]);
    hands.console.wait_for(&counted);
    hands.keys(&["&"]);
    hands.console.wait_for("Show rows that contain");
    hands.pressed += "customers-".len();
    hands.console.type_text("customers-");
    hands.keys(&["enter"]);
    let taken = LAKE.scenario.stolen_objects.len();
    hands.console.wait_for(&format!("{taken} of {rows} rows"));
    assert!(hands.pressed <= 40, "{} keystrokes", hands.pressed);
    hands.console.wait_for_rest();
    hands.console.press(&["ctrl-q"]);
    assert_eq!(hands.console.wait_for_end(), 0);
}
