//! How the document describes what a command shall be: one object for each type, told apart by `type`.

use hush_domain::commands::{MAX_BANNED, MAX_DELETED, MAX_TIMEOUT, OrderType};
use serde_json::{Value, json};
use utoipa::openapi::schema::{AdditionalProperties, Discriminator, OneOfBuilder, SchemaType};
use utoipa::openapi::{
    ArrayBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::CreateCommand;

/// A text without control characters.
const LINE: &str = r"^[^\x00-\x1F\x7F-\x9F]*$";
/// A text that says something, with no control characters but line ends and tabs.
const MESSAGE: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$";

impl PartialSchema for CreateCommand {
    fn schema() -> RefOr<Schema> {
        let names = OrderType::ALL.map(|kind| (kind.as_str(), reference(kind)));
        let one_of = names.iter().fold(OneOfBuilder::new(), |all, (_, name)| {
            all.item(Ref::new(name.clone()))
        });
        one_of
            .description(Some("What a command shall be: its `type`, and what commands of this type have."))
            .discriminator(Some(Discriminator::with_mapping("type", names)))
            .examples([json!({"type": "timeout", "user_id": "100002", "duration_seconds": 600, "reason": "spam"})])
            .into()
    }
}

impl ToSchema for CreateCommand {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(OrderType::ALL.map(|kind| (name(kind), object(kind))));
    }
}

/// The name of a type's schema, such as `BulkBanCommand`.
fn name(kind: OrderType) -> String {
    let words = kind.as_str().split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    format!("{}Command", words.collect::<String>())
}

fn reference(kind: OrderType) -> String {
    format!("#/components/schemas/{}", name(kind))
}

/// What commands of one type have.
fn object(kind: OrderType) -> RefOr<Schema> {
    let only = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([kind.as_str()]));
    let object = ObjectBuilder::new()
        .description(Some(description(kind)))
        .property("type", only)
        .required("type");
    let user = ("user_id", id("The user."), true);
    let role = ("role_id", id("The role."), true);
    let deleted = (
        "delete_message_seconds",
        whole(
            0,
            MAX_DELETED.as_secs(),
            "Delete what they wrote in so long a time before; 0 if left out.",
        ),
        false,
    );
    let mut fields: Vec<(&str, RefOr<Schema>, bool)> = match kind {
        OrderType::Timeout => vec![
            user,
            (
                "duration_seconds",
                whole(1, MAX_TIMEOUT.as_secs(), "How long it lasts."),
                true,
            ),
        ],
        OrderType::Ban => vec![user, deleted],
        OrderType::BulkBan => vec![("user_ids", users(), true), deleted],
        OrderType::AddRole | OrderType::RemoveRole => vec![user, role],
        OrderType::SetNickname => vec![user, ("nickname", nickname(), true)],
        OrderType::SendMessage => vec![
            ("channel_id", id("The channel."), true),
            (
                "content",
                text(
                    2000,
                    MESSAGE,
                    "The message. It mentions neither everyone nor roles.",
                ),
                true,
            ),
        ],
        OrderType::RemoveTimeout | OrderType::Kick | OrderType::Unban => vec![user],
    };
    fields.push((
        "reason",
        text(512, LINE, "Why, for Discord's audit log and ours."),
        false,
    ));
    fields.push(("not_after", moment(), false));
    let described = fields
        .into_iter()
        .fold(object, |object, (name, schema, required)| {
            let object = object.property(name, schema);
            if required {
                object.required(name)
            } else {
                object
            }
        });
    described
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
        .examples([example(kind)])
        .into()
}

fn description(kind: OrderType) -> &'static str {
    match kind {
        OrderType::Timeout => "Let a member neither write nor speak for a while.",
        OrderType::RemoveTimeout => "End a member's timeout.",
        OrderType::Kick => "Throw a member out, who may come back.",
        OrderType::Ban => "Throw a user out for good. Who is no member can be banned too.",
        OrderType::Unban => "Lift a ban.",
        OrderType::BulkBan => {
            "Ban up to 200 users at once. The result says who was banned and who was not."
        }
        OrderType::AddRole => "Give a member a role.",
        OrderType::RemoveRole => "Take a role from a member.",
        OrderType::SetNickname => "Call a member otherwise in this server.",
        OrderType::SendMessage => "Write a message into a channel.",
    }
}

fn example(kind: OrderType) -> Value {
    match kind {
        OrderType::Timeout => {
            json!({"type": kind.as_str(), "user_id": "100002", "duration_seconds": 600})
        }
        OrderType::BulkBan => json!({"type": kind.as_str(), "user_ids": ["100002", "100003"]}),
        OrderType::AddRole | OrderType::RemoveRole => {
            json!({"type": kind.as_str(), "user_id": "100002", "role_id": "2"})
        }
        OrderType::SetNickname => {
            json!({"type": kind.as_str(), "user_id": "100002", "nickname": "Ada"})
        }
        OrderType::SendMessage => {
            json!({"type": kind.as_str(), "channel_id": "10", "content": "Hello"})
        }
        OrderType::RemoveTimeout | OrderType::Kick | OrderType::Ban | OrderType::Unban => {
            json!({"type": kind.as_str(), "user_id": "100002"})
        }
    }
}

fn id(description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some("^[1-9][0-9]{0,18}$"))
        .max_length(Some(19))
        .into()
}

fn users() -> RefOr<Schema> {
    ArrayBuilder::new()
        .items(id("A user."))
        .description(Some("The users, each once."))
        .min_items(Some(1))
        .max_items(Some(MAX_BANNED))
        .unique_items(true)
        .into()
}

fn whole(minimum: u64, maximum: u64, description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some(description))
        .minimum(Some(u32::try_from(minimum).unwrap_or(u32::MAX)))
        .maximum(Some(u32::try_from(maximum).unwrap_or(u32::MAX)))
        .into()
}

fn text(longest: usize, pattern: &str, description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some(pattern))
        .min_length(Some(1))
        .max_length(Some(longest))
        .into()
}

fn nickname() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("How they are called; `null` takes the nickname away."))
        .pattern(Some(LINE))
        .min_length(Some(1))
        .max_length(Some(32))
        .into()
}

fn moment() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some(
            "When it must not run any more (RFC 3339), within the next 24 hours; 10 minutes from now if left out, for \
             messages one minute.",
        ))
        .max_length(Some(40))
        .into()
}
