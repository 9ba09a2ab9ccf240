//! Which servers are trusted, what is said of the others, and where the CA certificates come from.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, SupportedProtocolVersion, version};

use crate::harness::{Ended, Home, TOKEN};
use crate::http::ACCOUNT;
use crate::wire::Do::{Dribble, Finish, Hold, Reset, Start, Write};
use crate::wire::{Do, Wire, json};

/// A certificate, those of the CAs above it, and its key.
struct Identity {
    pem: String,
    chain: Vec<CertificateDer<'static>>,
    params: CertificateParams,
    key: KeyPair,
}

impl Identity {
    /// Signs a certificate, by its own key if there is no CA.
    fn new(params: CertificateParams, ca: Option<&Identity>) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = match ca {
            None => params.self_signed(&key),
            Some(ca) => params.signed_by(&key, &Issuer::from_params(&ca.params, &ca.key)),
        }
        .unwrap();
        Identity {
            pem: certificate.pem(),
            chain: vec![certificate.der().clone()],
            params,
            key,
        }
    }

    fn root(name: &str) -> Self {
        Identity::new(ca(name), None)
    }

    fn certifies(&self, params: CertificateParams) -> Self {
        Identity::new(params, Some(self))
    }

    /// Sends this CA's certificate, too.
    fn with(mut self, ca: &Identity) -> Self {
        self.chain.push(ca.chain[0].clone());
        self
    }

    fn serves(&self) -> ServerConfig {
        self.speaks(rustls::ALL_VERSIONS, None)
    }

    fn speaks(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        clients_of: Option<&Identity>,
    ) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_protocol_versions(versions).unwrap();
        let builder = match clients_of {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(ca.chain[0].clone()).unwrap();
                let roots = Arc::new(roots);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = self.key.serialize_der().try_into().unwrap();
        builder.with_single_cert(self.chain.clone(), key).unwrap()
    }
}

/// A certificate to be, for these names and addresses.
fn names(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params
}

/// The same for a CA.
fn ca(name: &str) -> CertificateParams {
    let mut params = names(&[]);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// The same for `localhost`, but for one thing.
fn but(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = names(&["localhost"]);
    change(&mut params);
    params
}

/// A CA of that name as PEM, and a server for `localhost` and `api.example.com` that it has certified.
pub fn certified(name: &str) -> (String, ServerConfig) {
    let root = Identity::root(name);
    let server = root.certifies(names(&["localhost", "api.example.com"]));
    (root.pem.clone(), server.serves())
}

/// Looks up `cacc_1` at this port with one retry, trusting these certificates.
fn get(host: &str, port: u16, trusted: &str, args: &str) -> Ended {
    let home = Home::new();
    home.profile(&format!("https://{host}:{port}"));
    let trusted = home.file("trusted.pem", trusted, 0o644);
    let get = format!("cacc get cacc_1 --retries 1 {args}");
    home.acctq(&get).env("SSL_CERT_FILE", &trusted).run()
}

#[test]
fn servers_that_are_not_trusted() {
    let root = Identity::root("Acme Root");
    let issuing = root.certifies(ca("Acme Issuing"));
    let old = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 31);
    };
    let mut ended = ca("Acme Ended");
    old(&mut ended);
    let ended = root.certifies(ended);
    let good = || names(&["localhost"]);
    let hostile = "\u{1b}[31mroot\n\u{202e}error: eyJhbGciOiJIUzI1NiIsInR5cCI6";
    let knowing = format!("CA of {TOKEN}");
    let own = Identity::new(good(), None);
    let of_clients = |p: &mut CertificateParams| {
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let rows = [
        // The first of each class.
        ("localhost", root.certifies(but(old))),
        ("localhost", root.certifies(names(&["other.example"]))),
        ("localhost", Identity::root("No Root").certifies(good())),
        ("localhost", root.certifies(but(of_clients))),
        (
            "localhost",
            root.certifies(but(|p| p.not_before = date_time_ymd(2999, 12, 31))),
        ),
        ("localhost", ended.certifies(good()).with(&ended)),
        (
            "localhost",
            root.certifies(names(&["other.example", TOKEN])),
        ),
        ("127.0.0.1", root.certifies(good())),
        ("localhost", root.certifies(names(&[]))),
        ("localhost", Identity::new(good(), None)),
        ("localhost", issuing.certifies(good())),
        ("localhost", Identity::root("Acme Root").certifies(good())),
        ("localhost", Identity::root(hostile).certifies(good())),
        ("localhost", Identity::root(&knowing).certifies(good())),
        ("localhost", own.certifies(good())),
        (
            "localhost",
            root.certifies(but(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))),
        ),
    ];
    let mut classes = BTreeSet::new();
    for (row, (host, identity)) in rows.iter().enumerate() {
        let wire = Wire::tls(identity.serves(), json(ACCOUNT));
        let place = format!("{host}:{}", wire.port());
        let error = get(host, wire.port(), &root.pem, "-o json");
        let error = error.fails(7, &[&place]).error();
        let facts = ["code", "retryable", "attempts", "status"].map(|key| error[key].to_string());
        assert_eq!(facts.join(" "), "\"tls\" false 1 null", "{row}: {error:#}");
        let asked = (wire.connections_of(1), wire.requests().len());
        assert_eq!(asked, (1, 0), "{row}");
        if row < 4 {
            let message = error["message"].as_str().unwrap();
            classes.insert(message.replace(&place, ""));
        }
    }
    assert_eq!(classes.len(), 4, "{classes:#?}");
}

