//! Signing in with the libraries alone, and staying signed in: what `blocks login` does, in short.
//!
//! A sandbox plays X here, and approves by itself; with X, the person opens the address of the
//! request and pastes the one that their browser ends at.

use std::error::Error;
use std::sync::Arc;

use blocks_app::{Keeper, SignIns, SystemClock, oauth2_credential};
use blocks_domain::{BlockingQuery, Scope, Selection};
use blocks_fake::{Sandbox, World};
use blocks_http::{HttpApi, HttpTokenIssuer};
use blocks_ports::{
    Account, AccountName, AccountStore, BlocksApi, Clock, Credential, FixedCredential, TokenIssuer,
    UsersApi,
};
use blocks_sqlite::SqliteStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::bind(World::builder().build(), "127.0.0.1:0").await?;
    let (world, url) = (sandbox.world(), sandbox.url());
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path().join("blocks.sqlite"))?;
    let clock = SystemClock;

    // Ask for consent. `request.url()` is what the person opens, and `request.read_redirect(…)`
    // reads what comes back; the sandbox's `authorize` stands in for both.
    let (app, mut scopes) = (world.app(), Scope::FOR_READING.to_vec());
    scopes.push(Scope::OfflineAccess);
    let issuer = HttpTokenIssuer::builder().api_url(&url).build()?;
    let request = issuer.authorization(&app, &scopes)?;
    println!("Open {}", request.url());
    let grant = world.authorize(world.owner(), &app, scopes)?;

    // Trade the code for tokens, and ask whose they are.
    let asked_at = clock.now();
    let tokens = issuer.exchange(&app, &grant).await?;
    let credential = Credential::OAuth2(oauth2_credential(tokens, asked_at));
    let name: AccountName = "work".parse()?;
    let once = Arc::new(FixedCredential::new(credential.clone()));
    let api = HttpApi::builder(name.clone(), once).api_url(&url).build()?;
    let me = api.me(&Selection::default()).await?.value.data.ok_or("nobody")?;

    // Store the app, the account and its sign-in.
    store.put_app(&app).await?;
    let mut account = Account::new(name.clone(), me.id);
    (account.username, account.app) = (me.username, Some(app.name.clone()));
    account.api_url = Some(url.clone());
    SignIns::new(&store, &store, &clock).sign_in(&account, credential).await?;

    // From now on a keeper hands the sign-in out, and refreshes it when it has to be.
    let keeper = Keeper::new(app, Arc::new(issuer), Arc::new(store), Arc::new(clock));
    let api = HttpApi::builder(name, Arc::new(keeper.clone())).api_url(&url).build()?;
    let page = api.blocking(account.user_id, &BlockingQuery::default()).await?;
    println!("{} blocked accounts on the first page", page.value.users().len());
    keeper.settle().await;
    Ok(sandbox.shut_down().await?)
}
