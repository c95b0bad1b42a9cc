//! `audit`: the logs of who did what, checked and exported.

mod export;
mod verify;

use hush_app::App;

use crate::cli::AuditCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::stores;

pub(super) async fn run(settings: &Settings, command: AuditCommand) -> Result<(), Failure> {
    let stores = stores::lasting(settings).await?;
    let app = App::new(&stores.ports, settings.limits);
    let permit = app.admission.operator();
    match command {
        AuditCommand::Verify(wanted) => {
            verify::run(&app.audit, &permit, &wanted, &settings.audit_keys).await
        }
        AuditCommand::Export { server } => export::run(&app.audit, &permit, server).await,
    }
}
