//! Further processes: this binary once more, to run one of its ignored tests.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::scene::Place;

/// What a process says begins like this; the test harness writes to the same pipe.
const SAYS: &str = "> ";

/// A process that takes orders and answers, a line each. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a process that runs a test of this binary at a place.
    pub(crate) fn start(test: &str, place: &Place) -> Self {
        let program = std::env::current_exe().expect("this binary");
        let mut child = Command::new(program)
            .args(["--ignored", "--exact", test, "--nocapture"])
            .envs(place.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let orders = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, orders, answers }
    }

    pub(crate) fn tell(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("it still runs");
    }

    /// What it says next.
    pub(crate) fn answer(&mut self) -> String {
        let mut lines = self.answers.by_ref().map(|line| line.expect("a line"));
        lines
            .find_map(|line| Some(line.strip_prefix(SAYS)?.to_owned()))
            .expect("it has not failed; if it has, it says why above")
    }

    /// Ends it at once, with SIGKILL where there are signals.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it still runs");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Errors say that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Within a process: says something.
pub(crate) fn say(answer: &str) {
    // A line of its own, whatever the harness has written before.
    let mut out = std::io::stdout().lock();
    write!(out, "\n{SAYS}{answer}\n").and_then(|()| out.flush()).expect("somebody listens");
}

/// Within a process: the next order. Where none can come any more, the process ends.
pub(crate) fn order() -> String {
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(length) if length > 0 => line.trim_end().to_owned(),
        _ => std::process::exit(0),
    }
}
