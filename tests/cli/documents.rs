//! Every document in the repository that the program can check: example configuration, completions.

use std::fs;
use std::path::Path;

use crate::harness::Home;

/// The text of a file of the repository.
fn repository(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"))
}

#[test]
fn the_completions_are_those_that_the_program_prints() {
    let cases = [
        ("bash", "completions/acctq.bash"),
        ("zsh", "completions/_acctq"),
        ("fish", "completions/acctq.fish"),
        ("powershell", "completions/_acctq.ps1"),
        ("elvish", "completions/acctq.elv"),
    ];
    for (shell, file) in cases {
        let printed = Home::new().acctq(&format!("completions {shell}")).run();
        printed.is(0, &printed.stdout, "");
        let kept = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        assert!(
            kept.is_ok_and(|kept| kept == printed.stdout),
            "{file} is out of date; make it anew with\n\n    cargo run -- completions {shell} >{file}\n"
        );
    }
}

const EXAMPLE: &str = "config.example.toml";

#[test]
fn the_example_configuration_is_in_force_as_it_stands() {
    let home = Home::new();
    let example = repository(EXAMPLE);
    let path = home.file("example.toml", &example, 0o600);
    let (file, at) = (path.display(), home.path().display());
    let line = |start: &str| {
        let line = example.lines().position(|line| line.starts_with(start));
        format!(
            "{file}:{}",
            1 + line.unwrap_or_else(|| panic!("no `{start}`"))
        )
    };
    let token_file = format!("file {at}/.config/acctq/partner-test.token");
    let rows = [
        ("config", file.to_string(), "--config".to_owned()),
        ("profile", "test".to_owned(), line("default_profile = ")),
        ("output", "ndjson".to_owned(), "--output".to_owned()),
        ("timeout", "60s".to_owned(), line("timeout = ")),
        ("retries", "2".to_owned(), line("retries = ")),
        (
            "connect.base_url",
            "https://api.example.com".to_owned(),
            line("base_url = \"https://api.example.com\""),
        ),
        (
            "connect.token",
            "variable CONNECT_TEST_TOKEN".to_owned(),
            line("token_env = "),
        ),
        (
            "partner.base_url",
            "https://billing.b5test.eu".to_owned(),
            line("base_url = \"https://billing.b5test.eu\""),
        ),
        ("partner.token", token_file, line("token_file = ")),
    ];
    let rows: Vec<_> = rows
        .iter()
        .map(|(name, value, origin)| {
            format!("\"{name}\":{{\"value\":\"{value}\",\"origin\":\"{origin}\"}}")
        })
        .collect();
    home.acctq("config show --config example.toml -o ndjson")
        .run()
        .prints(&format!(
            "{{{},\"profiles\":[\"test\",\"sandbox\"]}}\n",
            rows.join(",")
        ));
}

/// Each line that stands there commented out, put in place of what it is an alternative to.
#[test]
fn each_alternative_of_the_example_configuration_is_accepted() {
    let active = "token_env = \"CONNECT_TEST_TOKEN\"";
    let example = repository(EXAMPLE);
    assert!(example.contains(active));
    let cases = [
        ("token_file = ", "\"connect.token\":{\"value\":\"file "),
        (
            "token_command = ",
            "\"connect.token\":{\"value\":\"command ",
        ),
        ("token = ", "\"connect.token\":{\"value\":\"literal"),
        (
            "ca_file = ",
            "\"connect.ca_file\":{\"value\":\"/etc/ssl/corporate.pem\"",
        ),
    ];
    for (key, shown) in cases {
        let line = example
            .lines()
            .find_map(|line| line.strip_prefix("# ").filter(|line| line.starts_with(key)))
            .unwrap_or_else(|| panic!("no `# {key}`"));
        let text = if key.starts_with("token") {
            example.replace(active, line)
        } else {
            example.replace(active, &format!("{active}\n{line}"))
        };
        let home = Home::new();
        home.file("example.toml", text, 0o600);
        let run = home
            .acctq("config show --config example.toml -o ndjson")
            .run();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{key}");
        assert!(run.stdout.contains(shown), "{key}: {}", run.stdout);
    }
    // The last profile, whole.
    let text: String = example
        .lines()
        .skip_while(|line| !line.starts_with("# [profiles.prod.connect]"))
        .take_while(|line| !line.starts_with("# A CI job"))
        .map(|line| format!("{}\n", line.trim_start_matches("# ")))
        .collect();
    let home = Home::new();
    home.file("example.toml", example + &text, 0o600);
    let run = home
        .acctq("-p prod config show --config example.toml -o ndjson")
        .run();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{text}");
    assert!(
        run.stdout.contains("\"https://billing.1password.com\""),
        "{}",
        run.stdout
    );
}
