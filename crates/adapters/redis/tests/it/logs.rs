//! What the log tells of hints.

use std::io;

use keelway_contract::SeededEntropy;
use keelway_kernel::UserId;
use tokio::sync::mpsc::{self, UnboundedSender};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::house::{connect, namespace, patient, random, soon};
use crate::server::Server;

/// Sends each line on.
#[derive(Clone)]
struct Lines(UnboundedSender<String>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn hints_that_are_lost_alone_are_named_once_and_once_when_they_are_back() {
    let server = Server::start(&[]).await;
    let (sender, mut lines) = mpsc::unbounded_channel();
    let log = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(Lines(sender))
        .finish();
    // This thread's alone, on which all tasks of the test run.
    let _log = tracing::subscriber::set_default(log);
    let _: String = server.run("ACL SETUSER default resetchannels").await;
    let redis = connect(&patient(&server.url(), &namespace())).await;
    let outdate = redis.outdating();
    let (mut warned, mut failures) = (Vec::new(), [0; 2]);
    while failures.iter().any(|failures| *failures < 6) {
        let line = soon(lines.recv()).await.unwrap();
        failures[0] += usize::from(line.contains("way=In"));
        failures[1] += usize::from(line.contains("way=Out"));
        if line.contains("WARN") {
            warned.push(line);
        }
        // There is something to say at once.
        outdate(UserId::random(&SeededEntropy::new(random())));
    }
    warned.sort();
    assert_eq!(warned.len(), 2, "each way once: {warned:#?}");
    assert!(warned[0].contains("are not passed on to other processes, though"), "{warned:#?}");
    assert!(warned[1].contains("of other processes are not heard, though"), "{warned:#?}");
    assert!(warned.iter().all(|line| line.contains("channel")), "the reason: {warned:#?}");

    let _: String = server.run("ACL SETUSER default allchannels").await;
    let mut back = Vec::new();
    while back.len() < 2 {
        let line = soon(lines.recv()).await.unwrap();
        assert!(!line.contains("WARN"), "{line}");
        if line.contains("INFO keelway_redis") {
            back.push(line);
        }
        outdate(UserId::random(&SeededEntropy::new(random())));
    }
    back.sort();
    assert!(back[1].contains("are heard again"), "{back:#?}");
    assert!(back[0].contains("are passed on to other processes again"), "{back:#?}");
}
