//! `recount`: the kept counts against the stored members.

use crate::config::Settings;
use crate::failure::Failure;
use crate::output;
use crate::stores;

pub(super) async fn run(settings: &Settings, repair: bool) -> Result<(), Failure> {
    let stores = stores::lasting(settings).await?;
    let drifts = stores.counts.recount(repair).await?;
    for drift in &drifts {
        output::line(&format!(
            "server {}: {} kept as {}, recounted as {}",
            drift.server, drift.count, drift.kept, drift.recounted
        ))?;
    }
    match (drifts.len(), repair) {
        (0, _) => output::aside("every kept count is right"),
        (wrong, true) => output::aside(&format!("{wrong} kept counts were wrong and are repaired")),
        (wrong, false) => {
            return Err(Failure::operation(format_args!(
                "{wrong} kept counts are wrong: repair them with `hush-server recount --repair`"
            )));
        }
    }
    Ok(())
}
