//! The flags of `blocks sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with the sandbox.
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Serve a sandbox for any client, and print how to reach it as one line of JSON
    ///
    /// The sandbox behaves like X. While it serves, a browser finds a page about it at its
    /// address, and `GET /sandbox` lists what can be controlled: time, users, tokens, blocks,
    /// settings, faults and more. On a loopback address that is open to every program on this
    /// machine; elsewhere it takes the `control_token` of the line.
    Serve(ServeArgs),
    /// List the faults that a sandbox can be given, or check a file of them
    ///
    /// Without a file, an example is printed that holds every kind, ready to be saved and given
    /// to `blocks sandbox serve --faults`.
    Faults(FaultsArgs),
    /// Forget the world of --sandbox and what was mirrored from it
    Reset,
}

/// How to serve a sandbox.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// How many accounts the signed-in user blocks
    #[arg(long, value_name = "N", default_value_t = crate::embedded::BLOCKS)]
    pub(crate) blocks: u32,

    /// The same seed gives the same world
    #[arg(long, value_name = "N", default_value_t = crate::embedded::SEED)]
    pub(crate) seed: u64,

    /// The plan of the signed-in user's app; only Enterprise may block and unblock
    #[arg(long, value_enum, default_value_t = TierArg::Enterprise)]
    pub(crate) tier: TierArg,

    /// Whether rate windows are counted
    #[arg(long, value_enum, default_value_t = Switch::On)]
    pub(crate) limits: Switch,

    /// How many of a thousand accounts are suspended or deactivated, so that pages come short
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=900))]
    pub(crate) unavailable: u16,

    /// Keep the world in this file, and go on with it where there is one: no answer is given
    /// before what it tells of is on the disk
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Faults to meet on purpose; `blocks sandbox faults` prints an example
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,

    /// Where the apps of the sandbox send browsers back to
    /// [default: http://127.0.0.1:8739/callback]
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<String>,
}

/// Which faults.
#[derive(Debug, Args)]
pub(crate) struct FaultsArgs {
    /// A file of faults to check
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// A plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TierArg {
    /// By contract: may write
    Enterprise,
    /// By the call: may read
    PayPerUse,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Counted
    On,
    /// Not counted
    Off,
}
