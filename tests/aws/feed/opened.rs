//! A notification of an object of S3 is opened in the console, and what was found in it.

use super::objects::put_calls;
use crate::consoles::{configure, console};
use crate::peer::Peer;
use crate::terminal::Home;

const BUCKET: &str = "lake-opened-in-the-console";

#[test]
fn enter_on_a_notification_shows_the_rows_of_an_object_of_s3() {
    let peer = Peer::start();
    let keys = put_calls(&peer, BUCKET);
    assert_eq!(keys.len(), 1);
    let home = Home::new();
    let feed = format!("[feed]\nsources = [\"s3:s3://{BUCKET}/aws/\"]");
    configure(&home, &peer.endpoint(), &feed);
    let mut console = console(&home, (160, 44));
    console.wait_for("…3333");
    console.press(&["alt-1", "enter"]);
    console.wait_for("DescribeTrails");
    console.wait_for("StopLogging");
    // What a rule found in it lies in the queue, with its row.
    console.press(&["alt-1", "alt-q"]);
    console.wait_for("AKIAMADEUP");
    console.press(&["enter"]);
    console.wait_for("✓ item #1");
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}
