//! `token list`: a table for people, and lines for programs.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use hush_domain::time::Timestamp;
use hush_domain::tokens::Token;
use hush_ports::TokenFilter;

use super::{Desk, shown};
use crate::cli::ListArgs;
use crate::failure::Failure;
use crate::output::{self, Lines};

/// How many tokens are read at a time.
const PAGE: u16 = 500;

/// What the columns are. Times are in UTC.
const COLUMNS: [&str; 9] = [
    "ID",
    "BEGINS",
    "USER",
    "SERVERS",
    "SCOPES",
    "STATE",
    "END",
    "LAST USED",
    "NAME",
];

pub(super) async fn run(desk: &Desk, wanted: &ListArgs) -> Result<(), Failure> {
    if io::stdout().is_terminal() && !wanted.json {
        let mut table = table();
        each(desk, wanted, |token| {
            table.add_row(columns(token, desk.now, " ", words));
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        return if table.is_empty() {
            output::aside("there is no such token");
            Ok(())
        } else {
            output::line(&table.trim_fmt())
        };
    }
    let mut lines = Lines::new();
    each(desk, wanted, |token| {
        let line = if wanted.json {
            shown::as_json(token, desk.now).to_string()
        } else {
            columns(token, desk.now, ",", |time| time.to_string()).join("\t")
        };
        lines.write(&line)
    })
    .await?;
    lines.end()
}

/// Takes every wanted token, until one was enough.
async fn each(
    desk: &Desk,
    wanted: &ListArgs,
    mut take: impl FnMut(&Token) -> Result<ControlFlow<()>, Failure>,
) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let filter = TokenFilter {
            server: wanted.server,
            user: wanted.user,
            after,
            limit: PAGE,
            ..TokenFilter::default()
        };
        let page = desk.app.tokens.list(&desk.permit, filter).await?;
        for token in &page {
            if take(token)?.is_break() {
                return Ok(());
            }
        }
        match page.last() {
            Some(last) if page.len() == usize::from(PAGE) => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

/// As wide as the terminal: what does not fit is broken into several lines.
fn table() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(COLUMNS);
    // Ids are for copying.
    if let Some(id) = table.column_mut(0) {
        id.set_constraint(ColumnConstraint::ContentWidth);
    }
    if let Some((width, _)) = terminal_size::terminal_size() {
        table.set_width(width.0);
    }
    table
}

/// A time in a table: two words, between which a line can be broken.
fn words(time: Timestamp) -> String {
    time.minute()
        .to_string()
        .replace('T', " ")
        .replace(":00Z", "")
}

/// What the columns hold; `-` is what there is not.
fn columns(
    token: &Token,
    now: Timestamp,
    separator: &str,
    text: impl Fn(Timestamp) -> String,
) -> [String; COLUMNS.len()] {
    let time = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), &text);
    [
        token.id.to_string(),
        token.hint.as_str().to_owned(),
        token.user.to_string(),
        shown::servers(token).join(separator),
        shown::scopes(token).join(separator),
        shown::state(token, now).to_owned(),
        time(token.revoked_at.or(token.expires_at)),
        time(token.last_used_at),
        token.name.to_string(),
    ]
}
