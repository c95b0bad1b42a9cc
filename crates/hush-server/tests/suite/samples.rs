//! The README's samples, run as a reader would run them.

use serde_json::Value;

use crate::support::{Hush, Running, sample};

/// The fenced blocks of the section "Call it", with their languages.
fn blocks() -> Vec<(String, String)> {
    let readme = include_str!("../../../../README.md");
    let section = readme
        .split("\n## Call it\n")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let mut blocks = Vec::new();
    for fenced in section.split("\n```").skip(1).step_by(2) {
        let (language, code) = fenced.split_once('\n').unwrap();
        blocks.push((language.to_owned(), code.to_owned()));
    }
    blocks
}

#[test]
fn every_sample_prints_what_the_readme_says() {
    let mut demo = Running::start(&Hush::new(), &["demo"]);
    let printed = demo.printed_until("  curl");
    let owner = printed
        .lines()
        .find(|line| line.trim_start().starts_with("server_owner"))
        .unwrap();
    let token = owner.split_whitespace().nth(1).unwrap();
    let mut waiting: Vec<(String, String)> = Vec::new();
    let mut compared = Vec::new();
    for (language, code) in blocks() {
        if language == "json" {
            let expected: Value = serde_json::from_str(&code).unwrap();
            for (language, code) in std::mem::take(&mut waiting) {
                let printed = sample::run(&language, &code, token);
                let answer: Value = serde_json::from_str(&printed).unwrap();
                assert_eq!(answer, expected, "{language}");
                compared.push(language);
            }
        } else {
            let code = code.replace("http://127.0.0.1:8080", &format!("http://{}", demo.api));
            assert!(code.contains("hush_YOUR_TOKEN"), "{code}");
            waiting.push((language, code.replace("hush_YOUR_TOKEN", token)));
        }
    }
    assert!(waiting.is_empty(), "a sample without its answer");
    assert_eq!(
        compared,
        [
            "sh", "js", "python", "sh", "js", "python", "js", "python", "sh", "js", "python"
        ]
    );
}
