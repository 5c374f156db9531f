//! `blocks whoami`: who is signed in.

use serde::Serialize;

use crate::args::Globals;
use crate::context::{Session, home, who};
use crate::exit::Exit;
use crate::output::Output;

#[derive(Serialize)]
struct Who<'a> {
    account: &'a str,
    account_id: String,
    username: Option<&'a str>,
}

pub(crate) async fn run(globals: &Globals, output: Output) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let session = Session::open(globals, &home, output).await?;
    let account = session.account(globals, &store).await;
    session.close().await?;
    let account = account?;
    if output.json {
        output.json_line(&Who {
            account: account.name.as_str(),
            account_id: account.user_id.to_string(),
            username: account.username.as_deref(),
        })?;
        return Ok(Exit::Done);
    }
    output.sentence(&format!(
        "{}, user {}, account `{}`",
        who(&account),
        account.user_id,
        account.name
    ))?;
    Ok(Exit::Done)
}
