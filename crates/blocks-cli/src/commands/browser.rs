//! Opening the person's browser.
//!
//! A browser lives on for days, and keeps the environment that it was started with. So it is
//! started by a process of its own, which has none of this program's variables.

use std::process::{Command, Stdio};

use crate::args::OpenBrowserArgs;
use crate::exit::Exit;

/// Asks for an address to be opened, in a process of its own; whether it works, nobody hears.
pub(crate) fn ask_to_open(url: &str) -> std::io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["open-browser", url]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BLOCKS_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn()?.wait()?;
    Ok(())
}

/// Opens it.
pub(super) fn open(args: &OpenBrowserArgs) -> anyhow::Result<Exit> {
    webbrowser::open(&args.url)?;
    Ok(Exit::Done)
}
