//! discord.py, which many bots are written with, logs in, sees everything and resumes.

use std::process::Stdio;

use hush_discord_fake::{Fake, Member, Setup, Status, Step, User};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::client::{GUILD, OWNER, SOON, fake, guild};

/// A bot that prints what it sees, line by line.
struct Bot {
    lines: Lines<BufReader<ChildStdout>>,
    /// Killed by being dropped.
    _process: Child,
}

impl Bot {
    fn start(fake: &Fake) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/discord_client.py");
        let mut process = Command::new(python())
            .arg(script)
            .args([fake.api_url(), fake.gateway_url(), Setup::default().token])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            lines: BufReader::new(process.stdout.take().unwrap()).lines(),
            _process: process,
        }
    }

    /// The next line, which must come soon.
    async fn says(&mut self) -> String {
        let line = tokio::time::timeout(SOON, self.lines.next_line()).await;
        line.unwrap().unwrap().unwrap()
    }
}

/// A Python that has discord.py: `cargo xtask test` makes one.
fn python() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own setting, not the service's"
    )]
    std::env::var("HUSH_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

#[tokio::test]
async fn discord_py_sees_the_server_and_resumes_after_a_cut() {
    let fake = fake().await;
    fake.take(Step::GuildAdded(guild(GUILD, 60)));
    let mut bot = Bot::start(&fake);
    let truth = fake.world().guilds[&GUILD].clone();
    assert_eq!(bot.says().await, "ready as hush");
    // It asks for the members that did not come with the server.
    let counts =
        |members: usize, bots, online| format!("{members} members, {bots} bots, {online} online");
    assert_eq!(bot.says().await, counts(61, truth.bots(), truth.online()));
    assert_eq!(bot.says().await, "owner user-0 with High, Low");
    assert_eq!(bot.says().await, "channels general, threads engine");

    fake.refuse_connections(true);
    fake.cut();
    let ada = Member::new(User::new(5, "ada")).with_status(Status::Idle);
    fake.take(Step::MemberJoined {
        guild: GUILD,
        member: ada,
    });
    fake.take(Step::Presence {
        guild: GUILD,
        user: OWNER,
        status: Status::Offline,
    });
    fake.refuse_connections(false);
    assert_eq!(bot.says().await, "joined ada");
    assert_eq!(bot.says().await, "ada is idle");
    assert_eq!(bot.says().await, "user-0 is offline");
    assert_eq!(bot.says().await, "resumed");
    let observed = fake.observed();
    assert_eq!((observed.identified(), observed.resumed()), (1, 1));
    assert!(observed.own_closes.is_empty(), "{observed:?}");
}
