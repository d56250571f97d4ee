//! A profile that names an MFA device: its code is asked for on the terminal, and nowhere else.

use std::process::{Command, Stdio};

use crate::consoles::ENVIRONMENT;
use crate::peer::{Peer, REGION, output_location};
use crate::terminal::{Home, Terminal};

fn home(peer: &Peer) -> Home {
    let home = Home::new();
    let config = format!(
        "[profiles.peer]\n\
         region = \"{REGION}\"\n\
         endpoint_url = \"{}\"\n\
         output_location = \"{}\"\n\
         role_arn = \"arn:aws:iam::000000000000:role/ir-read\"\n\
         session_name = \"night-shift\"\n\
         mfa_serial = \"arn:aws:iam::000000000000:mfa/ann\"\n",
        peer.endpoint(),
        output_location()
    );
    std::fs::write(home.config(), config).unwrap();
    home
}

#[test]
fn the_code_is_asked_for_and_opens_the_session() {
    let peer = Peer::start();
    let home = home(&peer);
    let arguments = ["--profile".as_ref(), "peer".as_ref()];
    let mut console = Terminal::start_with(&home, &arguments, &ENVIRONMENT, (140, 40));
    console.wait_for("MFA code of arn:aws:iam::000000000000:mfa/ann:");
    console.type_text("123 456\r");
    console.wait_for("peer · athena");
    // With whose rights the lake is read: the role's, not the caller's.
    console.wait_for("ir-read");
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

#[test]
fn what_is_no_code_is_refused_and_without_a_terminal_nobody_is_asked() {
    let peer = Peer::start();
    let home = home(&peer);
    let arguments = ["--profile".as_ref(), "peer".as_ref()];
    let mut console = Terminal::start_with(&home, &arguments, &ENVIRONMENT, (140, 40));
    console.wait_for("MFA code of");
    console.type_text("hunter2\r");
    console.wait_for("a code has six digits");
    assert_eq!(console.wait_for_end(), 1);

    let output = Command::new(env!("CARGO_BIN_EXE_lakehound"))
        .args(["query", "SELECT 1", "--profile", "peer"])
        .env_clear()
        .envs(ENVIRONMENT)
        .env("LAKEHOUND_CONFIG", home.config())
        .env("LAKEHOUND_DATA", home.data())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the code of the MFA device"), "{said}");
    assert_eq!(peer.executions_started(), 0);
}
