//! The command as Discord shows it. Source: "Application Commands" in Discord's developer documentation.

use std::time::Duration;

use serde_json::{Value, json};

/// The name of the one command.
pub(super) const COMMAND: &str = "api";

/// How long a new token can live: what stands for it in an interaction, what people read, and how many days that is.
pub(super) const LIFETIMES: [(&str, &str, u64); 4] = [
    ("7d", "7 days", 7),
    ("30d", "30 days", 30),
    ("90d", "90 days", 90),
    ("1y", "1 year", 365),
];

/// The types of options.
const SUB_COMMAND: u8 = 1;
const GROUP: u8 = 2;
const TEXT: u8 = 3;

/// So many days.
pub(super) fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

/// What is sent to Discord to make the command. Everybody in a server sees it, since who may do what is Hush's to say.
pub fn definition() -> Value {
    json!({
        "name": COMMAND,
        "type": 1,
        "description": "Hush: this server's data for your own scripts",
        "default_member_permissions": null,
        "integration_types": [0],
        "contexts": [0],
        "options": [
            {
                "name": "token",
                "type": GROUP,
                "description": "Your personal API tokens for this server",
                "options": [create(), list(), revoke()],
            },
            {
                "name": "stats",
                "type": SUB_COMMAND,
                "description": "How many members, bots and people online this server has (for its owner)",
            },
        ],
    })
}

fn create() -> Value {
    let lifetimes = LIFETIMES.map(|(value, name, _)| json!({"name": name, "value": value}));
    json!({
        "name": "create",
        "type": SUB_COMMAND,
        "description": "Make a token for this server (for its admins); only you see the answer",
        "options": [
            {
                "name": "name",
                "type": TEXT,
                "description": "What you call it, such as: nightly report",
                "required": true,
                "min_length": 1,
                "max_length": 64,
            },
            {
                "name": "scopes",
                "type": TEXT,
                "description": "What it may be used for, separated by spaces; users:read stats:read if left out",
                "max_length": 200,
            },
            {
                "name": "expires",
                "type": TEXT,
                "description": "How long it lives; 90 days if left out",
                "choices": lifetimes,
            },
        ],
    })
}

fn list() -> Value {
    json!({
        "name": "list",
        "type": SUB_COMMAND,
        "description": "Show your tokens for this server; never their secrets",
    })
}

fn revoke() -> Value {
    json!({
        "name": "revoke",
        "type": SUB_COMMAND,
        "description": "End one of your tokens, and all that it made, at once",
        "options": [
            {
                "name": "token",
                "type": TEXT,
                "description": "Its name or its id, as /api token list shows them",
                "required": true,
                "min_length": 1,
                "max_length": 64,
            },
        ],
    })
}
