//! TLS by OpenSSL: what its server refuses, and the directory that its `rehash` makes.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Stdio};

use crate::harness::{Home, Run};
use crate::programs::program;

fn openssl(home: &Home, args: &str) {
    let mut command = program(home, "openssl", "openssl");
    command.args(args.split(' '));
    let made = Run::of(command).run();
    assert_eq!(made.code, 0, "{made:#?}");
}

/// A CA and a certificate for `localhost`, made by OpenSSL as its manual does: `ca.pem`, `leaf.pem`, `leaf.key`.
fn certificates() -> Home {
    let home = Home::new();
    for args in [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /O=Acme/CN=OpenSSL-CA",
        "req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=localhost -addext subjectAltName=DNS:localhost",
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -days 2 -out leaf.pem",
    ] {
        openssl(&home, args);
    }
    home
}

/// `openssl s_server`, until dropped.
struct Server {
    child: Child,
    /// The lines that it shows, of which no more than a pipe takes may be left unread.
    lines: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts it, and has the profile name it.
    fn new(home: &Home, args: &str) -> Self {
        let mut command = program(home, "openssl", "openssl");
        command
            .args("s_server -accept 127.0.0.1:0 -cert leaf.pem -key leaf.key".split(' '))
            .args(args.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Server { child, lines };
        let port = server.line("ACCEPT ").rsplit(':').next().unwrap().to_owned();
        home.profile(&format!("https://localhost:{port}"));
        server
    }

    /// The next line that begins so.
    fn line(&mut self, start: &str) -> String {
        self.lines.by_ref().map_while(Result::ok).find(|line| line.starts_with(start)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_openssls_server_refuses() {
    let home = certificates();
    for (args, codes) in [
        ("-www -tls1_1 -cipher DEFAULT:@SECLEVEL=0", &["tls"][..]),
        ("-www -tls1 -cipher DEFAULT:@SECLEVEL=0", &["tls"]),
        ("-www -tls1_2 -Verify 1", &["tls"]),
        // It refuses after the handshake: its alert and the end of the connection race.
        ("-www -tls1_3 -Verify 1", &["tls", "network"]),
    ] {
        let _server = Server::new(&home, args);
        let get = home.acctq("cacc get cacc_1 --retries 0 -o json");
        let ended = get.env("SSL_CERT_FILE", home.path().join("ca.pem")).run();
        let error = ended.fails(7, &["localhost:"]).error();
        let code = error["code"].as_str().unwrap();
        assert!(codes.contains(&code), "{args}: {error:#}");
    }
}

#[test]
fn a_server_that_renegotiates_after_the_request_is_told_in_rustlss_words() {
    let home = certificates();
    let mut server = Server::new(&home, "-tls1_2");
    let get = home.acctq("cacc get cacc_1 --retries 0 -o json").env("SSL_CERT_FILE", home.path().join("ca.pem"));
    let get = get.start();
    server.line("GET /api/v1/connected-accounts/cacc_1 ");
    // `R`: renegotiate, and ask for a client certificate.
    server.child.stdin.as_mut().unwrap().write_all(b"R\n").unwrap();
    let error = get.exits().fails_with(7, "tls");
    assert!(error["message"].as_str().unwrap().contains("HandshakeFailure"), "{error:#}");
    assert!(error["hint"].as_str().unwrap().contains("client_cert_file"), "{error:#}");
}

#[test]
fn a_directory_that_openssl_rehashed_is_read() {
    let home = certificates();
    let dir = home.path().join("cas");
    std::fs::create_dir(&dir).unwrap();
    let _server = Server::new(&home, "-www");
    let get = || {
        let get = home.acctq("cacc get cacc_1 -o json");
        get.env("SSL_CERT_DIR", &dir).run()
    };
    assert_eq!(get().fails(3, &["SSL_CERT_DIR"]).error()["code"], "config");
    std::fs::rename(home.path().join("ca.pem"), dir.join("acme.pem")).unwrap();
    openssl(&home, "rehash cas");
    let links = std::fs::read_dir(&dir).unwrap();
    let links = links.filter(|entry| entry.as_ref().unwrap().path().is_symlink());
    assert_eq!(links.count(), 1);
    // It is trusted, and asked: its status page is no account.
    assert_eq!(get().fails(9, &[]).error()["code"], "bad_response");
}
