//! Changes of the released document of which it is known whether they break clients: by them the judges are judged.

use anyhow::Result;
use serde_json::{Value, json};

use super::edit::{push, put, remove, remove_item, rename};

/// A change by its name.
pub(super) type Mutation = (&'static str, fn(&mut Value) -> Result<()>);

const USERS: &str = "/paths/~1v1~1users/get";
const TOKENS: &str = "/paths/~1v1~1tokens/post";
const COMMANDS: &str = "/paths/~1v1~1servers~1{id}~1commands/post";

/// How many of those that break clients specshift sees, so that it cannot go blind unseen.
pub(super) const SEEN_BY_SPECSHIFT: usize = 21;

/// Changes that break clients.
pub(super) const BREAKING: &[Mutation] = &[
    ("a path is gone", |it| remove(it, "/paths", "/v1/me")),
    ("a method is gone", |it| {
        remove(it, "/paths/~1v1~1tokens~1{id}", "delete")
    }),
    ("an operation is called otherwise", |it| {
        put(it, USERS, "operationId", json!("queryUsers"))
    }),
    ("a parameter is gone", |it| {
        remove_item(it, &in_parameters(USERS), 1)
    }),
    ("a parameter that must be there has come", |it| {
        let new = json!({"name": "reason", "in": "query", "required": true, "schema": {"type": "string"}});
        push(it, &in_parameters(USERS), new)
    }),
    ("a parameter must be there", |it| {
        put(
            it,
            &format!("{USERS}/parameters/1"),
            "required",
            json!(true),
        )
    }),
    ("a parameter is written otherwise", |it| {
        put(it, &format!("{USERS}/parameters/3"), "explode", json!(true))
    }),
    ("a parameter is of another type", |it| {
        put(
            it,
            &format!("{USERS}/parameters/2/schema"),
            "type",
            json!("integer"),
        )
    }),
    ("a parameter is bounded further", |it| {
        put(
            it,
            &format!("{USERS}/parameters/5/schema"),
            "maximum",
            json!(100),
        )
    }),
    ("a parameter has another default", |it| {
        put(
            it,
            "/components/schemas/RotateToken/properties/grace_seconds",
            "default",
            json!(0),
        )
    }),
    ("a body must be there", |it| {
        put(
            it,
            "/paths/~1v1~1tokens~1{id}~1rotate/post/requestBody",
            "required",
            json!(true),
        )
    }),
    ("a body is of another media type", |it| {
        rename(
            it,
            &format!("{TOKENS}/requestBody/content"),
            "application/json",
            "application/xml",
        )
    }),
    ("a field of a body must be there", |it| {
        push(
            it,
            "/components/schemas/CreateToken/required",
            json!("expires_in_seconds"),
        )
    }),
    ("a field of a body that must be there has come", |it| {
        put(
            it,
            "/components/schemas/CreateToken/properties",
            "purpose",
            json!({"type": "string"}),
        )?;
        push(
            it,
            "/components/schemas/CreateToken/required",
            json!("purpose"),
        )
    }),
    ("a field of a body is gone", |it| {
        remove(
            it,
            "/components/schemas/CreateToken/properties",
            "expires_in_seconds",
        )
    }),
    ("a field of a body is of another type", |it| {
        put(
            it,
            "/components/schemas/CreateToken/properties/expires_in_seconds",
            "type",
            json!("string"),
        )
    }),
    ("a field of a body is bounded", |it| {
        put(
            it,
            "/components/schemas/CreateToken/properties/name",
            "pattern",
            json!("^[a-z]+$"),
        )
    }),
    ("a list in a body must be shorter", |it| {
        put(
            it,
            "/components/schemas/CreateToken/properties/server_ids",
            "maxItems",
            json!(1),
        )
    }),
    ("a word is no longer taken", |it| {
        remove_item(it, "/components/schemas/Scope/enum", 0)
    }),
    ("one kind of body is gone", |it| {
        remove_item(it, "/components/schemas/CreateCommand/oneOf", 2)
    }),
    ("a field of one kind of body is bounded further", |it| {
        put(
            it,
            "/components/schemas/SendMessageCommand/properties/content",
            "maxLength",
            json!(10),
        )
    }),
    ("a field of one kind of body must be there", |it| {
        push(
            it,
            "/components/schemas/KickCommand/required",
            json!("reason"),
        )
    }),
    ("kinds of a body are told apart by other words", |it| {
        rename(
            it,
            "/components/schemas/CreateCommand/discriminator/mapping",
            "kick",
            "expel",
        )
    }),
    ("a status is gone", |it| {
        remove(it, &format!("{COMMANDS}/responses"), "202")
    }),
    ("a status of a refusal is gone", |it| {
        remove(it, &format!("{USERS}/responses"), "404")
    }),
    ("a status that is no refusal has come", |it| {
        put(
            it,
            &format!("{TOKENS}/responses"),
            "202",
            json!({"description": "Later."}),
        )
    }),
    ("an answer is of another media type", |it| {
        rename(
            it,
            &format!("{USERS}/responses/404/content"),
            "application/problem+json",
            "application/json",
        )
    }),
    ("an answer may be of a further media type", |it| {
        put(
            it,
            &format!("{USERS}/responses/200/content"),
            "application/yaml",
            json!({}),
        )
    }),
    ("a header is gone", |it| {
        remove(it, &format!("{USERS}/responses/429/headers"), "Retry-After")
    }),
    ("a header is of another type", |it| {
        put(
            it,
            "/components/headers/Retry-After/schema",
            "type",
            json!("string"),
        )
    }),
    ("a field of an answer is gone", |it| {
        remove(it, "/components/schemas/User/properties", "username")
    }),
    ("a field of an answer may be missing", |it| {
        remove_item(it, "/components/schemas/User/required", 0)
    }),
    ("a field of an answer may be null", |it| {
        put(
            it,
            "/components/schemas/User/properties/username",
            "type",
            json!(["string", "null"]),
        )
    }),
    ("a field of an answer has another format", |it| {
        put(
            it,
            "/components/schemas/Token/properties/created_at",
            "format",
            json!("date"),
        )
    }),
    ("a field of an answer can be longer", |it| {
        put(
            it,
            "/components/schemas/User/properties/username",
            "maxLength",
            json!(4000),
        )
    }),
    ("a field of an answer is unbounded", |it| {
        remove(it, "/components/schemas/Token/properties/hint", "pattern")
    }),
    ("items of an answer are of another type", |it| {
        put(
            it,
            "/components/schemas/UserPage/properties/users",
            "items",
            json!({"type": "string"}),
        )
    }),
    ("a closed list of words in answers has grown", |it| {
        push(it, "/components/schemas/CommandState/enum", json!("paused"))
    }),
    ("a schema is called otherwise", |it| {
        rename(it, "/components/schemas", "UserPage", "PageOfUsers")?;
        let schema = format!("{USERS}/responses/200/content/application~1json");
        put(
            it,
            &schema,
            "schema",
            json!({"$ref": "#/components/schemas/PageOfUsers"}),
        )
    }),
    ("an open operation asks for a token", |it| {
        put(
            it,
            "/paths/~1openapi.json/get",
            "security",
            json!([{"token": []}]),
        )
    }),
    ("an operation asks for another scheme", |it| {
        put(it, USERS, "security", json!([{"key": []}]))
    }),
    ("tokens are sent otherwise", |it| {
        put(
            it,
            "/components/securitySchemes/token",
            "scheme",
            json!("basic"),
        )
    }),
];

/// Changes that break nobody.
pub(super) const HARMLESS: &[Mutation] = &[
    ("an operation has come", |it| {
        put(it, "/paths", "/v1/news", json!({"get": {"responses": {}}}))
    }),
    ("an optional parameter has come", |it| {
        let new = json!({"name": "sort", "in": "query", "schema": {"type": "string"}});
        push(it, &in_parameters(USERS), new)
    }),
    ("an optional field of a body has come", |it| {
        put(
            it,
            "/components/schemas/CreateToken/properties",
            "purpose",
            json!({"type": "string"}),
        )
    }),
    ("a parameter is bounded less", |it| {
        put(
            it,
            &format!("{USERS}/parameters/5/schema"),
            "maximum",
            json!(5000),
        )
    }),
    ("a field of an answer has come", |it| {
        put(
            it,
            "/components/schemas/User/properties",
            "joined_at",
            json!({"type": "string"}),
        )?;
        push(it, "/components/schemas/User/required", json!("joined_at"))
    }),
    ("a field of an answer is bounded", |it| {
        put(
            it,
            "/components/schemas/Server/properties/name",
            "pattern",
            json!("^[^\n]*$"),
        )
    }),
    ("a list of errors that may grow has grown", |it| {
        push(it, "/components/schemas/Code/enum", json!("teapot"))
    }),
    ("a status of a refusal has come", |it| {
        put(
            it,
            &format!("{USERS}/responses"),
            "418",
            json!({"description": "A teapot."}),
        )
    }),
    ("a header has come", |it| {
        let new = json!({"schema": {"type": "string"}});
        put(
            it,
            &format!("{USERS}/responses/200/headers"),
            "Content-Language",
            new,
        )
    }),
    ("a kind of body has come", |it| {
        let new = json!({"type": "object", "properties": {"type": {"const": "dance"}}});
        put(it, "/components/schemas", "DanceCommand", new)?;
        let list = "/components/schemas/CreateCommand/oneOf";
        push(
            it,
            list,
            json!({"$ref": "#/components/schemas/DanceCommand"}),
        )
    }),
    ("words for readers are others", |it| {
        put(
            it,
            "/components/schemas/User",
            "description",
            json!("Somebody."),
        )?;
        put(it, USERS, "summary", json!("Users"))
    }),
];

fn in_parameters(operation: &str) -> String {
    format!("{operation}/parameters")
}
