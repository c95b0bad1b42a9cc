//! Runs samples as a reader would: with Node.js, Python and curl.

use std::path::Path;
use std::process::Command;

/// What a sample prints, in the language that its fence or the document names, with a token in its environment.
pub(crate) fn run(language: &str, code: &str, token: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, code).unwrap();
        path
    };
    let mut command = match language {
        "sh" | "Shell" => program("sh", &file("sample.sh")),
        "js" | "JavaScript" => program("node", &file("sample.mjs")),
        "python" | "Python" => program(&python(), &file("sample.py")),
        other => panic!("no one runs {other}"),
    };
    let output = command.env("HUSH_TOKEN", token).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{language}: {code}\n{stdout}{stderr}"
    );
    stdout
}

fn program(name: &str, file: &Path) -> Command {
    let mut command = Command::new(name);
    command.arg(file);
    command
}

/// A Python that has `requests`.
fn python() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own setting, not the service's"
    )]
    std::env::var("HUSH_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}
