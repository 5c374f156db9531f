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
use crate::server::{Address, Server};
use crate::sign_in::{SignIn, Source, chosen};

use checks::Doctor;

pub(crate) async fn run(
    globals: &Globals,
    args: &DoctorArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = match home.open_store() {
        Ok(store) => store,
        Err(error) => return report::without_state(&error, output),
    };
    let (server, sign_in) = patient(globals, &home, &store, output).await?;
    let source = match &sign_in {
        Ok(sign_in) => sign_in.source(&store, &server, output).await?,
        Err(_) => Source::nobody()?,
    };
    let keeper = source.keeper.clone();
    let mut doctor = Doctor::new(globals, args, output, &store, &server, source)?;
    let examined = until_interrupted(doctor.examine(&sign_in)).await;
    if let Some(keeper) = keeper {
        keeper.settle().await;
    }
    let findings = doctor.findings;
    server.close().await?;
    match examined {
        Some(examined) => examined.and_then(|()| report::show(&findings, output)),
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
        Err(error) => {
            let address = Address::named(globals)?;
            let account = chosen(globals, &address, store).await.ok();
            let url = account.map_or(address.url().map(str::to_owned), |account| account.api_url);
            (Server::remote(globals, url), Err(error))
        }
    })
}
