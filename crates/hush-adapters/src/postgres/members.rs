//! How members are written down.

use hush_domain::ids::ServerId;
use hush_domain::presence::Presence;
use hush_domain::users::Member;

use super::failure::Failure;
use crate::{presences, stored};

/// A member with the roles that the server has of those they hold.
pub(super) struct MemberRow {
    pub(super) user_id: i64,
    pub(super) name: String,
    pub(super) discriminator: Option<i16>,
    pub(super) bot: bool,
    pub(super) role_ids: Vec<i64>,
    pub(super) role_names: Vec<String>,
    pub(super) role_positions: Vec<i32>,
}

impl MemberRow {
    /// The member as the domain shows them.
    pub(super) fn read(self, server: ServerId) -> Result<Member, Failure> {
        let discriminator = self.discriminator.map(i16::cast_unsigned);
        let held = self.role_ids.into_iter().zip(self.role_names);
        let roles = held.zip(self.role_positions);
        Ok(stored::member(
            server,
            self.user_id,
            (&self.name, discriminator),
            self.bot,
            roles.map(|((id, name), position)| (id, name, position)),
        )?)
    }
}

/// The presences that count as online, as they are written down.
pub(super) fn online_codes() -> Vec<i16> {
    let online = Presence::ALL
        .into_iter()
        .filter(|presence| presence.is_online());
    online.map(presences::code).collect()
}

/// The presence that is written down as `code`.
pub(super) fn presence(code: i16) -> Result<Presence, Failure> {
    Presence::ALL
        .into_iter()
        .find(|presence| presences::code(*presence) == code)
        .ok_or_else(|| Failure::stored("presence")(format!("unknown code {code}")))
}
