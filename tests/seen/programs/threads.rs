// A thread for each client.
use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

fn converse(client: TcpStream) -> Result<()> {
    let mut answers = client.try_clone()?;
    for line in BufReader::new(client).lines() {
        if let Some(milliseconds) = line?.strip_prefix("work ") {
            std::thread::sleep(Duration::from_millis(milliseconds.parse().unwrap_or(0)));
        }
        let ids = std::fs::read_link("/proc/thread-self")?;
        let answer = ids.to_string_lossy().replace("/task/", " ") + "\n";
        answers.write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let port = std::env::args().nth(1).unwrap_or_default();
    for client in TcpListener::bind(format!("127.0.0.1:{port}"))?.incoming() {
        let client = client?;
        std::thread::spawn(move || converse(client));
    }
    Ok(())
}
