//! Each row of the exit-code table, for people and as JSON.

use std::net::TcpListener;

use crate::harness::{Ended, Home};
use crate::wire::{Do, Wire, response};

/// What the profile `test` talks to.
enum Server {
    /// There is no configuration.
    NoConfig,
    /// Its token is in a variable that is not set.
    NoToken,
    /// It gives this answer.
    Answers(&'static str, &'static str, &'static str),
    /// It refuses connections.
    Refuses,
    /// It never answers.
    Silent,
    /// It speaks plain HTTP where TLS is expected.
    NoTls,
    /// There is a proxy before it that refuses connections.
    Proxied,
}

struct Case {
    server: Server,
    args: &'static str,
    exit_code: i32,
    stdout: [&'static str; 2],
    stderr: [&'static str; 2],
}

/// What the test cannot know: ports, the home, times.
fn normalised(text: &str, home: &Home, port: u16) -> String {
    let text = text
        .replace(&format!(":{port}"), ":PORT")
        .replace(home.path().to_str().unwrap(), "HOME");
    let mut parts = text.split("\"elapsed_ms\":");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        out += if rest.len() < part.len() {
            "\"elapsed_ms\":MS"
        } else {
            "\"elapsed_ms\":"
        };
        out += rest;
    }
    out
}

fn check(case: &Case) {
    let home = Home::new();
    let wire = match case.server {
        Server::Answers(status, headers, body) => {
            Some(Wire::answers(response(status, headers, body)))
        }
        Server::Silent => Some(Wire::always(vec![Do::Read, Do::Hold])),
        Server::NoTls => Some(Wire::always(vec![
            Do::Write(response("400 Bad Request", "", "")),
            Do::Finish,
        ])),
        _ => None,
    };
    // Nobody listens on a port that has just been given back.
    let free = || {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    };
    let port = wire.as_ref().map_or_else(free, Wire::port);
    match case.server {
        Server::NoConfig => {}
        Server::NoToken => {
            home.config(format!(
                "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"http://127.0.0.1:{port}\"\ntoken_env = \"CONNECT_TOKEN\"\n"
            ));
        }
        Server::NoTls => {
            home.profile(&format!("https://127.0.0.1:{port}"));
        }
        Server::Proxied => {
            home.profile("https://api.example.com");
        }
        _ => {
            home.profile(&format!("http://127.0.0.1:{port}"));
        }
    }
    for (i, format) in ["", " -o json"].into_iter().enumerate() {
        let run = home.acctq(&format!("{}{format}", case.args));
        let run = match case.server {
            Server::Proxied => run.env("HTTPS_PROXY", format!("http://127.0.0.1:{port}")),
            _ => run,
        };
        let ended = run.run();
        let stderr = normalised(&ended.stderr, &home, port);
        Ended { stderr, ..ended }.is(case.exit_code, case.stdout[i], case.stderr[i]);
    }
}

#[test]
fn success() {
    check(&Case {
        server: Server::NoConfig,
        args: "-p sandbox get ending -F status",
        exit_code: 0,
        stdout: [
            r"Status  provisioned
",
            r#"{
  "status": "provisioned"
}
"#,
        ],
        stderr: ["", ""],
    });
}

#[test]
fn several_that_differ_in_kind() {
    check(&Case {
        server: Server::Answers("404 Not Found", "", ""),
        args: "get cacc_1 ../admin -q",
        exit_code: 1,
        stdout: [
            "", r"[]
",
        ],
        stderr: [
            r"error: no connected account cacc_1 at 127.0.0.1:PORT (profile test)
  hint: a deleted account is not found either; is test the right profile? `acctq config show` lists them
error: `../admin` is not a partner account's id
  hint: a partner account is looked up by its id: 1 to 80 letters, digits and hyphens
",
            r#"{"error":{"code":"not_found","exit_code":5,"retryable":false,"message":"no connected account cacc_1 at 127.0.0.1:PORT (profile test)","hint":"a deleted account is not found either; is test the right profile? `acctq config show` lists them","id":"cacc_1","api":"connect","profile":"test","status":404,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
{"error":{"code":"usage","exit_code":2,"retryable":false,"message":"`../admin` is not a partner account's id","hint":"a partner account is looked up by its id: 1 to 80 letters, digits and hyphens","id":"../admin","api":null,"profile":null,"status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":null,"elapsed_ms":null,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn usage() {
    check(&Case {
        server: Server::NoConfig,
        args: "get ../../admin",
        exit_code: 2,
        stdout: ["", ""],
        stderr: [
            r"error: `../../admin` is not a partner account's id
  hint: a partner account is looked up by its id: 1 to 80 letters, digits and hyphens
",
            r#"{"error":{"code":"usage","exit_code":2,"retryable":false,"message":"`../../admin` is not a partner account's id","hint":"a partner account is looked up by its id: 1 to 80 letters, digits and hyphens","id":"../../admin","api":null,"profile":null,"status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":null,"elapsed_ms":null,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn usage_flag() {
    check(&Case {
        server: Server::NoConfig,
        args: "get cacc_1 --retries many",
        exit_code: 2,
        stdout: ["", ""],
        stderr: [
            r"error: invalid value 'many' for '--retries <N>': must be a whole number from 0 to 10
  hint: `--help` after a command shows what it takes, with examples
",
            r#"{"error":{"code":"usage","exit_code":2,"retryable":false,"message":"invalid value 'many' for '--retries <N>': must be a whole number from 0 to 10","hint":"`--help` after a command shows what it takes, with examples","id":null,"api":null,"profile":null,"status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":null,"elapsed_ms":null,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn no_configuration() {
    check(&Case {
        server: Server::NoConfig,
        args: "get cacc_1",
        exit_code: 3,
        stdout: ["", ""],
        stderr: [
            r"error: there is no configuration file HOME/.config/acctq/config.toml
  hint: `acctq config init` writes one to begin with; `-p sandbox` needs none; or set ACCTQ_CONNECT_URL and ACCTQ_CONNECT_TOKEN
",
            r#"{"error":{"code":"config","exit_code":3,"retryable":false,"message":"there is no configuration file HOME/.config/acctq/config.toml","hint":"`acctq config init` writes one to begin with; `-p sandbox` needs none; or set ACCTQ_CONNECT_URL and ACCTQ_CONNECT_TOKEN","id":"cacc_1","api":"connect","profile":null,"status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":null,"elapsed_ms":null,"file":"HOME/.config/acctq/config.toml","line":null}}
"#,
        ],
    });
}

#[test]
fn unknown_profile() {
    check(&Case {
        server: Server::Answers("200 OK", "", "{}"),
        args: "get cacc_1 -p tset",
        exit_code: 3,
        stdout: ["", ""],
        stderr: [
            r"error: unknown profile `tset` (--profile): HOME/.config/acctq/config.toml has none of that name
  hint: did you mean `test`? the profiles are test, sandbox
",
            r#"{"error":{"code":"config","exit_code":3,"retryable":false,"message":"unknown profile `tset` (--profile): HOME/.config/acctq/config.toml has none of that name","hint":"did you mean `test`? the profiles are test, sandbox","id":null,"api":null,"profile":null,"status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":null,"elapsed_ms":null,"file":"HOME/.config/acctq/config.toml","line":null}}
"#,
        ],
    });
}

#[test]
fn no_token() {
    check(&Case {
        server: Server::NoToken,
        args: "get cacc_1",
        exit_code: 4,
        stdout: ["", ""],
        stderr: [
            r"error: variable CONNECT_TOKEN is not set
  hint: HOME/.config/acctq/config.toml:4 says that it holds the token; `token_env` takes a variable's name, not the token itself
",
            r#"{"error":{"code":"auth","exit_code":4,"retryable":false,"message":"variable CONNECT_TOKEN is not set","hint":"HOME/.config/acctq/config.toml:4 says that it holds the token; `token_env` takes a variable's name, not the token itself","id":"cacc_1","api":"connect","profile":"test","status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":0,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn rejected_token() {
    check(&Case {
        server: Server::Answers(
            "401 Unauthorized",
            "Content-Type: application/json\r\nX-Request-Id: r-1\r\n",
            r#"{"code":"UNAUTHORIZED","message":"Who are you?"}"#,
        ),
        args: "get cacc_1",
        exit_code: 4,
        stdout: ["", ""],
        stderr: [
            r#"error: 127.0.0.1:PORT rejects the token of profile test (status 401); the server says: "Who are you?" (cacc_1)
  hint: is it current, and of this environment? `acctq config show` says where it comes from
"#,
            r#"{"error":{"code":"auth","exit_code":4,"retryable":false,"message":"127.0.0.1:PORT rejects the token of profile test (status 401); the server says: \"Who are you?\" (cacc_1)","hint":"is it current, and of this environment? `acctq config show` says where it comes from","id":"cacc_1","api":"connect","profile":"test","status":401,"server_code":"UNAUTHORIZED","server_message":"Who are you?","request_id":"r-1","retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn forbidden() {
    check(&Case {
        server: Server::Answers("403 Forbidden", "", ""),
        args: "get cacc_1",
        exit_code: 4,
        stdout: ["", ""],
        stderr: [
            r"error: 127.0.0.1:PORT (profile test) does not let this token read the connected account cacc_1 (status 403)
  hint: ask for a token that has the right to read it
",
            r#"{"error":{"code":"auth","exit_code":4,"retryable":false,"message":"127.0.0.1:PORT (profile test) does not let this token read the connected account cacc_1 (status 403)","hint":"ask for a token that has the right to read it","id":"cacc_1","api":"connect","profile":"test","status":403,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn not_found() {
    check(&Case {
        server: Server::Answers(
            "404 Not Found",
            "",
            r#"{"description":"Failed to find the requested account.","code":404,"error":"not_found"}"#,
        ),
        args: "get u-1",
        exit_code: 5,
        stdout: ["", ""],
        stderr: [
            r#"error: no partner account u-1 at 127.0.0.1:PORT (profile test); the server says: "Failed to find the requested account."
  hint: is test the right profile? `acctq config show` lists them
"#,
            r#"{"error":{"code":"not_found","exit_code":5,"retryable":false,"message":"no partner account u-1 at 127.0.0.1:PORT (profile test); the server says: \"Failed to find the requested account.\"","hint":"is test the right profile? `acctq config show` lists them","id":"u-1","api":"partner","profile":"test","status":404,"server_code":"not_found","server_message":"Failed to find the requested account.","request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn gone() {
    check(&Case {
        server: Server::Answers(
            "410 Gone",
            "",
            r#"{"description":"Removed.","code":410,"error":"gone"}"#,
        ),
        args: "get u-1",
        exit_code: 5,
        stdout: ["", ""],
        stderr: [
            r#"error: the partner account u-1 at 127.0.0.1:PORT (profile test) is gone; the server says: "Removed."
  hint: it has been removed and will not come back
"#,
            r#"{"error":{"code":"gone","exit_code":5,"retryable":false,"message":"the partner account u-1 at 127.0.0.1:PORT (profile test) is gone; the server says: \"Removed.\"","hint":"it has been removed and will not come back","id":"u-1","api":"partner","profile":"test","status":410,"server_code":"gone","server_message":"Removed.","request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn rate_limited() {
    check(&Case {
        server: Server::Answers("429 Slow down", "Retry-After: 3600\r\n", ""),
        args: "get cacc_1",
        exit_code: 6,
        stdout: ["", ""],
        stderr: [
            r"error: 127.0.0.1:PORT (profile test) asks to wait for 60 min (status 429) (cacc_1)
  hint: try again in 60 min, as it asks
",
            r#"{"error":{"code":"rate_limited","exit_code":6,"retryable":true,"message":"127.0.0.1:PORT (profile test) asks to wait for 60 min (status 429) (cacc_1)","hint":"try again in 60 min, as it asks","id":"cacc_1","api":"connect","profile":"test","status":429,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":3600,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn network() {
    check(&Case {
        server: Server::Refuses,
        args: "get cacc_1 --retries 0",
        exit_code: 7,
        stdout: ["", ""],
        stderr: [
            r"error: 127.0.0.1:PORT refuses the connection (cacc_1, profile test)
  hint: is the server up, and is base_url right? `acctq config show` shows it
",
            r#"{"error":{"code":"network","exit_code":7,"retryable":true,"message":"127.0.0.1:PORT refuses the connection (cacc_1, profile test)","hint":"is the server up, and is base_url right? `acctq config show` shows it","id":"cacc_1","api":"connect","profile":"test","status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn tls() {
    check(&Case {
        server: Server::NoTls,
        args: "get cacc_1",
        exit_code: 7,
        stdout: ["", ""],
        stderr: [
            r"error: 127.0.0.1:PORT does not speak TLS on this port (cacc_1, profile test)
  hint: is base_url right, its port included? https needs the TLS port
",
            r#"{"error":{"code":"tls","exit_code":7,"retryable":true,"message":"127.0.0.1:PORT does not speak TLS on this port (cacc_1, profile test)","hint":"is base_url right, its port included? https needs the TLS port","id":"cacc_1","api":"connect","profile":"test","status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn proxy() {
    check(&Case {
        server: Server::Proxied,
        args: "get cacc_1 --retries 0",
        exit_code: 7,
        stdout: ["", ""],
        stderr: [
            r"error: the proxy 127.0.0.1:PORT (HTTPS_PROXY) refuses the connection (cacc_1, profile test)
  hint: check HTTPS_PROXY, and that the proxy is up; if api.example.com may be reached directly, add it to NO_PROXY
",
            r#"{"error":{"code":"proxy","exit_code":7,"retryable":true,"message":"the proxy 127.0.0.1:PORT (HTTPS_PROXY) refuses the connection (cacc_1, profile test)","hint":"check HTTPS_PROXY, and that the proxy is up; if api.example.com may be reached directly, add it to NO_PROXY","id":"cacc_1","api":"connect","profile":"test","status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn timeout() {
    check(&Case {
        server: Server::Silent,
        args: "get cacc_1 --timeout 100ms",
        exit_code: 7,
        stdout: ["", ""],
        stderr: [
            r"error: 127.0.0.1:PORT did not answer within 0.1 s (cacc_1, profile test)
  hint: try again; --timeout gives a look-up more time
",
            r#"{"error":{"code":"timeout","exit_code":7,"retryable":true,"message":"127.0.0.1:PORT did not answer within 0.1 s (cacc_1, profile test)","hint":"try again; --timeout gives a look-up more time","id":"cacc_1","api":"connect","profile":"test","status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn server() {
    check(&Case {
        server: Server::Answers("503 Oh", "X-Request-Id: r-2\r\n", ""),
        args: "get cacc_1 --retries 0",
        exit_code: 8,
        stdout: ["", ""],
        stderr: [
            r"error: 127.0.0.1:PORT (profile test) failed with status 503 (cacc_1)
  hint: try again later; its operator can look for request r-2
",
            r#"{"error":{"code":"server","exit_code":8,"retryable":true,"message":"127.0.0.1:PORT (profile test) failed with status 503 (cacc_1)","hint":"try again later; its operator can look for request r-2","id":"cacc_1","api":"connect","profile":"test","status":503,"server_code":null,"server_message":null,"request_id":"r-2","retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn not_implemented() {
    check(&Case {
        server: Server::Answers("501 No", "", ""),
        args: "get cacc_1",
        exit_code: 8,
        stdout: ["", ""],
        stderr: [
            r"error: 127.0.0.1:PORT (profile test) failed with status 501 (cacc_1)
  hint: is base_url right? `acctq config show` shows it
",
            r#"{"error":{"code":"server","exit_code":8,"retryable":false,"message":"127.0.0.1:PORT (profile test) failed with status 501 (cacc_1)","hint":"is base_url right? `acctq config show` shows it","id":"cacc_1","api":"connect","profile":"test","status":501,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn bad_response() {
    check(&Case {
        server: Server::Answers("200 OK", "Content-Type: text/html\r\n", "<html>"),
        args: "get cacc_1",
        exit_code: 9,
        stdout: ["", ""],
        stderr: [
            r"error: 127.0.0.1:PORT answers with a web page, not with JSON (cacc_1, profile test)
  hint: is base_url right? `acctq config show` shows it
",
            r#"{"error":{"code":"bad_response","exit_code":9,"retryable":false,"message":"127.0.0.1:PORT answers with a web page, not with JSON (cacc_1, profile test)","hint":"is base_url right? `acctq config show` shows it","id":"cacc_1","api":"connect","profile":"test","status":200,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn strict() {
    check(&Case {
        server: Server::Answers("200 OK", "", r#"{"id":"cacc_1"}"#),
        args: "get cacc_1 --strict",
        exit_code: 9,
        stdout: ["", ""],
        stderr: [
            r"error: the connected account cacc_1 strays from the contract: connection_type (missing), onboarding_mode (missing), status (missing), platform_organization_id (missing), created_at (missing)
  hint: without --strict it is shown, with a warning
",
            r#"{"error":{"code":"bad_response","exit_code":9,"retryable":false,"message":"the connected account cacc_1 strays from the contract: connection_type (missing), onboarding_mode (missing), status (missing), platform_organization_id (missing), created_at (missing)","hint":"without --strict it is shown, with a warning","id":"cacc_1","api":"connect","profile":"test","status":200,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":1,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn unmet() {
    check(&Case {
        server: Server::Answers("200 OK", "", r#"{"id":"cacc_1","status":"revoked"}"#),
        args: "wait cacc_1 --for status=active -q",
        exit_code: 10,
        stdout: ["", ""],
        stderr: [
            r"error: the connected account cacc_1 (profile test) will not come to status=active any more: status is revoked
  hint: status=revoked is for good; nothing is waited for any longer
",
            r#"{"error":{"code":"unmet","exit_code":10,"retryable":false,"message":"the connected account cacc_1 (profile test) will not come to status=active any more: status is revoked","hint":"status=revoked is for good; nothing is waited for any longer","id":"cacc_1","api":"connect","profile":"test","status":null,"server_code":null,"server_message":null,"request_id":null,"retry_after_s":null,"attempts":null,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

#[test]
fn deadline() {
    check(&Case {
        server: Server::Answers("503 Oh", "X-Request-Id: r-3\r\n", ""),
        args: "wait cacc_1 --within 500ms --interval 100ms --retries 0 -q",
        exit_code: 124,
        stdout: ["", ""],
        stderr: [
            r"error: the connected account cacc_1 (profile test) was not found within 0.5 s: it could not be asked; the last one failed: 127.0.0.1:PORT (profile test) failed with status 503 (cacc_1)
  hint: try again later; its operator can look for request r-3
",
            r#"{"error":{"code":"deadline","exit_code":124,"retryable":false,"message":"the connected account cacc_1 (profile test) was not found within 0.5 s: it could not be asked; the last one failed: 127.0.0.1:PORT (profile test) failed with status 503 (cacc_1)","hint":"try again later; its operator can look for request r-3","id":"cacc_1","api":"connect","profile":"test","status":503,"server_code":null,"server_message":null,"request_id":"r-3","retry_after_s":null,"attempts":null,"elapsed_ms":MS,"file":null,"line":null}}
"#,
        ],
    });
}

/// The README's table, the program's, and what these tests have seen.
#[test]
fn every_exit_code_is_produced_by_a_test() {
    let tests: String =
        std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli"))
            .unwrap()
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
    for kind in acctq::error::Kind::ALL {
        let (name, code) = (kind.code(), kind.exit_code());
        let object = format!("\"code\":\"{name}\",\"exit_code\":{code},");
        let is_seen =
            tests.contains(&object) || matches!(name, "failed" | "interrupted" | "terminated");
        assert!(is_seen, "no test has seen {name}");
    }
}

#[test]
fn the_table_is_in_the_help() {
    Home::new().acctq("help exit-codes").run().prints(
        "Exit codes

Code  Name          Meaning
0                   success; everything expected holds; an empty list
1     failed        an internal error, output that could not be written, or
                    failures that differ in kind
2     usage         bad flag, malformed id, unknown field, bad expression, empty
                    suite
3     config        missing or invalid configuration, unknown profile, unsafe
                    permissions
4     auth          no token, a token source that failed, 401, 403
5     not_found     404
5     gone          410
6     rate_limited  429, retries used up
7     network       the server was not reached, or the connection broke
7     tls           no trustworthy TLS connection
7     proxy         a proxy that cannot be used
7     timeout       the server did not answer in time
8     server        5xx, retries used up
9     bad_response  an answer outside the contract: no JSON object, another
                    account's id, a redirect, another status, --strict
10    unmet         `check` failed, or what `wait` waits for cannot come any
                    more
124   deadline      `wait` ran out of time
130   interrupted   SIGINT
143   terminated    SIGTERM, SIGHUP

6 to 8: try again; 10: the answer is no. Anything else: something to fix. In
JSON errors `retryable` says it more exactly.

Example:
  acctq -p sandbox get gone; echo $?
",
    );
}
