//! Schemathesis: it asks a live service whatever the document allows and forbids, and judges each answer by the document.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::process::AGAIN;
use super::site::{Binaries, Site};
use crate::postgres::Cluster;
use crate::python::Environment;
use crate::{commands, openapi, workspace};

/// What it is told: its settings, what it cannot know of the service, and which packages there are.
const TOLD: &str = "xtask/contract/schemathesis";
/// What is asked each time. What another seed found is asked again by naming it.
const SEEDS: [u32; 2] = [1, 2];
/// Names the one seed to run with.
const SEED: &str = "HUSH_XTASK_SEED";
/// How many requests are made up for each operation in each phase: of the document, and of its rendering.
const EXAMPLES: u32 = 50;
const EXAMPLES_OF_RENDERING: u32 = 10;
/// How long one run may take. It takes less than a minute.
const LIMIT: Duration = Duration::from_mins(5);

/// One run, on a service of its own, so that the same seed asks the same again.
struct Run {
    document: &'static str,
    seed: u32,
    examples: u32,
}

/// What a run has to say.
struct Told {
    /// The line that counts its requests.
    counted: String,
    /// How many of them another owner sent, who must not see what they ask for.
    foreign: u64,
}

/// Runs with the seeds that are the same each time, and with one that is not; on 3.0.3 in short, since it says the same.
pub(super) fn check() -> Result<()> {
    let python = Environment::from_file("schemathesis", &format!("{TOLD}/requirements.txt"))?;
    let binaries = Binaries::build()?;
    let cluster = Cluster::given_or_new()?;
    let given = workspace::variable(SEED).map(|seed| seed.parse());
    let given = given.transpose();
    let given = given.with_context(|| format!("{SEED} must be a number up to {}", u32::MAX))?;
    let any = match given {
        Some(seed) => seed,
        None => getrandom::u32().context("the system gives no random number")?,
    };
    let fixed = SEEDS.into_iter().filter(|_| given.is_none());
    let of_document = fixed.chain([any]).map(|seed| Run {
        document: "hush.json",
        seed,
        examples: EXAMPLES,
    });
    let of_rendering = Run {
        document: "hush-3.0.json",
        seed: any,
        examples: EXAMPLES_OF_RENDERING,
    };
    let mut foreign = 0;
    for run in of_document.chain([of_rendering]) {
        let told = Site::with(&binaries, &cluster, |site| run.judge(&python, site))?;
        commands::say(format_args!(
            "{}: {}; another owner asked {} times",
            run.name(),
            told.counted,
            told.foreign
        ));
        foreign += told.foreign;
    }
    ensure!(
        foreign > 0,
        "no run let another owner ask for what the first one had made: is `peers` still in {TOLD}/schemathesis.toml?"
    );
    Ok(())
}

impl Run {
    fn name(&self) -> String {
        format!("{} with seed {}", self.document, self.seed)
    }

    fn judge(&self, python: &Environment, site: &Site) -> Result<Told> {
        let told = workspace::root().join(TOLD);
        let log = workspace::kept("contract")?.join("schemathesis.log");
        // It leaves files where it runs, and the tokens are nobody else's to read.
        let desk = tempfile::tempdir()?;
        let auth = desk.path().join("auth.json");
        fs::write(&auth, identities(site).to_string())?;
        let seen = desk.path().join("seen.json");
        let mut command = commands::program(&python.program("schemathesis").to_string_lossy());
        command
            .current_dir(desk.path())
            .arg("--config-file")
            .arg(told.join("schemathesis.toml"))
            .arg("run")
            .arg(openapi::file(self.document))
            .args(["--url", &site.url, "--checks", "all", "--no-color"])
            .args(["--seed", &self.seed.to_string()])
            .args(["--max-examples", &self.examples.to_string()])
            .env("SCHEMATHESIS_HOOKS", told.join("hooks.py"))
            .env("HUSH_FUZZ_URL", &site.url)
            .env("HUSH_FUZZ_AUTH", &auth)
            .env("HUSH_FUZZ_SEEN", &seen)
            // No proxy knows the way to this machine.
            .env("NO_PROXY", "127.0.0.1")
            .env("no_proxy", "127.0.0.1");
        let done = within(LIMIT, &mut command, &log);
        let report =
            fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
        if let Err(error) = done {
            commands::say(&report);
            return Err(error.context(format!(
                "schemathesis, on {}, found what stands above and in {}. Mend the document where hush-http makes it \
                 (wire/, routes/, openapi/; then `cargo xtask openapi`), or the service. To ask the same again: \
                 {SEED}={} cargo xtask contract schemathesis",
                self.name(),
                log.display(),
                self.seed
            )));
        }
        let seen = fs::read_to_string(&seen).context("schemathesis ran without its hooks")?;
        let seen: Value = serde_json::from_str(&seen)?;
        Ok(Told {
            counted: counted(&report).context("schemathesis counts nothing")?,
            foreign: seen["foreign"]
                .as_u64()
                .context("its hooks count nothing")?,
        })
    }
}

/// The owners, in the words of Web Fuzzing Commons. The first one asks; the other tries to see what that one has made.
fn identities(site: &Site) -> Value {
    let [first, second] = &site.tokens;
    let identities = [("first", first), ("second", second)].map(|(name, token)| {
        let value = format!("Bearer {token}");
        json!({"name": name, "fixedHeaders": [{"name": "Authorization", "value": value}]})
    });
    json!({"auth": identities})
}

/// Runs a command that writes to this file, and ends it if it takes longer.
fn within(limit: Duration, command: &mut Command, log: &Path) -> Result<()> {
    let written = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(written.try_clone()?).stderr(written);
    let mut child = command.spawn().context("cannot start schemathesis")?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "it failed: {status}");
            return Ok(());
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("it took longer than {} s", limit.as_secs());
        }
        thread::sleep(AGAIN);
    }
}

/// The line below the heading that counts requests.
fn counted(report: &str) -> Option<String> {
    let mut lines = report.lines().skip_while(|line| *line != "Test cases:");
    Some(lines.nth(1)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_report_counts_is_found() {
        let report =
            "API Operations:\n  Tested: 32\n\nTest cases:\n  9 generated, 9 passed\n\nSeed: 1\n";
        assert_eq!(counted(report).as_deref(), Some("9 generated, 9 passed"));
        assert_eq!(counted("Seed: 1"), None);
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut sleep = Command::new("sleep");
        let error = within(Duration::ZERO, sleep.arg("600"), &log).unwrap_err();
        assert!(error.to_string().contains("longer"), "{error}");
        let mut fail = Command::new("sh");
        fail.args(["-c", "echo said; exit 3"]);
        let error = within(LIMIT, &mut fail, &log).unwrap_err();
        assert!(error.to_string().contains('3'), "{error}");
        assert_eq!(fs::read_to_string(log).unwrap(), "said\n");
    }
}
