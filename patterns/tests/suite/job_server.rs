//! `examples/job_server`: the real process, real TCP, several clients, a real SIGTERM.
//!
//! What its logic does on every schedule is in `loom-tests/tests/job_server.rs`; here it is what only a
//! process shows.

use crate::process::Process;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// A client that waits for each answer.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: &str) -> Self {
        Client(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    fn send(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line, or "" at the end.
    fn receive(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    #[track_caller]
    fn asks(&mut self, line: &str, answer: &str) {
        self.send(line);
        assert_eq!(self.receive(), answer);
    }
}

fn server() -> (Process, String) {
    let mut process = Process::start("job_server", &["127.0.0.1:0"]);
    let said = process.next_line();
    let address = said.strip_prefix("listening on ").expect("it says where").to_owned();
    (process, address)
}

#[test]
fn several_clients_are_answered_and_a_sigterm_drains() {
    let (mut process, address) = server();
    let clients: Vec<_> = (0..3)
        .map(|n| {
            let address = address.clone();
            std::thread::spawn(move || {
                let mut client = Client::connect(&address);
                for m in 0..20 {
                    client.asks(&format!("{n} {m}"), &(n + m).to_string());
                }
                client.asks("one", "error: invalid digit found in string");
                client.asks(&format!("{} 1", i64::MAX), "error: too large");
                client
            })
        })
        .collect();
    // They stay connected, and idle.
    let mut clients: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    clients[0].send("wait");
    process.says("waiting");
    process.signal("TERM");
    assert_eq!(clients[0].receive(), "waited", "a job in flight is done and answered");
    process.says("answered 67, cut off 0, unstarted 0");
    for mut client in clients {
        assert_eq!(client.receive(), "", "its connection is closed");
    }
    assert!(TcpStream::connect(&address).is_err(), "nobody listens any more");
    assert_eq!(process.ends().code(), Some(0), "a clean stop is a success");
}

#[test]
fn a_line_that_is_too_long_ends_its_connection_and_no_other() {
    let (process, address) = server();
    let (mut long, mut other) = (Client::connect(&address), Client::connect(&address));
    // The server may close before all of it is written.
    let _ = long.0.get_mut().write_all(&[b'1'; 9 << 10]);
    let mut rest = Vec::new();
    let _ = long.0.read_until(b'\n', &mut rest);
    assert_eq!(rest, b"", "there is no answer");
    other.asks("1 2", "3");
    process.signal("TERM");
    assert_eq!(other.receive(), "");
    drop(process);
}
