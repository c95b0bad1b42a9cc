//! How Hush stores, behind the ports: in [`memory`], in PostgreSQL with the feature `postgres`, and in an SQLite file
//! with the feature `sqlite`; what the operating [`system`] knows; and [`refusals`] that need not be asked for twice.

pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod refusals;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod system;
#[cfg(all(feature = "postgres", feature = "sqlite"))]
pub mod transfer;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod meters;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod presences;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod stored;
