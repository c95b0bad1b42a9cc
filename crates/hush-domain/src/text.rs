//! What the newtypes over text share: one rule for names, one way through serde.

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidText {
    /// There is nothing in it.
    #[error("must not be empty")]
    Empty,
    /// It is longer than `max` characters.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most characters (Unicode scalar values) that are taken.
        max: usize,
    },
    /// It holds a control character, which no store or log should have to carry.
    #[error("must not contain control characters")]
    Control,
}

/// Holds `text` against the one rule for names: 1 to `max` characters, none of them a control character.
pub(crate) fn check(text: &str, max: usize) -> Result<(), InvalidText> {
    if text.is_empty() {
        Err(InvalidText::Empty)
    } else if text.chars().nth(max).is_some() {
        Err(InvalidText::TooLong { max })
    } else if text.chars().any(char::is_control) {
        Err(InvalidText::Control)
    } else {
        Ok(())
    }
}

/// What is left of `text` under the rule for names, which a platform need not know; `?` for nothing.
pub(crate) fn cleaned(text: &str, max: usize) -> Box<str> {
    let kept: String = text.chars().filter(|c| !c.is_control()).take(max).collect();
    if kept.is_empty() {
        "?".into()
    } else {
        kept.into()
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $name {
            /// The text as the platform says it, whatever that is: control characters are left out, what is too long
            /// is cut, and where nothing is left stands a question mark.
            pub fn from_platform(text: &str) -> Self {
                Self(crate::text::cleaned(text, $max))
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::text::InvalidText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                crate::text::check(text, $max)?;
                Ok(Self(text.into()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        #[cfg(feature = "serde")]
        crate::text::serde_as_text!($name);
    };
}
pub(crate) use name;

#[cfg(feature = "serde")]
macro_rules! serde_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
#[cfg(feature = "serde")]
pub(crate) use serde_as_text;
