//! Settings that are secrets: each stands in its own setting or, for those that are mounted, in a file that another
//! setting names. No error repeats one.

use hush_adapters::postgres::DatabaseUrl;
use hush_discord::BotToken;
use hush_domain::audit::chain::{ChainKey, Keyring};

use super::Values;
use crate::failure::Failure;

/// The address of the database, which carries a password.
pub(super) fn database_url(values: &Values) -> Result<Option<DatabaseUrl>, Failure> {
    let Some((text, place)) = secret(values, "database_url", "database_url_file")? else {
        return Ok(None);
    };
    text.trim()
        .parse()
        .map(Some)
        .map_err(|error| wrong(&place, &error))
}

/// The token of the bot that follows Discord.
pub(super) fn discord_token(values: &Values) -> Result<Option<BotToken>, Failure> {
    let Some((text, place)) = secret(values, "discord_token", "discord_token_file")? else {
        return Ok(None);
    };
    BotToken::new(&text)
        .map(Some)
        .map_err(|error| wrong(&place, &error))
}

/// What audit logs are chained with: one key a line, the newest last.
pub(super) fn audit_keys(values: &Values) -> Result<Keyring, Failure> {
    let Some((text, place)) = secret(values, "audit_key", "audit_key_file")? else {
        return Ok(Keyring::default());
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Vec<_> = lines
        .map(|key| ChainKey::new(key.as_bytes()))
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(&place, &format_args!("a key is {error}")))?;
    if keys.is_empty() {
        return Err(wrong(
            &place,
            &"there is no key: put one on each line, such as that of `openssl rand -hex 32`",
        ));
    }
    Ok(Keyring::new(keys))
}

/// A secret, and where it stands.
fn secret(
    values: &Values,
    name: &'static str,
    file: &'static str,
) -> Result<Option<(String, String)>, Failure> {
    match (values.text(name), values.text(file)) {
        (Some((_, one)), Some((_, other))) => Err(Failure::usage(format_args!(
            "both {name} ({one}) and {file} ({other}) are set: unset one of them"
        ))),
        (Some((text, origin)), None) => Ok(Some((text, format!("{name} ({origin})")))),
        (None, Some((path, origin))) => {
            let place = format!("{path}, which {file} ({origin}) names");
            match std::fs::read_to_string(&path) {
                Ok(text) => Ok(Some((text, place))),
                Err(error) => Err(Failure::usage(format_args!("cannot read {place}: {error}"))),
            }
        }
        (None, None) => Ok(None),
    }
}

fn wrong(place: &str, reason: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format_args!("wrong value for {place}: {reason}"))
}
