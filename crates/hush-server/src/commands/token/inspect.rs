//! `token inspect`: which token a secret belongs to.

use std::io::{self, BufRead, IsTerminal, Read};

use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_ports::Presented;
use serde_json::{Value, json};

use super::{Desk, shown};
use crate::cli::InspectArgs;
use crate::config::Settings;
use crate::failure::Failure;
use crate::output;

/// The most bytes that are read, several times as many as a secret has: what is longer is none.
const LONGEST: u64 = 200;

const WELL_FORMED: &str = "well-formed, its checksum holds";

pub(super) async fn run(settings: &Settings, wanted: &InspectArgs) -> Result<(), Failure> {
    let Some(secret) = read()? else {
        let shown = json!({"well_formed": false});
        report(wanted, "not well-formed", &shown)?;
        return Err(Failure::operation(
            "it is no token's secret: it has a typo, was cut off, or is something else",
        ));
    };
    if wanted.offline {
        return report(wanted, WELL_FORMED, &json!({"well_formed": true}));
    }
    let desk = Desk::open(settings).await?;
    let found = desk.app.tokens.inspect(&desk.permit, &secret).await?;
    let (text, token, works) = match &found {
        Some(presented) => (
            as_text(presented, desk.now),
            as_json(presented, desk.now),
            works(presented, desk.now),
        ),
        None => (
            "no token has it".to_owned(),
            Value::Null,
            Err("it is no token's here: it is of another service, or its token was removed"),
        ),
    };
    let shown = json!({"well_formed": true, "works": works.is_ok(), "token": token});
    report(wanted, &format!("{WELL_FORMED}\n{text}"), &shown)?;
    works.map_err(Failure::operation)
}

/// The secret in the first line of the standard input, if it can be one. No error repeats what was read.
fn read() -> Result<Option<Secret>, Failure> {
    let input = io::stdin().lock();
    if input.is_terminal() {
        output::aside("Paste the secret and press Enter:");
    }
    let mut line = Vec::new();
    input
        .take(LONGEST)
        .read_until(b'\n', &mut line)
        .map_err(|error| Failure::operation(format_args!("cannot read the secret: {error}")))?;
    let line = line.trim_ascii();
    if line.is_empty() {
        return Err(Failure::usage(
            "there is no secret on the standard input: `hush-server token inspect < FILE`",
        ));
    }
    let text = std::str::from_utf8(line).unwrap_or_default();
    Ok(text.parse().ok())
}

fn report(wanted: &InspectArgs, text: &str, shown: &Value) -> Result<(), Failure> {
    if wanted.json {
        output::line(&shown.to_string())
    } else {
        output::line(text)
    }
}

/// Why the secret does not work, if it does not.
fn works(presented: &Presented, now: Timestamp) -> Result<(), &'static str> {
    let token = &presented.token;
    if token.revoked_at.is_some() {
        return Err("it no longer works: its token was revoked");
    }
    if !token.is_live(now) {
        return Err("it no longer works: its token has expired");
    }
    if presented.former_until.is_some_and(|until| until <= now) {
        return Err("it no longer works: a newer one has replaced it");
    }
    Ok(())
}

fn as_text(presented: &Presented, now: Timestamp) -> String {
    let token = &presented.token;
    let secret = match presented.former_until {
        None => "the newest".to_owned(),
        Some(until) if now < until => format!("replaced by a newer one, reads until {until}"),
        Some(until) => format!("replaced by a newer one, read until {until}"),
    };
    let end = match (token.revoked_at, token.expires_at) {
        (Some(then), _) => format!("revoked {then}"),
        (None, Some(end)) => format!("{}, ends {end}", shown::state(token, now)),
        (None, None) => "live, does not expire".to_owned(),
    };
    let used = match token.last_used_at {
        Some(minute) => minute.to_string(),
        None => "never".to_owned(),
    };
    format!(
        "token      {}\nuser       {}\nname       {}\nservers    {}\nscopes     {}\nstate      {end}\n\
         last used  {used}\nsecret     {secret}",
        token.id,
        token.user,
        token.name,
        shown::servers(token).join(","),
        shown::scopes(token).join(","),
    )
}

fn as_json(presented: &Presented, now: Timestamp) -> Value {
    let mut object = shown::as_json(&presented.token, now);
    let until = presented.former_until.map(|until| until.to_string());
    object["secret"] = json!({"newest": until.is_none(), "reads_until": until});
    object
}
