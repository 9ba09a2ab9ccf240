//! What a machine may be like: a file system that is full or mounted for reading only, a resolver that hangs, no network at
//! all. Each in a namespace of its own, as root or, where the system lets them, as anybody.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Ended, Home, Run, TOKEN};
use crate::https::{ID, Nginx};
use crate::programs::program;
use crate::wire::{Wire, json};

const ACCOUNT: &str = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2025-01-02T03:04:05Z"}"#;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A run of a shell in namespaces of its own, for mounts and with these flags for more. Who is not root is root in there.
fn apart(home: &Home, flags: &str, script: &str) -> Run {
    for (name, package) in [("unshare", "util-linux"), ("mount", "mount")] {
        program(home, name, package);
    }
    let flags = if is_root() { flags.to_owned() } else { format!("{flags} --map-root-user") };
    let file = home.file("script", format!("set -eu\n{script}\n"), 0o600);
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    home.shell(&format!("PATH=\"$PATH:{path}\"; exec unshare --mount {flags} sh '{}'", file.display()))
}

/// A user beside root, in there: an ordinary one where we are root; nobody else is to be had otherwise.
fn ordinarily(home: &Home) -> &'static str {
    if !is_root() {
        return "";
    }
    program(home, "setpriv", "util-linux");
    "setpriv --reuid 65534 --regid 65534 --clear-groups"
}

