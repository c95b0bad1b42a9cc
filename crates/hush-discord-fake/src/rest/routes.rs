//! What stands behind each path.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Asking, Reply, needs_token};
use crate::json;
use crate::state::State;

impl State {
    /// Answers a request for a path such as `/api/v10/users/@me`.
    pub(super) fn answer(&mut self, method: &Method, asking: &Asking) -> Reply {
        let Some(path) = asking.path.strip_prefix("/api/v10/") else {
            return Reply::unknown_path();
        };
        let segments: Vec<&str> = path.split('/').collect();
        if needs_token(method, &segments) && !asking.authorized {
            return Reply::error(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized");
        }
        match self.spend(method, &segments) {
            Ok(headers) => {
                let mut reply = self.route(method, &segments, asking);
                reply.headers.extend(headers);
                reply
            }
            Err(limited) => limited,
        }
    }

    fn route(&mut self, method: &Method, segments: &[&str], asking: &Asking) -> Reply {
        let body = &asking.body;
        match (method, segments) {
            (&Method::GET, ["gateway"]) => Reply::ok(json!({"url": self.gateway_url})),
            (&Method::GET, ["gateway", "bot"]) => Reply::ok(json!({
                "url": self.gateway_url,
                "shards": self.setup.shards,
                "session_start_limit": self.session_start_limit(),
            })),
            (&Method::GET, ["users", "@me"]) => Reply::ok(json::own_user(&self.setup.bot)),
            (&Method::GET, ["applications", "@me"] | ["oauth2", "applications", "@me"]) => {
                Reply::ok(self.application())
            }
            (method, ["applications", application, "commands", rest @ ..]) => {
                if *application != self.setup.bot.id.to_string() {
                    return Reply::error(StatusCode::NOT_FOUND, 10002, "Unknown Application");
                }
                self.answer_commands(method, rest, body)
            }
            (&Method::POST, ["interactions", id, token, "callback"]) => {
                self.answer_callback(id, token, body)
            }
            (&Method::PATCH, ["webhooks", application, token, "messages", "@original"]) => {
                self.edit_answer(application, token, body)
            }
            (&Method::POST, ["webhooks", application, token]) => {
                self.follow_up(application, token, body)
            }
            (method, ["guilds", guild, rest @ ..]) => {
                let reply = self.answer_guild(method, guild, rest, asking);
                reply.unwrap_or_else(|refusal| refusal)
            }
            (&Method::POST, ["channels", channel, "messages"]) => {
                let reply = self.send_message(channel, asking);
                reply.unwrap_or_else(|refusal| refusal)
            }
            _ => Reply::unknown_path(),
        }
    }

    fn application(&self) -> Value {
        let bot = &self.setup.bot;
        json!({
            "id": bot.id.to_string(),
            "name": bot.name,
            "icon": null,
            "description": "",
            "summary": "",
            "bot_public": true,
            "bot_require_code_grant": false,
            "integration_types_config": {"0": {}},
            "verify_key": "0".repeat(64),
            "flags": 0,
            "rpc_origins": [],
            "redirect_uris": [],
            "interactions_endpoint_url": null,
            "role_connections_verification_url": null,
            "approximate_guild_count": self.world.guilds.len(),
            "approximate_user_install_count": 0,
            "bot": json::user(bot),
            "owner": {
                "id": "1",
                "username": "owner",
                "discriminator": "0",
                "global_name": null,
                "avatar": null,
                "public_flags": 0,
                "flags": 0,
            },
            "team": null,
        })
    }
}
