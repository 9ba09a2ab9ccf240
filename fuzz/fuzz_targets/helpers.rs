//! Any bytes as what a token helper prints and what a token file holds: the token that they are, or an error that repeats
//! none of them.
#![no_main]

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use acctq::account::CONNECTED;
use acctq::config::{Environment, Flags, Settings};
use acctq::error::Kind;
use acctq::interrupt::Interrupt;
use libfuzzer_sys::fuzz_target;

const CANARY: &[u8] = b"canary-token";

fuzz_target!(|bytes: &[u8]| {
    // The canary stands where the first byte says.
    let (place, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let (before, after) = bytes.split_at(usize::from(*place).min(bytes.len()));
    let printed = [before, CANARY, after].concat();
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("printed");
    write(&path, &printed);
    for source in [
        "token_file = \"printed\"".to_owned(),
        format!("token_command = [\"cat\", '{}']", path.display()),
    ] {
        let config = dir.path().join("config.toml");
        let text = format!("[profiles.fuzz.connect]\nbase_url = \"https://x.example\"\n{source}\n");
        write(&config, text.as_bytes());
        let env = Environment::from_pairs([("PATH", "/usr/bin:/bin")]);
        let flags = Flags {
            config: Some(config),
            profile: Some(("fuzz".to_owned(), "--profile")),
            ..Flags::default()
        };
        let settings = Settings::load(&flags, &env).expect("a configuration");
        let endpoint = settings.endpoint(&CONNECTED).expect("an API");
        let deadline = Instant::now() + Duration::from_secs(20);
        let read = endpoint
            .token
            .value
            .read(&env, deadline, &Interrupt::default());
        match (read, token(&printed)) {
            (Ok(secret), Some(token)) => assert_eq!(secret.expose().as_bytes(), token),
            (Err(error), None) => {
                let told = format!("{error} {error:?}");
                assert_eq!(error.kind(), Kind::Auth, "{told}");
                assert!(!told.contains("canary"), "{told}");
            }
            (read, token) => panic!("{read:?} instead of {token:?}"),
        }
    }
});

/// The token that was printed, if it is one: a line without its end, of visible ASCII that nobody has dressed up.
fn token(printed: &[u8]) -> Option<&[u8]> {
    let line = printed
        .strip_suffix(b"\n")
        .map_or(printed, |line| line.strip_suffix(b"\r").unwrap_or(line));
    let quote = |b: Option<&u8>| matches!(b, Some(b'"' | b'\'' | b'`'));
    let is_token = line.len() <= 8 * 1024
        && line.iter().all(u8::is_ascii_graphic)
        && !quote(line.first())
        && !quote(line.last());
    is_token.then_some(line)
}

fn write(path: &Path, bytes: &[u8]) {
    let _ = std::fs::remove_file(path);
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .expect("written");
}
