//! Steps, order and failures of the use cases, over the memory adapters; mocks stand in only for what a real
//! store will not do on command.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admission;
mod commanding;
mod commands;
mod flaky;
mod in_person;
mod matrix;
mod order;
mod readiness;
mod rights;
mod running;
mod support;
mod tokens;
mod uses;
