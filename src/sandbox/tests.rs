use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::time::Instant;

use super::*;
use crate::account::{Account, CONNECTED, Document, Drift, PARTNER};
use crate::error::Kind;
use crate::escape::is_forbidden;

/// Limits that are not met by accident.
const LONG: Limits = Limits {
    connections: 64,
    request: Duration::from_secs(60),
    write: Duration::from_secs(60),
    late: Duration::from_secs(3600),
};

/// A client that speaks bytes.
struct Client(BufReader<TcpStream>);

#[derive(Debug)]
struct Answered {
    status: u16,
    head: String,
    body: Vec<u8>,
    is_whole: bool,
}

impl Answered {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    fn of(server: &Server) -> Self {
        let stream = TcpStream::connect(server.shared.address).expect("connects");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("set");
        Client(BufReader::new(stream))
    }

    /// Sends, though the server may have stopped listening in the middle.
    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.get_mut().write_all(bytes.as_ref());
    }

    /// `Ok(None)` at the end of the connection.
    fn receive(&mut self) -> io::Result<Option<Answered>> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                assert_eq!(head, "");
                return Ok(None);
            }
        }
        let length: u64 = header(&head, "Content-Length")
            .expect("a length")
            .parse()
            .expect("a number");
        let mut body = Vec::new();
        self.0.by_ref().take(length).read_to_end(&mut body)?;
        Ok(Some(Answered {
            status: head[9..12].parse().expect("a status"),
            is_whole: body.len() as u64 == length,
            head,
            body,
        }))
    }

    fn ask(&mut self, request: impl AsRef<[u8]>) -> Answered {
        self.send(request);
        self.receive().expect("readable").expect("an answer")
    }

    fn get(&mut self, path: &str) -> Answered {
        let request = get(self.0.get_ref(), path);
        self.ask(request)
    }

    fn is_closed(&mut self) -> bool {
        matches!(self.receive(), Ok(None))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines
        .filter(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .next()
}

fn get(stream: &TcpStream, path: &str) -> String {
    let host = stream.peer_addr().expect("connected");
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n")
}

fn server() -> Server {
    Server::with(0, ACCOUNTS, LONG).expect("a free port")
}

fn path(row: &Row) -> String {
    format!("{}{}", row.resource.path, row.id)
}

fn account(row: &Row) -> Account {
    let server = server();
    let text = Client::of(&server).get(&path(row)).text();
    Account {
        resource: row.resource,
        document: Document::parse(text).expect("an object"),
    }
}

fn row(id: &str) -> Row {
    rows().find(|row| row.id == id).expect("known")
}

#[test]
fn ids_are_legal_and_told_apart() {
    let mut ids: Vec<_> = rows().map(|row| row.id).collect();
    for row in rows() {
        assert!(row.resource.parse_id(row.id).is_ok(), "{}", row.id);
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for named in ["cacc_ratelimited", "cacc_garbage", "cacc_slow", "gone"] {
        assert_ne!(row(named).exit_code, 0);
    }
    for seed in [CONNECTED.example_id, PARTNER.example_id] {
        assert_eq!(row(seed).code, None);
    }
}

/// What a client should make of an answer, told from its bytes alone.
fn outcome(row: &Row, answered: io::Result<Option<Answered>>) -> (u8, Option<&'static str>) {
    let kind = match answered {
        Err(_) | Ok(None) => Kind::Network,
        Ok(Some(answered)) => match answered.status {
            200 if !answered.is_whole => Kind::Network,
            200 if header(&answered.head, "Content-Encoding").is_some() => Kind::BadResponse,
            200 => {
                let document = String::from_utf8(answered.body)
                    .ok()
                    .and_then(|text| Document::parse(text).ok());
                let id = row.resource.parse_id(row.id).expect("legal");
                let echoes = document.and_then(|document| {
                    let resource = row.resource;
                    Account { resource, document }.echoes(&id)
                });
                if echoes == Some(true) {
                    return (0, None);
                }
                Kind::BadResponse
            }
            401 | 403 => Kind::Auth,
            404 => Kind::NotFound,
            410 => Kind::Gone,
            429 => Kind::RateLimited,
            500.. => Kind::Server,
            _ => Kind::BadResponse,
        },
    };
    (kind.exit_code(), Some(kind.code()))
}

#[test]
fn every_row_ends_as_it_says() {
    let server = server();
    for row in rows().filter(|row| row.code != Some("timeout")) {
        let mut seen = Vec::new();
        for _ in 0..4 {
            let mut client = Client::of(&server);
            let request = get(client.0.get_ref(), &path(&row));
            client.send(request);
            seen.push(outcome(&row, client.receive()));
        }
        let expected = (row.exit_code, row.code);
        if TURNS.iter().any(|(id, _)| *id == row.id) {
            assert_eq!(seen[0], expected, "{}", row.id);
        } else if row.id.ends_with("once") {
            assert_ne!(seen[0], expected, "{}", row.id);
            assert_eq!(seen[1], expected, "{}", row.id);
            assert_eq!(seen[..2], seen[2..], "{}", row.id);
        } else {
            assert_eq!(seen, [expected; 4], "{}", row.id);
        }
    }
}

/// Ids whose answers change, and what is answered to one request after the other: a status or an account's state.
const TURNS: &[(&str, [&str; 5])] = &[
    (
        "cacc_onboarding",
        ["pending", "pending", "active", "active", "active"],
    ),
    (
        "cacc_revoking",
        ["pending", "suspended", "revoked", "revoked", "revoked"],
    ),
    (
        "cacc_appearing",
        ["404", "404", "active", "active", "active"],
    ),
    (
        "signingup",
        [
            "entitled",
            "entitled",
            "provisioned",
            "provisioned",
            "provisioned",
        ],
    ),
];

#[test]
fn accounts_change_from_request_to_request() {
    // Another server begins anew.
    for _ in 0..2 {
        let server = server();
        for (id, turns) in TURNS {
            let seen = turns.map(|_| state(&Client::of(&server).get(&path(&row(id)))));
            assert_eq!(seen, *turns, "{id}");
        }
    }
}

/// The status of an answer, or of the account in it; which keeps to the contract.
fn state(answered: &Answered) -> String {
    if answered.status != 200 {
        return answered.status.to_string();
    }
    let document = Document::parse(answered.text()).expect("an object");
    let status = document.get("status").expect("there").replace('"', "");
    let is_connected = document.get("connection_type").is_some();
    let account = Account {
        resource: if is_connected { &CONNECTED } else { &PARTNER },
        document,
    };
    assert_eq!(account.drift().count(), 0, "{}", answered.text());
    status
}

#[test]
fn each_turn_is_taken_once_however_many_ask() {
    let server = server();
    let states: Vec<_> = thread::scope(|scope| {
        let ask = || state(&Client::of(&server).get(&path(&row("cacc_onboarding"))));
        let asked: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        let join = |asked: thread::ScopedJoinHandle<'_, _>| asked.join().expect("no panic");
        asked.into_iter().map(join).collect()
    });
    let pending = states.iter().filter(|state| *state == "pending").count();
    assert_eq!((pending, states.len()), (2, 16));
}

#[test]
fn good_accounts_have_every_field_and_keep_to_the_contract() {
    let strays = |row: &Row| {
        ["drift", "hostile", "wrongid"]
            .iter()
            .any(|s| row.id.contains(s))
    };
    let mut lives = Vec::new();
    for row in rows().filter(|row| row.code.is_none() && !row.id.ends_with("once") && !strays(row))
    {
        let account = account(&row);
        assert_eq!(
            account.drift().next().map(|(f, _)| f.name),
            None,
            "{}",
            row.id
        );
        let names: Vec<_> = account.document.members().map(|(name, _)| name).collect();
        for field in row.resource.fields {
            assert!(names.contains(&field.name), "{}: {}", row.id, field.name);
        }
        let get = |name| {
            account
                .document
                .get(name)
                .unwrap_or_default()
                .replace('"', "")
        };
        lives.push(format!(
            "{} {}{}",
            get("status"),
            get("connection_type"),
            get("account_type")
        ));
    }
    for life in ["pending", "active", "suspended", "revoked"] {
        for kind in ["standard", "express"] {
            assert!(lives.contains(&format!("{life} {kind}")), "{life} {kind}");
        }
    }
    for life in ["entitled I", "entitled F", "provisioned I", "provisioned F"] {
        assert!(lives.contains(&life.to_owned()), "{life}");
    }
}

#[test]
fn strays_stray_as_they_say() {
    for id in ["cacc_drift", "drift"] {
        let mut drift: Vec<_> = account(&row(id)).drift().map(|(_, d)| d.words()).collect();
        drift.sort_unstable();
        let expected = [Drift::Missing, Drift::UnknownValue, Drift::WrongType];
        assert_eq!(drift, expected.map(Drift::words));
    }
    for id in [
        "cacc_newfield",
        "newfield",
        "secretive",
        "cacc_hostile",
        "hostile",
    ] {
        assert_eq!(account(&row(id)).drift().count(), 0, "{id}");
    }
    for id in ["cacc_hostile", "hostile"] {
        let account = account(&row(id));
        let decoded: String = account
            .document
            .members()
            .filter_map(|(_, value)| crate::account::field::text(value))
            .collect();
        for c in "\0\x1b\x07\n\r\t\x08\x7f\u{9b}\u{202e}\u{200b}\u{e0041}\u{ffff}".chars() {
            assert!(is_forbidden(c) && decoded.contains(c), "{id}: {c:?}");
        }
        assert!(decoded.matches('\u{301}').count() >= 50);
    }
    let account = account(&row("secretive"));
    let token = account
        .document
        .get("activation_token")
        .expect("there")
        .replace('"', "");
    assert!(
        account
            .document
            .get("redeem_url")
            .expect("there")
            .contains(&token)
    );
    assert!(
        account
            .document
            .get("promotion")
            .expect("there")
            .contains("activation_token")
    );
}

#[test]
fn errors_look_like_each_apis_own() {
    let server = server();
    let mut client = Client::of(&server);
    let answered = client.get("/api/v1/connected-accounts/cacc_ratelimited");
    assert_eq!(
        answered.text(),
        r#"{"code":"TOO_MANY_REQUESTS","message":"Too many requests; slow down."}"#
    );
    assert_eq!(header(&answered.head, "Retry-After"), Some("1"));
    assert_eq!(
        header(&answered.head, "Content-Type"),
        Some("application/json")
    );
    assert_eq!(
        header(&answered.head, "X-Request-Id"),
        Some("sandbox-000001")
    );
    assert!(httpdate::parse_http_date(header(&answered.head, "Date").expect("there")).is_ok());
    let answered = client.get("/api/v1/partners/accounts/nobody");
    assert_eq!(
        answered.text(),
        r#"{"description":"Failed to find the requested account.","code":404,"error":"not_found"}"#
    );
    assert_eq!(
        header(&answered.head, "X-Request-Id"),
        Some("sandbox-000002")
    );
    let answered = client.get("/api/v1/partners/accounts/notfoundempty");
    assert_eq!((answered.status, answered.body.len()), (404, 0));
    let answered = client.get("/api/v1/partners/accounts/ratelimitedlong");
    assert_eq!(header(&answered.head, "Retry-After"), Some("3600"));
}

#[test]
fn connections_live_on_and_requests_may_queue() {
    let server = server();
    let mut client = Client::of(&server);
    let one = get(
        client.0.get_ref(),
        "/api/v1/connected-accounts/cacc_activeexpress",
    );
    let two = get(client.0.get_ref(), "/api/v1/partners/accounts/gone");
    client.send(format!("{one}{two}{one}{}", &two[..30]));
    for status in [200, 410, 200] {
        assert_eq!(
            client.receive().expect("readable").expect("answer").status,
            status
        );
    }
    assert_eq!(client.ask(&two[30..]).status, 410);
    let answered = client.ask(one.replace("\r\n\r\n", "\r\nConnection: x, Close\r\n\r\n"));
    assert_eq!(
        (answered.status, header(&answered.head, "Connection")),
        (200, Some("close"))
    );
    assert!(client.is_closed());

    let mut client = Client::of(&server);
    assert_eq!(client.ask(one.replace("HTTP/1.1", "HTTP/1.0")).status, 200);
    assert!(client.is_closed());
}

#[test]
fn only_its_own_name_is_answered_to() {
    let server = server();
    let port = server.shared.address.port();
    let ask = |host: &str| {
        let mut client = Client::of(&server);
        client
            .ask(format!("GET /api/v1/partners/accounts/ending HTTP/1.1\r\n{host}Authorization: Bearer {TOKEN}\r\n\r\n"))
            .status
    };
    for own in [format!("127.0.0.1:{port}"), format!("LocalHost:{port}")] {
        assert_eq!(ask(&format!("Host: {own}\r\n")), 200, "{own}");
    }
    for other in [
        "evil.test".to_owned(),
        format!("evil.test:{port}"),
        format!("localhost.evil.test:{port}"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:1".to_owned(),
        format!("127.0.0.1:0{port}"),
        format!("x@127.0.0.1:{port}"),
        String::new(),
    ] {
        assert_eq!(ask(&format!("Host: {other}\r\n")), 403, "{other}");
    }
    assert_eq!(ask(""), 403);
    assert_eq!(
        ask(&format!("Host: 127.0.0.1:{port}\r\nHost: evil.test\r\n")),
        403
    );
}

#[test]
fn only_its_own_token_is_taken_and_no_other_repeated() {
    let server = server();
    let host = server.shared.address;
    for (path, status) in [
        ("/api/v1/connected-accounts/cacc_canary", 401),
        ("/api/v1/partners/accounts/canary", 403),
    ] {
        for token in [
            "",
            "Authorization: Bearer sk_live_canary\r\n",
            "Authorization: Basic YTpj\r\n",
            "Authorization: acctq-sandbox-token\r\n",
            "Authorization: Bearer acctq-sandbox-token2\r\n",
            "Authorization: Bearer acctq-sandbox-token\r\nAuthorization: Bearer canary\r\n",
        ] {
            let answered = Client::of(&server).ask(format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\n{token}\r\n"
            ));
            assert_eq!(answered.status, status, "{token}");
            assert!(!answered.text().contains("canary") && !answered.head.contains("canary"));
        }
    }
    assert!(!format!("{server:?}").contains("canary"));
}

#[test]
fn what_it_does_not_serve_is_refused() {
    let server = server();
    let host = server.shared.address;
    let rest = format!("Host: {host}\r\nAuthorization: Bearer {TOKEN}\r\n");
    let known = "/api/v1/connected-accounts/cacc_activeexpress";
    for path in [
        "/",
        "*",
        "/api/v1/partners/accounts",
        "/api/v1/connected-accounts/",
        "/api/v1/connected-accounts/../../../etc/passwd",
        "/api/v1/connected-accounts/%63acc_activeexpress",
        "/api/v1/connected-accounts/cacc_activeexpress/",
        "/api/v1/connected-accounts/cacc_activeexpress?x",
        "/api/v1/connected-accounts/gone",
        "/api/v1/partners/accounts/cacc_gone",
        "/api/v1/partners/accounts/%00",
        "//api/v1/partners/accounts/gone",
        "http://evil.test/api/v1/partners/accounts/gone",
    ] {
        let answered = Client::of(&server).ask(format!("GET {path} HTTP/1.1\r\n{rest}\r\n"));
        assert_eq!(answered.status, 404, "{path}");
        assert_eq!(
            header(&answered.head, "Content-Type"),
            Some("application/json")
        );
    }
    for (head, status) in [
        (format!("POST {known} HTTP/1.1\r\n{rest}\r\n"), 405),
        (
            format!("DELETE {known} HTTP/1.1\r\n{rest}Content-Length: 0\r\n\r\n"),
            405,
        ),
        (
            format!("POST {known} HTTP/1.1\r\n{rest}Content-Length: 2\r\n\r\n{{}}"),
            413,
        ),
        (
            format!("GET {known} HTTP/1.1\r\n{rest}Content-Length: -1\r\n\r\n"),
            400,
        ),
        (
            format!(
                "GET {known} HTTP/1.1\r\n{rest}Content-Length: 99999999999999999999999\r\n\r\n"
            ),
            413,
        ),
        (
            format!("POST {known} HTTP/1.1\r\n{rest}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            413,
        ),
        (
            format!(
                "GET {known} HTTP/1.1\r\n{rest}X: {}\r\n\r\n",
                "x".repeat(16 * 1024)
            ),
            431,
        ),
        (
            format!("GET {known} HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(65)),
            431,
        ),
        (
            format!(
                "GET {known}{} HTTP/1.1\r\n{rest}\r\n",
                "x".repeat(100 * 1024)
            ),
            414,
        ),
        (format!("GET {known} HTTP/3.0\r\n{rest}\r\n"), 400),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}".to_owned(), 400),
        ("\0".to_owned(), 400),
        ("GET /\u{7f}\u{1b} HTTP/1.1\r\n\r\n".to_owned(), 400),
    ] {
        let mut client = Client::of(&server);
        let answered = client.ask(&head);
        assert_eq!(answered.status, status, "{}", &head[..head.len().min(90)]);
        assert!(status == 405 || client.is_closed());
    }
    let mut client = Client::of(&server);
    let answered = client.ask(format!("HEAD {known} HTTP/1.1\r\n{rest}\r\n"));
    assert_eq!((answered.status, answered.body.len()), (405, 0));
    assert_eq!(header(&answered.head, "Allow"), Some("GET"));
    assert_eq!(client.get(known).status, 200);
}

#[test]
fn a_request_has_to_arrive_in_time_however_it_dribbles() {
    let server = Server::with(
        0,
        ACCOUNTS,
        Limits {
            request: Duration::from_millis(150),
            ..LONG
        },
    )
    .expect("a free port");
    let mut client = Client::of(&server);
    let started = Instant::now();
    client
        .0
        .get_ref()
        .set_read_timeout(Some(Duration::from_millis(5)))
        .expect("set");
    let answered = loop {
        client.send("G");
        match client.0.fill_buf() {
            Ok(_) => break client.receive(),
            Err(_) => assert!(started.elapsed() < Duration::from_secs(30)),
        }
    };
    assert_eq!(answered.expect("readable").expect("an answer").status, 408);
    // One that says nothing at all is closed without a word.
    assert!(Client::of(&server).is_closed());
}

#[test]
fn slow_ends_when_it_has_waited_or_nobody_waits_for_it() {
    let slow = row("cacc_slow");
    let server = Server::with(
        0,
        ACCOUNTS,
        Limits {
            late: Duration::from_millis(30),
            ..LONG
        },
    )
    .expect("a free port");
    let mut client = Client::of(&server);
    let started = Instant::now();
    assert_eq!(client.get(&path(&slow)).status, 200);
    assert!(started.elapsed() >= Duration::from_millis(30));

    let server = self::server();
    let mut leaving = Client::of(&server);
    let request = get(leaving.0.get_ref(), &path(&slow));
    leaving.send(&request);
    leaving.0.get_ref().shutdown(Shutdown::Write).expect("open");
    assert!(leaving.is_closed());

    let mut staying = Client::of(&server);
    staying.send(&request);
    let mut idle = Client::of(&server);
    assert_eq!(idle.get("/").status, 404);
    let address = server.shared.address;
    drop(server);
    assert!(staying.is_closed() && idle.is_closed());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_reset_is_a_reset_and_a_cut_is_an_end() {
    let server = server();
    for _ in 0..20 {
        let mut client = Client::of(&server);
        let request = get(client.0.get_ref(), &path(&row("cacc_reset")));
        client.send(request);
        let error = client.receive().expect_err("reset");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let answered = Client::of(&server).get(&path(&row("truncated")));
        assert!(!answered.is_whole && !answered.body.is_empty());
    }
}

#[test]
fn too_many_are_turned_away_and_the_rest_served() {
    let server = Server::with(
        0,
        ACCOUNTS,
        Limits {
            connections: 2,
            ..LONG
        },
    )
    .expect("a free port");
    let mut clients = [Client::of(&server), Client::of(&server)];
    for client in &mut clients {
        assert_eq!(client.get("/").status, 404);
    }
    for _ in 0..100 {
        assert_eq!(
            Client::of(&server)
                .receive()
                .expect("readable")
                .expect("an answer")
                .status,
            503
        );
    }
    for client in &mut clients {
        assert_eq!(client.get("/").status, 404);
    }
    drop(clients);
    let started = Instant::now();
    loop {
        let mut client = Client::of(&server);
        let request = get(client.0.get_ref(), "/");
        client.send(request);
        // One that is turned away may see a reset instead of the answer.
        if client
            .receive()
            .is_ok_and(|a| a.is_some_and(|a| a.status == 404))
        {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn nothing_brings_it_down() {
    let server = server();
    let whole = get(
        &TcpStream::connect(server.shared.address).expect("connects"),
        &path(&row("ending")),
    );
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..300 {
        let mut bytes = whole.clone().into_bytes();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        bytes.truncate(random.usize(..=bytes.len()));
        let mut client = Client::of(&server);
        client.send(&bytes);
        let _ = client.0.get_ref().shutdown(Shutdown::Write);
        let _ = client.0.read_to_end(&mut Vec::new());
    }
    assert_eq!(Client::of(&server).get(&path(&row("ending"))).status, 200);
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let server = server();
    assert!(server.base_url().starts_with("http://127.0.0.1:"));
    assert!(Server::start(server.shared.address.port()).is_err());
}

#[test]
fn the_list_comes_in_chunks_or_up_to_the_end() {
    let server = Server::with(0, 300, LONG).expect("a free port");
    let whole: String = server.shared.list.pieces().collect();
    let ask = |version: &str, connection: &str| {
        let mut client = Client::of(&server);
        let request = get(client.0.get_ref(), "/api/v1/connected-accounts");
        let request = request.replace(
            "HTTP/1.1\r\n",
            &format!("HTTP/{version}\r\nConnection: {connection}\r\n"),
        );
        client.send(request);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(client.0.read_line(&mut head).expect("readable"), 0);
        }
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(header(&head, "Content-Type"), Some("application/json"));
        assert_eq!(header(&head, "Content-Length"), None);
        (client, head)
    };
    let (mut client, head) = ask("1.1", "keep-alive");
    assert_eq!(header(&head, "Transfer-Encoding"), Some("chunked"));
    let mut body = String::new();
    let mut chunks = 0;
    loop {
        let mut line = String::new();
        client.0.read_line(&mut line).expect("readable");
        let length = u64::from_str_radix(line.trim_end(), 16).expect("a length");
        let mut chunk = String::new();
        client
            .0
            .by_ref()
            .take(length + 2)
            .read_to_string(&mut chunk)
            .expect("readable");
        body.push_str(chunk.strip_suffix("\r\n").expect("an end"));
        if length == 0 {
            break;
        }
        chunks += 1;
    }
    assert!(body == whole && chunks > 10, "{chunks} chunks: {body}");
    // The connection lives on.
    assert_eq!(
        client
            .get("/api/v1/connected-accounts/cacc_sandbox0000300")
            .status,
        200
    );
    assert_eq!(
        client
            .get("/api/v1/connected-accounts/cacc_sandbox0000301")
            .status,
        404
    );
    for connection in ["close", "keep-alive"] {
        let (mut client, head) = ask("1.0", connection);
        assert_eq!(header(&head, "Transfer-Encoding"), None);
        assert_eq!(header(&head, "Connection"), Some("close"));
        let mut body = String::new();
        client.0.read_to_string(&mut body).expect("readable");
        assert!(body == whole, "{body}");
    }
}

#[test]
fn a_list_nobody_reads_ends_with_its_client_or_its_server() {
    let server = Server::with(0, u32::MAX, LONG).expect("a free port");
    let mut clients: Vec<_> = (0..4).map(|_| Client::of(&server)).collect();
    for client in &mut clients {
        let request = get(client.0.get_ref(), "/api/v1/connected-accounts");
        client.send(request);
        assert!(client.0.read_line(&mut String::new()).expect("readable") > 0);
    }
    clients.truncate(2);
    assert_eq!(Client::of(&server).get(&path(&row("ending"))).status, 200);
    // Dropping it ends the others.
    drop(server);
    for client in &mut clients {
        let _ = io::copy(&mut client.0, &mut io::sink());
    }
}

#[test]
fn only_connect_has_a_list_and_only_for_its_token() {
    let server = server();
    let mut client = Client::of(&server);
    for (path, status) in [
        ("/api/v1/connected-accounts?limit=1", 404),
        ("/api/v1/partners/accounts/cacc_sandbox0000001", 404),
    ] {
        assert_eq!(client.get(path).status, status, "{path}");
    }
    let request = get(client.0.get_ref(), "/api/v1/connected-accounts");
    let answered = client.ask(request.replace(TOKEN, "another-token"));
    assert_eq!(answered.status, 401);
    let answered = client.ask(request.replace("GET", "DELETE"));
    assert_eq!(answered.status, 405);
}
