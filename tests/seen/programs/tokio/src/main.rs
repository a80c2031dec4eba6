// A task for each client, in tokio.
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

async fn converse(mut client: TcpStream) -> std::io::Result<()> {
    let (incoming, mut answers) = client.split();
    let mut lines = BufReader::new(incoming).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(milliseconds) = line.strip_prefix("work ") {
            tokio::time::sleep(Duration::from_millis(milliseconds.parse().unwrap_or(0))).await;
        }
        let ids = std::fs::read_link("/proc/thread-self")?;
        let answer = ids.to_string_lossy().replace("/task/", " ") + "\n";
        answers.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_default();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    loop {
        let (client, _) = listener.accept().await?;
        tokio::spawn(converse(client));
    }
}
