"""What both benchmarks need: the programs, certificates, one nginx, and how a budget is held."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
MIB = 1024 * 1024

PATH = "/api/v1/connected-accounts/"
TOKEN = "benchmark-token"
# Whose id is $id, as nginx writes a variable.
ACCOUNT = (
    '{"connection_type":"standard","created_at":"2023-11-07T05:31:56Z","id":"$id","onboarding_mode":"express",'
    '"platform_organization_id":"org_3mFv8kPzYqT1xWc7NdLsR2","status":"active",'
    '"connected_organization_id":"org_7n42DGM5Tflk9n8mt7Fhc7","connected_tenant_id":null,'
    '"metadata":{"plan":"pro","seats":12},"onboarding_completed_at":"2023-11-09T14:02:11Z","pending_country":null,'
    '"pending_email":null,"pending_organization_name":null,"platform_customer_id":"cus_7n42DGM5Tflk9n8mt7Fhc7",'
    '"revoked_at":null}'
)


def run(*command, **options):
    """Runs it to its end; what it says is shown only if it fails."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    ended = subprocess.run(command, **options)
    if ended.returncode:
        said = (ended.stdout or "") + (ended.stderr or "")
        sys.exit(f"{' '.join(map(str, command))}: exit code {ended.returncode}\n{said}")
    return ended


def program(name, package):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return found or sys.exit(f"{name} is missing: apt-get install {package}")


def release():
    """Builds the program as its users do."""
    run("cargo", "build", "--release", "--locked", cwd=ROOT)
    return TARGET / "release" / "acctq"


def authority(folder, name, key):
    """An authority, and a certificate of it for 127.0.0.1, both with keys of that kind."""
    openssl = program("openssl", "openssl")
    make = [openssl, "req", "-x509", "-newkey", *key, "-nodes", "-days", "2"]
    at = lambda suffix: str(folder / f"{name}{suffix}")
    run(*make, "-subj", f"/CN=authority {name}", "-keyout", at("-ca.key"), "-out", at("-ca.pem"))
    run(*make, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-CA", at("-ca.pem"), "-CAkey", at("-ca.key"), "-keyout", at(".key"), "-out", at(".pem"))


EC_P256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
RSA_2048 = ["rsa:2048"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def nginx(folder, names):
    """Serves, until the end of the block, every account over http and over https with the certificate of each name.

    Yields the port of each; "http" is one more. Its log of a name tells of the first request of each connection.
    """
    ports = {name: free_port() for name in ["http", *names]}
    temporary = "".join(f"{kind}_temp_path {kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    served = (
        f"location ~ ^{PATH}(?<id>[0-9A-Za-z_]+)$ {{ return 200 '{ACCOUNT}'; }}"
        " location = /status { access_log off; stub_status; }"
    )
    servers = "".join(
        f"server {{ listen 127.0.0.1:{ports[name]}{' ssl' if name in names else ''};"
        + (f" ssl_certificate {name}.pem; ssl_certificate_key {name}.key;" if name in names else "")
        + f" access_log {name}.log seen if=$first; {served} }}\n"
        for name in ports
    )
    (folder / "nginx.conf").write_text(
        "daemon off; master_process off; pid nginx.pid; error_log stderr notice; events { worker_connections 2048; }\n"
        f"http {{ {temporary} default_type application/json; keepalive_requests 1000000000;\n"
        "ssl_protocols TLSv1.2 TLSv1.3;\n"
        'map $connection_requests $first { default ""; 1 first; }\n'
        "log_format seen '$http_user_agent $ssl_protocol $ssl_curve $ssl_cipher';\n"
        f"{servers}}}\n"
    )
    command = [program("nginx", "nginx"), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        said = ""
        # It listens by the time it chooses how to wait for events.
        while "event method" not in said:
            line = server.stderr.readline()
            said += line or sys.exit(f"nginx did not start:\n{said}")
        yield ports
    finally:
        server.kill()
        server.wait()


class Budgets:
    """What a figure may be at most, or at least; those that are missed are told at the end."""

    def __init__(self):
        self.missed = []

    def held(self, value, budget, shown, what, least=False):
        """The budget as it is shown behind the value, marked if it is missed."""
        if budget is None:
            return ""
        missed = value < budget if least else value > budget
        if missed:
            wanted = "asked for" if least else "allowed"
            self.missed.append(f"{what}: {shown.format(value)}, where {shown.format(budget)} is {wanted}")
        return f" of {shown.format(budget)}" + (" !" if missed else "")

    def conclude(self, check):
        for budget in self.missed:
            print(f"over budget: {budget}")
        if check and self.missed:
            sys.exit(1)
