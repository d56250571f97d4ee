//! The peer itself: what the other tests stand on.

use crate::peer::{Peer, RESULTS};

#[test]
fn a_peer_keeps_objects_and_counts_executions() {
    let peer = Peer::start();
    peer.put_object(RESULTS, "a/region=x/b.txt", b"hello\nworld");
    assert_eq!(
        peer.get_object(RESULTS, "a/region=x/b.txt").as_deref(),
        Some(&b"hello\nworld"[..])
    );
    peer.delete_object(RESULTS, "a/region=x/b.txt");
    assert_eq!(peer.get_object(RESULTS, "a/region=x/b.txt"), None);
    assert_eq!(peer.executions_started(), 0);
    assert_eq!(peer.calls("StartQueryExecution"), 0);
    assert!(peer.executions().is_empty());
}
