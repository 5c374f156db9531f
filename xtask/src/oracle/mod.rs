//! Holds our OAuth 1.0a signatures against those of `oauthlib`, on random requests.

mod case;

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use self::case::Case;

/// The script that asks the oracle.
const SCRIPT: &str = include_str!("sign.py");

/// What to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many requests are signed.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    rounds: u32,
    /// Where the random requests begin; the same number gives the same requests.
    #[arg(long, value_name = "NUMBER", default_value_t = rand::random())]
    seed: u64,
    /// Fails where the oracle is missing.
    #[arg(long)]
    require: bool,
    /// The Python that has oauthlib.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
    /// Writes the requests, with the headers that the oracle gives them, to a file as JSON.
    #[arg(long, value_name = "FILE")]
    save: Option<Box<Path>>,
}

/// Signs random requests with both, and prints how many were compared.
///
/// # Errors
/// Two signatures differ, or the oracle is missing and required.
pub(crate) fn compare(options: &Options) -> Result<()> {
    let mut oracle = match Oracle::start(&options.python) {
        Ok(oracle) => oracle,
        Err(why) if options.require => return Err(why),
        Err(why) => {
            println!("skipped: no signature was compared, for {why}");
            return Ok(());
        }
    };
    let mut dice = StdRng::seed_from_u64(options.seed);
    let mut saved = Vec::new();
    for round in 1..=options.rounds {
        let case = Case::random(&mut dice);
        let theirs = oracle.sign(&case)?;
        let ours = case.sign();
        ensure!(
            ours.header() == theirs,
            "round {round} of seed {} differs: {case:#?}\nwe sign  {}\nours     {}\noracle's {theirs}",
            options.seed,
            ours.base_string(),
            ours.header(),
        );
        saved.push(case.with_header(&theirs));
    }
    if let Some(path) = &options.save {
        let json = serde_json::to_string_pretty(&saved)? + "\n";
        fs::write(path, json).with_context(|| format!("writing {}", path.display()))?;
    }
    let (rounds, version, seed) = (options.rounds, &oracle.version, options.seed);
    println!("{rounds} requests signed alike by us and by oauthlib {version} (seed {seed})");
    Ok(())
}

/// A running oracle; it ends when dropped.
struct Oracle {
    process: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    version: String,
}

impl Oracle {
    /// Starts it; the error says in words what is missing.
    fn start(python: &str) -> Result<Self> {
        let process = Command::new(python)
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = process.with_context(|| format!("`{python}` does not run"))?;
        let questions = process.stdin.take().context("the oracle has no input")?;
        let answers = process.stdout.take().context("the oracle has no output")?;
        let answers = BufReader::new(answers).lines();
        let mut oracle = Self { process, questions, answers, version: String::new() };
        let hello = oracle.read("version");
        oracle.version = hello.with_context(|| {
            format!("`{python}` cannot load oauthlib; `pip install oauthlib` brings it")
        })?;
        Ok(oracle)
    }

    fn sign(&mut self, case: &Case) -> Result<String> {
        writeln!(self.questions, "{}", case.to_json())?;
        self.read("header").with_context(|| format!("the oracle cannot sign {case:#?}"))
    }

    fn read(&mut self, key: &str) -> Result<String> {
        let line = self.answers.next().context("the oracle says nothing")??;
        let answer: Value = serde_json::from_str(&line)?;
        Ok(answer[key].as_str().context("the oracle says something else")?.to_owned())
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
