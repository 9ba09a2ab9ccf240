//! A list as long as they get.

use crate::harness::{Home, Run};
use crate::programs::program;
use crate::wire::{Wire, json};

/// Runs it under Debian's `time`: what it prints, and its resident memory at the most, in kilobytes.
fn measured(home: &Home, url: &str, args: &str) -> (String, usize) {
    let mut command = program(home, "time", "time");
    command
        .args(["-f", "%M", "-o", "most", env!("CARGO_BIN_EXE_acctq")])
        .args(args.split(' '))
        .args(["-o", "ndjson"])
        .env("ACCTQ_CONNECT_URL", url)
        .env("ACCTQ_CONNECT_TOKEN", acctq::sandbox::TOKEN);
    let ended = Run::of(command).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let most = std::fs::read_to_string(home.path().join("most")).unwrap();
    (ended.stdout, most.trim().parse().unwrap())
}

#[test]
fn a_hundred_thousand_accounts_take_hardly_more_memory_than_one() {
    let home = Home::new();
    let url = acctq::sandbox::start(0, 100_000).unwrap();
    let run = |args: &str| measured(&home, &url, args);
    let (_, one) = run("cacc get cacc_sandbox0000001");
    let (list, many) = run("cacc list -F id");
    let end = "\n{\"id\":\"cacc_sandbox0100000\"}\n";
    assert_eq!((list.lines().count(), list.ends_with(end)), (100_000, true));
    assert!(many <= one + 2 * 1024, "{many} kB, and {one} kB for one");
    // To sort them takes no more than is allowed for any number of accounts.
    let (list, sorted) = run("cacc list -F id,created_at --sort created_at");
    let times: Vec<_> = list.lines().filter_map(|line| line.split('"').nth(7)).collect();
    assert_eq!((times.len(), times.is_sorted()), (100_000, true));
    assert!(sorted < 96 * 1024, "{sorted} kB");
}

#[test]
fn a_sorted_list_keeps_only_what_is_shown() {
    let long = "x".repeat(900 * 1024);
    let account = |number| format!("{{\"id\":\"cacc_{number}\",\"metadata\":\"{long}\"}}");
    let accounts: Vec<_> = (0..80).map(account).collect();
    let wire = Wire::answers(json(&format!("{{\"data\":[{}]}}", accounts.join(","))));
    let home = Home::new();
    home.profile(wire.url());
    // Together they are more than may be held; the first one of them is not, and neither are their ids.
    for (args, lines) in [("--limit 1", 1), ("-F id", 80)] {
        let args = format!("cacc list -q -o ndjson --sort -id {args}");
        let ended = home.acctq(&args).run();
        assert_eq!((ended.code, ended.stdout.lines().count()), (0, lines));
    }
}
