//! Which servers are trusted, what is said of the others, and where the CA certificates come from.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{ALL_VERSIONS as ALL, RootCertStore, ServerConfig, SupportedProtocolVersion, version};

use crate::harness::{Ended, Home, TOKEN};
use crate::http::{ACCOUNT, connected, facts, rows};
use crate::wire::Do::{Dribble, Finish, Hold, Reset, Start, Write};
use crate::wire::{Wire, json};

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
        Identity { pem: certificate.pem(), chain: vec![certificate.der().clone()], params, key }
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

    fn serves(&self, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        self.serves_clients_of(None, versions)
    }

    /// A server that asks for a client certificate of this CA.
    fn serves_clients_of(&self, ca: Option<&Identity>, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_protocol_versions(versions).unwrap();
        let key = self.key.serialize_der().try_into().unwrap();
        let verifier = ca.map(|ca| {
            let mut roots = RootCertStore::empty();
            roots.add(ca.chain[0].clone()).unwrap();
            WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap()
        });
        let builder = builder.with_client_cert_verifier(verifier.unwrap_or_else(WebPkiClientVerifier::no_client_auth));
        builder.with_single_cert(self.chain.clone(), key).unwrap()
    }
}

/// A certificate to be, for these names and addresses.
fn names(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
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
    (root.pem.clone(), server.serves(ALL))
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
    let by = |name: &str| Identity::root(name).certifies(good());
    let own = Identity::new(good(), None);
    let of_clients = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut classes = BTreeSet::new();
    for (name, host, identity) in rows! {
        // One of each class.
        "1 expired", "localhost", root.certifies(but(old));
        "1 another name", "localhost", root.certifies(names(&["other.example"]));
        "1 unknown CA", "localhost", by("No Root");
        "not yet valid", "localhost", root.certifies(but(|p| p.not_before = date_time_ymd(2999, 12, 31)));
        "expired CA", "localhost", ended.certifies(good()).with(&ended);
        "the token as another name", "localhost", root.certifies(names(&["other.example", TOKEN]));
        "a name instead of the address", "127.0.0.1", root.certifies(good());
        "no name", "localhost", root.certifies(names(&[])); "self-signed", "localhost", Identity::new(good(), None);
        "missing intermediate", "localhost", issuing.certifies(good());
        "another key of the CA", "localhost", by("Acme Root");
        "a hostile name", "localhost", by("\u{1b}[31mroot\n\u{202e}error: eyJhbGciOiJIUzI1NiIsInR5cCI6");
        "the token as a CA", "localhost", by(&format!("CA of {TOKEN}"));
        "no CA", "localhost", own.certifies(good());
        "a CA's own", "localhost", root.certifies(but(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)));
        "a client's", "localhost", root.certifies(but(|p| p.extended_key_usages = of_clients));
    } {
        let wire = Wire::tls(identity.serves(ALL), json(ACCOUNT));
        let place = format!("{host}:{}", wire.port());
        let ended = get(host, wire.port(), &root.pem, "-o json");
        let error = ended.fails(7, &[&place]).error();
        let found = facts(&error, "code retryable attempts status");
        assert_eq!(found, "tls false 1 null", "{name}");
        let came = (wire.connections_of(1), wire.requests().len());
        assert_eq!(came, (1, 0), "{name}");
        if name.starts_with('1') {
            classes.insert(facts(&error, "message").replace(&place, ""));
        }
    }
    assert_eq!(classes.len(), 3, "{classes:#?}");
}

#[test]
fn servers_that_are_trusted() {
    let root = Identity::root("Acme Root");
    let issuing = root.certifies(ca("Acme Issuing"));
    let by_issuing = |name: &str| issuing.certifies(names(&[name]));
    let own = Identity::new(names(&["localhost"]), None);
    let own_pem = own.pem.clone();
    for (name, host, identity, trusted) in rows! {
        "a whole chain", "localhost", by_issuing("localhost").with(&issuing), &root.pem;
        "an intermediate that is trusted itself", "localhost", by_issuing("localhost"), &issuing.pem;
        "an address", "127.0.0.1", by_issuing("127.0.0.1").with(&issuing), &root.pem;
        "self-signed and trusted itself", "localhost", own, &own_pem;
    } {
        for version in [&version::TLS12, &version::TLS13] {
            let wire = Wire::tls(identity.serves(&[version]), json(ACCOUNT));
            let ended = get(host, wire.port(), trusted, "-o ndjson");
            ended.prints(&format!("{ACCOUNT}\n"));
            assert_eq!(wire.requests().len(), 1, "{name}");
        }
    }
}

