//! The limits of a connection, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use hush_http::HttpSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::failures::{broken_users, broken_world};
use crate::support::{ALL, HOME, OWNER, World};

struct Service {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

async fn start(world: &World) -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let serving = tokio::spawn(hush_http::serve(listener, world.api.clone(), stopped));
    Service {
        address,
        stop,
        serving,
    }
}

async fn connect(service: &Service) -> TcpStream {
    TcpStream::connect(service.address).await.unwrap()
}

/// Reads until the answer's head and as much of its body as `Content-Length` says are there.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the connection ended after: {text}");
        read.extend_from_slice(&buffer[..count]);
    }
}

/// How long it takes until the service ends the connection; whatever it sends before is thrown away.
async fn time_to_end(stream: &mut TcpStream) -> Duration {
    let began = tokio::time::Instant::now();
    let mut buffer = [0; 4096];
    while !matches!(stream.read(&mut buffer).await, Ok(0) | Err(_)) {}
    began.elapsed()
}

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

#[tokio::test(start_paused = true)]
async fn a_silent_new_connection_is_closed_after_ten_seconds() {
    let service = start(&World::new().await).await;
    for first in [
        &b""[..],
        b"P",
        b"PRI * HTTP/2.0\r\n",
        b"GET /livez HT",
        b"GET / HTTP/1.1\r\nhost:",
    ] {
        let mut stream = connect(&service).await;
        stream.write_all(first).await.unwrap();
        let took = time_to_end(&mut stream).await.as_millis();
        assert!(
            (10_000..10_600).contains(&took),
            "{took} ms after {first:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_is_cut_off_ten_seconds_after_its_first_byte() {
    let service = start(&World::new().await).await;
    let mut stream = connect(&service).await;
    stream.write_all(LIVEZ.as_bytes()).await.unwrap();
    read_answer(&mut stream).await;
    // Idle for longer than a head may take, which is no reason to close.
    tokio::time::sleep(Duration::from_secs(40)).await;
    let (mut read, mut write) = stream.split();
    let trickle = async {
        for byte in std::iter::repeat(b"GET /x".iter()).flatten() {
            if write.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        std::future::pending::<()>().await;
    };
    let began = tokio::time::Instant::now();
    let mut buffer = [0; 64];
    tokio::select! {
        () = trickle => {}
        end = read.read(&mut buffer) => assert!(matches!(end, Ok(0) | Err(_))),
    }
    let took = began.elapsed().as_millis();
    assert!((10_000..10_600).contains(&took), "{took} ms");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_as_long_as_the_operator_says() {
    let keep_alive_idle = Duration::from_secs(30);
    let world = World::with(
        HttpSettings {
            keep_alive_idle,
            ..Default::default()
        },
        |_| {},
    )
    .await;
    let service = start(&world).await;
    let mut stream = connect(&service).await;
    for _ in 0..3 {
        stream.write_all(LIVEZ.as_bytes()).await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_secs(29)).await;
    }
    let took = time_to_end(&mut stream).await.as_millis();
    assert!((1000..1600).contains(&took), "{took} ms");
}

#[tokio::test(start_paused = true)]
async fn http_2_frames_that_stay_unfinished_are_cut_off_and_idle_ones_are_kept() {
    let service = start(&World::new().await).await;
    // The first nine bytes of a frame of which nothing follows; and a header block without its end.
    let half_frame = [0, 0, 20, 1, 4, 0, 0, 0, 1];
    let open_block = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82];
    for tail in [&half_frame[..], &open_block] {
        let mut stream = connect(&service).await;
        stream
            .write_all(&[PREFACE, SETTINGS, tail].concat())
            .await
            .unwrap();
        let took = time_to_end(&mut stream).await.as_millis();
        assert!((10_000..10_600).contains(&took), "{took} ms after {tail:?}");
    }
}

#[tokio::test]
async fn a_head_of_more_than_32_kib_is_refused() {
    let service = start(&World::new().await).await;
    for (size, expected) in [(30_000, "HTTP/1.1 200"), (33_000, "HTTP/1.1 431")] {
        let mut stream = connect(&service).await;
        let filler = "x".repeat(size);
        let request = format!("GET /livez HTTP/1.1\r\nhost: x\r\nx-filler: {filler}\r\n\r\n");
        // The service may answer and close before it has read all.
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with(expected), "{size}: {answer}");
    }
}

#[tokio::test]
async fn a_panic_does_not_touch_the_next_request_on_its_connection() {
    let world = broken_world().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let service = start(&world).await;
    let mut stream = connect(&service).await;
    for (path, status) in [
        ("/v1/users/3", 500),
        ("/v1/users", 200),
        ("/v1/users/3", 500),
    ] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn http_2_works_by_prior_knowledge() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let service = start(&world).await;
    let io = hyper_util::rt::TokioIo::new(connect(&service).await);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut client, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    for (path, status) in [
        ("/v1/users/1", 200),
        ("/v1/users/4", 404),
        ("/nothing", 404),
    ] {
        let request = http::Request::get(format!("http://x{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert!(response.headers().contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn beyond_the_cap_a_connection_waits_for_a_place() {
    let settings = HttpSettings {
        max_connections: 2,
        ..Default::default()
    };
    let service = start(&World::with(settings, |_| {}).await).await;
    let mut open = [connect(&service).await, connect(&service).await];
    for stream in &mut open {
        stream.write_all(LIVEZ.as_bytes()).await.unwrap();
        read_answer(stream).await;
    }
    let mut third = connect(&service).await;
    third.write_all(LIVEZ.as_bytes()).await.unwrap();
    let mut byte = [0; 1];
    let early = timeout(Duration::from_millis(200), third.peek(&mut byte)).await;
    assert!(early.is_err(), "answered beyond the cap");
    drop(open);
    assert!(read_answer(&mut third).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn at_the_end_what_runs_is_finished_and_the_rest_is_closed() {
    let world = broken_world().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let service = start(&world).await;
    let mut idle = connect(&service).await;
    idle.write_all(LIVEZ.as_bytes()).await.unwrap();
    read_answer(&mut idle).await;
    let mut half = connect(&service).await;
    half.write_all(b"GET /livez HTTP/1.1\r\nho").await.unwrap();
    let _silent = connect(&service).await;
    // This one is given up by its own deadline after ten seconds, and answered.
    let mut running = connect(&service).await;
    let request =
        format!("GET /v1/users/4 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    running.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = tokio::time::Instant::now();
    service.stop.send(()).unwrap();
    let answer = read_answer(&mut running).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(time_to_end(&mut idle).await < Duration::from_secs(1));
    assert!(time_to_end(&mut half).await < Duration::from_secs(1));
    service.serving.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(
        TcpStream::connect(service.address).await.is_err(),
        "still listening"
    );
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_request_with_it() {
    let settings = HttpSettings {
        max_connections: 1,
        ..HttpSettings::default()
    };
    let world = World::with(settings, |ports| ports.users = broken_users()).await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let service = start(&world).await;
    // One is gone while the store is still asked, one in the middle of a long answer; each had the only place.
    for (path, read) in [("/v1/users/4", 0), ("/openapi.json", 100)] {
        let mut stream = connect(&service).await;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_exact(&mut vec![0; read]).await.unwrap();
        stream.set_zero_linger().unwrap();
    }
    let mut stream = connect(&service).await;
    stream.write_all(LIVEZ.as_bytes()).await.unwrap();
    // Sooner than the deadline by which the place would be free anyway.
    let answer = timeout(Duration::from_secs(5), read_answer(&mut stream)).await;
    assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
}
