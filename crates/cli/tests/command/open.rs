//! The page with an export loaded: a server that only this machine reaches, of one page and one
//! export.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::holdfast::{command, fixtures, folder, run, run_in, write};

/// A server that is ended with the test.
struct Running {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    /// `HOST:PORT`, and the path of the page.
    host: String,
    path: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn page(test: &str) -> std::path::PathBuf {
    let folder = folder(test);
    write(&folder, "index.html", "<p>the page</p>");
    write(&folder, "holdfast.wasm", [0, 1, 2]);
    write(&folder, "below/secret.txt", "not served");
    write(&folder, "../beside.txt", "not served");
    folder
}

fn open(mut command: Command, page: &Path) -> Running {
    command.args(["open", "homelab/cluster.json", "--no-browser", "--page"]).arg(page);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut address = String::new();
    stdout.read_line(&mut address).unwrap();
    let rest = address.trim().strip_prefix("http://").unwrap_or_else(|| panic!("{address}"));
    let (host, path) = rest.split_once('/').unwrap();
    let path = path.strip_suffix("?open=cluster%2Ejson").unwrap_or_else(|| panic!("{address}"));
    Running { child, _stdout: stdout, host: host.to_owned(), path: format!("/{path}") }
}

impl Running {
    /// The head of an answer, and what follows.
    fn ask(&self, method: &str, path: &str, host: &str) -> (String, Vec<u8>) {
        let address: SocketAddr = self.host.parse().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
    }

    fn status(&self, method: &str, path: &str, host: &str) -> String {
        let (head, _) = self.ask(method, path, host);
        head.split(' ').nth(1).unwrap().to_owned()
    }
}

#[test]
fn the_page_and_one_export_are_served_and_nothing_else() {
    let served = open(command(&fixtures()), &page("open"));
    assert!(served.host.starts_with("127.0.0.1:"), "{}", served.host);
    assert_eq!(served.path.len(), 34, "{}", served.path);
    let get = |name: &str| served.ask("GET", &format!("{}{name}", served.path), &served.host);
    let (head, body) = get("");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("Content-Type: text/html") && head.contains("no-store"), "{head}");
    assert_eq!(body, b"<p>the page</p>");
    let (head, body) = get("holdfast.wasm");
    assert!(head.contains("Content-Type: application/wasm"), "{head}");
    assert_eq!(body, [0, 1, 2]);
    let export = fs::read(fixtures().join("homelab/cluster.json")).unwrap();
    assert!(get("export").1 == export);
    let path = format!("{}export", served.path);
    let (head, body) = served.ask("HEAD", &path, &served.host);
    assert!(head.contains(&format!("Content-Length: {}", export.len())), "{head}");
    assert!(body.is_empty());
    for name in ["below/secret.txt", "../beside.txt", "%2e%2e/beside.txt", "/etc/passwd", "nothing"]
    {
        assert!(get(name).0.starts_with("HTTP/1.1 404"), "{name}");
    }
    assert_eq!(served.status("GET", "/", &served.host), "404");
    assert_eq!(served.status("GET", "/export", &served.host), "404");
    assert_eq!(served.status("POST", &path, &served.host), "405");
    // What another site is called does not become this machine by a name server's word.
    assert_eq!(served.status("GET", &path, "example.com"), "421");
    let port = served.host.split(':').nth(1).unwrap();
    assert_eq!(served.status("GET", &path, &format!("localhost:{port}")), "200");
}

#[test]
fn the_page_is_found_by_a_variable_and_another_path_each_time() {
    let page = page("open-twice");
    let one = open(command(&fixtures()), &page);
    let mut named = command(&fixtures());
    named.env("HOLDFAST_PAGE", "nowhere");
    let other = open(named, &page);
    assert_ne!(one.path, other.path);
    let port = one.host.split(':').nth(1).unwrap();
    let page = page.to_str().unwrap();
    let words = ["open", "homelab/cluster.json", "--no-browser", "--page", page, "--port", port];
    let taken = run(&words).ended(2);
    assert!(taken.stderr.contains(&format!("cannot listen on port {port}")), "{}", taken.stderr);
    assert!(taken.stderr.contains("leave --port out"), "{}", taken.stderr);
}

#[test]
fn what_is_not_there_is_said_with_the_way_out() {
    let empty = folder("open-empty");
    let export = fixtures().join("homelab/cluster.json");
    let export = export.to_str().unwrap();
    let no_page = run_in(&empty, &["open", export, "--page", "."]).ended(2);
    assert!(no_page.stderr.contains("there is no page in this folder"), "{}", no_page.stderr);
    assert!(no_page.stderr.contains("cargo xtask web"), "{}", no_page.stderr);
    let no_export = run_in(&empty, &["open", "cluster.json"]).ended(2);
    assert!(no_export.stderr.contains("cannot read cluster.json"), "{}", no_export.stderr);
}
