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
        Nginx::with(home, "")
    }

    /// nginx with more directives for its server.
    fn with(home: &Home, directives: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "a CA");
        let key = KeyPair::generate().unwrap();
        let ca = home.file("ca.pem", params.self_signed(&key).unwrap().pem(), 0o644);
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["127.0.0.1", "0.0.0.0"].map(str::to_owned)).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        home.file("leaf.pem", leaf.pem(), 0o644);
        home.file("leaf.key", key.serialize_pem(), 0o600);
        let accounts = home.path().join("html/api/v1/connected-accounts");
        fs::create_dir_all(&accounts).unwrap();
        fs::write(accounts.join(ID), ACCOUNT).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .concat();
        let conf = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr notice;\n\
             events {{}}\n\
             http {{\n{temporary}\
             access_log off; root html; default_type application/json;\n\
             server {{ listen 127.0.0.1:{port} ssl; ssl_certificate leaf.pem; ssl_certificate_key leaf.key; {directives}\n\
             if ($http_authorization != \"Bearer {TOKEN}\") {{ return 401; }} }}\n}}\n"
        );
        home.file("nginx.conf", conf, 0o600);
        let mut command = program(home, "nginx", "nginx-light");
        command.arg("-p").arg(home.path());
        command.args(["-c", "nginx.conf", "-e", "stderr"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        // It listens by the time it chooses how to wait for events.
        let ready = log.find(|line| line.as_ref().unwrap().contains("event method"));
        assert!(ready.is_some(), "nginx did not start");
        thread::spawn(move || log.for_each(drop));
        let url = format!("https://127.0.0.1:{port}");
        Nginx { child, port, url, ca }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn acctq_and_curl_see_the_same() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    home.profile(&nginx.url);
    let get = || home.acctq(&format!("cacc get {ID} -o json"));
    assert_eq!(get().run().fails(7, &[]).error()["code"], "tls");
    let ours = get().env("SSL_CERT_FILE", &nginx.ca).run();
    let mut curl = program(&home, "curl", "curl");
    curl.args(["-sS", "--fail", "--oauth2-bearer", TOKEN, "--cacert"]);
    curl.arg(&nginx.ca);
    curl.arg(format!("{}/api/v1/connected-accounts/{ID}", nginx.url));
    Run::of(curl).run().prints(ACCOUNT);
    let sorted = |text: &str| jq(&home, &["-S", "."], text);
    ours.prints(&ours.stdout);
    assert_eq!(sorted(&ours.stdout), sorted(ACCOUNT));
    // jq reads doubles; the digits stand in the text.
    assert!(ours.stdout.contains(": 12345678901234567890.10,"), "{ours:#?}");
}

#[test]
fn a_gateway_that_wants_a_client_certificate_gets_it_or_is_told_as_that() {
    let home = Home::new();
    let nginx = Nginx::with(&home, "ssl_client_certificate ca.pem; ssl_verify_client on;");
    let me = KeyPair::generate().unwrap();
    let stranger = CertificateParams::new(Vec::new()).unwrap().self_signed(&me).unwrap();
    home.file("stranger.pem", stranger.pem(), 0o644);
    home.file("stranger.key", me.serialize_pem(), 0o600);
    let get = |more: &str| {
        let (url, home_path) = (&nginx.url, home.path().display());
        home.config(format!(
            "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\nca_file = \"{home_path}/ca.pem\"\n{more}"
        ));
        home.acctq(&format!("cacc get {ID} -o json")).run()
    };
    let pair = |name| format!("client_cert_file = \"~/{name}.pem\"\nclient_key_file = \"~/{name}.key\"");
    let found = get(&pair("leaf"));
    found.prints(&found.stdout);
    for more in [String::new(), pair("stranger")] {
        let error = get(&more).fails(9, &[]).error();
        assert!(error["status"] == 400 && error["hint"].as_str().unwrap().contains("client_cert_file"), "{error:#}");
    }
}

fn jq(home: &Home, args: &[&str], text: &str) -> String {
    let mut jq = program(home, "jq", "jq");
    jq.args(args);
    let ended = Run::of(jq).stdin(text).run();
    ended.prints(&ended.stdout);
    ended.stdout
}

#[test]
fn curl_can_use_the_sandbox_as_its_help_says() {
    let home = Home::new();
    let help = home.acctq("sandbox --help").run().stdout;
    let sandbox = home.sandbox();
    let start = help.find("curl ").expect("an example with curl");
    let line: Vec<_> = help[start..].lines().take(2).collect();
    let script = line.join("\n").replace("http://127.0.0.1:4010", &sandbox.url);
    // It is there, or this says where to get it.
    program(&home, "curl", "curl");
    let served = home.shell(&format!("{script} -sS")).run();
    served.prints(&served.stdout);
    let account = jq(&home, &["-r", ".status, .ends_at, .activation_token"], &served.stdout);
    assert_eq!(account, "provisioned\n2099-12-31T23:59:59.000Z\nPNS-SBXF6789\n");
}
