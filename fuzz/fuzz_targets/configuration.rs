//! Any bytes as a configuration file: refused or read, and in either case no line of it is shown.
#![no_main]

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use acctq::Environment;
use acctq::fuzzing::{Flags, Redactor, Settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("config.toml");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .expect("a file");
    file.write_all(bytes).expect("written");
    // A token on any line must stay there.
    file.write_all(b"\n[profiles.fuzz.partner]\nbase_url = \"https://x.example\"\ntoken = \"canary-token-in-file\"\n").expect("written");
    let env = Environment::from_pairs([("HOME", dir.path().as_os_str()), ("ACCTQ_PROFILE", "fuzz".as_ref())]);
    let flags = Flags { config: Some(path), ..Flags::default() };
    let told = match Settings::load(&flags, &env) {
        Ok(settings) => format!("{:?}", settings.rows(&Redactor::default())),
        Err(error) => format!("{error}{error:?}"),
    };
    assert!(!told.contains("canary-token"), "{told}");
});
