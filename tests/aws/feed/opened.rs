//! A notification of an object of S3 is opened in the console, and what was found in it.

use super::objects::put_calls;
use crate::peer::{ACCESS_KEY, Peer, REGION, SECRET_KEY, output_location};
use crate::terminal::{Home, Terminal};

const BUCKET: &str = "lake-opened-in-the-console";

#[test]
fn enter_on_a_notification_shows_the_rows_of_an_object_of_s3() {
    let peer = Peer::start();
    let keys = put_calls(&peer, BUCKET);
    assert_eq!(keys.len(), 1);
    let home = Home::new();
    let config = format!(
        "[feed]\nsources = [\"s3:s3://{BUCKET}/aws/\"]\n\
         [profiles.peer]\nregion = \"{REGION}\"\nendpoint_url = \"{}\"\noutput_location = \"{}\"\n",
        peer.endpoint(),
        output_location()
    );
    std::fs::write(home.config(), config).unwrap();
    let environment = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let arguments = ["--profile".as_ref(), "peer".as_ref()];
    let mut console = Terminal::start_with(&home, &arguments, &environment, (160, 44));
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
