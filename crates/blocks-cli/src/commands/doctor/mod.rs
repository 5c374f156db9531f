//! `blocks doctor`: what a sign-in may do, and why not.

mod checks;
mod report;

use blocks_sqlite::SqliteStore;

use super::until_interrupted;
use crate::args::{DoctorArgs, Globals};
use crate::context::home;
use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;
use crate::server::{Server, named_url};
use crate::sign_in::{SignIn, Source};

use checks::Doctor;
use report::Finding;

pub(crate) async fn run(
    globals: &Globals,
    args: &DoctorArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let (server, sign_in) = patient(globals, &home, &store, output).await?;
    let examined =
        until_interrupted(examine(globals, args, output, &store, &server, sign_in)).await;
    server.close().await?;
    match examined {
        Some(findings) => report::show(&findings?, output),
        None => Ok(Exit::Interrupted),
    }
}

/// The server to examine, and the sign-in, or why there is none.
async fn patient(
    globals: &Globals,
    home: &Home,
    store: &SqliteStore,
    output: Output,
) -> anyhow::Result<(Server, anyhow::Result<SignIn>)> {
    if globals.sandbox {
        let stored = SignIn::stored(globals, store).await?;
        let server = Server::embedded(globals, home, output).await?;
        let sign_in = match stored {
            Some(stored) => stored,
            None => SignIn::ready_in(&server)?,
        };
        return Ok((server, Ok(sign_in)));
    }
    Ok(match SignIn::choose(globals, store).await {
        Ok((sign_in, url)) => (Server::remote(globals, url), Ok(sign_in)),
        Err(error) => (Server::remote(globals, named_url(globals)?), Err(error)),
    })
}

/// Makes the checks in the order in which one needs the other.
async fn examine(
    globals: &Globals,
    args: &DoctorArgs,
    output: Output,
    store: &SqliteStore,
    server: &Server,
    sign_in: anyhow::Result<SignIn>,
) -> anyhow::Result<Vec<Finding>> {
    let source = match &sign_in {
        Ok(sign_in) => sign_in.source(store, server).await?,
        Err(_) => Source::nobody()?,
    };
    let keeper = source.keeper.clone();
    let mut doctor = Doctor::new(globals, args, output, store, server, source)?;
    let examined = doctor.examine(&sign_in).await;
    if let Some(keeper) = keeper {
        keeper.settle().await;
    }
    examined?;
    Ok(doctor.findings)
}
