//! What is hashed. It never changes, or logs that were written before would no longer verify.

use super::{End, Link, Place, Row};
use crate::audit::Details;
use crate::ids::{ServerId, TokenId, UserId};

/// Everything that an end of a log says.
pub(super) fn sealed(end: End, server: ServerId, place: Place) -> Vec<u8> {
    let end = match end {
        End::Head => "hush audit head",
        End::Checkpoint => "hush audit checkpoint",
    };
    let mut text = Canonical::default();
    text.put(Some(end.as_bytes()));
    text.number(server.get());
    text.number(place.number);
    text.put(Some(place.link.as_bytes()));
    text.0
}

/// Everything that a row says, in one unambiguous form: each part with its length before it.
pub(super) fn canonical(last: Link, row: &Row) -> Vec<u8> {
    let mut text = Canonical::default();
    text.put(Some(b"hush audit row 1"));
    text.put(Some(last.as_bytes()));
    text.number(row.server.get());
    text.number(row.number);
    text.number(row.at.unix_micros().cast_unsigned());
    text.put(Some(row.actor.kind().as_str().as_bytes()));
    text.optional(row.actor.token().map(TokenId::get));
    text.optional(row.actor.user().map(UserId::get));
    text.put(Some(row.action.as_str().as_bytes()));
    text.optional(row.target.id());
    text.optional(row.target.user().map(UserId::get));
    let details = |details: &Option<Details>| details.as_ref().map(|it| it.as_str().to_owned());
    text.put(details(&row.before).as_ref().map(String::as_bytes));
    text.put(details(&row.after).as_ref().map(String::as_bytes));
    text.put(row.request_id.as_ref().map(|id| id.as_str().as_bytes()));
    text.put(row.commitment.as_ref().map(<[u8; 32]>::as_slice));
    text.put(row.key.as_ref().map(|key| key.as_bytes().as_slice()));
    text.0
}

#[derive(Default)]
struct Canonical(Vec<u8>);

impl Canonical {
    fn put(&mut self, part: Option<&[u8]>) {
        // No part comes near to that length, so that the highest one can mean that there is none.
        let length = part.map_or(u32::MAX, |part| {
            u32::try_from(part.len()).unwrap_or(u32::MAX - 1)
        });
        self.0.extend(length.to_be_bytes());
        self.0.extend(part.unwrap_or_default());
    }

    fn number(&mut self, number: u64) {
        self.put(Some(&number.to_be_bytes()));
    }

    fn optional(&mut self, number: Option<u64>) {
        self.put(
            number
                .map(u64::to_be_bytes)
                .as_ref()
                .map(<[u8; 8]>::as_slice),
        );
    }
}
