//! How a program finds the API from its host alone, and the forms in which it gets what describes it.

use std::io::Read;

use http::Method;
use hush_http::HttpSettings;

use crate::support::{World, get};

async fn world() -> World {
    let settings = HttpSettings {
        public_url: "https://hush.example.com/api".into(),
        ..Default::default()
    };
    World::with(settings, |_| {}).await
}

const DESCRIPTIONS: [(&str, &str); 4] = [
    ("/openapi.json", "application/json"),
    ("/openapi.yaml", "application/yaml"),
    ("/openapi-3.0.json", "application/json"),
    ("/openapi-3.0.yaml", "application/yaml"),
];

#[tokio::test]
async fn the_front_door_links_to_what_describes_the_api() {
    let world = world().await;
    for (path, status) in [("/", 302), ("/v1", 200)] {
        for method in [Method::GET, Method::HEAD] {
            let mut request = get(path, "", &[]);
            *request.method_mut() = method;
            let reply = world.send(request).await;
            assert_eq!(reply.status, status, "{path}");
            let links: Vec<_> = reply.header("link").split(", ").collect();
            let mut expected: Vec<_> = DESCRIPTIONS
                .iter()
                .map(|(path, kind)| {
                    format!("<https://hush.example.com/api{path}>; rel=\"service-desc\"; type=\"{kind}\"")
                })
                .collect();
            expected.push(
                "<https://hush.example.com/api/docs>; rel=\"service-doc\"; type=\"text/html\""
                    .into(),
            );
            expected.push(
                "<https://hush.example.com/api/.well-known/api-catalog>; rel=\"api-catalog\""
                    .into(),
            );
            assert_eq!(links, expected, "{path}");
            let way = if path == "/" { "docs" } else { "" };
            assert_eq!(reply.header("location"), way, "{path}");
        }
    }
}

#[tokio::test]
async fn the_pages_may_ask_this_host_alone() {
    let world = world().await;
    for path in ["/docs", "/docs/problems", "/docs/problems/rate-limited"] {
        assert_eq!(
            world.get(path, "").await.header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_page() {
    let world = world().await;
    for (path, page) in [("/docs/", "../docs"), ("/docs/problems/", "../problems")] {
        let reply = world.get(path, "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("location")),
            (308, page),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_answers_says_its_version() {
    let api = world().await.get("/v1", "").await.json();
    assert_eq!(api["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(api["documentation"], "https://hush.example.com/api/docs");
    assert_eq!(api["openapi"], "https://hush.example.com/api/openapi.json");
}

#[tokio::test]
async fn the_catalog_lists_the_api_with_everything_that_describes_it() {
    let world = world().await;
    let reply = world.get("/.well-known/api-catalog", "").await;
    assert_eq!(
        reply.header("content-type"),
        "application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\""
    );
    assert_eq!(
        reply.header("link"),
        "<https://hush.example.com/api/.well-known/api-catalog>; rel=\"api-catalog\""
    );
    let catalog = reply.json();
    let [list, api] = catalog["linkset"].as_array().unwrap().as_slice() else {
        panic!("{catalog}");
    };
    assert_eq!(list["item"][0]["href"], api["anchor"]);
    assert_eq!(api["anchor"], "https://hush.example.com/api/v1");
    // Everything that it leads to is there.
    let mut followed = 0;
    for relation in ["service-desc", "service-doc", "status"] {
        for target in api[relation].as_array().unwrap() {
            let address = target["href"].as_str().unwrap();
            let path = address
                .strip_prefix("https://hush.example.com/api")
                .unwrap();
            let found = world.get(path, "").await;
            assert_eq!(found.status, 200, "{address}");
            let kind = found.header("content-type").split(';').next().unwrap();
            assert_eq!(target["type"], kind, "{address}");
            followed += 1;
        }
    }
    assert_eq!(followed, 6);
}

#[tokio::test]
async fn what_describes_the_api_comes_compressed_and_each_form_has_its_own_tag() {
    let world = world().await;
    let paths = DESCRIPTIONS.map(|(path, _)| path);
    for path in paths
        .into_iter()
        .chain(["/docs", "/docs/scalar.js", "/docs/problems"])
    {
        let plain = world.get(path, "").await;
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        let mut tags = vec![plain.header("etag").to_owned()];
        for coding in ["gzip", "br"] {
            let accept = [("accept-encoding", coding)];
            let reply = world.send(get(path, "", &accept)).await;
            assert_eq!(reply.header("content-encoding"), coding, "{path}");
            assert_eq!(reply.header("vary"), "Accept-Encoding", "{path}");
            assert!(reply.body.len() < plain.body.len(), "{path}");
            let mut whole = Vec::new();
            let _ = match coding {
                "gzip" => flate2::read::GzDecoder::new(&reply.body[..]).read_to_end(&mut whole),
                _ => brotli::Decompressor::new(&reply.body[..], 4096).read_to_end(&mut whole),
            };
            assert!(
                whole == plain.body,
                "{path} is not what it was before {coding}"
            );
            let tag = reply.header("etag").to_owned();
            let again = [("accept-encoding", coding), ("if-none-match", &tag)];
            let again = world.send(get(path, "", &again)).await;
            assert_eq!(
                (again.status.as_u16(), again.header("etag")),
                (304, &*tag),
                "{path}"
            );
            assert_eq!(again.header("vary"), "Accept-Encoding", "{path}");
            tags.push(tag);
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "{path}: {tags:?}");
    }
}
