//! A process that is killed leaves its run behind, and the next one takes it up: begun once, paid
//! once.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lakehound::adapters::athena::AthenaService;
use lakehound::ports::{QueryService, RunControl};

use crate::peer::{Peer, wait_until};
use crate::support::{access, journal, options, request, service, table};

/// Set in the process that is killed: its folder, and the peer's address.
const FOLDER: &str = "LAKEHOUND_TEST_KILLED_FOLDER";
/// See [`FOLDER`].
const ENDPOINT: &str = "LAKEHOUND_TEST_KILLED_ENDPOINT";

const HELD: &str = "SELECT /* peer: hold */ 'held' AS v";

/// Runs itself a second time, as the process that is killed in the midst of its run.
#[test]
fn a_killed_process_leaves_its_run_to_the_next() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return run_until_killed(&PathBuf::from(folder));
    }
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    let mut killed = Killed(
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "kills::a_killed_process_leaves_its_run_to_the_next",
            ])
            .env(FOLDER, folder.path())
            .env(ENDPOINT, peer.endpoint())
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    wait_until("the run is at work", || {
        peer.calls("GetQueryExecution") > 0 && peer.executions_started() == 1
    });
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    assert_eq!(peer.executions()[0]["state"], "RUNNING");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let service = service(&peer, folder.path()).await;
        let unfinished = service.unfinished().await.unwrap();
        assert_eq!(unfinished.len(), 1);
        assert_eq!(unfinished[0].run.sql, HELD);
        peer.release();
        let running = service
            .resume(unfinished[0].clone(), RunControl::default())
            .await
            .unwrap();
        let rows = table(running).await.unwrap().rows;
        assert_eq!(rows, [[Some("held".to_owned())]]);
        assert!(service.unfinished().await.unwrap().is_empty());
    });
    assert_eq!(peer.executions_started(), 1);
}

fn run_until_killed(folder: &Path) {
    let endpoint = std::env::var(ENDPOINT).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ended = runtime.block_on(async {
        let access = access(&endpoint).await;
        let service = AthenaService::new(&access, journal(folder), options());
        service
            .start(request(HELD), RunControl::default())
            .await
            .is_ok()
    });
    panic!("it should have been killed, but ended: {ended}");
}

/// Not left behind where an assertion fails first.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