#[test]
fn servers_that_are_trusted() {
    let root = Identity::root("Acme Root");
    let issuing = root.certifies(ca("Acme Issuing"));
    let own = Identity::new(names(&["localhost"]), None);
    let by_issuing = |name: &str| issuing.certifies(names(&[name]));
    for (name, identity, host, trusted) in [
        (
            "whole chain",
            by_issuing("localhost").with(&issuing),
            "localhost",
            &root.pem,
        ),
        (
            "intermediate",
            by_issuing("localhost"),
            "localhost",
            &issuing.pem,
        ),
        (
            "address",
            by_issuing("127.0.0.1").with(&issuing),
            "127.0.0.1",
            &root.pem,
        ),
        (
            "self-signed",
            Identity {
                pem: String::new(),
                chain: own.chain.clone(),
                params: own.params.clone(),
                key: KeyPair::from_pem(&own.key.serialize_pem()).unwrap(),
            },
            "localhost",
            &own.pem,
        ),
    ] {
        for version in [&version::TLS12, &version::TLS13] {
            let wire = Wire::tls(identity.speaks(&[version], None), json(ACCOUNT));
            let ended = get(host, wire.port(), trusted, "-o ndjson");
            ended.prints(&format!("{ACCOUNT}\n"));
            assert_eq!(
                (wire.connections(), wire.requests().len()),
                (1, 1),
                "{name}"
            );
        }
    }
}

#[test]
fn handshakes_that_fail() {
    let root = Identity::root("Acme Root");
    let alert = |code: u8| vec![0x15, 3, 3, 0, 2, 2, code];
    let says = |bytes: Vec<u8>| vec![Start, Write(bytes), Finish];
    let mut handshake = b"\x16\x03\x03\x3f\xff".to_vec();
    handshake.resize(500, 0);
    let rows: [(&str, Vec<Do>, &str, usize); 11] = [
        (
            "plain HTTP",
            says(b"HTTP/1.1 400 Bad Request\r\n\r\n".into()),
            "tls",
            1,
        ),
        ("SSH", says(b"SSH-2.0-OpenSSH_9.2\r\n".into()), "tls", 1),
        ("garbage", says(vec![0xa5; 4096]), "tls", 1),
        ("zeros", says(vec![0; 64]), "tls", 1),
        ("only older versions", says(alert(70)), "tls", 1),
        ("no such name", says(alert(112)), "tls", 1),
        ("no cipher in common", says(alert(40)), "tls", 1),
        ("FIN", vec![Start, Finish], "network", 2),
        ("reset", vec![Start, Reset], "network", 2),
        ("silence", vec![Hold], "timeout", 1),
        (
            "byte by byte",
            vec![Start, Dribble(handshake, 20)],
            "timeout",
            1,
        ),
    ];
    for (name, script, code, attempts) in rows {
        let timeout = if code == "timeout" { "200ms" } else { "30s" };
        let wire = Wire::always(script);
        let args = format!("-o json --timeout {timeout}");
        let error = get("localhost", wire.port(), &root.pem, &args);
        let error = error
            .fails(7, &[&format!("localhost:{}", wire.port())])
            .error();
        let facts = (&error["code"], &error["attempts"]);
        assert_eq!(facts, (&code.into(), &attempts.into()), "{name}");
        let free = if code == "network" { attempts } else { 0 };
        let connections = wire.connections_of(attempts);
        assert!(
            (attempts..=attempts + free).contains(&connections),
            "{name}"
        );
    }
    for version in [&version::TLS12, &version::TLS13] {
        let server = root.certifies(names(&["localhost"]));
        let config = server.speaks(&[version], Some(&root));
        let wire = Wire::tls(config, json(ACCOUNT));
        let error = get("localhost", wire.port(), &root.pem, "-o json")
            .fails(7, &[])
            .error();
        let facts = (&error["code"], &error["attempts"]);
        assert_eq!(
            facts,
            (&"tls".into(), &1.into()),
            "a client certificate is demanded"
        );
        assert_eq!((wire.connections_of(1), wire.requests().len()), (1, 0));
    }
}

