//! The first reading: every file against every rule.

use std::collections::HashMap;
use std::fmt;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_path_to_error::Track;

use super::bounds::{Bounded, Place};
use super::guild::{Guild, GuildObject, Head};
use super::input::Input;
use crate::failure::Failure;

/// Reads every file and checks everything in it. The error names file, place and reason.
pub fn check(files: &[PathBuf]) -> Result<Vec<Guild>, Failure> {
    let mut guilds: Vec<Guild> = Vec::new();
    let mut first_seen = HashMap::new();
    for path in files {
        let input = Input::new(path).map_err(|error| {
            Failure::operation(format_args!(
                "cannot read {}: {error}; nothing was imported",
                path.display()
            ))
        })?;
        let input = Arc::new(input);
        for head in read(&input).map_err(|reason| refused(&reason))? {
            let guild = Guild::new(input.clone(), head);
            if let Some(first) = first_seen.insert(guild.server(), input.clone()) {
                return Err(refused(&format!(
                    "{}: server {} is in this import twice, first in {}",
                    input.name(),
                    guild.server(),
                    first.name()
                )));
            }
            guilds.push(guild);
        }
    }
    Ok(guilds)
}

fn refused(reason: &str) -> Failure {
    Failure::operation(format_args!(
        "{reason}; nothing was imported: correct it and import again"
    ))
}

fn read(input: &Input) -> Result<Vec<Head>, String> {
    let name = input.name();
    let file = input.open().map_err(|error| format!("{name}: {error}"))?;
    let reader = Bounded::new(BufReader::new(file));
    let place = reader.place();
    let mut json = serde_json::Deserializer::from_reader(reader);
    let mut heads = Vec::new();
    // Objects may follow each other with or without white space between them.
    while json.end().is_err() {
        let mut track = Track::new();
        let document = Document {
            object: GuildObject(place.clone()),
            heads: &mut heads,
        };
        let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
        document
            .deserialize(tracked)
            .map_err(|error| located(name, place.get(), &track.path().to_string(), &error))?;
    }
    if heads.is_empty() {
        return Err(format!("{name}: there is no guild object in it"));
    }
    Ok(heads)
}

fn located(file: &str, reader: Place, path: &str, error: &serde_json::Error) -> String {
    // What the reader refused has no place of the parser's.
    let (line, column) = match error.line() {
        0 => (reader.line, reader.column),
        line => (line, error.column()),
    };
    let reason = error.to_string();
    let reason = reason
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&reason);
    // `.` is the whole, and `?` a key that could not be read.
    let path = path.trim_end_matches(['.', '?']);
    let colon = if path.is_empty() { "" } else { ": " };
    format!("{file}:{line}:{column}: {path}{colon}{reason}")
}

/// A guild object, or an array of them.
struct Document<'a> {
    object: GuildObject,
    heads: &'a mut Vec<Head>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<(), D::Error> {
        document.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a guild object or an array of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.heads.push(self.object.visit_map(map)?);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(head) = list.next_element_seed(self.object.clone())? {
            self.heads.push(head);
        }
        Ok(())
    }
}
