//! Node.js packages under `target/`, from a lock file that is committed: no program of theirs is run to install them, and
//! nothing of the machine's own packages is touched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{commands, registry, workspace};

/// What says which packages there are, and how npm is to be asked for them.
const INPUTS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// The first major version of Node.js on which everything that is installed runs.
const OLDEST: u32 = 20;

/// A folder with exactly the packages of a lock file.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment `name` with the packages of the lock file in `inputs`, a folder of the workspace: made now, or
    /// kept from an earlier run with the same file.
    pub(crate) fn with(name: &str, inputs: &str) -> Result<Self> {
        let inputs = workspace::root().join(inputs);
        let kept = workspace::kept("node")?;
        // Two tasks may run at once; the second waits here and finds the first one's work.
        let lock = File::create(kept.join("lock")).context("cannot create a lock file")?;
        lock.lock().context("cannot lock the Node.js packages")?;
        let environment = Self {
            folder: kept.join(name),
        };
        let wanted = INPUTS.map(|file| read(&inputs.join(file)));
        let wanted = wanted.into_iter().collect::<Result<Vec<_>>>()?;
        let holds = environment.folder.join("holds");
        let all = wanted.join("\n");
        if fs::read_to_string(&holds).is_ok_and(|found| found == all) {
            return Ok(environment);
        }
        is_new_enough()?;
        environment.make(&wanted, &inputs)?;
        write(&holds, &all)?;
        Ok(environment)
    }

    /// A program of one of the packages.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("node_modules").join(".bin").join(name)
    }

    /// The folder of the environment. What lies in it finds the packages.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn make(&self, wanted: &[String], inputs: &Path) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot remove {}", self.folder.display()))?;
        }
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot create {}", self.folder.display()))?;
        for (file, text) in INPUTS.iter().zip(wanted) {
            write(&self.folder.join(file), text)?;
        }
        let what = format!("the packages of {}", inputs.display());
        registry::ask("npm's registry", &what, || {
            commands::run(
                commands::program("npm")
                    .current_dir(&self.folder)
                    .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                    .args(["--no-update-notifier", "--loglevel", "error"]),
            )
        })
    }
}

fn is_new_enough() -> Result<()> {
    let version = commands::read(commands::program("node").arg("--version"))
        .context("Node.js is needed; on Debian: apt-get install nodejs npm")?;
    let major = commands::major_version(&version);
    ensure!(
        major.is_some_and(|major| major >= OLDEST),
        "Node.js {OLDEST} or newer is needed; this one is {}",
        version.trim_end()
    );
    commands::read(commands::program("npm").arg("--version"))
        .context("npm is needed; on Debian: apt-get install npm")?;
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
