//! How Hush stores, behind the ports: in [`memory`], and in PostgreSQL with the feature `postgres`; and what
//! the operating [`system`] knows.

pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod system;
