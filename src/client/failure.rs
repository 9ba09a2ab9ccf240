//! What goes wrong on the way to the server and back, in our own words.
//!
//! A failure says what happened and in which phase; whether it is tried again is told by [`Failure::transient`].

mod tls;
mod tunnel;

use std::io;
use std::time::Duration;

use self::tls::of_tls;
use self::tunnel::of_tunnel;
use super::PHASE;
use super::proxy::Proxy;
use super::wire::{Broken, NoTunnel, Phase};
use crate::error::{Error, Kind};

/// A failed attempt.
#[derive(Debug)]
pub struct Failure {
    /// What to tell.
    pub error: Error,
    /// Whether it may pass by itself within the look-up.
    pub transient: bool,
    /// Whether it is the connection's alone, which had been kept for too long.
    pub stale: bool,
}

impl Failure {
    /// A failure that trying again will not mend.
    #[must_use]
    pub fn lasting(error: Error) -> Self {
        Failure {
            error,
            transient: false,
            stale: false,
        }
    }

    /// A failure that may pass by itself.
    #[must_use]
    pub fn passing(error: Error) -> Self {
        Failure {
            error,
            transient: true,
            stale: false,
        }
    }

    /// Whether it is an answer that the API gives to a question, so that the next answer on the connection is that to the next
    /// question. One that makes no sense, or is about another account, may have been another question's.
    #[must_use]
    pub fn is_in_step(&self) -> bool {
        matches!(
            self.error.kind(),
            Kind::NotFound | Kind::Gone | Kind::Auth | Kind::RateLimited | Kind::Server
        )
    }
}

/// Puts into words what broke. `host` is where the connection goes, through `proxy` if there is one, `time` what a phase
/// had. What strangers say is shown without `bearer`.
pub fn of_wire(
    broken: Broken,
    host: &str,
    proxy: Option<&Proxy>,
    time: Duration,
    bearer: &str,
) -> Failure {
    match broken {
        Broken::Late(phase) => timed_out(phase, host, time),
        Broken::NoAddress => Failure::passing(
            Error::new(Kind::Network, format!("the name {host} does not resolve to an address"))
                .hint("is base_url spelled right, and is this machine online? `acctq config show` shows it"),
        ),
        Broken::Io(error) | Broken::Tunnel(NoTunnel::Connect(error)) if is_out_of_files(&error) => {
            Failure::passing(out_of_files(host, &error))
        }
        Broken::Tunnel(failed) => of_tunnel(&failed, proxy, host, time),
        Broken::NoHandshake => Failure::passing(
            Error::new(
                Kind::Network,
                format!("{host} closed the connection during the TLS handshake"),
            )
            .hint("is base_url right, its port included? else try again"),
        ),
        Broken::Tls(error) => of_tls(&error, host, bearer),
        Broken::Garbled => Failure::passing(
            Error::new(
                Kind::Tls,
                format!("what came from {host} over TLS was changed or mixed up on the way"),
            )
            .hint("try again; if it stays so, something between here and there interferes, such as a proxy, a firewall or a load balancer")
            .retryable(true),
        ),
        Broken::Closed => Failure::passing(closed(host)),
        Broken::Stale => Failure {
            stale: true,
            ..Failure::passing(closed(host))
        },
        Broken::NotHttp => contract(format!("{host} does not answer in valid HTTP/1.1")),
        Broken::LongHead => {
            contract(format!("{host} sends more header lines than any API does (over 16 KiB)"))
        }
        Broken::ManyLines => {
            contract(format!("{host} sends more header lines than any API does (over 128)"))
        }
        Broken::Io(error) => of_io(&error, host, time),
    }
}

fn contract(message: String) -> Failure {
    Failure::lasting(
        Error::new(Kind::BadResponse, message)
            .hint("is base_url right? `acctq config show` shows it"),
    )
}

fn timed_out(phase: Phase, host: &str, time: Duration) -> Failure {
    let within = format!("within {}", seconds(time));
    let message = match phase {
        Phase::Resolve => format!("the name {host} did not resolve {within}"),
        Phase::Connect => format!("no connection to {host} {within}"),
        Phase::Handshake => {
            format!("{host} took the connection, but did not complete the TLS handshake {within}")
        }
        Phase::Send => format!("{host} did not take the request {within}"),
        Phase::Answer => format!("{host} did not answer {within}"),
        Phase::Body => format!("the answer of {host} did not arrive whole {within}"),
        Phase::More => format!("nothing more came of the answer of {host} {within}"),
    };
    Failure::passing(Error::new(Kind::Timeout, message).hint(again(time)))
}

/// What to do when a phase had so much time, and it was not enough: more of it is to be had only up to the phase's own limit.
fn again(phase: Duration) -> String {
    if phase < PHASE {
        "try again; --timeout gives a look-up more time".to_owned()
    } else {
        format!(
            "try again; no --timeout gives a phase of a look-up more than {}",
            seconds(PHASE)
        )
    }
}

fn network(message: String) -> Error {
    Error::new(Kind::Network, message)
        .hint("is the server up, and is base_url right? `acctq config show` shows it")
}

fn closed(host: &str) -> Error {
    network(format!(
        "{host} closed the connection before its answer was complete"
    ))
}

fn of_io(error: &io::Error, host: &str, time: Duration) -> Failure {
    Failure::passing(match error.kind() {
        io::ErrorKind::ConnectionRefused => network(format!("{host} refuses the connection")),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            network(format!("no route to {host}"))
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            return timed_out(Phase::Connect, host, time);
        }
        _ => network(format!("the connection to {host} broke")).because(plain(error)),
    })
}

/// No fault of the server, nor of the way to it: it is no outage.
fn out_of_files(host: &str, error: &io::Error) -> Error {
    Error::new(Kind::Failed, format!("no connection to {host}"))
        .hint("raise the limit of open files (`ulimit -n`), or give fewer --jobs")
        .retryable(true)
        .because(plain(error))
}

/// Whether this process, or all of them, can open no more files.
fn is_out_of_files(error: &io::Error) -> bool {
    #[cfg(unix)]
    let such = {
        use rustix::io::Errno;
        [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error)
    };
    #[cfg(not(unix))]
    let such: [i32; 0] = [];
    error.raw_os_error().is_some_and(|e| such.contains(&e))
}

/// The operating system's words only: an error of another origin may hold the server's bytes.
fn plain(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(
        || io::Error::from(error.kind()),
        io::Error::from_raw_os_error,
    )
}

/// A duration as a person writes it: `0.3 s`, `10 s`, `5 min`, `2 h`.
pub fn seconds(duration: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    // In tenths: what has passed of it already is not worth telling.
    let tenths = duration.as_millis().div_ceil(100);
    match duration.as_secs() {
        0..100 if !tenths.is_multiple_of(10) => format!("{}.{} s", tenths / 10, tenths % 10),
        0..100 => format!("{} s", tenths / 10),
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds.div_ceil(MINUTE)),
        seconds @ 7_200..360_000 => format!("{} h", seconds.div_ceil(HOUR)),
        _ => "more than 100 h".to_owned(),
    }
}
