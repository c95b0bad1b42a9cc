//! The API against its OpenAPI document: its samples run, and it answers what it promises and nothing else.

mod answers;
mod guide;
mod matrix;
mod place;
mod samples;
