//! How Hush stores, behind the ports: in [`memory`], and in PostgreSQL with the feature `postgres`; what
//! the operating [`system`] knows; and [`refusals`] that need not be asked for twice.

pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod refusals;
pub mod system;
