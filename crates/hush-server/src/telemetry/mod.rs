//! What the running service says about itself: logs and metrics.

pub mod admin;
pub mod logs;
pub mod metrics;