#[test]
fn a_connection_that_is_cut_is_an_end_only_of_what_is_whole() {
    let root = Identity::root("Acme Root");
    let start = "HTTP/1.1 200 OK\r\n";
    let unframed = format!("{start}Connection: close\r\n\r\n{ACCOUNT}").into_bytes();
    let length = ACCOUNT.len();
    let chunked =
        format!("{start}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{ACCOUNT}\r\n0\r\n\r\n");
    let server: [(&str, fn(ServerConfig, Vec<u8>) -> Wire, Vec<u8>, usize); 5] = [
        ("no length, closed", Wire::tls, unframed, 1),
        ("a length, cut", Wire::tls_cut, json(ACCOUNT), 1),
        ("chunks, cut", Wire::tls_cut, chunked.clone().into(), 1),
        (
            "half of a length, cut",
            Wire::tls_cut,
            json(ACCOUNT)[..120].into(),
            2,
        ),
        (
            "half of the chunks, cut",
            Wire::tls_cut,
            chunked[..120].into(),
            2,
        ),
    ];
    for (name, server, answer, attempts) in server {
        let wire = server(root.certifies(names(&["localhost"])).serves(), answer);
        let ended = get("localhost", wire.port(), &root.pem, "-o ndjson");
        if attempts == 1 {
            ended.prints(&format!("{ACCOUNT}\n"));
        } else {
            assert_eq!(ended.fails(7, &[]).error()["code"], "network", "{name}");
        }
        assert_eq!(wire.connections_of(attempts), attempts, "{name}");
    }
}

/// A server of `root`, and a home whose profile names it and has this line.
fn served(root: &Identity, more: &str) -> (Wire, Home) {
    let server = root.certifies(names(&["localhost"]));
    let wire = Wire::tls(server.serves(), json(ACCOUNT));
    let home = Home::new();
    let url = wire.url();
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n{more}\n"
    ));
    (wire, home)
}

const CA_FILE: &str = "ca_file = \"~/ca.pem\"";

fn fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_ca_file_may_hold_more_than_one_ca() {
    let root = Identity::root("Acme Root");
    let (ours, theirs) = (&*root.pem, &*Identity::root("Another Root").pem);
    let key = KeyPair::generate().unwrap().serialize_pem();
    for text in [
        format!("{theirs}{ours}"),
        format!("Subject: CN=Acme Root\n\n{ours}# Größe\n{theirs}"),
        ours.replace('\n', "\r\n"),
        ours.trim_end().to_owned(),
        format!("{key}{ours}{ours}"),
        format!("\u{feff}{ours}"),
    ] {
        // It is added to the system's roots and to those that a variable names.
        let (wire, home) = served(&root, CA_FILE);
        let (own, other) = (
            home.file("ca.pem", &text, 0o644),
            home.file("other.pem", theirs, 0o644),
        );
        let get = |home: &Home| home.acctq("cacc get cacc_1 -o ndjson");
        let found = format!("{ACCOUNT}\n");
        get(&home).run().prints(&found);
        get(&home).env("SSL_CERT_FILE", &other).run().prints(&found);
        assert_eq!(wire.requests().len(), 2, "{text}");
        // The variable replaces the system's.
        let (_wire, home) = served(&root, "");
        get(&home).env("SSL_CERT_FILE", &own).run().prints(&found);
        let refused = get(&home).env("SSL_CERT_FILE", &other).run();
        assert_eq!(refused.fails(7, &[]).error()["code"], "tls");
    }
}

/// What makes the path of a CA file or directory be as it is.
type Make<'a> = &'a dyn Fn(&Path);

