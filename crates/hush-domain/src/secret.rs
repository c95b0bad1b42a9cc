//! The text of a token: its format, its checksum, and the digest that is stored in its place.
//!
//! `hush_`, then 30 random base62 characters (alphabet `0-9A-Za-z`, 178 bits), then the CRC-32 (ISO-HDLC)
//! of all that in base62, zero-padded to 6 characters. Prefix and checksum let a typo, a cut-off copy and a
//! secret scanner be answered without a look-up.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

const PREFIX: &[u8; 5] = b"hush_";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const PAYLOAD: usize = PREFIX.len() + RANDOM;
const LENGTH: usize = PAYLOAD + CHECKSUM;
const HINT: usize = PREFIX.len() + 4;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token's text. It is shown once, when it is made, and has no readable `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; LENGTH]);

/// The SHA-256 of a token's whole text: all that is kept of it. A fast hash is right here, since 178 random
/// bits cannot be searched.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

/// The text is no token: wrong prefix, length or alphabet, or a checksum that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a Hush token: expected hush_ and 36 letters or digits with a checksum that fits")]
pub struct InvalidSecret;

impl Secret {
    /// A new token from a secure random source, which fills the buffer it is given.
    ///
    /// Bytes of 248 and above are thrown away: 248 is the largest multiple of 62 in a byte, so that every
    /// character is equally likely.
    pub fn generate<E>(random: &mut dyn FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut text = [0; LENGTH];
        let mut filled = PREFIX.len();
        text[..filled].copy_from_slice(PREFIX);
        let mut buffer = [0; 2 * RANDOM];
        while filled < PAYLOAD {
            random(&mut buffer)?;
            for byte in buffer
                .iter()
                .filter(|byte| **byte < 248)
                .take(PAYLOAD - filled)
            {
                text[filled] = ALPHABET[usize::from(byte % 62)];
                filled += 1;
            }
        }
        let checksum = checksum(&text[..PAYLOAD]);
        text[PAYLOAD..].copy_from_slice(&checksum);
        Ok(Self(text))
    }

    /// The text itself. Only for the one place that shows it to its owner.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The digest under which the token is stored and looked up.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0).into())
    }

    /// `hush_` and the first four random characters, by which people recognise a token in a list. What
    /// stays secret still has 154 random bits.
    pub fn hint(&self) -> TokenHint {
        let mut hint = [0; HINT];
        hint.copy_from_slice(&self.0[..HINT]);
        TokenHint(hint)
    }
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let bytes: [u8; LENGTH] = text.as_bytes().try_into().map_err(|_| InvalidSecret)?;
        let (payload, sum) = bytes.split_at(PAYLOAD);
        let well_formed = payload.starts_with(PREFIX)
            && payload[PREFIX.len()..]
                .iter()
                .all(u8::is_ascii_alphanumeric)
            && checksum(payload) == sum;
        if well_formed {
            Ok(Self(bytes))
        } else {
            Err(InvalidSecret)
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn checksum(payload: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(payload);
    let mut text = [b'0'; CHECKSUM];
    for character in text.iter_mut().rev() {
        *character = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    text
}

impl TokenDigest {
    /// The 32 bytes, for a store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

/// The first characters of a token, enough to recognise it and too few to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHint([u8; HINT]);

impl TokenHint {
    /// The text, such as `hush_Ab3x`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for TokenHint {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let bytes: [u8; HINT] = text.as_bytes().try_into().map_err(|_| InvalidSecret)?;
        let shaped = bytes.starts_with(PREFIX)
            && bytes[PREFIX.len()..].iter().all(u8::is_ascii_alphanumeric);
        if shaped {
            Ok(Self(bytes))
        } else {
            Err(InvalidSecret)
        }
    }
}
