//! The second reading of a file: its members, part by part.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::sync::Arc;

use hush_domain::events::ListedMember;
use hush_domain::ids::UserId;
use hush_domain::presence::Presence;
use hush_ports::{MemberSource, SourceError};
use indicatif::ProgressBar;
use serde::Deserialize;

use super::guild::MemberList;
use super::input::Input;
use super::wire::WireMember;

/// How many members are delivered at a time.
const PART: usize = 4000;
/// How much of the file is read at a time, in bytes.
const BUFFER: usize = 1 << 16;

/// Who is not simply offline, ordered by user.
#[derive(Debug, Clone)]
pub(super) struct Presences(Arc<[(UserId, Presence)]>);

impl Presences {
    /// The presences in `presences`. Of a user who is in it several times, the last one holds.
    pub(super) fn new(mut presences: Vec<(UserId, Presence)>) -> Self {
        presences.sort_by_key(|(user, _)| *user);
        presences.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1 = later.1;
            }
            same
        });
        Self(presences.into())
    }

    /// A member's presence. Who is not in the list is offline: Discord leaves them out.
    fn of(&self, user: UserId) -> Presence {
        self.0
            .binary_search_by_key(&user, |(user, _)| *user)
            .map_or(Presence::Offline, |index| self.0[index].1)
    }
}

/// Delivers the members of one server from its file.
pub(super) struct Members {
    reader: BufReader<File>,
    left: u64,
    presences: Option<Presences>,
    progress: ProgressBar,
}

impl Members {
    pub(super) fn open(
        file: &Input,
        list: MemberList,
        presences: Option<Presences>,
        progress: ProgressBar,
    ) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(BUFFER, file.open()?);
        reader.seek(SeekFrom::Start(list.offset))?;
        if list.count > 0 {
            reader.skip_until(b'[')?;
        }
        Ok(Self {
            reader,
            left: list.count,
            presences,
            progress,
        })
    }

    fn read_part(&mut self) -> io::Result<Vec<ListedMember>> {
        let size = usize::try_from(self.left).map_or(PART, |left| left.min(PART));
        let mut part = Vec::with_capacity(size);
        while part.len() < size {
            self.skip_separators()?;
            let mut parser = serde_json::Deserializer::from_reader(&mut self.reader);
            let member = WireMember::deserialize(&mut parser)?.listed();
            let mut member = member.map_err(io::Error::other)?;
            member.presence = self
                .presences
                .as_ref()
                .map(|presences| presences.of(member.user.id));
            part.push(member);
        }
        self.left -= size as u64;
        Ok(part)
    }

    fn skip_separators(&mut self) -> io::Result<()> {
        loop {
            match self.reader.fill_buf()?.first() {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b',') => self.reader.consume(1),
                _ => return Ok(()),
            }
        }
    }
}

impl MemberSource for Members {
    fn next_part(&mut self) -> Result<Option<Vec<ListedMember>>, SourceError> {
        if self.left == 0 {
            return Ok(None);
        }
        // The file passed every rule before, so what fails now is another file.
        let part = self
            .read_part()
            .map_err(|error| SourceError(format!("the file changed while it was read: {error}")))?;
        self.progress.inc(part.len() as u64);
        Ok(Some(part))
    }
}
