//! Where settings come from, weakest first: defaults, a file, the environment, flags.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::builder::{ConfigBuilder, DefaultState};
use config::{Config, ConfigError, File, FileFormat, Source, Value};

use super::keys::{KEYS, PREFIX};
use super::values::Values;
use crate::failure::Failure;

/// The file that is read if it lies in the working directory and no other is named.
pub const DEFAULT_FILE: &str = "hush.toml";

/// What can say how the service is set up.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file named on the command line or by `HUSH_CONFIG`. It has to be there.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Flags that were given: the setting, its value and the flag.
    pub flags: Vec<(&'static str, String, &'static str)>,
}

impl Sources {
    /// Every source laid over the weaker ones, with unknown names refused.
    pub fn collect(&self) -> Result<Values, Failure> {
        let mut builder = Config::builder();
        for key in KEYS {
            if let Some(default) = key.default {
                builder = put(builder, key.name, default, "the default")?;
            }
        }
        if let Some(path) = self.file()? {
            let file = File::new(&path, FileFormat::Toml);
            // A layer can only be told apart before it is laid over the others.
            let settings = file.collect().map_err(|error| unreadable(&path, &error))?;
            Values::check_names(settings)?;
            builder = builder.add_source(file);
        }
        for (variable, value) in &self.environment {
            if let Some((name, value)) = setting(variable, value)? {
                let origin = format!("environment variable {}", variable.display());
                builder = put(builder, name, value, &origin)?;
            }
        }
        for (name, value, flag) in &self.flags {
            builder = put(builder, name, value, &format!("flag {flag}"))?;
        }
        let all = builder.build().and_then(|config| config.collect());
        Values::check_names(all.map_err(Failure::usage)?)
    }

    fn file(&self) -> Result<Option<String>, Failure> {
        let (path, named) = match &self.file {
            Some(path) => (path.as_path(), true),
            None => (Path::new(DEFAULT_FILE), false),
        };
        if !path.exists() {
            return if named {
                Err(Failure::usage(format_args!(
                    "the configuration file {} does not exist: correct --config or HUSH_CONFIG",
                    path.display()
                )))
            } else {
                Ok(None)
            };
        }
        match path.to_str() {
            Some(path) => Ok(Some(path.to_owned())),
            None => Err(Failure::usage(format_args!(
                "the configuration file {} has a name that is no UTF-8: rename it",
                path.display()
            ))),
        }
    }
}

fn put(
    builder: ConfigBuilder<DefaultState>,
    name: &str,
    value: &str,
    origin: &str,
) -> Result<ConfigBuilder<DefaultState>, Failure> {
    let value = Value::new(Some(&origin.to_owned()), value);
    // Each later layer overrides: the files are below all overrides, the defaults below the files.
    if origin == "the default" {
        builder.set_default(name, value)
    } else {
        builder.set_override(name, value)
    }
    .map_err(Failure::usage)
}

fn unreadable(path: &str, error: &ConfigError) -> Failure {
    let reason = match error {
        ConfigError::FileParse { cause, .. } => cause.to_string(),
        other => other.to_string(),
    };
    // The parser draws a picture of the place, one line each beginning with a number or a bar.
    let said: Vec<_> = reason
        .lines()
        .filter(|line| !line.contains('|'))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    Failure::usage(format_args!(
        "the configuration file {path} cannot be read: {}",
        said.join(": ")
    ))
}

/// The setting that a variable of the environment names, and its value. `None` for what is nobody's mistake:
/// other programs' variables, empty ones, and those that containers inject.
fn setting<'a>(
    variable: &OsString,
    value: &'a OsString,
) -> Result<Option<(&'static str, &'a str)>, Failure> {
    let shown = variable.to_string_lossy();
    let Some(name) = shown.strip_prefix(PREFIX) else {
        return Ok(None);
    };
    // The first names the file, which was read before; the second is for tests.
    let no_setting = name == "CONFIG" || name.starts_with("TEST_");
    if no_setting || value.is_empty() || is_injected(name, &value.to_string_lossy()) {
        return Ok(None);
    }
    let Some(key) = KEYS.iter().find(|key| key.variable() == shown) else {
        return Err(Failure::usage(format_args!(
            "unknown setting {shown} in the environment: correct its name or unset it \
             (hush.example.toml lists every setting)"
        )));
    };
    match value.to_str() {
        Some(value) => Ok(Some((key.name, value))),
        None => Err(Failure::usage(format_args!(
            "environment variable {shown} is no UTF-8: correct it"
        ))),
    }
}

/// Whether Kubernetes or Docker injects such a variable into containers beside a service named `hush` or
/// `hush-…`: `HUSH_SERVICE_HOST`, `HUSH_SERVICE_PORT_HTTP`, `HUSH_PORT_8080_TCP`, `HUSH_DB_PORT=tcp://…`.
fn is_injected(name: &str, value: &str) -> bool {
    let own = ["SERVICE_HOST", "SERVICE_PORT", "PORT"];
    let others = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"];
    own.iter().any(|start| name.starts_with(start))
        || others.iter().any(|part| name.contains(part))
        || (name.ends_with("_PORT") && value.starts_with("tcp://"))
}
