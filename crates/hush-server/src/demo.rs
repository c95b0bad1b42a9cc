//! The demo's data: one server, made so that the documented examples answer exactly.

use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::events::{Extent, ListedMember, Snapshot};
use hush_domain::ids::{InvalidId, RoleId, ServerId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::users::{User, Username};

/// The demo server's id.
pub const SERVER: u64 = 123_456;
/// The user of the documented examples, who is an admin.
pub const ADMIN: u64 = 123_456;
/// The demo server's owner.
pub const OWNER: u64 = 100_001;
/// The bot that carries commands out.
pub const BOT: u64 = 100_003;
/// A channel into which messages are written.
pub const CHANNEL: u64 = 10;
/// A member without more rights.
pub const MEMBER: u64 = 100_002;

const MEMBERS: u64 = 120;
const BOTS: u64 = 5;
const ONLINE: u64 = 95;
const MEMBER_ROLE: u64 = 2;
const ADMIN_ROLE: u64 = 3;
const BOT_ROLE: u64 = 4;

/// The demo server and its members: 120 members, 5 of them bots, 95 online.
pub fn data() -> Result<(Snapshot, Vec<ListedMember>), Box<dyn std::error::Error>> {
    let server = ServerId::try_from(SERVER)?;
    let snapshot = Snapshot {
        server,
        name: "Hush Demo".parse()?,
        owner: OWNER.try_into()?,
        roles: vec![
            role(
                server.everyone_role(),
                "@everyone",
                0,
                Permissions::default(),
            )?,
            role(MEMBER_ROLE.try_into()?, "Member", 1, Permissions::default())?,
            role(
                ADMIN_ROLE.try_into()?,
                "Admin",
                2,
                Permissions::ADMINISTRATOR,
            )?,
            Role {
                managed: true,
                ..role(BOT_ROLE.try_into()?, "Hush", 3, Permissions::ADMINISTRATOR)?
            },
        ],
        channels: vec![channel(CHANNEL, "general")?],
        extent: Extent::Complete,
        presences_known: true,
    };
    let others = (OWNER..).take(usize::try_from(MEMBERS - 1)?);
    let members = std::iter::once(ADMIN).chain(others).enumerate();
    let members = members
        .map(|(place, id)| member(place as u64, id))
        .collect::<Result<_, _>>()?;
    Ok((snapshot, members))
}

fn role(
    id: RoleId,
    name: &str,
    position: i32,
    permissions: Permissions,
) -> Result<Role, Box<dyn std::error::Error>> {
    Ok(Role {
        id,
        name: name.parse()?,
        position,
        permissions,
        managed: false,
    })
}

fn channel(id: u64, name: &str) -> Result<Channel, Box<dyn std::error::Error>> {
    Ok(Channel {
        id: id.try_into()?,
        name: name.parse()?,
        kind: ChannelKind(0),
        parent: None,
    })
}

/// The member at `place` in the list: those with a name of their own come first, then bots, and who is not
/// online is last.
fn member(place: u64, id: u64) -> Result<ListedMember, Box<dyn std::error::Error>> {
    let bot = (3..3 + BOTS).contains(&place);
    let username = match id {
        ADMIN => Username::new("User", Some(1234))?,
        OWNER => Username::new("owner", None)?,
        MEMBER => Username::new("member", None)?,
        _ if bot => Username::new(&format!("helper-bot-{place}"), None)?,
        _ => Username::new(&format!("user-{place}"), None)?,
    };
    let roles: &[u64] = match id {
        ADMIN => &[MEMBER_ROLE, ADMIN_ROLE],
        BOT => &[MEMBER_ROLE, BOT_ROLE],
        _ => &[MEMBER_ROLE],
    };
    Ok(ListedMember {
        user: User {
            id: UserId::try_from(id)?,
            username,
            bot,
        },
        roles: roles
            .iter()
            .map(|id| RoleId::try_from(*id))
            .collect::<Result<_, InvalidId>>()?,
        presence: Some(match place {
            _ if place >= ONLINE => Presence::Offline,
            _ if place % 3 == 1 => Presence::Idle,
            _ if place % 7 == 2 => Presence::DoNotDisturb,
            _ => Presence::Online,
        }),
    })
}
