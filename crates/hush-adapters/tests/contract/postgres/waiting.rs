//! What commands cost does not depend on how many have ended.

use hush_ports::{CommandFilter, Commands, Room, Worker};

use super::examples::{at, server, user};
use super::plans::{Crowded, PAGE};

/// What has come to its end is not looked at by whoever carries commands out, and of the rest only what waits.
#[tokio::test]
async fn commands_are_found_among_many_that_have_ended() {
    let page = i64::from(PAGE);
    // One, a page, and the ten that wait: to hand some out, and to count them. Which are overdue their deadlines tell.
    let expected = [
        ("commands", 1 + page + 2 * 10),
        ("members", 2),
        ("roles", 2),
        ("servers", 1),
        ("channels", 1),
    ];
    let crowded = Crowded::create().await;
    crowded
        .read(&expected, async |process, request| {
            let command = (50_000 + request).try_into().unwrap();
            let found = Commands::get(process, server(5), command).await.unwrap();
            let before = found.map(|found| found.id);
            let filter = CommandFilter {
                state: None,
                kind: None,
                before,
                limit: PAGE,
            };
            let listed = Commands::list(process, server(5), filter).await.unwrap();
            assert_eq!(listed.len(), usize::from(PAGE));
            let users = [user(20_000), user(19_000)];
            let channel = Some(7_u64.try_into().unwrap());
            let seen = process.situation(server(5), &users, channel).await.unwrap();
            assert_eq!(seen.unwrap().members.len(), 2);
            let worker = Worker(1);
            let room = Room {
                commands: 9,
                messages: 9,
            };
            assert_eq!(process.claim(worker, at(2000), room).await.unwrap(), []);
            assert_eq!(process.expire(at(2000), 9).await.unwrap(), []);
            assert_eq!(process.waiting().await.unwrap().pending.len(), 1);
            assert!(process.beat(worker).await.unwrap());
        })
        .await;
}
