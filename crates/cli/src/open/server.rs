//! A server for one page and one export, which only this machine reaches.
//!
//! It listens on the loopback address alone, below a path that nobody can guess, and answers `GET`
//! and `HEAD` that name it as their host: a site in another tab cannot talk to it under a name of
//! its own. What is served is a list of files made before; no path is ever looked up. It connects
//! to nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::page;

/// What a browser says before its request ends, at most.
const HEAD_MAX: u64 = 16 * 1024;
/// How long it may take over it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many may ask at once.
const CLIENTS_MAX: usize = 32;

/// Files by the names that they are asked for by.
type Files = BTreeMap<String, PathBuf>;

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    served: Arc<Served>,
}

/// What is served, and to whom.
struct Served {
    /// `/TOKEN/`.
    base: String,
    /// The names of this server, with its port.
    hosts: [String; 2],
    files: Files,
    clients: AtomicUsize,
}

impl Server {
    /// Listens on a port of the loopback address, any that is free where it is 0.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn listen(port: u16, files: Files) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let served =
            Served { base: format!("/{}/", token()), hosts, files, clients: AtomicUsize::new(0) };
        Ok(Self { listener, served: Arc::new(served) })
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        format!("http://{}{}", self.served.hosts[0], self.served.base)
    }

    /// Answers for as long as the program runs.
    pub fn serve(&self) {
        for stream in self.listener.incoming().flatten() {
            if self.served.clients.fetch_add(1, Ordering::Relaxed) >= CLIENTS_MAX {
                self.served.clients.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let served = Arc::clone(&self.served);
            thread::spawn(move || {
                // Who hangs up is not answered.
                let _ = served.answer(&stream);
                served.clients.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }
}

/// Hard to guess: keys that the standard library takes from the system, hashed.
fn token() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", part(), part())
}

/// What somebody asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    method: String,
    target: String,
    host: String,
}

impl Request {
    /// Reads one, up to the empty line behind it.
    fn read(from: impl Read) -> io::Result<Self> {
        let mut lines = BufReader::new(from.take(HEAD_MAX)).lines();
        let mut next = || lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
        let first = next()?;
        let mut words = first.split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        let mut request = Self { method: word(), target: word(), host: String::new() };
        loop {
            let line = next()?;
            if line.is_empty() {
                return Ok(request);
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("host")
            {
                value.trim().clone_into(&mut request.host);
            }
        }
    }
}

impl Served {
    fn answer(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let request = Request::read(stream)?;
        let found = self.find(&request);
        let (status, file) = match found {
            Ok(name) => ("200 OK", Some((name, File::open(&self.files[name])?))),
            Err(status) => (status, None),
        };
        let size = file.as_ref().map_or(Ok(0), |(_, file)| file.metadata().map(|it| it.len()))?;
        let kind = file.as_ref().map_or("text/plain", |(name, _)| page::kind(name));
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\
             Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
             Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n\
             Content-Security-Policy: frame-ancestors 'none'\r\n\r\n"
        )?;
        if let (Some((_, file)), "GET") = (file, request.method.as_str()) {
            io::copy(&mut file.take(size), &mut stream)?;
        }
        stream.flush()
    }

    /// The name of the file that is asked for, or what is wrong with the request.
    fn find(&self, request: &Request) -> Result<&str, &'static str> {
        if !self.hosts.contains(&request.host) {
            return Err("421 Misdirected Request");
        }
        if !["GET", "HEAD"].contains(&request.method.as_str()) {
            return Err("405 Method Not Allowed");
        }
        let path = request.target.split('?').next().unwrap_or_default();
        let name = path.strip_prefix(&self.base).ok_or("404 Not Found")?;
        let name = if name.is_empty() { "index.html" } else { name };
        self.files.get_key_value(name).map(|(name, _)| name.as_str()).ok_or("404 Not Found")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> Served {
        let files = [("index.html", "a"), ("export", "b")];
        let files = files.map(|(name, path)| (name.to_owned(), path.into()));
        let hosts = ["127.0.0.1:80".to_owned(), "localhost:80".to_owned()];
        let clients = AtomicUsize::new(0);
        Served { base: "/token/".to_owned(), hosts, files: files.into(), clients }
    }

    #[test]
    fn only_what_is_listed_is_found_and_only_by_its_own_name() {
        let served = served();
        let ask = |method: &str, target: &str, host: &str| {
            let text = format!("{method} {target} HTTP/1.1\r\nAccept: */*\r\nhOST: {host}\r\n\r\n");
            served.find(&Request::read(text.as_bytes()).expect("it is whole"))
        };
        assert_eq!(ask("GET", "/token/", "127.0.0.1:80"), Ok("index.html"));
        assert_eq!(ask("GET", "/token/?open=a.json", "localhost:80"), Ok("index.html"));
        assert_eq!(ask("HEAD", "/token/export", "127.0.0.1:80"), Ok("export"));
        for target in ["/", "/other/", "/token", "/token/a", "/token/../index.html", "//", "export"]
        {
            assert_eq!(ask("GET", target, "127.0.0.1:80"), Err("404 Not Found"), "{target}");
        }
        for host in ["example.com", "127.0.0.1", "example.com:80", "127.0.0.1:80.example.com", ""] {
            assert_eq!(ask("GET", "/token/", host), Err("421 Misdirected Request"), "{host}");
        }
        for method in ["POST", "PUT", "OPTIONS", "get", ""] {
            assert_eq!(ask(method, "/token/", "127.0.0.1:80"), Err("405 Method Not Allowed"));
        }
    }

    #[test]
    fn what_never_ends_is_not_read_to_its_end() {
        assert!(Request::read(&b"GET / HTTP/1.1\r\nHost: a"[..]).is_err());
        let endless = io::repeat(b'a');
        assert!(Request::read(endless).is_err());
        let many = "A: b\r\n".repeat(100_000);
        assert!(Request::read(format!("GET / HTTP/1.1\r\n{many}").as_bytes()).is_err());
    }

    #[test]
    fn tokens_differ() {
        assert_eq!(token().len(), 32);
        assert_ne!(token(), token());
    }
}
