//! The practical limit of looking up many accounts, for `benches/batch`: what is left when nothing is checked but the status
//! and the length.
//!
//!     raw JOBS <ids >bodies
//!
//! Each job is a thread with one connection: it writes a request in one piece, reads until the answer is whole, and keeps
//! its body for standard output, which gets many at once and in no order. The base URL, the token and the CA come from the
//! variables that acctq reads, and the headers are acctq's too. The first failure ends it.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::{env, thread};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How many bytes of bodies a thread keeps before it writes them.
const KEPT: usize = 32 * 1024;

fn main() -> Result<()> {
    let jobs: usize = env::args().nth(1).ok_or("how many jobs?")?.parse().map_err(|_| "raw JOBS <ids >bodies")?;
    let url = env::var("ACCTQ_CONNECT_URL")?;
    let (scheme, origin) = url.split_once("://").ok_or("the URL has no scheme")?;
    let tls = (scheme == "https").then(tls).transpose()?;
    let start = "GET /api/v1/connected-accounts/";
    let end = format!(
        " HTTP/1.1\r\nhost: {origin}\r\naccept-encoding: identity\r\nuser-agent: raw\r\n\
         accept: application/json\r\nauthorization: Bearer {}\r\n\r\n",
        env::var("ACCTQ_CONNECT_TOKEN")?
    );
    thread::scope(|scope| {
        let work = || -> Result<()> {
            let tcp = TcpStream::connect(origin)?;
            tcp.set_nodelay(true)?;
            match &tls {
                None => look_up(tcp, start, &end),
                Some(config) => {
                    let host = origin.split(':').next().unwrap_or_default().to_owned();
                    let name = ServerName::try_from(host)?;
                    let client = ClientConnection::new(config.clone(), name)?;
                    look_up(StreamOwned::new(client, tcp), start, &end)
                }
            }
        };
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

/// Trusts the authorities of `SSL_CERT_FILE` and nobody else.
fn tls() -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(env::var("SSL_CERT_FILE")?)? {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

/// Looks up one id of standard input after the other.
fn look_up(mut stream: impl Read + Write, start: &str, end: &str) -> Result<()> {
    let mut request = start.to_owned();
    let mut answer = vec![0; 16 * 1024];
    let mut bodies = Vec::with_capacity(2 * KEPT);
    loop {
        request.truncate(start.len());
        if io::stdin().read_line(&mut request)? == 0 {
            io::stdout().write_all(&bodies)?;
            return Ok(());
        }
        request.truncate(request.trim_end().len());
        request.push_str(end);
        stream.write_all(request.as_bytes())?;
        bodies.extend_from_slice(answered(&mut stream, &mut answer)?);
        bodies.push(b'\n');
        if bodies.len() >= KEPT {
            io::stdout().write_all(&bodies)?;
            bodies.clear();
        }
    }
}

/// The body of the next answer, which must be a 200 with a length.
fn answered<'a>(stream: &mut impl Read, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    let mut filled = 0;
    let (start, end) = loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Err("the connection ended, or the answer is too long".into());
        }
        filled += read;
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(start) = head.parse(&buffer[..filled])? else {
            continue;
        };
        if head.code != Some(200) {
            return Err(format!("status {:?}", head.code).into());
        }
        let length =
            head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length")).ok_or("no length")?;
        break (start, start + str::from_utf8(length.value)?.parse::<usize>()?);
    };
    if end > buffer.len() {
        return Err("the answer is too long".into());
    }
    if filled < end {
        stream.read_exact(&mut buffer[filled..end])?;
    }
    Ok(&buffer[start..end])
}
