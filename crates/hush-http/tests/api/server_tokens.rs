//! The tokens that name a server, as its owner sees them.

use serde_json::Value;

use crate::support::{ADMIN, ALL, AWAY, HOME, OWNER, World};

/// The names in a page of tokens. Ids made in one millisecond have no order.
fn names(page: &Value) -> Vec<&str> {
    let tokens = page["tokens"].as_array().unwrap().iter();
    let mut names: Vec<_> = tokens
        .map(|token| token["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn an_owner_sees_every_token_that_names_the_server_and_no_other_server() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    world.token(ADMIN, &[AWAY], &ALL).await;
    let listed = world.get("/v1/tokens?server_id=123456", &owner).await;
    assert_eq!(names(&listed.json()), ["test 0", "test 1"]);
    assert!(!listed.text().contains("\"777\""), "{}", listed.text());
    assert_eq!(listed.header("ratelimit-policy"), "\"server\";q=60;w=60");
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let refused = world.get("/v1/tokens?server_id=123456", &admin).await;
    refused.is_problem(403, "insufficient-access");
    let foreign = world.get("/v1/tokens?server_id=777", &owner).await;
    foreign.is_problem(404, "server-not-found");
    for id in ["", "0", "abc", "1&server_id=1"] {
        let path = format!("/v1/tokens?server_id={id}");
        world.get(&path, &owner).await.refuses("server_id");
    }
}

#[tokio::test]
async fn a_walk_over_the_pages_shows_each_token_once() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    for _ in 0..8 {
        world.token(ADMIN, &[HOME], &[]).await;
    }
    let mut path = "/v1/tokens?server_id=123456&limit=4".to_owned();
    let mut sizes = Vec::new();
    let mut ids = Vec::new();
    loop {
        let reply = world.get(&path, &owner).await;
        let page = reply.json();
        let tokens = page["tokens"].as_array().unwrap();
        sizes.push(tokens.len());
        ids.extend(
            tokens
                .iter()
                .map(|it| it["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            assert_eq!(reply.header("link"), "");
            break;
        };
        path = format!("/v1/tokens?server_id=123456&limit=4&after={next}");
        let link = format!("<http://127.0.0.1:8080{path}>; rel=\"next\"");
        assert_eq!(reply.header("link"), link);
    }
    assert_eq!(sizes, [4, 4, 1]);
    let numbers: Vec<u64> = ids.iter().map(|id| id.parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next));
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("after=01", "after"),
        ("after=8000000000000000", "after"),
    ] {
        let path = format!("/v1/tokens?{query}");
        world.get(&path, &owner).await.refuses(name);
    }
}

#[tokio::test]
async fn an_owner_takes_the_server_off_somebodys_token() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let both = world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    let home = world.token(ADMIN, &[HOME], &ALL).await;
    let path = async |token: &str| format!("/v1/servers/123456/tokens/{}", world.id(token).await);
    let (off_both, off_home) = (path(&both).await, path(&home).await);
    let admin = world.delete(&off_home, &home).await;
    admin.is_problem(403, "insufficient-access");
    let removed = world.delete(&off_both, &owner).await;
    assert_eq!((removed.status.as_u16(), removed.text()), (204, ""));
    assert_eq!(removed.header("ratelimit-policy"), "\"server\";q=60;w=60");
    let gone = world.get("/v1/users?server_id=123456", &both).await;
    gone.is_problem(404, "server-not-found");
    assert_eq!(
        world.get("/v1/users", &both).await.status,
        200,
        "only one is left"
    );
    // It no longer names the server, as if it had never been.
    let never = world.delete("/v1/servers/123456/tokens/5", &owner).await;
    never.is_problem(404, "token-not-found");
    world
        .delete(&off_both, &owner)
        .await
        .is_problem(404, "token-not-found");
    world
        .delete("/v1/servers/123456/tokens/%ff", &owner)
        .await
        .is_problem(404, "token-not-found");
    // One that names nothing else is revoked, and that once.
    for _ in 0..2 {
        assert_eq!(world.delete(&off_home, &owner).await.status, 204);
    }
    world
        .get("/v1/me", &home)
        .await
        .is_problem(401, "invalid-token");
    let foreign = world.delete("/v1/servers/777/tokens/5", &owner).await;
    foreign.is_problem(404, "server-not-found");
}
