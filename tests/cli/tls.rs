//! Who is trusted: every way in which a server's certificate may be wrong, told apart; and where roots come from.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, NameConstraints, SanType, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, SupportedProtocolVersion, version};

use crate::harness::{Ended, Home, TOKEN};
use crate::wire::Do::{self, Below, Read, Write};
use crate::wire::{Wire, json};

/// A server of one certificate that answers these bytes.
type Server = fn(ServerConfig, Vec<u8>) -> Wire;

/// What is asserted of a run.
type Check<'a> = &'a dyn Fn(Ended);

/// What makes a file be as it is.
type Provoke = Box<dyn Fn(&Home)>;

const ACCOUNT: &str = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2023-11-07T05:31:56Z"}"#;

/// A CA: its certificate, and what it signs with.
struct Authority {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn root(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = Self::params(name);
        let certificate = params.self_signed(&key).unwrap();
        Authority {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    fn intermediate(&self, name: &str) -> Self {
        self.intermediate_with(name, |_| ())
    }

    fn intermediate_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = Self::params(name);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Authority {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = called(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn certifies(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            chain: vec![certificate.der().clone()],
            pem: certificate.pem(),
            key,
        }
    }
}

/// What a server shows, and the key to it.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    pem: String,
    key: KeyPair,
}

impl Identity {
    fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Identity {
            chain: vec![certificate.der().clone()],
            pem: certificate.pem(),
            key,
        }
    }

    fn again(&self) -> Self {
        Identity {
            chain: self.chain.clone(),
            pem: self.pem.clone(),
            key: KeyPair::from_pem(&self.key.serialize_pem()).unwrap(),
        }
    }

    fn with(mut self, intermediate: &Authority) -> Self {
        self.chain.push(intermediate.der.clone());
        self
    }

    fn serves(self) -> ServerConfig {
        self.speaks(rustls::ALL_VERSIONS, None)
    }

    fn speaks(
        self,
        versions: &[&'static SupportedProtocolVersion],
        clients_of: Option<&Authority>,
    ) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .unwrap();
        let builder = match clients_of {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(authority.der.clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = self.key.serialize_der().try_into().unwrap();
        builder.with_single_cert(self.chain, key).unwrap()
    }
}

fn called(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// A certificate to be, for these names and addresses.
fn for_names(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = called("localhost");
    params
}

fn changed(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = for_names(&["localhost"]);
    change(&mut params);
    params
}

const OPERATOR: &str = "its operator must renew it; if others reach it, check this machine's clock";
const PORTAL: &str =
    "is base_url right? A captive portal or an intercepting proxy looks like this, too";
const SELF_SIGNED: &str =
    "if its operator gave it to you, name its file in ca_file; else it may be anybody's";
const PRIVATE: &str = "if that is a private CA, or an intercepting proxy that you know, name its file in ca_file or SSL_CERT_FILE";
const ALONE: &str = "if that is a private CA, name its file in ca_file or SSL_CERT_FILE; if a public one, the server must send its intermediate certificate";
const GAP: &str = "its operator must add the missing intermediate certificate; only if that is a private CA itself, name its file in ca_file or SSL_CERT_FILE";
const CHAIN: &str = "its operator must renew the chain of certificates that it sends; if others reach it, check this machine's clock";
const ANOTHER: &str =
    "its operator must get another certificate; `openssl s_client -showcerts` shows the chain";
const NO_CLIENT: &str = "acctq has none to offer; ask the server's operator for a way without";
const NO_TLS: &str = "is base_url right, its port included? https needs the TLS port";

/// Looks up at `wire`, trusting what `trusted` holds: told like this, once, never again, and nothing was asked.
#[track_caller]
fn refuses(name: &str, wire: &Wire, host: &str, trusted: &str, message: &str, hint: &str) {
    let home = Home::new();
    let host = format!("{host}:{}", wire.port());
    home.profile(&format!("https://{host}"));
    let trusted = home.file("trusted.pem", trusted, 0o644);
    let get = |args: &str| {
        home.acctq(&format!("cacc get cacc_1 --retries 3 {args}"))
            .env("SSL_CERT_FILE", &trusted)
            .run()
    };
    let message = format!("{} (cacc_1, profile test)", message.replace("HOST", &host));
    get("").is(7, "", &format!("error: {message}\n  hint: {hint}\n"));
    let error = get("-o json").fails(7, &[]).error();
    let facts = ["code", "retryable", "message", "hint", "attempts", "status"];
    assert_eq!(
        facts.map(|fact| error[fact].clone()),
        [
            "tls".into(),
            false.into(),
            message.into(),
            hint.into(),
            1.into(),
            serde_json::Value::Null
        ],
        "{name}"
    );
    assert_eq!(
        (wire.connections_of(2), wire.requests().len()),
        (2, 0),
        "{name}"
    );
}

#[test]
fn each_flaw_of_a_certificate_is_told_apart() {
    let root = Authority::root("Acme Root");
    let mail = || SanType::Rfc822Name("ops@localhost".try_into().unwrap());
    let good = || for_names(&["localhost"]);
    let ca = changed(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    #[rustfmt::skip]
    let cases = [
        ("expired", root.certifies(&changed(|p| {
            p.not_before = date_time_ymd(2019, 1, 1);
            p.not_after = date_time_ymd(2020, 1, 31);
        })), "localhost", "the certificate of HOST expired on 2020-01-31", OPERATOR),
        ("not yet valid", root.certifies(&changed(|p| p.not_before = date_time_ymd(2999, 12, 31))), "localhost",
            "the certificate of HOST is not valid yet, only from 2999-12-31",
            "check this machine's clock; else its operator must mend it"),
        ("wrong name", root.certifies(&for_names(&["other.example"])), "localhost",
            "the certificate presented is for other.example, not for HOST", PORTAL),
        ("wrong names", root.certifies(&for_names(&["a.example", "*.b.example", "127.0.0.2", "c.example"])), "localhost",
            "the certificate presented is for a.example and *.b.example and 127.0.0.2 and others, not for HOST", PORTAL),
        ("a name, not the address", root.certifies(&good()), "127.0.0.1",
            "the certificate presented is for localhost, not for HOST", PORTAL),
        ("no name but the common one", root.certifies(&for_names(&[])), "localhost",
            "the certificate of HOST says of no name or address that it is for it (subjectAltName)", PORTAL),
        ("an address only in the common name", root.certifies(&{
            let mut params = for_names(&[]);
            params.distinguished_name = called("127.0.0.1");
            params
        }), "127.0.0.1", "the certificate of HOST says of no name or address that it is for it (subjectAltName)", PORTAL),
        ("self-signed", Identity::self_signed(&good()), "localhost", "the certificate of HOST is self-signed", SELF_SIGNED),
        ("self-signed by openssl req -x509", Identity::self_signed(&ca), "localhost",
            "the certificate of HOST is self-signed, and as a CA, which no server's may be",
            "its operator must make another one, with basicConstraints CA:FALSE; that one you can name in ca_file"),
        ("for an address of mail", root.certifies(&changed(|p| p.subject_alt_names = vec![mail()])), "localhost",
            "the certificate of HOST says of no name or address that it is for it (subjectAltName)", PORTAL),
        ("for an address of mail, too", root.certifies(&{
            let mut params = for_names(&["other.example"]);
            params.subject_alt_names.insert(0, mail());
            params
        }), "localhost", "the certificate presented is for other.example, not for HOST", PORTAL),
        ("for the token", root.certifies(&for_names(&["other.example", TOKEN])), "localhost",
            "the certificate presented is for other.example and ••••••••, not for HOST", PORTAL),
        ("a CA's own", root.certifies(&ca), "localhost", "the certificate of HOST is not one that a server may have",
            "its operator must replace it; `openssl s_client` and `openssl x509 -text` show it"),
        ("a client's", root.certifies(&changed(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth])), "localhost",
            "the certificate of HOST is not one that a server may have",
            "its operator must replace it; `openssl s_client` and `openssl x509 -text` show it"),
    ];
    for (name, identity, host, message, hint) in cases {
        let wire = Wire::tls(identity.serves(), json(ACCOUNT));
        refuses(name, &wire, host, &root.pem, message, hint);
    }
}

#[test]
fn each_flaw_of_a_chain_is_told_apart() {
    let root = Authority::root("Acme Root");
    let issuing = root.intermediate("Acme Issuing");
    let stranger = Authority::root("Stranger Root");
    let between = stranger.intermediate("Stranger Issuing");
    let hostile = Authority::root("\u{1b}[31mroot\n\u{202e}error: eyJhbGciOiJIUzI1NiIsInR5cCI6");
    let knowing = Authority::root(&format!("CA of {TOKEN}"));
    let below = issuing.intermediate("Acme Below");
    let ended = root.intermediate_with("Acme Ended", |p| {
        p.not_before = date_time_ymd(2019, 1, 1);
        p.not_after = date_time_ymd(2020, 1, 31);
    });
    let later =
        root.intermediate_with("Acme Later", |p| p.not_before = date_time_ymd(2999, 12, 31));
    let narrow = root.intermediate_with("Acme Narrow", |p| {
        p.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("allowed.example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let shallow = root.intermediate_with("Acme Shallow", |p| {
        p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let deeper = shallow.intermediate("Acme Deeper");
    let for_clients = root.intermediate_with("Acme Clients", |p| {
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let mut deep = vec![root.intermediate("Acme 0")];
    while deep.len() < 12 {
        let next = deep[deep.len() - 1].intermediate(&format!("Acme {}", deep.len()));
        deep.push(next);
    }
    let no_ca = root.intermediate_with("Acme Server", |p| p.is_ca = IsCa::ExplicitNoCa);
    let namesake = Authority::root("Acme Root");
    let good = || for_names(&["localhost"]);
    let mut twice = issuing.certifies(&good());
    twice.chain.push(twice.chain[0].clone());
    #[rustfmt::skip]
    let cases = [
        ("unknown CA", stranger.certifies(&good()),
            "the certificate of HOST comes from \"Stranger Root\", which this machine does not trust; no intermediate certificate came with it", ALONE),
        ("unknown CA of a whole chain", between.certifies(&good()).with(&between),
            "the certificate of HOST comes from the CA \"Stranger Root\", which this machine does not trust", PRIVATE),
        ("missing intermediate", issuing.certifies(&good()),
            "the certificate of HOST comes from \"Acme Issuing\", which this machine does not trust; no intermediate certificate came with it", ALONE),
        ("missing intermediate beside the root", issuing.certifies(&good()).with(&root),
            "the certificate of HOST comes from \"Acme Issuing\", whose certificate the server did not send, though it sent others", GAP),
        ("a gap above an intermediate", below.certifies(&good()).with(&below).with(&root),
            "the certificate of HOST comes from \"Acme Issuing\", whose certificate the server did not send, though it sent others", GAP),
        ("sent twice", twice,
            "the certificate of HOST comes from \"Acme Issuing\", which this machine does not trust; no intermediate certificate came with it", ALONE),
        ("an unknown CA in any order", between.certifies(&good()).with(&stranger).with(&between),
            "the certificate of HOST comes from the CA \"Stranger Root\", which this machine does not trust", PRIVATE),
        ("an intermediate expired", ended.certifies(&good()).with(&ended),
            "the certificate of HOST comes from the CA \"Acme Ended\", whose own certificate expired on 2020-01-31", CHAIN),
        ("an intermediate of later", later.certifies(&good()).with(&later),
            "the certificate of HOST comes from the CA \"Acme Later\", whose own certificate is not valid yet, only from 2999-12-31", CHAIN),
        ("another name than its CA's", narrow.certifies(&good()).with(&narrow),
            "the certificate of HOST comes from a CA that may not certify this name (nameConstraints)", ANOTHER),
        ("a CA too many", deeper.certifies(&good()).with(&deeper).with(&shallow),
            "the certificate of HOST comes from a CA that may not certify other CAs (pathLenConstraint)", ANOTHER),
        ("a CA for clients", for_clients.certifies(&good()).with(&for_clients),
            "the certificate of HOST comes from a CA that may not certify servers (extendedKeyUsage)", ANOTHER),
        ("a CA that is none", no_ca.certifies(&good()).with(&no_ca),
            "the certificate of HOST comes from a certificate that is no CA's (basicConstraints)", ANOTHER),
        ("too many CAs", deep.iter().fold(deep[11].certifies(&good()), Identity::with),
            "the certificate of HOST comes from a chain of certificates that cannot be verified", ANOTHER),
        ("a signature of another key", namesake.certifies(&good()),
            "in the chain of certificates of HOST is a signature that is wrong, or of a kind that is not safe",
            "its operator must get certificates with keys of RSA (2048 bits at least), P-256, P-384 or Ed25519, and without SHA-1"),
        ("a CA that knows the token", knowing.certifies(&good()),
            "the certificate of HOST comes from \"CA of ••••••••\", which this machine does not trust; no intermediate certificate came with it", ALONE),
        ("a CA with a hostile name", hostile.certifies(&good()),
            "the certificate of HOST comes from \"\\u{1b}[31mroot\\n\\u{202e}error: ••••••••\", which this machine does not trust; no intermediate certificate came with it", ALONE),
    ];
    for (name, identity, message, hint) in cases {
        let wire = Wire::tls(identity.serves(), json(ACCOUNT));
        refuses(name, &wire, "localhost", &root.pem, message, hint);
    }
}

#[test]
fn a_server_that_is_trusted_is_trusted_for_itself_alone() {
    let dev = |is_ca: IsCa| {
        let key = KeyPair::generate().unwrap();
        let mut params = for_names(&["dev.example"]);
        params.distinguished_name = called("dev.example");
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).unwrap();
        Authority {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    };
    let good = for_names(&["localhost"]);
    let no_ca = "the certificate of HOST comes from \"dev.example\", which is trusted as a server of its own, and is no CA";
    let no_ca_hint = "if there is a CA above both, name its file in ca_file; else do not trust this server: anybody with that one's key may be it";
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let dev = dev(is_ca);
        let forged = dev.certifies(&good);
        let wire = Wire::tls(forged.serves(), json(ACCOUNT));
        refuses("forged", &wire, "localhost", &dev.pem, no_ca, no_ca_hint);
        let forged = dev.certifies(&good).with(&dev);
        let wire = Wire::tls(forged.serves(), json(ACCOUNT));
        refuses("chain", &wire, "localhost", &dev.pem, no_ca, no_ca_hint);
    }
    // Nor is another one of the same name, with or without a root beside it; and its name and its days count.
    let ours = Identity::self_signed(&good);
    let root = Authority::root("Acme Root").pem;
    let old = Identity::self_signed(&changed(|p| {
        p.not_before = date_time_ymd(2019, 1, 1);
        p.not_after = date_time_ymd(2020, 1, 31);
    }));
    let elsewhere = Identity::self_signed(&for_names(&["dev.example"]));
    let (old_pem, elsewhere_pem) = (old.pem.clone(), elsewhere.pem.clone());
    #[rustfmt::skip]
    let cases = [
        (Identity::self_signed(&good), ours.pem.clone(), "the certificate of HOST is self-signed", SELF_SIGNED),
        (Identity::self_signed(&good), ours.pem + &root, "the certificate of HOST is self-signed", SELF_SIGNED),
        (old, old_pem, "the certificate of HOST expired on 2020-01-31", OPERATOR),
        (elsewhere, elsewhere_pem, "the certificate presented is for dev.example, not for HOST", PORTAL),
    ];
    for (identity, trusted, message, hint) in cases {
        let wire = Wire::tls(identity.serves(), json(ACCOUNT));
        refuses(message, &wire, "localhost", &trusted, message, hint);
    }
}

#[test]
fn a_chain_that_is_whole_is_trusted() {
    let root = Authority::root("Acme Root");
    let issuing = root.intermediate("Acme Issuing");
    let self_signed = Identity::self_signed(&for_names(&["localhost"]));
    let own = self_signed.pem.clone();
    let own_and_another = format!("{}{own}", root.pem);
    let at_localhost = |params: &CertificateParams| issuing.certifies(params).with(&issuing);
    for (name, identity, host, trusted) in [
        (
            "with its intermediate",
            at_localhost(&for_names(&["localhost"])),
            "localhost",
            &root.pem,
        ),
        (
            "an intermediate that is trusted itself",
            issuing.certifies(&for_names(&["localhost"])),
            "localhost",
            &issuing.pem,
        ),
        (
            "for an address",
            at_localhost(&for_names(&["127.0.0.1"])),
            "127.0.0.1",
            &root.pem,
        ),
        (
            "one of those that are trusted themselves",
            self_signed.again(),
            "localhost",
            &own_and_another,
        ),
        (
            "a self-signed one that is trusted itself",
            self_signed,
            "localhost",
            &own,
        ),
    ] {
        for version in [&version::TLS12, &version::TLS13] {
            let wire = Wire::tls(identity.again().speaks(&[version], None), json(ACCOUNT));
            let home = Home::new();
            home.profile(&format!("https://{host}:{}", wire.port()));
            let trusted = home.file("trusted.pem", trusted, 0o644);
            let got = home
                .acctq("cacc get cacc_1 -o ndjson")
                .env("SSL_CERT_FILE", &trusted)
                .run();
            assert_eq!(
                (got.code, got.stdout, got.stderr),
                (0, format!("{ACCOUNT}\n"), String::new()),
                "{name}"
            );
            assert_eq!(
                (wire.connections(), wire.requests().len()),
                (1, 1),
                "{name}"
            );
        }
    }
}

#[test]
fn a_client_certificate_that_is_demanded_is_named() {
    let root = Authority::root("Acme Root");
    for version in [&version::TLS12, &version::TLS13] {
        let config = root
            .certifies(&for_names(&["localhost"]))
            .speaks(&[version], Some(&root));
        let wire = Wire::tls(config, json(ACCOUNT));
        let message = "HOST demands a client certificate";
        refuses(
            &format!("{version:?}"),
            &wire,
            "localhost",
            &root.pem,
            message,
            NO_CLIENT,
        );
    }
}

#[test]
fn what_speaks_no_tls_is_sent_no_request() {
    let root = Authority::root("Acme Root");
    let alert = |code: u8| vec![0x15, 3, 3, 0, 2, 2, code];
    let refused = "is base_url right, its host name included? else ask the server's operator";
    let nothing_in_common = "is base_url right, its host name included? else its operator must offer TLS 1.3, or 1.2 with ECDHE and AES-GCM or ChaCha20, and a key of RSA, P-256, P-384 or Ed25519";
    for (name, answer, message, hint) in [
        (
            "plain HTTP",
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "HOST does not speak TLS on this port",
            NO_TLS,
        ),
        (
            "SSH",
            b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
            "HOST does not speak TLS on this port",
            NO_TLS,
        ),
        (
            "garbage",
            vec![0xa5; 4096],
            "HOST does not speak TLS on this port",
            NO_TLS,
        ),
        (
            "zeros",
            vec![0; 64],
            "HOST does not speak TLS on this port",
            NO_TLS,
        ),
        (
            "only older versions",
            alert(70),
            "HOST offers no TLS version or cipher that is safe",
            "it must speak TLS 1.2 or 1.3; ask its operator",
        ),
        (
            "no such name",
            alert(112),
            "HOST refused the TLS handshake",
            refused,
        ),
        (
            "no handshake",
            alert(40),
            "HOST refused the TLS handshake: it found no cipher or kind of key in common",
            nothing_in_common,
        ),
        (
            "no handshake that is safe",
            alert(71),
            "HOST refused the TLS handshake: it found no cipher or kind of key in common",
            nothing_in_common,
        ),
        (
            "a bad certificate of a client that was asked for none",
            alert(42),
            "HOST refused the TLS handshake",
            refused,
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = vec![0; 64 * 1024];
            let first = stream.read(&mut sent).unwrap();
            sent.truncate(first);
            stream.write_all(&answer).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut sent);
            listener.set_nonblocking(true).unwrap();
            (sent, listener)
        });
        let home = Home::new();
        home.profile(&format!("https://{host}"));
        let trusted = home.file("trusted.pem", &root.pem, 0o644);
        let ended = home
            .acctq("cacc get cacc_1 --retries 3")
            .env("SSL_CERT_FILE", &trusted)
            .run();
        let message = message.replace("HOST", &host);
        ended.is(
            7,
            "",
            &format!("error: {message} (cacc_1, profile test)\n  hint: {hint}\n"),
        );
        let (sent, listener) = server.join().unwrap();
        assert!(listener.accept().is_err(), "{name}: tried again");
        // A handshake record, and nothing of a request in the clear.
        let text = String::from_utf8_lossy(&sent).into_owned();
        assert_eq!(sent[0], 0x16, "{name}");
        for word in ["GET", "HTTP/", "cacc_1", TOKEN] {
            assert!(!text.contains(word), "{name}: {text:?}");
        }
    }
}

#[test]
fn an_end_without_close_notify_is_an_end_only_where_the_length_is_known() {
    let root = Authority::root("Acme Root");
    let unframed = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{ACCOUNT}").into_bytes();
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{ACCOUNT}\r\n0\r\n\r\n",
        ACCOUNT.len()
    )
    .into_bytes();
    let missing = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n".to_vec();
    let not_found = |ended: Ended| {
        ended.fails(5, &["no connected account cacc_1"]);
    };
    let found = |ended: Ended| {
        ended.prints(&format!("{ACCOUNT}\n"));
    };
    let cut = |ended: Ended| {
        let error = ended.fails(7, &[]).error();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(" closed the connection before its answer was complete (cacc_1, profile test, tried 2 times)"), "{message}");
        assert_eq!(
            (&error["code"], &error["retryable"]),
            (&"network".into(), &true.into())
        );
    };
    let cases: [(&str, Server, Vec<u8>, Check<'_>, usize); 8] = [
        ("a length, no word", Wire::tls_cut, json(ACCOUNT), &found, 1),
        ("chunks, no word", Wire::tls_cut, chunked.clone(), &found, 1),
        (
            "no length, with a word",
            Wire::tls,
            unframed.clone(),
            &found,
            1,
        ),
        ("no length, no word", Wire::tls_cut, unframed, &cut, 2),
        (
            "404, no length, with a word",
            Wire::tls,
            missing.clone(),
            &not_found,
            1,
        ),
        ("404, no length, no word", Wire::tls_cut, missing, &cut, 2),
        (
            "half of a length, no word",
            Wire::tls_cut,
            json(ACCOUNT)[..120].to_vec(),
            &cut,
            2,
        ),
        (
            "half of the chunks, no word",
            Wire::tls_cut,
            chunked[..120].to_vec(),
            &cut,
            2,
        ),
    ];
    for (name, server, answer, check, connections) in cases {
        let wire = server(root.certifies(&for_names(&["localhost"])).serves(), answer);
        let home = Home::new();
        home.profile(wire.url());
        let trusted = home.file("trusted.pem", &root.pem, 0o644);
        check(
            home.acctq("cacc get cacc_1 -o ndjson --retries 1")
                .env("SSL_CERT_FILE", &trusted)
                .run(),
        );
        assert_eq!(wire.connections_of(connections), connections, "{name}");
    }
}

#[test]
fn what_comes_behind_an_answer_is_not_the_next_one_wherever_it_waits() {
    // A record of 16 KiB, the last bytes of which find no more room than rustls has for them (RFC 8446 5.1).
    const ROOM: usize = 17 * 1024;
    const RECORD: usize = 16 * 1024;
    let root = Authority::root("Acme Root");
    let account = |id: &str| ACCOUNT.replace("cacc_1", id);
    let start = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let of_length = |whole: usize, start: &str, body: &str| {
        let length = format!("Content-Length: {}\r\n", body.len());
        let rest = whole - start.len() - length.len() - "X: \r\n\r\n".len() - body.len();
        format!("{start}{length}X: {}\r\n\r\n{body}", "y".repeat(rest))
    };
    let blank = " ".repeat(8 * 1024);
    let first = of_length(ROOM, start, &format!("{}{blank}", account("cacc_1")));
    let (begin, rest) = first.split_at(1500);
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n";
    let stray = of_length(RECORD - rest.len(), missing, "{}");
    let scripts = vec![
        vec![
            Read,
            Write(begin.into()),
            Write(format!("{rest}{stray}").into()),
            Read,
            Write(json(&account("cacc_2"))),
            Read,
        ],
        vec![Read, Write(json(&account("cacc_2"))), Read],
    ];
    let serves = root.certifies(&for_names(&["localhost"])).serves();
    let wire = Wire::tls_by(serves, scripts);
    let home = Home::new();
    home.profile(wire.url());
    let trusted = home.file("trusted.pem", &root.pem, 0o644);
    home.acctq("cacc get cacc_1 cacc_2 -o ndjson --retries 0 --jobs 1")
        .env("SSL_CERT_FILE", &trusted)
        .run()
        .prints(&format!("{}\n{}\n", account("cacc_1"), account("cacc_2")));
    assert_eq!(wire.connections(), 2);
}

#[test]
fn what_is_changed_on_the_way_is_asked_again() {
    let root = Authority::root("Acme Root");
    let other = ACCOUNT.replace("cacc_1", "cacc_2");
    // What a record that was changed comes to, and what speaks no TLS any more (RFC 8446 5.2).
    let record = [&[23, 3, 3, 0, 40][..], &[7; 40]].concat();
    for below in [record, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()] {
        let run = |scripts: Vec<Vec<Do>>, args: &str| {
            let serves = root.certifies(&for_names(&["localhost"])).serves();
            let wire = Wire::tls_by(serves, scripts);
            let home = Home::new();
            home.profile(wire.url());
            let trusted = home.file("trusted.pem", &root.pem, 0o644);
            let ended = home
                .acctq(&format!("cacc get -o ndjson --jobs 1 {args}"))
                .env("SSL_CERT_FILE", &trusted)
                .run();
            let place = wire.url()["https://".len()..].to_owned();
            (ended, place, wire.connections())
        };
        let garbles = || vec![Read, Below(below.clone())];
        let good = |body: &str| vec![Read, Write(json(body))];

        let (ended, place, connections) = run(vec![garbles()], "cacc_1 --retries 1");
        let error = ended.fails(7, &[]).error();
        assert_eq!(
            error["message"],
            format!(
                "what came from {place} over TLS was changed or mixed up on the way (cacc_1, profile test, tried 2 times)"
            )
        );
        assert_eq!(
            (&error["code"], &error["retryable"], connections),
            (&"tls".into(), &true.into(), 2)
        );
        let (ended, _, connections) = run(vec![garbles(), good(ACCOUNT)], "cacc_1 --retries 1");
        ended.prints(&format!("{ACCOUNT}\n"));
        assert_eq!(connections, 2);
        // On a connection that was kept, it says nothing of the look-up.
        let kept = [good(ACCOUNT), garbles()].concat();
        let (ended, _, connections) = run(vec![kept, good(&other)], "cacc_1 cacc_2 --retries 0");
        ended.prints(&format!("{ACCOUNT}\n{other}\n"));
        assert_eq!(connections, 2);
    }
}

/// A server of `root`, and a home whose profile names it, with this line more.
fn served(root: &Authority, more: &str) -> (Wire, Home) {
    let wire = Wire::tls(
        root.certifies(&for_names(&["localhost"])).serves(),
        json(ACCOUNT),
    );
    let home = Home::new();
    let url = wire.url();
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n{more}\n"
    ));
    (wire, home)
}

fn fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

/// A file of so many MiB, of which there is nothing on the disk.
fn sparse(path: &Path, mib: u64) {
    let file = fs::File::create(path).unwrap();
    file.set_len(mib * 1024 * 1024).unwrap();
}

#[test]
fn a_file_of_cas_may_hold_more_than_one_needs() {
    let root = Authority::root("Acme Root");
    let other = Authority::root("Another Root");
    let key = KeyPair::generate().unwrap().serialize_pem();
    let unusable = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    let (ours, theirs) = (root.pem.as_str(), other.pem.as_str());
    for text in [
        ours.to_owned(),
        format!("{theirs}{ours}"),
        format!("Subject: CN=Acme Root\n\n{ours}# Größe\n{theirs}"),
        ours.replace('\n', "\r\n"),
        format!("\u{feff}\n{ours}"),
        ours.trim_end().to_owned(),
        format!("{key}{ours}"),
        format!("{ours}{unusable}"),
        format!("{unusable}{ours}"),
        format!("{ours}{ours}"),
        format!("\u{feff}{ours}"),
        format!("{theirs}{ours}").replace(" CERTIFICATE-", " X509 CERTIFICATE-"),
    ] {
        let (wire, home) = served(&root, "ca_file = \"~/ca.pem\"");
        home.file("ca.pem", &text, 0o644);
        let other = home.file("other.pem", theirs, 0o644);
        let get = || home.acctq("cacc get cacc_1 -o ndjson");
        let found = format!("{ACCOUNT}\n");
        // Added to the roots, be they the system's or others.
        get().run().prints(&found);
        get().env("SSL_CERT_FILE", &other).run().prints(&found);
        home.config(
            fs::read_to_string(home.config_path())
                .unwrap()
                .replace("ca_file", "#"),
        );
        get()
            .env("SSL_CERT_FILE", home.path().join("ca.pem"))
            .run()
            .prints(&found);
        get()
            .env("SSL_CERT_FILE", &other)
            .run()
            .fails(7, &["Acme Root"]);
        assert_eq!(wire.requests().len(), 3, "{text}");
    }
}

#[test]
fn a_file_of_cas_that_is_none_is_named_with_what_is_wrong() {
    let root = Authority::root("Acme Root");
    let key = KeyPair::generate().unwrap().serialize_pem();
    let cut = &root.pem[..root.pem.len() - 30];
    let bad = root.pem.replacen("\nMII", "\nM!!", 1);
    let unusable = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    let csr = "-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQE=\n-----END CERTIFICATE REQUEST-----\n";
    let none = "holds no certificate that can be used: none is of a CA, and none has signed itself";
    let leaf = root.certifies(&for_names(&["localhost"])).pem;
    let trusted = root.pem.replace(" CERTIFICATE-", " TRUSTED CERTIFICATE-");
    let file = |text: &[u8], mode: u32| {
        let text = text.to_vec();
        move |home: &Home| drop(home.file("ca.pem", &text, mode))
    };
    #[rustfmt::skip]
    let cases: [(Provoke, &str); 18] = [
        (Box::new(|_| ()), "does not exist"),
        (Box::new(file(b"", 0o644)), "is empty"),
        (Box::new(file(b" \n\r\n", 0o644)), "is empty"),
        (Box::new(file(b"Acme Root\n", 0o644)), "holds no certificate in PEM form"),
        (Box::new(file(&[0xff, 0xfe, 0, 0x80], 0o644)), "holds no certificate in PEM form"),
        (Box::new(file(csr.as_bytes(), 0o644)), "holds no certificate in PEM form"),
        (Box::new(file(key.as_bytes(), 0o644)), "holds a private key and no certificate"),
        (Box::new(file(&root.der, 0o644)), "is not in PEM form (`openssl x509 -inform der` converts it)"),
        (Box::new(file(trusted.as_bytes(), 0o644)),
            "holds certificates in a form of OpenSSL's own, TRUSTED CERTIFICATE (`openssl x509` converts one)"),
        (Box::new(file(unusable.as_bytes(), 0o644)), none),
        (Box::new(file(leaf.as_bytes(), 0o644)), none),
        (Box::new(file(cut.as_bytes(), 0o644)), "is damaged: its certificate number 1 is not whole"),
        (Box::new(file(format!("{}{cut}", root.pem).as_bytes(), 0o644)), "is damaged: its certificate number 2 is not whole"),
        (Box::new(file(format!("{}{bad}", root.pem).as_bytes(), 0o644)), "is damaged: its certificate number 2 is not whole"),
        (Box::new(file(&vec![b'\n'; 8 * 1024 * 1024 + 1], 0o644)), "is larger than any list of CAs (8 MiB)"),
        (Box::new(|home| fs::create_dir(home.path().join("ca.pem")).unwrap()), "is a directory"),
        (Box::new(|home| symlink("nowhere", home.path().join("ca.pem")).unwrap()), "is a link to something that does not exist"),
        (Box::new(|home| fifo(&home.path().join("ca.pem"))), "is not a regular file"),
    ];
    let says = |home: &Home, words: &str, from_profile: bool| {
        let path = home.path().join("ca.pem");
        let get = |args: &str| {
            let run = home.acctq(&format!("cacc get cacc_1 {args}"));
            if from_profile {
                run
            } else {
                run.env("SSL_CERT_FILE", &path)
            }
            .run()
        };
        let hint = if from_profile {
            let config = home.config_path();
            format!(
                "ca_file ({}:5) names it, as the PEM file of CA certificates to trust beside the system's",
                config.display()
            )
        } else {
            "SSL_CERT_FILE names it, as the PEM file of the CA certificates to trust; unset it to trust the system's".to_owned()
        };
        let message = format!("the CA file {} {words}", path.display());
        get("").is(3, "", &format!("error: {message}\n  hint: {hint}\n"));
        let error = get("-o json").fails(3, &[]).error();
        assert_eq!(
            (&error["code"], &error["file"]),
            (&"config".into(), &path.to_str().into())
        );
        assert_eq!(
            (&error["message"], &error["hint"]),
            (&message.into(), &hint.into())
        );
    };
    for (provoke, words) in cases {
        for from_profile in [false, true] {
            let more = if from_profile {
                "ca_file = \"~/ca.pem\""
            } else {
                ""
            };
            let (wire, home) = served(&root, more);
            provoke(&home);
            says(&home, words, from_profile);
            assert_eq!(wire.connections(), 0, "{words}");
        }
    }
}

#[test]
fn a_file_of_cas_that_this_user_may_not_read() {
    let root = Authority::root("Acme Root");
    let (wire, home) = served(&root, "");
    let path = home.file("ca.pem", &root.pem, 0o000);
    let get = |args: &str| {
        home.acctq(&format!("cacc get cacc_1 {args}"))
            .env("SSL_CERT_FILE", &path)
            .by_ordinary_user(&home)
            .run()
    };
    let path = path.display();
    let message = format!("the CA file {path} may not be read by this user");
    let hint = "SSL_CERT_FILE names it, as the PEM file of the CA certificates to trust; unset it to trust the system's";
    get("").is(3, "", &format!("error: {message}\n  hint: {hint}\n"));
    assert_eq!(get("-o json").fails(3, &[]).error()["message"], message);
    assert_eq!(wire.connections(), 0);
}

#[test]
fn a_directory_of_cas() {
    let root = Authority::root("Acme Root");
    let other = Authority::root("Another Root");
    let (wire, home) = served(&root, "");
    let get = || home.acctq("cacc get cacc_1 -o ndjson");
    let dir = |name: &str| {
        let dir = home.path().join(name);
        fs::create_dir(&dir).unwrap();
        dir
    };
    // Names as `openssl rehash` makes them, and what else lies about.
    home.file("acme.pem", &root.pem, 0o644);
    let ours = dir("ours");
    symlink("../acme.pem", ours.join("5ed36f99.0")).unwrap();
    symlink("../nowhere.pem", ours.join("9d66eef0.0")).unwrap();
    fs::write(ours.join("README"), "CAs").unwrap();
    fs::write(ours.join("broken.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    fs::create_dir(ours.join("more")).unwrap();
    fs::write(ours.join("key.pem"), root.issuer.key().serialize_pem()).unwrap();
    fifo(&ours.join("fifo.pem"));
    // Of several names, and as large as two of them may not be.
    sparse(&ours.join("large"), 5);
    symlink("large", ours.join("large.0")).unwrap();
    let theirs = dir("theirs");
    fs::write(theirs.join("other.pem"), &other.pem).unwrap();
    let (ours, theirs) = (ours.display().to_string(), theirs.display().to_string());
    let found = format!("{ACCOUNT}\n");
    for dirs in [
        ours.clone(),
        format!("{theirs}:{ours}"),
        format!(":{ours}:"),
    ] {
        get().env("SSL_CERT_DIR", dirs).run().prints(&found);
    }
    let file = home.file("other.pem", &other.pem, 0o644);
    get()
        .env("SSL_CERT_FILE", &file)
        .env("SSL_CERT_DIR", &ours)
        .run()
        .prints(&found);
    get()
        .env("SSL_CERT_DIR", &theirs)
        .run()
        .fails(7, &["Acme Root"]);
    assert_eq!(wire.requests().len(), 4);

    let empty = dir("empty");
    let bare = dir("bare");
    fs::write(bare.join("README"), "no CA").unwrap();
    let none = home.path().join("none");
    let larger = dir("larger");
    fs::write(larger.join("acme.pem"), &root.pem).unwrap();
    sparse(&larger.join("a"), 5);
    sparse(&larger.join("b"), 4);
    let huge = dir("huge");
    fs::write(huge.join("acme.pem"), &root.pem).unwrap();
    sparse(&huge.join("core"), 1024);
    for (path, words) in [
        (&larger, "is larger than any list of CAs (8 MiB)"),
        (&huge, "is larger than any list of CAs (8 MiB)"),
        (&empty, "holds no CA certificate"),
        (&bare, "holds no CA certificate"),
        (&none, "does not exist"),
        (&file, "is not a directory"),
    ] {
        let path = path.display();
        for dirs in [path.to_string(), format!("{ours}:{path}")] {
            let hint = "SSL_CERT_DIR names it; it must hold PEM certificates, as `openssl rehash` expects them";
            home.acctq("cacc get cacc_1")
                .env("SSL_CERT_DIR", dirs)
                .run()
                .is(
                    3,
                    "",
                    &format!("error: the CA directory {path} {words}\n  hint: {hint}\n"),
                );
        }
    }
    assert_eq!(wire.requests().len(), 4);
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let root = Authority::root("Acme Root");
    let (wire, home) = served(&root, "ca_file = \"~/ca.pem\"");
    home.file("ca.pem", &root.pem, 0o644);
    let found = format!("{ACCOUNT}\n");
    for (file, dir) in [("", ""), ("", ":"), ("", "::")] {
        let get = home.acctq("cacc get cacc_1 -o ndjson");
        get.env("SSL_CERT_FILE", file)
            .env("SSL_CERT_DIR", dir)
            .run()
            .prints(&found);
    }
    // Without more, that leaves the system's roots, if it has any: that one is missing is told, not passed over.
    home.config(
        fs::read_to_string(home.config_path())
            .unwrap()
            .replace("ca_file", "#"),
    );
    let unset = |file: Option<&str>, dir: Option<&str>| {
        let mut get = home.acctq("cacc get cacc_1");
        for (name, value) in [("SSL_CERT_FILE", file), ("SSL_CERT_DIR", dir)] {
            if let Some(value) = value {
                get = get.env(name, value);
            }
        }
        let ended = get.run();
        (ended.code, ended.stdout, ended.stderr)
    };
    let never = unset(None, None);
    assert!([3, 7].contains(&never.0), "{never:?}");
    for (file, dir) in [
        (Some(""), None),
        (None, Some("")),
        (None, Some(":")),
        (Some(""), Some("::")),
    ] {
        assert_eq!(unset(file, dir), never);
    }
    assert_eq!(wire.requests().len(), 3);
}
