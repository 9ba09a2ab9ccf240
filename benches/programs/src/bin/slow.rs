//! A server that answers every look-up of a connected account after the same wait, for `benches/batch`: what a far server is
//! to a client.
//!
//!     slow MILLISECONDS DOCUMENT
//!
//! It prints its port, and serves until its standard input ends. `$id` in the document becomes the id that was asked for.
//! One thread and few system calls, so that hundreds of connections leave the processor to the client. Every answer waits
//! equally long, so they are due in the order of their requests.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::event::{Timespec, epoll};

/// The listener among the events; connections have the numbers above it.
const LISTENER: u64 = 0;

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [wait, document] = args.as_slice() else {
        return Err("slow MILLISECONDS DOCUMENT".into());
    };
    let wait = Duration::from_millis(wait.parse()?);
    let (before, after) = document.split_once("$id").ok_or("no $id")?;
    let document = [before.to_owned(), after.to_owned()];
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
    let server = thread::spawn(move || serve(&listener, wait, &document).map_err(|error| error.to_string()));
    io::copy(&mut io::stdin(), &mut io::sink())?;
    if server.is_finished() {
        server.join().map_err(|_| "it panicked")??;
    }
    Ok(())
}

fn serve(listener: &TcpListener, wait: Duration, [before, after]: &[String; 2]) -> Result<(), Box<dyn Error>> {
    let queue = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let readable = epoll::EventFlags::IN;
    epoll::add(&queue, listener, epoll::EventData::new_u64(LISTENER), readable)?;
    let mut connections = HashMap::new();
    let mut accepted = LISTENER;
    let mut due: VecDeque<(Instant, u64, String)> = VecDeque::new();
    let mut events = Vec::with_capacity(512);
    loop {
        let left =
            due.front().map(|(at, ..)| Timespec::try_from(at.saturating_duration_since(Instant::now()))).transpose()?;
        epoll::wait(&queue, rustix::buffer::spare_capacity(&mut events), left.as_ref())?;
        let now = Instant::now();
        for event in events.drain(..) {
            let number = event.data.u64();
            if number == LISTENER {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                accepted += 1;
                epoll::add(&queue, &stream, epoll::EventData::new_u64(accepted), readable)?;
                let request = Vec::new();
                connections.insert(accepted, Connection { stream, request });
                continue;
            }
            let Some(connection) = connections.get_mut(&number) else {
                continue;
            };
            match connection.asked() {
                Ok(None) => {}
                Ok(Some(id)) => {
                    let document = format!("{before}{id}{after}");
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{document}",
                        document.len()
                    );
                    due.push_back((now + wait, number, answer));
                }
                Err(_) => {
                    connections.remove(&number);
                }
            }
        }
        while due.front().is_some_and(|(at, ..)| *at <= now) {
            if let Some((_, number, answer)) = due.pop_front()
                && let Some(connection) = connections.get_mut(&number)
                && connection.stream.write_all(answer.as_bytes()).is_err()
            {
                connections.remove(&number);
            }
        }
    }
}

impl Connection {
    /// Reads what has come: the id, if that completes a request; an error when the client is done.
    fn asked(&mut self) -> io::Result<Option<String>> {
        let mut piece = [0; 4096];
        let read = self.stream.read(&mut piece)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.request.extend_from_slice(&piece[..read]);
        if !self.request.ends_with(b"\r\n\r\n") {
            return Ok(None);
        }
        let request = String::from_utf8_lossy(&self.request);
        let path = request.split(' ').nth(1).unwrap_or_default();
        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
        self.request.clear();
        Ok(Some(id))
    }
}
