//! How presences are written down in databases.

use hush_domain::presence::Presence;

/// The number that stands for a presence.
pub(crate) fn code(presence: Presence) -> i16 {
    match presence {
        Presence::Online => 0,
        Presence::Idle => 1,
        Presence::DoNotDisturb => 2,
        Presence::Invisible => 3,
        Presence::Offline => 4,
    }
}
