//! Where guild JSON comes from.

use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

/// What can be read several times: a file, or a copy of what can be read only once.
#[derive(Debug)]
pub(super) struct Input {
    name: String,
    contents: Contents,
}

#[derive(Debug)]
enum Contents {
    File(PathBuf),
    /// Has no name in the file system, so that it is gone with the process, however that ends.
    Copy(File),
}

impl Input {
    /// The file at `path`; `-` is the standard input.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                name: "standard input".to_owned(),
                contents: Contents::Copy(copy(&mut io::stdin().lock())?),
            });
        }
        let mut file = File::open(path)?;
        let contents = if file.metadata()?.is_file() {
            Contents::File(path.to_owned())
        } else {
            // A pipe, such as a shell's `<(…)`.
            Contents::Copy(copy(&mut file)?)
        };
        Ok(Self {
            name: path.display().to_string(),
            contents,
        })
    }

    /// Its name, for people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Opens it at its start. Only one reader of a copy may be in use at a time.
    pub(super) fn open(&self) -> io::Result<File> {
        match &self.contents {
            Contents::File(path) => File::open(path),
            Contents::Copy(copy) => {
                let mut file = copy.try_clone()?;
                file.rewind()?;
                Ok(file)
            }
        }
    }
}

fn copy(source: &mut dyn io::Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(source, &mut file)?;
    Ok(file)
}