#[test]
fn what_root_has_mounted_may_hold_secrets() {
    let wire = Wire::answers(json(ACCOUNT));
    let home = Home::new();
    // For an ordinary user, too.
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let url = wire.url();
    home.file("token.canary", format!("{TOKEN}\n"), 0o600);
    let profile = format!("default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\n");
    home.file("inline.toml", format!("{profile}token = \"{TOKEN}\"\n"), 0o600);
    home.file("file.toml", format!("{profile}token_file = \"token\"\n"), 0o644);
    let user = ordinarily(&home);
    // As Kubernetes does it: links to what everybody may read, in a directory that everybody may write.
    let look_up = |config: &str, between: &str| -> Ended {
        apart(
            &home,
            "",
            &format!(
                "mkdir -p secrets; mount -t tmpfs -o mode=1777 none secrets
                 cp \"$(command -v acctq)\" inline.toml file.toml secrets/
                 mkdir secrets/..1; cp token.canary secrets/..1/token; ln -s ..1 secrets/..data
                 ln -s ..data/token secrets/token; chmod 644 secrets/*.toml secrets/..1/token
                 {between}
                 exec {user} secrets/acctq cacc get cacc_1 -o ndjson --config secrets/{config}"
            ),
        )
        .run()
    };
    for config in ["inline.toml", "file.toml"] {
        // As ssh has it: what somebody else owns is theirs to close. Whoever is not root here owns all of it.
        let ended = look_up(config, "");
        if is_root() {
            ended.prints(&format!("{ACCOUNT}\n"));
        } else {
            ended.fails_with(3, "config");
        }
    }
    assert_eq!(wire.requests().len(), if is_root() { 2 } else { 0 });
}

/// A file that is mounted by itself cannot be replaced, one in a folder without write permission neither, and one that another
/// name has too should stay one.
#[test]
fn a_report_that_cannot_be_replaced_is_written_in_place() {
    let home = Home::new();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let suite = "version = 1\n[[check]]\nname = \"a\"\nid = \"ending\"\nexpect = \"not_found\"\n";
    home.file("suite.toml", suite, 0o644);
    let user = ordinarily(&home);
    let check = "-p sandbox check --suite suite.toml -q -o ndjson --report-junit";
    let report = |prepared: &str, who: &str, file: &str| {
        let script = format!(
            "cp \"$(command -v acctq)\" acctq; rm -rf box; mkdir -m 755 box; mkdir -m 777 box/open; cd box; cp ../suite.toml .
             printf '%2000s' old >real; chmod 666 real; {prepared}
             set +e; {who} ../acctq {check} {file} >out; code=$?; cat {file}; exit $code"
        );
        apart(&home, "", &script).run()
    };
    for (prepared, who, file) in [
        ("touch it; chmod 666 it; mount --bind real it", "", "it"),
        ("touch it; mount --bind real it; ln -s it link", "", "link"),
        // The folder belongs to root.
        ("", user, "real"),
        ("chmod 444 real; mv real open/", "", "open/real"),
        ("ln real other", "", "other"),
    ] {
        let ended = report(prepared, who, file);
        let xml = ended.stdout.trim_end();
        assert!(xml.starts_with("<?xml") && xml.ends_with("</testsuites>"), "{prepared}: {ended:#?}");
        assert_eq!(ended.code, 10, "{prepared}: {ended:#?}");
    }
    let full = "mkdir disk; mount -t tmpfs -o size=4k none disk; head -c 9000 /dev/zero >disk/filler 2>&1 || true";
    assert_eq!(report(full, "", "disk/report.xml").code, 1);
    let sealed = "mount -t tmpfs none open; cp real open/; mount -o remount,ro open";
    assert_eq!(report(sealed, "", "open/real").code, 1);
}

#[test]
fn a_disk_that_is_full() {
    let note = format!(",\"metadata\":{{\"note\":\"{}\"}}}}", "x".repeat(100_000));
    let large = ACCOUNT.replace('}', &note);
    let wire = Wire::answers(json(&large));
    let home = Home::new();
    home.profile(wire.url());
    let on_disk = |filled: &str, script: &str| {
        apart(
            &home,
            "",
            &format!(
                "mkdir -p disk; mount -t tmpfs -o size=16k none disk; {filled}
                 set +e; {script}; echo $? >code; head -c 40 disk/out >head 2>/dev/null; exit \"$(cat code)\""
            ),
        )
        .run()
    };
    let to_the_brim = "head -c 100000 /dev/zero 2>/dev/null >disk/filler || true";
    let left = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    let full = "error: the output could not be written: No space left on device (os error 28)\n  hint: is the disk full? what was written before this is incomplete\n";
    for (filled, begun) in [("", "{\"id\":\"cacc_1\""), (to_the_brim, "")] {
        for args in ["get cacc_1 -o ndjson", "get cacc_1 cacc_1 -o ndjson"] {
            let ended = on_disk(filled, &format!("acctq {args} >disk/out 2>said"));
            ended.is(1, "", "");
            let said = left("said");
            let error: serde_json::Value = serde_json::from_str(&said).unwrap();
            let message = "the output could not be written: No space left on device (os error 28)";
            assert_eq!((&error["error"]["code"], &error["error"]["message"]), (&"failed".into(), &message.into()));
            assert!(left("head").starts_with(begun), "{}", left("head"));
        }
        on_disk(filled, "acctq get cacc_1 >disk/out").is(1, "", full);
    }
    // Messages that cannot be written change nothing.
    on_disk(to_the_brim, "acctq get cacc_1 -F id -v 2>disk/out").is(0, "ID  cacc_1\n", "");
    on_disk(to_the_brim, "acctq get 2>disk/out").is(2, "", "");
    // Half a configuration is none.
    let target = home.path().join("disk/c.toml");
    let init = "acctq config init --config disk/c.toml; code=$?; ls disk; (exit $code)";
    on_disk(to_the_brim, init).is(
        1,
        "filler\n",
        &format!(
            "error: cannot write {}: No space left on device (os error 28)\n  hint: is the disk full, or the directory not yours?\n",
            target.display()
        ),
    );
    on_disk(to_the_brim, "acctq man disk").is(
        1,
        "",
        "error: the man pages could not be written to disk: No space left on device (os error 28)\n  hint: does the folder exist, and may you write there?\n",
    );
}

#[test]
fn a_resolver_that_hangs() {
    let home = Home::new();
    home.profile("https://billing.example.com");
    home.file("resolv.conf", "nameserver 127.0.0.1\n", 0o644);
    home.file("nsswitch.conf", "hosts: dns\n", 0o644);
    for (name, package) in [("ip", "iproute2"), ("python3", "python3")] {
        program(&home, name, package);
    }
    // A name server that hears what it is asked, and never answers.
    let silent = "import socket, time\n\
                  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
                  s.bind((\"127.0.0.1\", 53))\n\
                  open(\"there\", \"w\").close()\n\
                  s.recv(512)\n\
                  open(\"asked\", \"w\").close()\n\
                  time.sleep(1000)\n";
    home.file("silent.py", silent, 0o600);
    let script = "ip link set lo up
                  mount --bind resolv.conf /etc/resolv.conf; mount --bind nsswitch.conf /etc/nsswitch.conf
                  rm -f there asked; python3 silent.py & server=$!
                  while ! [ -e there ]; do kill -0 $server; sleep 0.01; done
                  set +e; acctq get cacc_1 --timeout 500ms -o json; code=$?
                  kill $server; [ -e asked ] && exit $code";
    let error = apart(&home, "--net", script).run().fails_with(7, "timeout");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("billing.example.com") && message.contains("resolve"), "{message}");
}

/// Makes `ca.pem`, and `leaf.pem` for `api.test` with `leaf.key`.
const CERTIFICATES: &str = "
    exec 2>log
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=CA
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=api.test
    echo subjectAltName=DNS:api.test >names
    openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out leaf.pem";

#[test]
fn an_address_that_cannot_be_reached_does_not_matter() {
    let home = Home::new();
    for (name, package) in [("ip", "iproute2"), ("openssl", "openssl")] {
        program(&home, name, package);
    }
    home.profile("https://api.test:8443");
    home.file("hosts", "fd00::2 api.test\n10.9.0.1 api.test\n", 0o644);
    fs::create_dir_all(home.path().join("api/v1/connected-accounts")).unwrap();
    home.file("api/v1/connected-accounts/cacc_1", json(ACCOUNT), 0o644);
    // The IPv6 address is dropped (it has no neighbour), forbidden by a firewall, and out of reach.
    for route in ["", "prohibit", "unreachable"] {
        let route = if route.is_empty() { String::new() } else { format!("ip -6 route add {route} fd00::2/128") };
        let script = format!(
            "({CERTIFICATES})
             ip link set lo up; ip link add here type veth peer name there; ip link set there up
             ip addr add 10.9.0.1/24 dev here; ip addr add fd00::9/64 dev here nodad; ip link set here up
             mount --bind hosts /etc/hosts; rm -f listening; {route}
             openssl s_server -accept 10.9.0.1:8443 -cert leaf.pem -key leaf.key -HTTP >listening 2>&1 & server=$!
             while ! grep -qs ACCEPT listening; do kill -0 $server; sleep 0.01; done
             set +e; SSL_CERT_FILE=ca.pem acctq get cacc_1 -o ndjson --retries 0; code=$?
             kill $server; exit $code"
        );
        apart(&home, "--net", &script).run().prints(&format!("{ACCOUNT}\n"));
    }
}

#[test]
fn a_name_that_has_moved_is_asked_for_again() {
    let home = Home::new();
    for (name, package) in [("ip", "iproute2"), ("openssl", "openssl"), ("python3", "python3")] {
        program(&home, name, package);
    }
    home.profile("https://api.test:8443");
    home.file("resolv.conf", "nameserver 127.0.0.1\n", 0o644);
    home.file("nsswitch.conf", "hosts: dns\n", 0o644);
    // A name server, and a server at 127.0.0.2 that moves to 127.0.0.3 with its second answer. Without retries, it is the next
    // look-up that has to ask anew.
    let server = r#"
import http.server, socket, ssl, threading
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 53))
address, account = "127.0.0.2", open("account").read()
def resolve():
    while True:
        question, client = names.recvfrom(512)
        end = question.index(b"\0", 12) + 5
        is_a = question[end - 3] == 1
        answer = question[:2] + b"\x81\x80\0\1\0" + bytes([is_a]) + b"\0\0\0\0" + question[12:end]
        if is_a:
            answer += b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(address)
        names.sendto(answer, client)
threading.Thread(target=resolve, daemon=True).start()
def serve(at, status):
    class Handler(http.server.BaseHTTPRequestHandler):
        answers = 0
        def do_GET(self):
            global address
            Handler.answers += 1
            if at == address and Handler.answers == 2:
                address = "127.0.0.3"
                server.socket.close()
            body = account.replace("active", status).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer((at, 8443), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("leaf.pem", "leaf.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
serve("127.0.0.2", "pending")
serve("127.0.0.3", "active")
open("there", "w").close()
threading.Event().wait()
"#;
    home.file("server.py", server, 0o600);
    home.file("account", ACCOUNT, 0o600);
    let script = format!(
        "({CERTIFICATES})
         ip link set lo up
         mount --bind resolv.conf /etc/resolv.conf; mount --bind nsswitch.conf /etc/nsswitch.conf
         python3 server.py 2>log & server=$!
         while ! [ -e there ]; do kill -0 $server; sleep 0.01; done
         set +e; SSL_CERT_FILE=ca.pem acctq wait cacc_1 --for status=active --interval 1s --within 30s --retries 0 -q -o ndjson; code=$?
         kill $server; exit $code"
    );
    apart(&home, "--net", &script).run().prints(&format!("{ACCOUNT}\n"));
}

#[test]
fn a_machine_without_a_network() {
    let home = Home::new();
    for host in ["192.0.2.1", "billing.example.com"] {
        home.profile(&format!("https://{host}"));
        let ended = apart(&home, "--net", "exec acctq get cacc_1 --retries 1 -o json").run();
        let error = ended.fails_with(7, "network");
        assert_eq!(error["attempts"], 2);
        assert!(error["message"].as_str().unwrap().contains(host), "{error}");
    }
}

#[test]
fn the_systems_own_roots_are_read_like_any_file() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    home.profile(&nginx.url);
    let ca = nginx.ca.display();
    let get = |placed: &str| {
        let script = format!(
            "mount -t tmpfs none /etc/ssl/certs; cd /etc/ssl/certs; {placed}
             exec acctq cacc get {ID} -F status -o ndjson"
        );
        apart(&home, "", &script).run()
    };
    let bundle = "ca-certificates.crt";
    let found = "{\"status\":\"active\"}\n";
    get(&format!("cp {ca} {bundle}")).prints(found);
    get(&format!("cp {ca} acme.pem; mkfifo {bundle}")).prints(found);
    get(&format!("cp {ca} acme.pem; ln -s acme.pem {bundle}; truncate -s 1G core")).prints(found);
    for nothing in ["true".to_owned(), format!("mkfifo {bundle}"), format!("cp {ca} {bundle}; truncate -s 1G {bundle}")]
    {
        let error = get(&nothing).fails_with(3, "config");
        assert!(error["hint"].as_str().unwrap().contains("ca-certificates"), "{nothing}: {error}");
    }
}

#[test]
fn a_limit_on_threads_and_processes_is_told_as_that() {
    let home = Home::new();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    home.file("ids", "cacc_1\n", 0o644);
    home.file("helper.toml", "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"https://api.example.com\"\ntoken_command = [\"/bin/echo\", \"x\"]\n", 0o644);
    // A user who has no other process. Our own counts as one.
    let user = ordinarily(&home).replace("65534", "65533");
    for (limit, command, code) in [
        (1, "get cacc_1", 1),
        (2, "get cacc_1 --retries 0", 7),
        (2, "get cacc_1 cacc_2 --retries 0", 7),
        (2, "get - --retries 0 <ids", 1),
        (2, "-p sandbox get cacc_1", 1),
        (2, "sandbox", 1),
        (2, "--config helper.toml -p test get cacc_1", 4),
    ] {
        let script =
            format!("cp -f \"$(command -v acctq)\" here; exec {user} prlimit --nproc={limit} ./here -o json {command}");
        let run = apart(&home, "", &script).env("ACCTQ_CONNECT_URL", "https://api.example.com");
        let ended = run.env("ACCTQ_CONNECT_TOKEN", TOKEN).run();
        assert_eq!(ended.code, code, "{ended:#?}");
        for error in ended.errors().iter().filter(|error| error["id"].is_string() || ended.errors().len() == 1) {
            assert!(error["hint"].as_str().unwrap().contains("ulimit -a"), "{error:#}");
        }
    }
}
