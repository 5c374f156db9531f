//! The program `blocks` as users have it, and its sandbox in a process of its own.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;
use serde_json::Value;

/// The built program, with a folder to keep its state in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    pub(crate) home: &'a Path,
}

impl Program<'_> {
    /// The program with no state and no settings but those of this folder.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.path);
        command.env_clear().env("BLOCKS_HOME", self.home).stdin(Stdio::null());
        command
    }

    /// Serves a sandbox with these further flags.
    pub(crate) fn serve(&self, flags: &[&str]) -> Result<Sandbox> {
        let process = self
            .command()
            .args(["sandbox", "serve", "--quiet"])
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the sandbox")?;
        let mut sandbox = Sandbox { process, reach: Value::Null };
        let stdout = sandbox.process.stdout.as_mut().context("the sandbox has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        sandbox.reach = serde_json::from_str(&line).context("the sandbox does not serve")?;
        Ok(sandbox)
    }
}

/// Cargo, as if it were called from outside.
///
/// It tells who runs under it of which package they are. Build scripts look at that, and would
/// build anew what is built already.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let of_package = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
    };
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_package)) {
        cargo.env_remove(name);
    }
    cargo
}

/// Builds the program with these flags of cargo, and answers where it is.
pub(crate) fn build(root: &Path, flags: &[&str]) -> Result<PathBuf> {
    let mut build = cargo()
        .args(["build", "--package", "blocks-cli"])
        .args(flags)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .context("starting cargo")?;
    let messages = BufReader::new(build.stdout.take().context("cargo has no output")?);
    let mut program = None;
    for message in Message::parse_stream(messages) {
        if let Message::CompilerArtifact(artifact) = message? {
            program = artifact.executable.or(program);
        }
    }
    ensure!(build.wait()?.success(), "the program does not build");
    Ok(program.context("cargo built no program")?.into())
}

/// A sandbox that is serving; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Sandbox {
    process: Child,
    reach: Value,
}

impl Sandbox {
    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it told about how to reach it.
    pub(crate) fn told(&self, key: &str) -> Result<&str> {
        self.reach[key].as_str().with_context(|| format!("the sandbox tells no {key}"))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A process that has ended by itself is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
