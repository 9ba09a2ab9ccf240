//! Look-ups from nginx over TLS, next to curl's.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::harness::{Home, Run, TOKEN};
use crate::programs::program;

pub const ID: &str = "cacc_7n42DGM5Tflk9n8mt7Fhc7";

/// In an order of its own, with numbers that a double cannot hold, and a name of several scripts.
const ACCOUNT: &str = r#"{
  "metadata": {"z": 12345678901234567890.10, "a": [1e3, -0.0, null, true], "Größe": "漢字 😀"},
  "id": "cacc_7n42DGM5Tflk9n8mt7Fhc7", "status": "active", "connection_type": "standard", "onboarding_mode": "full",
  "platform_organization_id": "org_3mFv8kPzYqT1xWc7NdLsR2", "created_at": "2023-11-07T05:31:56Z"
}"#;

/// nginx in the foreground, with a certificate for this machine by an authority of its own, until dropped.
pub struct Nginx {
    child: Child,
    pub port: u16,
    pub url: String,
    pub ca: PathBuf,
}

impl Nginx {
    pub fn new(home: &Home) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca = home.file("ca.pem", params.self_signed(&key).unwrap().pem(), 0o644);
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["127.0.0.1", "0.0.0.0"].map(str::to_owned)).unwrap();
        home.file(
            "leaf.pem",
            leaf.signed_by(&key, &issuer).unwrap().pem(),
            0o644,
        );
        home.file("leaf.key", key.serialize_pem(), 0o600);
        let accounts = home.path().join("html/api/v1/connected-accounts");
        fs::create_dir_all(&accounts).unwrap();
        fs::write(accounts.join(ID), ACCOUNT).unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .concat();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        home.file(
            "nginx.conf",
            format!(
                "daemon off; master_process off; pid nginx.pid; error_log stderr notice;\n\
                 events {{}}\n\
                 http {{\n{temporary}\
                 access_log off; root html; default_type application/json;\n\
                 server {{ listen 127.0.0.1:{port} ssl; ssl_certificate leaf.pem; ssl_certificate_key leaf.key;\n\
                 if ($http_authorization != \"Bearer {TOKEN}\") {{ return 401; }} }}\n}}\n"
            ),
            0o600,
        );
        let mut command = program(home, "nginx", "nginx-light");
        let mut child = command
            .arg("-p")
            .arg(home.path())
            .args(["-c", "nginx.conf", "-e", "stderr"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        // It listens by the time it chooses how to wait for events.
        while !said.contains("event method") {
            said = match log.next() {
                Some(line) => format!("{said}\n{}", line.unwrap()),
                None => panic!("nginx did not start: {said}"),
            };
        }
        thread::spawn(move || log.for_each(drop));
        Nginx {
            child,
            port,
            url: format!("https://127.0.0.1:{port}"),
            ca,
        }
    }

    /// A configuration of one profile, with this line in it.
    fn profile(&self, home: &Home, more: &str) {
        let url = &self.url;
        home.config(format!(
            "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n{more}\n"
        ));
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_authority_of_ones_own_is_trusted_where_it_is_named_and_only_there() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    let get = format!("cacc get {ID} -F status -o ndjson");
    let found = "{\"status\":\"active\"}\n";

    nginx.profile(&home, "");
    home.acctq(&get)
        .env("SSL_CERT_FILE", &nginx.ca)
        .run()
        .prints(found);
    let error = home.acctq(&get).run().fails(7, &[]).error();
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&"tls".into(), &false.into()),
        "{error}"
    );
    // Another file than the one with the authority: the leaf, which is none.
    let leaf = home.path().join("leaf.key");
    home.acctq(&get)
        .env("SSL_CERT_FILE", leaf)
        .run()
        .fails(3, &["SSL_CERT_FILE", "leaf.key"]);

    let ca_file = home.path().join("ca.pem");
    nginx.profile(&home, &format!("ca_file = {ca_file:?}"));
    home.acctq(&get).run().prints(found);
}

#[test]
fn acctq_and_curl_see_the_same() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    nginx.profile(&home, "");
    let ours = home
        .acctq(&format!("cacc get {ID} -o json"))
        .env("SSL_CERT_FILE", &nginx.ca)
        .run();
    assert_eq!((ours.code, ours.stderr.as_str()), (0, ""), "{ours:#?}");
    let mut curl = program(&home, "curl", "curl");
    curl.args(["-sS", "--fail", "--oauth2-bearer", TOKEN, "--cacert"])
        .arg(&nginx.ca)
        .arg(format!("{}/api/v1/connected-accounts/{ID}", nginx.url));
    let theirs = Run::of(curl).run();
    theirs.prints(ACCOUNT);
    let sorted = |text: &str| {
        let mut jq = program(&home, "jq", "jq");
        jq.args(["-S", "."]);
        let sorted = Run::of(jq).stdin(text).run();
        assert_eq!(sorted.code, 0, "{sorted:#?}");
        sorted.stdout
    };
    assert_eq!(sorted(&ours.stdout), sorted(&theirs.stdout));
    // jq reads doubles; the digits stand in the text.
    assert!(
        ours.stdout.contains(": 12345678901234567890.10,"),
        "{}",
        ours.stdout
    );
}

#[test]
fn curl_can_use_the_sandbox_as_its_help_says() {
    let home = Home::new();
    let help = home.acctq("sandbox --help").run().stdout;
    let sandbox = home.sandbox();
    let start = help.find("curl ").expect("an example with curl");
    let line: Vec<_> = help[start..].lines().take(2).collect();
    let script = line
        .join("\n")
        .replace("http://127.0.0.1:4010", &sandbox.url);
    // It is there, or this says where to get it.
    program(&home, "curl", "curl");
    let served = home.shell(&format!("{script} -sS")).run();
    assert_eq!(
        (served.code, served.stderr.as_str()),
        (0, ""),
        "{served:#?}"
    );
    let mut jq = program(&home, "jq", "jq");
    jq.args(["-r", ".status, .ends_at, .activation_token"]);
    Run::of(jq)
        .stdin(served.stdout)
        .run()
        .prints("provisioned\n2099-12-31T23:59:59.000Z\nPNS-SBXF6789\n");
}
