//! `demo`: the service with demo data, for whoever wants to see it before anything is set up.

use std::fmt::Write;
use std::sync::Arc;

use hush_adapters::memory::MemoryExecutor;
use hush_app::{App, CreateToken, Lifetime};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::permission::AccessLevel;
use hush_domain::scopes::Scope;
use hush_domain::secret::Secret;
use hush_domain::tokens::NamedServers;

use crate::config::Settings;
use crate::demo;
use crate::failure::Failure;
use crate::output;
use crate::service::Service;
use crate::stores::{self, Stores};

pub(super) async fn run(settings: &Settings) -> Result<(), Failure> {
    for address in [settings.listen, settings.admin_listen] {
        if !address.ip().is_loopback() {
            return Err(Failure::usage(format_args!(
                "the demo prints its tokens and must not be reached from outside, so it does not \
                 listen on {address}: use 127.0.0.1, or `hush-server serve` with your own data"
            )));
        }
    }
    let service = Service::prepare(settings).await?;
    let mut stores = stores::memory(&settings.audit_keys);
    let bot = UserId::try_from(demo::BOT).map_err(Failure::operation)?;
    let ports = &mut stores.ports;
    let (users, clock) = (ports.users.clone(), ports.clock.clone());
    let executor = MemoryExecutor::new(bot, users, stores.ingest.clone(), clock);
    ports.executor = Some(Arc::new(executor));
    load(&stores).await?;
    let app = Arc::new(App::new(&stores.ports, settings.limits));
    let base = service.http(settings).public_url;
    output::text(&welcome(&app, &base).await?)?;
    service.run(settings, app, &stores).await
}

async fn load(stores: &Stores) -> Result<(), Failure> {
    let (snapshot, members) = demo::data().map_err(Failure::operation)?;
    stores
        .ingest
        .apply_snapshot(
            snapshot,
            Box::new(members.into_iter()),
            stores.ports.clock.wall(),
        )
        .await
        .map_err(Failure::operation)
}

async fn welcome(app: &App, base: &str) -> Result<String, Failure> {
    let server = demo::SERVER;
    let owner = token(app, demo::OWNER).await?;
    let admin = token(app, demo::ADMIN).await?;
    let member = token(app, demo::MEMBER).await?;
    let (owner, admin) = (owner.expose(), admin.expose());
    let mut text = format!(
        "Hush demo on {base}\nData are in memory and gone when it stops. Ctrl-C stops it. The \
         documentation is at {base}/docs\n\nTokens for server {server}, one for each access level:\n"
    );
    for (level, token) in [
        (AccessLevel::ServerOwner, owner),
        (AccessLevel::Admin, admin),
        (AccessLevel::Member, member.expose()),
    ] {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {:<13} {token}", level.as_str());
    }
    text.push_str("\nTry:\n");
    for (token, path) in [
        (admin, format!("/v1/users/{}", demo::ADMIN)),
        (admin, "/v1/users?limit=10".to_owned()),
        (owner, format!("/v1/servers/{server}/stats")),
        (member.expose(), "/v1/me".to_owned()),
        (member.expose(), "/v1/tokens".to_owned()),
        (owner, format!("/v1/servers/{server}/audit-log")),
    ] {
        let _ = writeln!(
            text,
            "  curl -H 'Authorization: Bearer {token}' '{base}{path}'"
        );
    }
    Ok(text)
}

async fn token(app: &App, user: u64) -> Result<Secret, Failure> {
    let server = ServerId::try_from(demo::SERVER).map_err(Failure::operation)?;
    let wanted = CreateToken {
        servers: NamedServers::new(vec![server]).map_err(Failure::operation)?,
        name: "demo".parse().map_err(Failure::operation)?,
        scopes: Scope::ALL.into_iter().collect(),
        lifetime: Lifetime::Endless,
    };
    let user = UserId::try_from(user).map_err(Failure::operation)?;
    let permit = app.admission.operator();
    let issued = app.tokens.create(&permit, user, wanted).await;
    Ok(issued.map_err(Failure::operation)?.secret)
}
