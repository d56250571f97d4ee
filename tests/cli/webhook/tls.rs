//! TLS with a certificate of the test's own, and curl as the client.

use std::process::Command;

use super::object_created;
use super::watch::Watch;
use crate::support::Home;

/// curl with arguments: its exit code, and the status of the answer.
fn curl(arguments: &[&str]) -> (i32, String) {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20"])
        .args(["--output", "/dev/null", "--write-out", "%{http_code}"])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("this test needs curl: {error}"));
    let status = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), status)
}

#[test]
fn curl_is_answered_over_tls_and_only_with_the_certificate_s_name() {
    let home = Home::new();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let cert = home.write("cert.pem", made.cert.pem());
    let key = home.write("key.pem", made.signing_key.serialize_pem());
    home.write(
        "config.toml",
        format!(
            "[feed.webhook]\nheader = \"X-Hook-Key\"\ncert = \"{}\"\nkey = \"{}\"\n",
            cert.display(),
            key.display()
        ),
    );
    let mut watch = Watch::start(&home);
    let port = watch.url.rsplit(':').next().unwrap();
    let url = format!("https://localhost:{port}");
    let trust = ["--cacert", cert.to_str().unwrap()];
    let with_key = home.write("header", format!("X-Hook-Key: {}\n", watch.key));
    let with_key = format!("@{}", with_key.display());
    let large = home.write("large", vec![b' '; 10 << 20]);
    let large = format!("@{}", large.display());
    let body = object_created("over/tls");
    let send = |more: &[&str]| curl(&[&trust[..], more, &[&url]].concat());

    let posted = send(&["--header", &with_key, "--data-binary", &body]);
    assert_eq!(posted, (0, "200".to_owned()));
    assert_eq!(watch.next("notification")["key"], "over/tls");
    let put = send(&[
        "--request",
        "PUT",
        "--header",
        &with_key,
        "--data-binary",
        &body,
    ]);
    assert_eq!(put, (0, "200".to_owned()));
    for (more, status) in [
        (&["--data-binary", body.as_str()][..], "401"),
        (
            &[
                "--header",
                "X-Hook-Key: wrong-but-long-enough",
                "--data-binary",
                &body,
            ],
            "403",
        ),
        (&["--header", &with_key, "--data-binary", &large], "413"),
        // Without asking first whether so long a body is wanted.
        (
            &[
                "--header",
                &with_key,
                "--header",
                "Expect:",
                "--data-binary",
                &large,
            ],
            "413",
        ),
        (&["--header", &with_key, "--data-binary", "{\"a\":"], "400"),
        (&["--header", &with_key], "405"),
    ] {
        assert_eq!(send(more), (0, status.to_owned()), "{more:?}");
    }
    // Without trust in the certificate curl does not speak on (60), and plain HTTP has no answer.
    assert_eq!(curl(&["--data-binary", &body, &url]).0, 60);
    let plain = url.replace("https:", "http:");
    assert_ne!(curl(&["--data-binary", &body, &plain]).0, 0);
}
