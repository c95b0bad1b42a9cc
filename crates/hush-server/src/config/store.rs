//! Which store holds the data.

use std::num::NonZeroU32;

use hush_adapters::postgres::{self, DatabaseUrl};

use super::Values;
use crate::failure::Failure;

/// The store that holds the data.
#[derive(Debug, Clone)]
pub enum Store {
    /// This process's memory: gone when it ends.
    Memory,
    /// A PostgreSQL database.
    Postgres(Box<postgres::Settings>),
}

impl Store {
    /// The configured store: what `store` says, else PostgreSQL if there is a database's address.
    pub(super) fn from_values(values: &Values) -> Result<Option<Self>, Failure> {
        let url = database_url(values)?;
        let max_connections = values.require("database_connections", "1 to 1000", |text| {
            let number: NonZeroU32 = text.parse().map_err(drop)?;
            (number.get() <= 1000).then_some(number).ok_or(())
        })?;
        let postgres = url.map(|url| {
            Self::Postgres(Box::new(postgres::Settings {
                url,
                max_connections,
            }))
        });
        let memory = values.get("store", "memory or postgres", |text| match text {
            "memory" => Ok(true),
            "postgres" => Ok(false),
            _ => Err(()),
        })?;
        match (memory, postgres) {
            (Some(true), _) => Ok(Some(Self::Memory)),
            (Some(false), None) => Err(Failure::usage(
                "the store is postgres but has no address: set \
                 HUSH_DATABASE_URL=postgres://USER:PASSWORD@HOST/DATABASE, or \
                 HUSH_DATABASE_URL_FILE to a file that holds it",
            )),
            (_, postgres) => Ok(postgres),
        }
    }
}

fn database_url(values: &Values) -> Result<Option<DatabaseUrl>, Failure> {
    let (text, place) = match (
        values.text("database_url"),
        values.text("database_url_file"),
    ) {
        (Some((_, one)), Some((_, other))) => {
            return Err(Failure::usage(format_args!(
                "both database_url ({one}) and database_url_file ({other}) are set: unset one of \
                 them"
            )));
        }
        (Some((url, origin)), None) => (url, format!("database_url ({origin})")),
        (None, Some((path, origin))) => {
            let url = std::fs::read_to_string(&path).map_err(|error| {
                Failure::usage(format_args!(
                    "cannot read {path}, which database_url_file ({origin}) names: {error}"
                ))
            })?;
            (
                url,
                format!("{path}, which database_url_file ({origin}) names"),
            )
        }
        (None, None) => return Ok(None),
    };
    // The error does not repeat the address, which carries a password.
    text.trim()
        .parse()
        .map(Some)
        .map_err(|error| Failure::usage(format_args!("wrong value for {place}: {error}")))
}
