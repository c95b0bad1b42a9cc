//! Every rule of the contract suite stands in a list, or it would reach no adapter.
#![cfg(feature = "contract")]
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use std::collections::BTreeSet;
use std::path::Path;

/// The rules that the lists name, as `module::rule`.
fn listed() -> BTreeSet<String> {
    let mut listed = BTreeSet::new();
    macro_rules! collect {
        ($module:ident { $($rule:ident),* $(,)? }) => {
            listed.extend([$(concat!(stringify!($module), "::", stringify!($rule)).to_owned()),*]);
        };
    }
    hush_ports::for_each_store_rule!(collect);
    hush_ports::for_each_limits_rule!(collect);
    hush_ports::for_each_executor_rule!(collect);
    listed
}

/// The public functions in the suite's files, as `file::function`.
fn written() -> BTreeSet<String> {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let mut written = BTreeSet::new();
    for file in suite.read_dir().unwrap() {
        let path = file.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap();
        let source = std::fs::read_to_string(&path).unwrap();
        let rules = source
            .lines()
            .filter_map(|line| line.strip_prefix("pub async fn "));
        let names = rules.filter_map(|rule| rule.split('(').next());
        written.extend(names.map(|name| format!("{module}::{name}")));
    }
    written
}

#[test]
fn every_rule_is_listed() {
    assert_eq!(written(), listed());
    assert!(written().len() > 80, "the suite's files were not found");
}
