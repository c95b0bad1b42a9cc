//! Which store holds the data.

use std::num::NonZeroU32;
use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};
use hush_adapters::postgres;
use hush_domain::audit::chain::Keyring;

use super::{Values, secret};
use crate::failure::Failure;

/// The name of the SQLite file in the data folder.
const FILE: &str = "hush.db";

/// The store that holds the data.
#[derive(Debug, Clone)]
pub enum Store {
    /// This process's memory: gone when it ends.
    Memory,
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(Box<postgres::Settings>),
}

impl Store {
    /// The configured store: what `store` says, else PostgreSQL if there is a database's address, else SQLite.
    pub(super) fn from_values(values: &Values, audit_keys: &Keyring) -> Result<Self, Failure> {
        let url = secret::database_url(values)?;
        let max_connections = values.require("database_connections", "1 to 1000", |text| {
            let number: NonZeroU32 = text.parse().map_err(drop)?;
            (number.get() <= 1000).then_some(number).ok_or(())
        })?;
        let postgres = url.map(|url| {
            Self::Postgres(Box::new(postgres::Settings {
                url,
                max_connections,
                audit_keys: audit_keys.clone(),
            }))
        });
        let name = values.get("store", "memory, sqlite or postgres", |text| match text {
            "memory" | "sqlite" | "postgres" => Ok(text.to_owned()),
            _ => Err(()),
        })?;
        match (name.as_deref(), postgres) {
            (Some("memory"), _) => Ok(Self::Memory),
            (Some("postgres"), None) => Err(Failure::usage(
                "the store is postgres but has no address: set \
                 HUSH_DATABASE_URL=postgres://USER:PASSWORD@HOST/DATABASE, or \
                 HUSH_DATABASE_URL_FILE to a file that holds it",
            )),
            (Some("postgres") | None, Some(postgres)) => Ok(postgres),
            (_, _) => Ok(Self::Sqlite(data_dir(values)?.join(FILE))),
        }
    }
}

/// The folder of everything that Hush keeps in files.
fn data_dir(values: &Values) -> Result<PathBuf, Failure> {
    if let Some((folder, _)) = values.text("data_dir") {
        return Ok(folder.into());
    }
    let folders = choose_base_strategy().map_err(|error| {
        Failure::usage(format_args!(
            "there is no folder to keep data in ({error}): set HUSH_DATA_DIR to one"
        ))
    })?;
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Ok(folder.join("hush"))
}
