//! `purge`: a person or a server, erased for good.

use hush_app::App;
use hush_ports::Erased;

use crate::cli::PurgeArgs;
use crate::config::Settings;
use crate::failure::Failure;
use crate::output;
use crate::stores;

pub(super) async fn run(settings: &Settings, purge: &PurgeArgs) -> Result<(), Failure> {
    let stores = stores::lasting(settings).await?;
    let app = App::new(&stores.ports, settings.limits);
    let permit = app.admission.operator();
    if let Some(user) = purge.user {
        let erased = app.housekeeping.erase_user(&permit, user).await?;
        output::aside(&format!("erased user {user}: {}", summary(erased)));
    }
    if let Some(server) = purge.server {
        let erased = app.housekeeping.erase_server(&permit, server).await?;
        output::aside(&format!("erased server {server}: {}", summary(erased)));
    }
    // What was erased shall not stay in a log beside the file either.
    stores.care.close().await;
    Ok(())
}

fn summary(erased: Erased) -> String {
    format!(
        "{} memberships, {} tokens, {} commands, {} reasons and {} rows of audit logs",
        erased.members, erased.tokens, erased.commands, erased.reasons, erased.audit
    )
}