#[test]
fn handshakes_that_fail() {
    let root = Identity::root("Acme Root");
    let says = |bytes: &[u8]| Wire::always(vec![Start, Write(bytes.into()), Finish]);
    let alert = |code: u8| says(&[0x15, 3, 3, 0, 2, 2, code]);
    let slow = vec![Start, Dribble(b"\x16\x03\x03\x3f\xff".repeat(100), 20)];
    for (name, wire, code, attempts) in rows! {
        "plain HTTP", says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "tls", 1;
        "SSH", says(b"SSH-2.0-OpenSSH_9.2\r\n"), "tls", 1; "garbage", says(&[0xa5; 4096]), "tls", 1;
        "zeros", says(&[0; 64]), "tls", 1; "only older versions", alert(70), "tls", 1;
        "no such name", alert(112), "tls", 1; "no cipher in common", alert(40), "tls", 1;
        "FIN", Wire::always(vec![Start, Finish]), "network", 2; "reset", Wire::always(vec![Start, Reset]), "network", 2;
        "silence", Wire::always(vec![Hold]), "timeout", 1; "byte by byte", Wire::always(slow), "timeout", 1;
    } {
        let timeout = if code == "timeout" { "200ms" } else { "30s" };
        let args = format!("-o json --timeout {timeout}");
        let ended = get("localhost", wire.port(), &root.pem, &args);
        let place = format!("localhost:{}", wire.port());
        let error = ended.fails(7, &[&place]).error();
        let found = facts(&error, "code attempts");
        assert_eq!(found, format!("{code} {attempts}"), "{name}");
        // Who closes during the handshake may have wanted a client certificate.
        let is_refusal = ["only older versions", "no such name", "no cipher in common", "FIN", "reset"].contains(&name);
        assert_eq!(error["hint"].as_str().unwrap().contains("client_cert_file"), is_refusal, "{name}");
        connected(&wire, attempts, code);
        assert_eq!(wire.requests(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_connection_that_is_cut_is_the_end_of_what_is_whole() {
    let root = Identity::root("Acme Root");
    let start = "HTTP/1.1 200 OK\r\n";
    let unframed = format!("{start}Connection: close\r\n\r\n{ACCOUNT}").into_bytes();
    let chunks = format!("{:x}\r\n{ACCOUNT}\r\n0\r\n\r\n", ACCOUNT.len());
    let chunked = format!("{start}Transfer-Encoding: chunked\r\n\r\n{chunks}").into_bytes();
    let serves = || root.certifies(names(&["localhost"])).serves(ALL);
    for (name, wire, attempts) in rows! {
        "no length, closed", Wire::tls(serves(), unframed), 1;
        "a length, cut", Wire::tls_closing(serves(), json(ACCOUNT), false), 1;
        "chunks, cut", Wire::tls_closing(serves(), chunked.clone(), false), 1;
        "half of a length, cut", Wire::tls_closing(serves(), json(ACCOUNT)[..120].into(), false), 2;
        "half of the chunks, cut", Wire::tls_closing(serves(), chunked[..120].into(), false), 2;
    } {
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
    let wire = Wire::tls(server.serves(ALL), json(ACCOUNT));
    let home = Home::new();
    let url = wire.url();
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n{more}\n"
    ));
    (wire, home)
}

const CA_FILE: &str = "ca_file = \"~/ca.pem\"";

#[test]
fn a_ca_file_may_hold_more_than_one_ca() {
    let root = Identity::root("Acme Root");
    let (ours, theirs) = (&*root.pem, &*Identity::root("Another Root").pem);
    let key = root.key.serialize_pem();
    for text in rows! {
        format!("{theirs}{ours}");
        format!("Subject: CN=Acme Root\n\n{ours}# Größe\n{theirs}"); ours.replace('\n', "\r\n");
        ours.trim_end().to_owned(); format!("{key}{ours}{ours}"); format!("\u{feff}{ours}");
    } {
        let (wire, home) = served(&root, CA_FILE);
        let own = home.file("ca.pem", &text, 0o644);
        let other = home.file("other.pem", theirs, 0o644);
        let get = || home.acctq("cacc get cacc_1 -o ndjson");
        let found = format!("{ACCOUNT}\n");
        // It is added to the system's, or to those that the variable names instead.
        get().run().prints(&found);
        get().env("SSL_CERT_FILE", &other).run().prints(&found);
        // A variable that is empty is not set.
        let unset = get().env("SSL_CERT_FILE", "").env("SSL_CERT_DIR", ":");
        unset.run().prints(&found);
        home.profile(wire.url());
        get().env("SSL_CERT_FILE", &own).run().prints(&found);
        let refused = get().env("SSL_CERT_FILE", &other).run();
        assert_eq!(refused.fails(7, &[]).error()["code"], "tls", "{text}");
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
    let large = vec![b'\n'; 8 * 1024 * 1024 + 1];
    let rows: [(&str, Make<'_>); 12] = rows! {
        "missing", &|_| (); "empty", &|path| write(path, b""); "blank", &|path| write(path, b" \n\r\n");
        "text", &|path| write(path, b"Acme Root\n"); "key", &|path| write(path, key.as_bytes());
        "DER", &|path| write(path, &root.chain[0]); "cut", &|path| write(path, cut.as_bytes());
        "damaged", &|path| write(path, damaged.as_bytes()); "large", &|path| write(path, &large);
        "directory", &|path| fs::create_dir(path).unwrap(); "dangling", &|path| symlink("nowhere", path).unwrap();
        "FIFO", &|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
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

const CLIENT_CERT: &str = "client_cert_file = \"me.pem\"\nclient_key_file = \"~/me.key\"";

#[test]
fn a_gateway_gets_the_client_certificate_of_the_profile() {
    let (root, clients) = (Identity::root("Acme Root"), Identity::root("Acme Clients"));
    let me = clients.certifies(but(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]));
    let stranger = root.certifies(names(&["localhost"]));
    for version in [&version::TLS12, &version::TLS13] {
        let config = root.certifies(names(&["localhost"])).serves_clients_of(Some(&clients), &[version]);
        let wire = Wire::tls(config, json(ACCOUNT));
        let home = Home::new();
        let get = |more: &str, identity: &Identity| {
            let url = wire.url();
            home.config(format!(
                "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n{CA_FILE}\n{more}\n"
            ));
            home.file("ca.pem", &root.pem, 0o644);
            home.file(".config/acctq/me.pem", &identity.pem, 0o644);
            home.file("me.key", identity.key.serialize_pem(), 0o600);
            home.acctq("cacc get cacc_1 -o ndjson --retries 1").run()
        };
        get(CLIENT_CERT, &me).prints(&format!("{ACCOUNT}\n"));
        let shown = home.acctq("config show").run().stdout;
        assert!(shown.contains("client_cert_file") && shown.contains("client_key_file"), "{shown}");
        if version == &version::TLS12 {
            // With TLS 1.3 the client learns of it after its request.
            for (more, identity) in [("", &me), (CLIENT_CERT, &stranger)] {
                let asked = wire.requests().len();
                let error = get(more, identity).fails(7, &["localhost"]).error();
                assert!(error["hint"].as_str().unwrap().contains("client_cert_file"), "{error:#}");
                assert_eq!(wire.requests().len(), asked);
            }
        }
    }
}

#[test]
fn a_client_certificate_that_cannot_be_used_is_a_mistake_of_the_configuration() {
    let (root, other) = (Identity::root("Acme Root"), Identity::root("Another Root"));
    let (cert, key) = (root.pem.clone(), root.key.serialize_pem());
    let only_cert = "client_cert_file = \"~/me.pem\"";
    let both = "client_cert_file = \"~/me.pem\"\nclient_key_file = \"~/me.key\"";
    for (name, more, cert, key, mode) in rows! {
        "no key named", only_cert, &*cert, &*key, 0o600; "another key", both, &*cert, &*other.key.serialize_pem(), 0o600;
        "open to others", both, &*cert, &*key, 0o640; "no certificate", both, &*key, &*key, 0o600;
        "no key", both, &*cert, &*cert, 0o600; "damaged", both, &*cert.replacen("\nMII", "\nM!!", 1), &*key, 0o600;
    } {
        let (wire, home) = served(&root, &format!("{CA_FILE}\n{more}"));
        home.file("ca.pem", &root.pem, 0o644);
        home.file("me.pem", cert, 0o644);
        home.file("me.key", key, mode);
        let error = home.acctq("cacc get cacc_1 -o json").run().fails(3, &[]).error();
        assert_eq!(error["code"], "config", "{name}");
        assert!(error["file"].is_string(), "{name}: {error}");
        assert_eq!(wire.connections(), 0, "{name}");
    }
}
