//! Lists of members: chunks, what may go wrong with them, and their limit.

use hush_discord_fake::{ChunkScript, Fake, Observed, Setup, Step, intents};
use twilight_gateway::Event;
use twilight_model::gateway::payload::incoming::MemberChunk;
use twilight_model::gateway::payload::outgoing::RequestGuildMembers;
use twilight_model::id::Id;

use crate::client::{
    GUILD, HUSH, OWNER, Shard, fake_with, first, guild, reading_until, shard, text, until_ready,
};

/// A fake with a server of 25 and chunks of 10, and a client that has logged in.
async fn connected(wanted: u64) -> (Fake, Shard) {
    let fake = fake_with(Setup {
        chunk_size: 10,
        ..Setup::default()
    })
    .await;
    fake.take(Step::GuildAdded(guild(GUILD, 24)));
    let mut shard = shard(&fake, wanted);
    until_ready(&mut shard).await;
    (fake, shard)
}

fn ask_for_all(shard: &Shard, nonce: &str) {
    let request = RequestGuildMembers::builder(Id::new(GUILD))
        .presences(true)
        .nonce(nonce)
        .query("", None);
    shard.command(&request);
}

async fn chunk(shard: &mut Shard) -> MemberChunk {
    first(shard, |event| match event {
        Event::MemberChunk(chunk) => Some(chunk),
        _ => None,
    })
    .await
}

/// The numbers of the next chunks.
async fn numbers(shard: &mut Shard, count: usize) -> Vec<u32> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(chunk(shard).await.chunk_index);
    }
    numbers
}

#[tokio::test]
async fn all_members_come_in_chunks_with_who_is_online() {
    let (fake, mut shard) = connected(HUSH).await;
    ask_for_all(&shard, "mark");
    let (mut members, mut presences) = (Vec::new(), 0);
    for number in 0..3 {
        let chunk = chunk(&mut shard).await;
        assert_eq!((chunk.chunk_index, chunk.chunk_count), (number, 3));
        assert_eq!(chunk.nonce.as_deref(), Some("mark"));
        members.extend(chunk.members.iter().map(|it| it.user.id.get()));
        presences += chunk.presences.len();
    }
    let world = fake.world();
    let truth = &world.guilds[&GUILD];
    assert!(truth.members.keys().eq(&members));
    assert_eq!(presences, truth.online());
    let observed = fake.observed();
    let request = &observed.member_requests[0];
    assert!(request.all && !request.limited);
    assert_eq!(request.nonce.as_deref(), Some("mark"));
}

#[tokio::test]
async fn some_members_come_by_id_or_by_name() {
    let (_fake, mut shard) = connected(HUSH).await;
    let by_id = RequestGuildMembers::builder(Id::new(GUILD))
        .user_ids([Id::new(OWNER), Id::new(1)])
        .unwrap();
    shard.command(&by_id);
    let found = chunk(&mut shard).await;
    assert_eq!(found.members[0].user.id.get(), OWNER);
    assert_eq!(found.not_found, [1_u64]);
    assert!(found.presences.is_empty());
    let by_name = RequestGuildMembers::builder(Id::new(GUILD)).query("User-1", Some(3));
    shard.command(&by_name);
    let names: Vec<String> = chunk(&mut shard)
        .await
        .members
        .into_iter()
        .map(|it| it.user.name)
        .collect();
    assert_eq!(names, ["user-1", "user-10", "user-11"]);
}

#[tokio::test]
async fn a_second_request_of_all_is_limited_as_discord_does_it() {
    let (fake, mut shard) = connected(HUSH).await;
    ask_for_all(&shard, "first");
    assert_eq!(numbers(&mut shard, 3).await, [0, 1, 2]);
    ask_for_all(&shard, "second");
    // twilight 0.18 cannot read what Discord sends here: its model wants the name of a variant around `meta`.
    let limited = loop {
        let frame = text(&mut shard).await;
        if frame["t"] == "RATE_LIMITED" {
            break frame;
        }
    };
    assert_eq!(limited["d"]["opcode"], 8);
    assert_eq!(limited["d"]["meta"]["guild_id"], GUILD.to_string());
    assert_eq!(limited["d"]["meta"]["nonce"], "second");
    let wait = limited["d"]["retry_after"].as_f64().unwrap();
    assert!((25.0..=30.0).contains(&wait), "{wait}");
    assert!(fake.observed().member_requests[1].limited);
}

#[tokio::test]
async fn without_the_intent_nobody_is_listed() {
    let (fake, mut shard) = connected(intents::GUILDS).await;
    ask_for_all(&shard, "mark");
    let asked = |observed: &Observed| observed.member_requests.len() == 1;
    reading_until(&mut shard, &fake, asked).await;
    let sent = fake.observed().sent;
    // READY and the server.
    assert!(sent.values().eq(&[2]), "{sent:?}");
}

#[tokio::test]
async fn chunks_go_wrong_as_they_are_told_to() {
    let script = ChunkScript::default;
    let scripts = [
        (
            ChunkScript {
                reversed: true,
                ..script()
            },
            vec![2, 1, 0],
        ),
        (
            ChunkScript {
                lost: vec![1],
                ..script()
            },
            vec![0, 2],
        ),
        (
            ChunkScript {
                twice: vec![0],
                ..script()
            },
            vec![0, 0, 1, 2],
        ),
    ];
    for (script, expected) in scripts {
        let (fake, mut shard) = connected(HUSH).await;
        fake.script_chunks(script);
        ask_for_all(&shard, "mark");
        assert_eq!(numbers(&mut shard, expected.len()).await, expected);
    }
}

#[tokio::test]
async fn a_chunk_that_was_held_back_tells_what_is_true_when_it_comes() {
    let (fake, mut shard) = connected(HUSH).await;
    fake.script_chunks(ChunkScript {
        hold_after: Some(1),
        ..ChunkScript::default()
    });
    ask_for_all(&shard, "mark");
    let count = chunk(&mut shard).await.members.len();
    let left = OWNER + 15;
    assert!(fake.take(Step::MemberLeft {
        guild: GUILD,
        user: left
    }));
    fake.release_chunks();
    let mut rest = chunk(&mut shard).await.members;
    rest.extend(chunk(&mut shard).await.members);
    assert_eq!(count + rest.len(), 24);
    assert!(!rest.iter().any(|it| it.user.id.get() == left));
}

#[tokio::test]
async fn chunks_are_replayed_like_everything_else() {
    let (fake, mut shard) = connected(HUSH).await;
    fake.script_chunks(ChunkScript {
        hold_after: Some(0),
        ..ChunkScript::default()
    });
    ask_for_all(&shard, "mark");
    let asked = |observed: &Observed| observed.member_requests.len() == 1;
    reading_until(&mut shard, &fake, asked).await;
    fake.cut();
    fake.release_chunks();
    assert_eq!(numbers(&mut shard, 3).await, [0, 1, 2]);
    assert_eq!(fake.observed().identified(), 1);
}
