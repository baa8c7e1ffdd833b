//! Real processes for the tests.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use kvindex_client::v1::{QueryRequest, RegisterRequest};
use kvindex_client::Client;

/// A program of the build folder. It is stopped with the test and must end well.
pub struct Program {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn start(name: &'static str, arguments: &[&str]) -> Self {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let build = std::env::var_os("KVINDEX_BUILD").map_or(here.join("../../build/release"), PathBuf::from);
        let mut child = Command::new(build.join(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Program { name, child, input, output }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let stop = Command::new("kill").arg(self.child.id().to_string()).status();
        let end = self.child.wait();
        if !std::thread::panicking() {
            assert!(stop.unwrap().success() && end.unwrap().success(), "{} did not stop well", self.name);
        }
    }
}

/// A client of a daemon of its own.
pub struct Daemon {
    pub client: Client,
    _programs: Vec<Program>,
}

pub fn start_daemon() -> Daemon {
    let mut program = Program::start("kvindexd", &["--port", "0", "--grpc-port", "0", "--log-level", "error"]);
    let ready = program.line();
    let address = ready.trim().split("grpc=").nth(1).unwrap_or_else(|| panic!("unexpected first line {ready:?}"));
    Daemon { client: Client::new(address).unwrap(), _programs: vec![program] }
}

pub fn prompt(tokens: u32) -> Vec<u32> {
    (1..=tokens).collect()
}

/// A daemon that follows two simulated engines, of which worker 0 holds `prompt(64)`, in the partition of a model.
pub async fn start_filled(model: &str) -> Daemon {
    let mut daemon = start_daemon();
    let mut simulator = Program::start("kvindex-simulator", &["--workers", "2"]);
    let workers = simulator.line();
    writeln!(simulator.input, "prompt 0 {:?}", prompt(64)).unwrap();
    assert_eq!(simulator.line(), "{\"ok\":true}\n");
    let endpoints = texts(&workers, "endpoint").into_iter().zip(texts(&workers, "replay_endpoint"));
    for (instance, (endpoint, replay_endpoint)) in endpoints.enumerate() {
        let request = RegisterRequest {
            instance_id: instance.to_string(),
            endpoint,
            replay_endpoint,
            block_size_tokens: 16,
            model: model.to_owned(),
            ..Default::default()
        };
        daemon.client.register(request).await.unwrap();
    }
    daemon._programs.push(simulator);
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        let question = QueryRequest { token_ids: prompt(64), model: model.to_owned(), ..Default::default() };
        let answer = daemon.client.query(question).await.unwrap();
        let ready = daemon.client.health().await.unwrap().ready;
        if ready && answer.best().is_some_and(|best| best.device_blocks == 4) {
            return daemon;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the index was not filled");
}

/// The texts of a key in the simulator's JSON, which escapes nothing.
fn texts(json: &str, key: &str) -> Vec<String> {
    let begin = format!("\"{key}\":\"");
    json.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}
