//! `--curl`: what it prints, run by a real shell and curl.

use std::fs;

use serde_json::Value;

use crate::harness::{Home, Run};
use crate::programs::program;

/// The sandbox's token, in a name of its own for each way to give it.
const TOKEN: &str = "acctq-sandbox-token";

#[test]
fn the_printed_request_gets_the_same_document_and_shows_no_process_the_token() {
    let home = Home::new();
    let sandbox = home.sandbox();
    home.file("it's a $(token)", format!("{TOKEN}\n"), 0o600);
    home.file("crlf", format!("{TOKEN}\r\n"), 0o600);
    home.file("say it", "#!/bin/sh\n[ \"$1\" = \"a 'b' \\$c\" ] && [ -z \"$2\" ] && cat crlf\n", 0o700);
    let sources = [
        "token_env = \"SANDBOX_TOKEN\"".to_owned(),
        format!("token_file = \"{}/it's a $(token)\"", home.path().display()),
        format!("token_file = \"{}/crlf\"", home.path().display()),
        format!("token_command = [\"{}/say it\", \"a 'b' $c\", \"\"]", home.path().display()),
    ];
    for source in sources {
        home.config(format!(
            "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\n{source}\n\
             [profiles.test.partner]\nbase_url = \"{url}\"\n{source}\n",
            url = sandbox.url
        ));
        for command in ["get cacc_activestandard", "partner account get ending", "cacc list"] {
            let printed = home.run(format!("{command} --curl"));
            assert!(printed.code == 0 && printed.stderr.starts_with("note:"), "{printed:#?}");
            let line = printed.stdout.strip_suffix('\n').unwrap();
            assert!(!line.contains(['\n']) && line.contains("| curl -q -H @- "), "{line}");

            let mut strace = program(&home, "strace", "strace");
            strace.args(["-f", "-s", "65536", "-e", "trace=execve", "-o", "calls", "/bin/sh", "-c", line]);
            // Whose proxy would hear the token, if curl took it.
            let variables = [("SANDBOX_TOKEN", TOKEN), ("http_proxy", "http://127.0.0.1:1")];
            let answer = Run::of(strace).envs(&variables).run();
            assert_eq!((answer.code, &*answer.stderr), (0, ""), "{line}");
            let calls = fs::read_to_string(home.path().join("calls")).unwrap();
            let calls = calls.lines().filter(|call| call.contains("execve(")).collect::<Vec<_>>();
            assert!(calls.iter().any(|call| call.contains("curl")), "{calls:?}");
            assert!(!calls.iter().any(|call| call.contains(TOKEN)), "{calls:?}");

            let document: Value = serde_json::from_str(&answer.stdout).unwrap();
            let documents = if command == "cacc list" { document["data"].clone() } else { document };
            let ours = home.acctq(&format!("{command} --reveal -o json")).env("SANDBOX_TOKEN", TOKEN).run();
            assert_eq!(documents, serde_json::from_str::<Value>(&ours.stdout).unwrap(), "{line}");
        }
    }
}
