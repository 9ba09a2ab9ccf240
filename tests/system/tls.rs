//! TLS by OpenSSL: what its server refuses, and the directory that its `rehash` makes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use crate::harness::{Home, Run};
use crate::programs::program;

const ID: &str = "cacc_7n42DGM5Tflk9n8mt7Fhc7";

/// A CA and a certificate for `localhost`, made by OpenSSL as its manual does: `ca.pem`, `leaf.pem`, `leaf.key`.
fn certificates(home: &Home) {
    let openssl = |args: &str| {
        let mut command = program(home, "openssl", "openssl");
        command.args(args.split(' '));
        let made = Run::of(command).run();
        assert_eq!(made.code, 0, "{made:#?}");
    };
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /O=Acme/CN=OpenSSL-CA",
    );
    openssl(
        "req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=localhost -addext subjectAltName=DNS:localhost",
    );
    openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -days 2 -out leaf.pem",
    );
}

/// `openssl s_server`, which answers every request with its own status page, until dropped.
struct Server {
    child: Child,
    port: String,
}

impl Server {
    fn new(home: &Home, args: &str) -> Self {
        let mut command = program(home, "openssl", "openssl");
        command
            .args("s_server -accept 127.0.0.1:0 -cert leaf.pem -key leaf.key -www".split(' '))
            .args(args.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                Some(
                    line.unwrap()
                        .strip_prefix("ACCEPT ")?
                        .rsplit_once(':')?
                        .1
                        .to_owned(),
                )
            })
            .expect("s_server listens");
        thread::spawn(move || lines.for_each(drop));
        Server { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_openssls_server_refuses_is_told_apart() {
    let home = Home::new();
    certificates(&home);
    let demands = "localhost:PORT demands a client certificate";
    let old = "localhost:PORT offers no TLS version or cipher that is safe";
    let safe = "it must speak TLS 1.2 or 1.3; ask its operator";
    let none = "acctq has none to offer; ask the server's operator for a way without";
    for (args, message, hint) in [
        ("-tls1_1 -cipher DEFAULT:@SECLEVEL=0", old, safe),
        ("-tls1 -cipher DEFAULT:@SECLEVEL=0", old, safe),
        ("-tls1_2 -Verify 1", demands, none),
        ("-tls1_3 -Verify 1", demands, none),
    ] {
        let server = Server::new(&home, args);
        let port = &server.port;
        home.profile(&format!("https://localhost:{port}"));
        let get = |args: &str| {
            home.acctq(&format!("cacc get {ID} --retries 2 {args}"))
                .env("SSL_CERT_FILE", home.path().join("ca.pem"))
                .run()
        };
        let message = format!("{} ({ID}, profile test)", message.replace("PORT", port));
        // Whether the alert is read before the end of the connection must not be a matter of chance.
        for _ in 0..8 {
            get("").is(7, "", &format!("error: {message}\n  hint: {hint}\n"));
        }
        let error = get("-o json").fails(7, &[]).error();
        assert_eq!(
            (&error["code"], &error["retryable"], &error["attempts"]),
            (&"tls".into(), &false.into(), &1.into()),
            "{args}"
        );
    }
}

#[test]
fn a_directory_that_openssl_rehashed_is_read() {
    let home = Home::new();
    certificates(&home);
    let dir = home.path().join("cas");
    std::fs::create_dir(&dir).unwrap();
    let reached = |dir: &Path| {
        let server = Server::new(&home, "");
        home.profile(&format!("https://localhost:{}", server.port));
        home.acctq(&format!("cacc get {ID}"))
            .env("SSL_CERT_DIR", dir)
            .run()
    };
    let empty = reached(&dir);
    empty.fails(3, &["holds no CA certificate", "openssl rehash"]);

    std::fs::rename(home.path().join("ca.pem"), dir.join("acme.pem")).unwrap();
    let mut rehash = program(&home, "openssl", "openssl");
    rehash.arg("rehash").arg(&dir);
    assert_eq!(Run::of(rehash).run().code, 0);
    let links = std::fs::read_dir(&dir)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_symlink());
    assert_eq!(links.count(), 1);
    // It is trusted, and asked: its status page is no account.
    reached(&dir).fails(9, &["answers with a web page, not with JSON"]);
}
