//! Discord's Markdown. Source: "Markdown Text 101" and "Message Formatting" in Discord's documentation.

use hush_domain::time::Timestamp;

/// `text` as it is, whatever it means in Markdown: people choose names.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// How far away `at` is, as each reader's Discord says it.
pub(super) fn relative(at: Timestamp) -> String {
    format!("<t:{}:R>", at.unix_seconds())
}

/// The day and the time of `at` in each reader's zone.
pub(super) fn moment(at: Timestamp) -> String {
    format!("<t:{}:f>", at.unix_seconds())
}

/// The length of `text` as it counts against Discord's limits, at most: some of its clients count UTF-16.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}
