//! Standard streams that were made non-blocking before the program was started, with a slow partner: as if they blocked.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::thread::{self, JoinHandle};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::Signal;

use crate::harness::Home;

/// The ends of a pipe: the reader's, and the program's, which is small and does not block.
type Pipe = fn() -> (File, OwnedFd);

const PIPES: [Pipe; 2] = [
    || {
        let (reader, writer) = std::io::pipe().unwrap();
        #[cfg(target_os = "linux")]
        rustix::pipe::fcntl_setpipe_size(&writer, 4096).unwrap();
        (OwnedFd::from(reader).into(), without_blocking(writer.into()))
    },
    // What Node gives its children.
    || {
        let (reader, writer) = UnixStream::pair().unwrap();
        rustix::net::sockopt::set_socket_send_buffer_size(&writer, 4096).unwrap();
        (OwnedFd::from(reader).into(), without_blocking(writer.into()))
    },
];

fn without_blocking(end: OwnedFd) -> OwnedFd {
    fcntl_setfl(&end, OFlags::NONBLOCK).unwrap();
    end
}

/// Reads to the end, byte by byte: the program is always faster.
fn slowly(mut reader: File) -> JoinHandle<String> {
    thread::spawn(move || {
        let (mut text, mut byte) = (Vec::new(), [0]);
        while reader.read(&mut byte).unwrap() > 0 {
            text.push(byte[0]);
        }
        String::from_utf8(text).unwrap()
    })
}

#[test]
fn a_slow_reader_gets_all_that_a_fast_one_gets() {
    let home = Home::new();
    let check = |n| format!("[[check]]\nname = \"n{n}\"\nid = \"ending\"\nexpect = [\"status=entitled\"]\n");
    let checks: String = (0..30).map(check).collect();
    home.file("smoke.toml", format!("version = 1\n{checks}"), 0o600);
    let ids = "no/id\n".repeat(100) + &"cacc_activestandard\n".repeat(100);
    home.file("ids", &ids, 0o600);
    for (args, code) in [
        ("-p sandbox cacc list -q -o ndjson", 0),
        ("-p sandbox cacc list -q", 0),
        ("-p sandbox cacc get - -q -o json", 2),
        ("-p sandbox cacc get - -q -v --jobs 1", 2),
        ("-p sandbox check --suite smoke.toml --report-junit /dev/stdout", 10),
        ("completions bash", 0),
    ] {
        // Times differ.
        let stable = |text: &str| text.replace(|c: char| c.is_ascii_digit() || c == '.', "");
        let fast = home.acctq(args).stdin(&ids).run();
        assert_eq!(fast.code, code, "{fast:#?}");
        for pipe in PIPES {
            let ((out, stdout), (err, stderr)) = (pipe(), pipe());
            let stdin = File::open(home.path().join("ids")).unwrap();
            let mut run = home.acctq(args).start_with(|c| c.stdin(stdin).stdout(stdout).stderr(stderr));
            let (out, err) = (slowly(out), slowly(err));
            let status = run.wait();
            assert!(stable(&out.join().unwrap()) == stable(&fast.stdout), "{args}");
            assert!(stable(&err.join().unwrap()) == stable(&fast.stderr), "{args}");
            assert_eq!(status.code(), Some(code), "{args}");
        }
    }
}

#[test]
fn a_slow_writer_is_waited_for() {
    let home = Home::new();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let stdin = without_blocking(reader.into());
    let run = home.acctq("-p sandbox cacc get - -q -o ndjson -F id --jobs 1");
    let mut started = run.start_with(|c| c.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()));
    writer.write_all(b"cacc_").unwrap();
    for _ in 0..5 {
        // A line and a piece of the next one, which has been read when nothing more is there.
        writer.write_all(b"activestandard\ncacc_").unwrap();
        assert_eq!(started.line(), "{\"id\":\"cacc_activestandard\"}\n");
    }
    writer.write_all(b"activestandard").unwrap();
    drop(writer);
    started.ends().prints("{\"id\":\"cacc_activestandard\"}\n");
}

#[test]
fn a_signal_ends_a_wait_for_a_reader() {
    for signals in [&[Signal::TERM][..], &[Signal::INT, Signal::TERM]] {
        for pipe in PIPES {
            let home = Home::new();
            let (mut out, stdout) = pipe();
            let run = home.acctq("-p sandbox cacc list -o ndjson");
            let mut started = run.start_with(|c| c.stdout(stdout).stderr(Stdio::piped()));
            out.read_exact(&mut [0]).unwrap();
            for signal in signals {
                started.signal(*signal);
            }
            let ended = started.exits();
            assert!([130, 143].contains(&ended.code), "{ended:#?}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for pipe in PIPES {
        let home = Home::new();
        let (mut out, stdout) = pipe();
        let run = home.acctq("-p sandbox cacc list -o ndjson");
        let started = run.start_with(|c| c.stdout(stdout).stderr(Stdio::piped()));
        // What it has not read resets a socket.
        out.read_exact(&mut [0]).unwrap();
        drop(out);
        started.ends().prints("");
    }
}
