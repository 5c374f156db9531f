//! Running the program, and servers for it to talk to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

/// The token that the program gets from its environment.
pub(crate) const TOKEN: &str = "s3cret-user-token-0123456789";

/// A home folder for the program, gone after the test.
pub(crate) struct Home(TempDir);

/// What a run of the program came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// The program with these arguments, in an environment of its own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blocks"));
        command.args(args).env_clear().env("BLOCKS_HOME", self.path()).stdin(Stdio::null());
        command
    }

    /// Another home with the same files, as a thief or a backup has them.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        for entry in std::fs::read_dir(self.path()).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("its kind").is_file() {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a copy");
            }
        }
        copy
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("the program"))
    }

    /// Runs it with the sandbox inside.
    pub(crate) fn sandboxed(&self, args: &[&str]) -> Ran {
        self.run(&[&["--sandbox"], args].concat())
    }

    /// Runs it signed in, against another server, without trying again.
    pub(crate) fn against(&self, url: &str, args: &[&str]) -> Ran {
        let flags = ["--api-url", url, "--timeout", "1", "--retries", "0"];
        let mut command = self.command(&[&flags, args].concat());
        command.env("BLOCKS_ACCESS_TOKEN", TOKEN);
        Ran::of(command.output().expect("the program"))
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// The run, which must have ended with this code.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, code, "stdout:\n{stdout}\nstderr:\n{stderr}");
        self
    }

    /// The JSON object of each line of the results.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

/// An answer as bytes on the wire.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) bytes: Vec<u8>,
    /// Whether the connection stays open, silent, after the bytes.
    pub(crate) stalls: bool,
}

impl Wire {
    /// A whole answer with a JSON body.
    pub(crate) fn json(status: &str, body: &str) -> Self {
        Self::with(status, "content-type: application/json; charset=utf-8\r\n", body)
    }

    /// A whole answer with these headers.
    pub(crate) fn with(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
        Self { bytes: (head + body).into_bytes(), stalls: false }
    }

    /// The same, cut off before its last bytes.
    pub(crate) fn cut(mut self, missing: usize) -> Self {
        self.bytes.truncate(self.bytes.len() - missing);
        self
    }

    /// The same, with silence in the place of what is missing.
    pub(crate) fn stalling(mut self) -> Self {
        self.stalls = true;
        self
    }
}

/// A server that answers the requests for the signed-in user by itself, and those for pages of
/// the block list with what a test wrote by hand, the last of it again and again.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server at which the user 42, `@me`, is signed in.
    pub(crate) fn answering(pages: Vec<Wire>) -> Self {
        let me = Wire::json("200 OK", r#"{"data":{"id":"42","name":"Me","username":"me"}}"#);
        Self::with_user(me, pages)
    }

    /// A server that answers so when it is asked who is signed in.
    pub(crate) fn with_user(me: Wire, pages: Vec<Wire>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (seen, me, pages) = (Arc::clone(&seen), me.clone(), pages.clone());
                std::thread::spawn(move || serve(connection, &seen, &me, &pages));
            }
        });
        Self { url, requests }
    }

    /// The request lines for the block list so far.
    pub(crate) fn page_requests(&self) -> Vec<String> {
        let requests = self.requests.lock().expect("a list");
        requests.iter().filter(|line| line.contains("/blocking")).cloned().collect()
    }
}

fn serve(mut connection: TcpStream, seen: &Mutex<Vec<String>>, me: &Wire, pages: &[Wire]) {
    let mut reader = BufReader::new(connection.try_clone().expect("a handle"));
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).expect("headers");
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let answer = if line.contains("/2/users/me") {
            me.clone()
        } else {
            let mut seen = seen.lock().expect("a list");
            let index = seen.iter().filter(|line| line.contains("/blocking")).count();
            seen.push(line.trim().to_owned());
            pages[index.min(pages.len() - 1)].clone()
        };
        connection.write_all(&answer.bytes).expect("an answer");
        if answer.stalls {
            std::thread::sleep(std::time::Duration::from_secs(3));
        }
        let promised = String::from_utf8_lossy(&answer.bytes);
        let whole = promised
            .split_once("\r\n\r\n")
            .is_some_and(|(head, body)| head.contains(&format!("content-length: {}", body.len())));
        if !whole {
            return;
        }
    }
}

/// `blocks sandbox serve`, ended with the test.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
    pub(crate) line: serde_json::Value,
}

impl Serving {
    pub(crate) fn start(home: &Home, args: &[&str]) -> Self {
        let args = [&["sandbox", "serve", "--quiet"], args].concat();
        let mut child = home.command(&args).stdout(Stdio::piped()).spawn().expect("the program");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let line: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
        let url = line["url"].as_str().expect("an address").to_owned();
        Self { child, url, line }
    }

    /// Runs the program against it, signed in.
    pub(crate) fn run(&self, home: &Home, args: &[&str]) -> Ran {
        Ran::of(self.command(home, args).output().expect("the program"))
    }

    /// The program against it, signed in.
    pub(crate) fn command(&self, home: &Home, args: &[&str]) -> Command {
        let mut command = home.command(args);
        command.env("BLOCKS_API_URL", &self.url);
        command.env("BLOCKS_ACCESS_TOKEN", self.line["access_token"].as_str().expect("a token"));
        command
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
