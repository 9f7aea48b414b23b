//! The demonstration as a process: `gonogo demo`, read line by line.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub struct Demo {
    child: Child,
    enter: String,
    said: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    _data: tempfile::TempDir,
}

impl Demo {
    /// Starts it, and waits until it has printed its address.
    pub fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_gonogo"))
            .args(["demo", "--exit", "--data"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let heard = Arc::clone(&said);
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                println!("{line}");
                heard.lock().unwrap().push(line);
            }
        });
        let begin = Instant::now();
        let enter = loop {
            let found = said
                .lock()
                .unwrap()
                .iter()
                .find_map(|l| Some(l.trim().strip_prefix("Open ")?.to_string()));
            if let Some(found) = found {
                break found;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "the demonstration did not start"
            );
            std::thread::park_timeout(Duration::from_millis(50));
        };
        Self {
            child,
            enter,
            said,
            reader: Some(reader),
            _data: data,
        }
    }

    /// The link that signs in once.
    pub fn enter_url(&self) -> String {
        self.enter.clone()
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        let base = self.enter.split("/enter/").next().unwrap();
        format!("{base}{path}")
    }

    /// Waits for the end; everything had to be noticed.
    pub fn until_over(mut self) {
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let said = self.said.lock().unwrap().join("\n");
        assert!(
            status.success(),
            "the demonstration ended with {status}:\n{said}"
        );
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // After a failed assertion nobody else ends it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
