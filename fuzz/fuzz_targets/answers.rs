//! Any bytes as a server's answer, through the real client: an account or an error, in time, that repeats no token.
#![no_main]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use acctq::Environment;
use acctq::fuzzing::{BaseUrl, Client, Endpoint, Limits, Redactor, Run, Shutdown, Throttle, Tokens, route};
use libfuzzer_sys::fuzz_target;

const TOKEN: &str = "canary-bearer-token";

/// What the server answers next, and where it listens.
static SERVER: LazyLock<(Arc<Mutex<Vec<u8>>>, u16)> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let answer = Arc::new(Mutex::new(Vec::new()));
    let next = answer.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4096]);
            let bytes = next.lock().expect("unpoisoned").clone();
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read(&mut [0; 1]);
        }
    });
    (answer, port)
});

fuzz_target!(|bytes: &[u8]| {
    let (answer, port) = &*SERVER;
    *answer.lock().expect("unpoisoned") = bytes.to_vec();
    let url = BaseUrl::parse(&format!("http://127.0.0.1:{port}")).expect("a URL");
    let endpoint = Endpoint::built_in(url, TOKEN);
    let env = Environment::from_pairs([("HOME", "/nonexistent")]);
    let (shutdown, throttle) = (Shutdown::default(), Throttle::single());
    let redactor = Redactor::new(false, Tokens::default());
    let run = Run { env: &env, shutdown: &shutdown, throttle: &throttle, redactor: &redactor, trace: None };
    let limits = Limits { timeout: Duration::from_secs(2), retries: 0 };
    let client = Client::new(&endpoint, limits, run).expect("a client");
    let id = route("cacc_1").expect("an id");
    let started = Instant::now();
    let result = format!("{:?}", client.look_up(&id, started, None));
    assert!(started.elapsed() < Duration::from_secs(3), "{result}");
    assert!(!result.contains(TOKEN), "{result}");
});
