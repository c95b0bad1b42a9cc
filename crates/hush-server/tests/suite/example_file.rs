//! `hush.example.toml` against the code: it can neither lack a setting nor show another default.

use std::collections::BTreeMap;

use hush_server::config::{KEYS, Settings, Sources};

const EXAMPLE: &str = include_str!("../../../../hush.example.toml");

/// The settings in `lines` with their values as text.
fn settings<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    let mut table = String::new();
    let mut found = BTreeMap::new();
    for line in lines {
        if let Some(name) = line.strip_prefix('[') {
            table = name.replace(']', ".");
        } else if let Some((name, value)) = line.split_once(" = ") {
            let value = value.trim_matches('"').replace("[]", "");
            found.insert(format!("{table}{name}"), value);
        }
    }
    found
}

#[test]
fn every_setting_with_a_default_stands_there_with_it() {
    let shown = settings(EXAMPLE.lines().filter(|line| !line.starts_with('#')));
    let defaults = KEYS
        .iter()
        .filter_map(|key| Some((key.name.to_owned(), key.default?.to_owned())));
    assert_eq!(shown, defaults.collect());
}

#[test]
fn every_setting_without_a_default_stands_there_as_a_comment() {
    // Prose has no ` = ` after a single word.
    let comments = EXAMPLE.lines().filter_map(|line| line.strip_prefix("# "));
    let is_setting = |line: &&str| {
        line.split(" = ")
            .next()
            .is_some_and(|name| !name.contains(' '))
    };
    let shown = settings(comments.filter(is_setting));
    let without = KEYS.iter().filter(|key| key.default.is_none());
    assert_eq!(shown.keys().collect::<Vec<_>>(), {
        let mut names: Vec<_> = without.map(|key| key.name).collect();
        names.sort_unstable();
        names
    });
}

#[test]
fn every_setting_has_a_sentence_above_it() {
    let lines: Vec<_> = EXAMPLE.lines().collect();
    for key in KEYS {
        let last = key.name.rsplit('.').next().unwrap();
        let place = lines
            .iter()
            .position(|line| {
                line.trim_start_matches("# ")
                    .starts_with(&format!("{last} = "))
            })
            .unwrap_or_else(|| panic!("{last} is missing"));
        assert!(
            lines[place - 1].starts_with("# ") && lines[place - 1].ends_with('.'),
            "{last}"
        );
    }
}

#[test]
fn the_file_as_it_is_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("hush.toml");
    std::fs::write(&file, EXAMPLE).unwrap();
    let with_file = Sources {
        file: Some(file),
        ..Sources::default()
    };
    let settings = |sources: &Sources| format!("{:?}", Settings::load(sources).unwrap());
    assert_eq!(settings(&with_file), settings(&Sources::default()));
}
