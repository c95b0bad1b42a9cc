//! `token`: personal tokens as the operator handles them.

mod inspect;
mod issue;
mod list;
mod shown;

use hush_app::{App, Permit};
use hush_domain::ids::TokenId;
use hush_domain::time::Timestamp;
use hush_ports::Revoked;

use crate::cli::TokenCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::output;
use crate::stores;

/// The application over the configured store, for one command of the operator's.
struct Desk {
    app: App,
    permit: Permit,
    now: Timestamp,
}

impl Desk {
    async fn open(settings: &Settings) -> Result<Self, Failure> {
        let stores = stores::lasting(settings).await?;
        let app = App::new(&stores.ports, settings.limits);
        Ok(Self {
            permit: app.admission.operator(),
            now: stores.ports.clock.wall(),
            app,
        })
    }
}

pub(super) async fn run(settings: &Settings, command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(wanted) => issue::create(&Desk::open(settings).await?, wanted).await,
        TokenCommand::List(wanted) => list::run(&Desk::open(settings).await?, &wanted).await,
        TokenCommand::Rotate(wanted) => issue::rotate(&Desk::open(settings).await?, &wanted).await,
        TokenCommand::Inspect(wanted) => inspect::run(settings, &wanted).await,
        TokenCommand::Revoke { token } => revoke(&Desk::open(settings).await?, token).await,
    }
}

async fn revoke(desk: &Desk, token: TokenId) -> Result<(), Failure> {
    match desk.app.tokens.revoke(&desk.permit, token).await? {
        Revoked::Now => output::aside(&format!("revoked token {token}")),
        Revoked::Before => output::aside(&format!("token {token} had been revoked before")),
        Revoked::Unknown => return Err(unknown(token)),
    }
    Ok(())
}

fn unknown(token: TokenId) -> Failure {
    Failure::operation(format_args!(
        "there is no token {token}: `hush-server token list` shows those there are"
    ))
}