#[test]
fn a_ca_file_that_cannot_be_used_is_named() {
    let root = Identity::root("Acme Root");
    let cut = &root.pem[..root.pem.len() - 30];
    let damaged = format!("{}{}", root.pem, root.pem.replacen("\nMII", "\nM!!", 1));
    let key = root.key.serialize_pem();
    let write = |path: &Path, text: &[u8]| fs::write(path, text).unwrap();
    let rows: [(&str, Make<'_>); 12] = [
        ("missing", &|_| ()),
        ("empty", &|path| write(path, b"")),
        ("blank", &|path| write(path, b" \n\r\n")),
        ("text", &|path| write(path, b"Acme Root\n")),
        ("key", &|path| write(path, key.as_bytes())),
        ("DER", &|path| write(path, &root.chain[0])),
        ("cut", &|path| write(path, cut.as_bytes())),
        ("damaged", &|path| write(path, damaged.as_bytes())),
        ("large", &|path| {
            write(path, &vec![b'\n'; 8 * 1024 * 1024 + 1])
        }),
        ("directory", &|path| fs::create_dir(path).unwrap()),
        ("dangling", &|path| symlink("nowhere", path).unwrap()),
        ("FIFO", &|path| fifo(path)),
    ];
    for (name, make) in rows {
        for (named_by, more) in [("SSL_CERT_FILE", ""), ("ca_file", CA_FILE)] {
            let (wire, home) = served(&root, more);
            let path = home.path().join("ca.pem");
            make(&path);
            let mut get = home.acctq("cacc get cacc_1 -o json");
            if more.is_empty() {
                get = get.env(named_by, &path);
            }
            let error = get.run().fails(3, &[named_by]).error();
            let facts = (&error["code"], &error["file"]);
            assert_eq!(facts, (&"config".into(), &path.to_str().into()), "{name}");
            assert_eq!(wire.connections(), 0, "{name}");
        }
    }
    let (_wire, home) = served(&root, CA_FILE);
    let path = home.file("ca.pem", &root.pem, 0o000);
    let get = home.acctq("cacc get cacc_1 -o json");
    let error = get.by_ordinary_user(&home).run().fails(3, &[]).error();
    assert_eq!(error["file"].as_str(), path.to_str());
}

#[test]
fn a_directory_of_cas() {
    let root = Identity::root("Acme Root");
    let (wire, home) = served(&root, "");
    let dir = |name: &str| {
        let dir = home.path().join(name);
        fs::create_dir(&dir).unwrap();
        dir
    };
    // Names as `openssl rehash` makes them, and what else is found there.
    home.file("acme.pem", &root.pem, 0o644);
    let ours = dir("ours");
    symlink("../acme.pem", ours.join("5ed36f99.0")).unwrap();
    symlink("../nowhere.pem", ours.join("9d66eef0.0")).unwrap();
    fs::write(ours.join("README"), "CAs").unwrap();
    fs::write(ours.join("broken.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    fs::write(ours.join("key.pem"), root.key.serialize_pem()).unwrap();
    fs::create_dir(ours.join("more")).unwrap();
    fifo(&ours.join("fifo.pem"));
    let (theirs, bare, none) = (dir("theirs"), dir("bare"), home.path().join("none"));
    let file = home.file("other.pem", Identity::root("Another Root").pem, 0o644);
    fs::copy(&file, theirs.join("other.pem")).unwrap();
    fs::write(bare.join("README"), "no CA").unwrap();
    let get = |dirs: &str| {
        let get = home.acctq("cacc get cacc_1 -o ndjson");
        get.env("SSL_CERT_DIR", dirs)
    };
    let found = format!("{ACCOUNT}\n");
    let (ours, theirs) = (ours.to_str().unwrap(), theirs.to_str().unwrap());
    for dirs in [ours, &format!("{theirs}:{ours}"), &format!(":{ours}:")] {
        get(dirs).run().prints(&found);
    }
    get(ours).env("SSL_CERT_FILE", &file).run().prints(&found);
    get(theirs).run().fails(7, &["\"tls\""]);
    for path in [&bare, &none, &file] {
        let path = path.to_str().unwrap();
        for dirs in [path.to_owned(), format!("{ours}:{path}")] {
            let error = get(&dirs).run().fails(3, &["SSL_CERT_DIR"]).error();
            assert!(error["message"].as_str().unwrap().contains(path));
        }
    }
    assert_eq!(wire.requests().len(), 4);
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let root = Identity::root("Acme Root");
    let (_wire, home) = served(&root, CA_FILE);
    home.file("ca.pem", &root.pem, 0o644);
    for (file, dir) in [("", ""), ("", ":"), ("", "::")] {
        let get = home.acctq("cacc get cacc_1 -o ndjson");
        let get = get.env("SSL_CERT_FILE", file).env("SSL_CERT_DIR", dir);
        get.run().prints(&format!("{ACCOUNT}\n"));
    }
}
