//! Python packages in virtual environments under `target/`, so that nothing of the machine's own Python is touched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{commands, registry, workspace};

/// A virtual environment that holds exactly what was asked for.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment `name` with what `pip install` makes of `requirements`: made now, or kept from an earlier run
    /// that asked for the same.
    pub(crate) fn with(name: &str, requirements: &[&str]) -> Result<Self> {
        let kept = workspace::kept("python")?;
        // Two tasks may run at once; the second waits here and finds the first one's work.
        let lock = File::create(kept.join("lock")).context("cannot create a lock file")?;
        lock.lock()
            .context("cannot lock the virtual environments")?;
        let environment = Self {
            folder: kept.join(name),
        };
        let holds = environment.folder.join("holds");
        let wanted = requirements.join("\n");
        if fs::read_to_string(&holds).is_ok_and(|found| found == wanted) {
            return Ok(environment);
        }
        environment.make(requirements)?;
        fs::write(&holds, wanted).with_context(|| format!("cannot write {}", holds.display()))?;
        Ok(environment)
    }

    /// The environment `name` with what a file of the workspace requires, which pins everything.
    pub(crate) fn from_file(name: &str, file: &str) -> Result<Self> {
        let path = workspace::root().join(file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::with(name, &pins(&text).collect::<Vec<_>>())
    }

    /// A program of this environment, `python` among them.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// The folder of an installed package.
    pub(crate) fn package(&self, name: &str) -> Result<PathBuf> {
        let find = format!(
            "from importlib.util import find_spec; print(find_spec({name:?}).submodule_search_locations[0])"
        );
        let python = self.program("python").display().to_string();
        let folder = commands::read(commands::program(&python).args(["-c", &find]))?;
        Ok(Path::new(folder.trim_end()).to_owned())
    }

    fn make(&self, requirements: &[&str]) -> Result<()> {
        commands::run(
            commands::program("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&self.folder),
        )
        .context(
            "python3 with its module venv is needed; on Debian: apt-get install python3-venv",
        )?;
        let python = self.program("python").display().to_string();
        registry::ask("PyPI", &requirements.join(" "), || {
            commands::run(
                commands::program(&python)
                    .args(["-m", "pip", "install", "--quiet", "--no-input"])
                    .args(["--disable-pip-version-check", "--retries", "5"])
                    .args(requirements),
            )
        })
    }
}

/// The lines of a `requirements.txt` that require something.
pub(crate) fn pins(requirements: &str) -> impl Iterator<Item = &str> {
    let lines = requirements.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}
