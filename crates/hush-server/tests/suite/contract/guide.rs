//! The back-off samples of the documentation page, against a service that tells them to wait.

use crate::support::{Hush, Running, ask_admin, sample};

const SAMPLES: [(&str, &str); 3] = [
    ("js", include_str!("../../../../hush-http/docs/backoff.js")),
    (
        "python",
        include_str!("../../../../hush-http/docs/backoff.py"),
    ),
    ("sh", include_str!("../../../../hush-http/docs/backoff.sh")),
];

#[test]
fn every_back_off_sample_waits_and_is_served() {
    for (language, code) in SAMPLES {
        // One request a second, so that the second and the third of a sample come too early.
        let hush = Hush::new()
            .with("HUSH_RATE_LIMIT__REQUESTS", "1")
            .with("HUSH_RATE_LIMIT__WINDOW", "1s");
        let mut demo = Running::start(&hush, &["demo"]);
        let printed = demo.printed_until("  curl");
        let admin = printed
            .lines()
            .find(|line| line.starts_with("  admin"))
            .unwrap();
        let token = admin.split_whitespace().nth(1).unwrap();
        let here = format!("http://{}", demo.api);
        let code = code.replace("http://127.0.0.1:8080", &here);
        let printed = sample::run(language, &code, token);
        let served = printed.lines().filter(|line| {
            // curl shows what it got, the others the status.
            line.starts_with("200 ") || line.starts_with("{\"users\":[")
        });
        assert_eq!(
            (served.count(), printed.lines().count()),
            (3, 3),
            "{language}: {printed}"
        );
        let metrics = ask_admin(demo.admin, "GET", "/metrics").body;
        let told_to_wait = metrics
            .lines()
            .any(|line| line.starts_with("hush_http_requests_total") && line.contains("429"));
        assert!(told_to_wait, "{language}: {metrics}");
    }
}
