//! The incident of the demo lake, found by keys alone.

use super::LAKE;
use super::terminal::{Home, Terminal};

#[test]
fn the_first_screen_shows_all_four_panes_at_work() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (120, 40));
    console.wait_for("✓ new-findings");
    console.wait_until("findings", |screen| screen.contains("Critical"));
    console.wait_until("objects in the feed", |screen| screen.contains("vpc_flow"));
    console.wait_for("SELECT");
    console.wait_for("☐");
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

#[test]
fn the_leaked_key_the_outside_address_and_the_bucket_are_found_by_keys_alone() {
    let address = LAKE.value_of("outside address");
    let key = LAKE.value_of("leaked access key");
    let bucket = LAKE.value_of("bucket");
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (200, 50));
    console.wait_for("✓ new-findings");

    // Who outside reads which bucket?
    console.press(&["ctrl-t"]);
    console.wait_for("Saved queries");
    console.type_text("s3-outside-addresses");
    console.press(&["enter"]);
    console.wait_for("saved query");
    console.press(&["enter"]);
    console.wait_for("Results s3-outside-addresses");
    console.press(&["alt-3", "z"]);
    console.wait_until("the outside address", |screen| screen.contains(address));
    console.wait_until("the bucket", |screen| screen.contains(bucket));

    // Whose keys does that address use?
    console.press(&["ctrl-t"]);
    console.wait_for("Saved queries");
    console.type_text("principals-of-ip");
    console.press(&["enter"]);
    console.wait_for("saved query");
    console.type_text(address);
    console.press(&["enter"]);
    console.wait_for("Results principals-of-ip");
    console.press(&["alt-3"]);
    console.wait_until("the leaked key", |screen| screen.contains(key));

    // What was found is noted in the playbook.
    console.press(&["z", "alt-4"]);
    console.wait_for("☐");
    console.press(&["space", "n", "space"]);
    console.wait_until("two ticks", |screen| screen.contains("2/"));
    console.press(&["t"]);
    console.wait_for("Note on this step");
    console.type_text(bucket);
    console.press(&["enter"]);
    console.wait_for("✎");
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);

    // The next start has it all again.
    let mut again = Terminal::start(&home, &LAKE.path(), (200, 50));
    again.wait_for("2/");
    again.wait_for("principals-of-ip");
    again.press(&["ctrl-q"]);
    assert_eq!(again.wait_for_end(), 0);
}

#[test]
fn an_object_of_the_feed_opens_as_a_result_and_a_row_as_a_record() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (140, 44));
    console.wait_for("✓ new-findings");
    console.press(&["alt-1", "/"]);
    console.wait_for("Show notifications");
    console.type_text("S3_DATA");
    console.press(&["enter"]);
    console.wait_until("one source only", |screen| {
        // The filter itself is on the screen too.
        screen.matches("s3_data").count() > 2 && !screen.contains("route53")
    });
    console.press(&["enter"]);
    console.wait_for("Results s3_data");
    console.wait_until("what was done, first", |screen| {
        screen.contains("operation") && screen.contains("Object")
    });
    console.press(&["enter"]);
    console.wait_for("esc back");
    console.wait_for("product");
    // What the footer names tells that the record is closed: an escape and a key that follows at
    // once would be one chord.
    console.press(&["esc"]);
    console.wait_for("s sort");
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

#[test]
fn a_fault_in_the_text_is_named_and_marked() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (120, 40));
    console.wait_for("✓ new-findings");
    console.press(&["ctrl-n"]);
    console.wait_for("Editor query");
    console.paste("SELECT severity FROM sh_findngs");
    console.wait_for("sh_findngs");
    console.press(&["f5"]);
    console.wait_until("the nearest name", |screen| screen.contains("sh_findings"));
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}
