//! The rules of [`AccountStore`].

use std::future::Future;
use std::sync::Arc;

use blocks_ports::{Account, AccountName, AccountStore, App, Renamed};
use secrecy::ExposeSecret;

use crate::support::{id, name};

/// Makes account stores for the suite.
pub trait AccountStoreHarness: Sized + 'static {
    /// Whether what is stored lasts when all handles are gone.
    const DURABLE: bool;

    /// A storage of its own, with nothing in it.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the storage.
    fn handle(&self) -> Arc<dyn AccountStore>;

    /// The storage after the program has ended and begun anew.
    fn reopen(self) -> impl Future<Output = Self>;
}

suite! {
    ($) account_store_suite, account_store::AccountStoreHarness:
    a_fresh_store_is_empty,
    accounts_come_back_as_they_were,
    accounts_are_sorted_by_name,
    putting_an_account_again_replaces_it,
    removing_an_account_says_whether_there_was_one,
    the_default_is_an_account_that_is_there,
    setting_an_unknown_default_changes_nothing,
    removing_the_default_leaves_none,
    removing_another_account_keeps_the_default,
    renaming_moves_the_account,
    renaming_the_default_keeps_it,
    renaming_never_replaces_another_account,
    renaming_to_the_same_name_is_done,
    renaming_an_unknown_account_changes_nothing,
    apps_come_back_as_they_were,
    apps_are_sorted_by_name,
    putting_an_app_again_replaces_it,
    removing_an_app_says_whether_there_was_one,
    accounts_and_apps_are_kept_apart,
    handles_share_one_storage,
    all_of_it_outlasts_reopening,
}

type Store = Arc<dyn AccountStore>;

fn account(text: &str, number: u64) -> Account {
    Account::new(name(text), id(number))
}

async fn put(store: &Store, account: &Account) {
    store.put_account(account).await.expect("`put_account` failed");
}

async fn accounts(store: &Store) -> Vec<Account> {
    store.accounts().await.expect("`accounts` failed")
}

async fn names(store: &Store) -> Vec<String> {
    accounts(store).await.into_iter().map(|account| account.name.to_string()).collect()
}

async fn default(store: &Store) -> Option<AccountName> {
    store.default_account().await.expect("`default_account` failed")
}

async fn set_default(store: &Store, text: &str) -> bool {
    store.set_default_account(&name(text)).await.expect("`set_default_account` failed")
}

async fn remove(store: &Store, text: &str) -> bool {
    store.remove_account(&name(text)).await.expect("`remove_account` failed")
}

async fn rename(store: &Store, from: &str, to: &str) -> Renamed {
    store.rename_account(&name(from), &name(to)).await.expect("`rename_account` failed")
}

async fn put_app(store: &Store, app: &App) {
    store.put_app(app).await.expect("`put_app` failed");
}

async fn apps(store: &Store) -> Vec<App> {
    store.apps().await.expect("`apps` failed")
}

async fn app_names(store: &Store) -> Vec<String> {
    apps(store).await.into_iter().map(|app| app.name).collect()
}

fn same_app(one: &App, other: &App) -> bool {
    let secret = |app: &App| app.client_secret.as_ref().map(|s| s.expose_secret().to_owned());
    one.name == other.name
        && one.client_id == other.client_id
        && one.api_url == other.api_url
        && secret(one) == secret(other)
        && one.redirect_uri == other.redirect_uri
}

/// A fresh store has neither accounts nor apps nor a default.
pub async fn a_fresh_store_is_empty<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    assert_eq!(accounts(&store).await, [], "accounts in a fresh store");
    assert_eq!(app_names(&store).await, [""; 0], "apps in a fresh store");
    assert_eq!(default(&store).await, None, "a default in a fresh store");
}

/// An account comes back with everything that is known of it.
pub async fn accounts_come_back_as_they_were<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    let bare = account("bare", 1);
    let mut full = account("full", 9_999_999_999_999_999_999);
    full.username = Some("ÜserName '\"\n🙈".into());
    full.app = Some("my app".into());
    full.api_url = Some("http://localhost:8080".into());
    put(&store, &bare).await;
    put(&store, &full).await;
    assert_eq!(accounts(&store).await, [bare, full]);
}

/// Accounts are sorted by name, as names compare: by their code points.
pub async fn accounts_are_sorted_by_name<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    for text in ["b", "ä", "a10", "B", "a9", "a"] {
        put(&store, &account(text, 1)).await;
    }
    assert_eq!(names(&store).await, ["B", "a", "a10", "a9", "b", "ä"]);
}

/// Putting an account of a name that is there replaces it.
pub async fn putting_an_account_again_replaces_it<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    let mut old = account("work", 1);
    old.username = Some("old".into());
    put(&store, &old).await;
    set_default(&store, "work").await;
    put(&store, &account("work", 2)).await;
    assert_eq!(accounts(&store).await, [account("work", 2)]);
    assert_eq!(default(&store).await, Some(name("work")), "it is still the default");
}

/// Removing an account answers whether there was one.
pub async fn removing_an_account_says_whether_there_was_one<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("work", 1)).await;
    assert!(!remove(&store, "home").await, "there was no `home`");
    assert!(remove(&store, "work").await, "there was `work`");
    assert!(!remove(&store, "work").await, "`work` was removed before");
    assert_eq!(names(&store).await, [""; 0]);
}

/// An account that is there can become the default, in the place of another.
pub async fn the_default_is_an_account_that_is_there<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("home", 1)).await;
    put(&store, &account("work", 2)).await;
    assert_eq!(default(&store).await, None, "nobody has chosen a default");
    for text in ["work", "home", "home"] {
        assert!(set_default(&store, text).await, "`{text}` is there");
        assert_eq!(default(&store).await, Some(name(text)));
    }
}

/// Setting the default to a name that is not there changes nothing and answers `false`.
pub async fn setting_an_unknown_default_changes_nothing<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    assert!(!set_default(&store, "work").await, "there is no account at all");
    assert_eq!(default(&store).await, None);
    put(&store, &account("work", 1)).await;
    set_default(&store, "work").await;
    assert!(!set_default(&store, "WORK").await, "there is no `WORK`");
    assert_eq!(default(&store).await, Some(name("work")));
}

/// Removing the default leaves none, also when an account of that name comes back.
pub async fn removing_the_default_leaves_none<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("home", 1)).await;
    put(&store, &account("work", 2)).await;
    set_default(&store, "work").await;
    remove(&store, "work").await;
    assert_eq!(default(&store).await, None);
    put(&store, &account("work", 2)).await;
    assert_eq!(default(&store).await, None, "the new `work` was not chosen");
}

/// Removing another account than the default keeps the default.
pub async fn removing_another_account_keeps_the_default<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("home", 1)).await;
    put(&store, &account("work", 2)).await;
    set_default(&store, "work").await;
    remove(&store, "home").await;
    assert_eq!(default(&store).await, Some(name("work")));
}

/// Renaming gives the account its new name, and changes nothing else of it.
pub async fn renaming_moves_the_account<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    let mut before = account("work", 7);
    before.username = Some("seven".into());
    before.app = Some("app".into());
    put(&store, &before).await;
    assert_eq!(rename(&store, "work", "job").await, Renamed::Done);
    let mut after = before;
    after.name = name("job");
    assert_eq!(accounts(&store).await, [after]);
}

/// The default is still the default under its new name, and no other renaming moves it.
pub async fn renaming_the_default_keeps_it<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("home", 1)).await;
    put(&store, &account("work", 2)).await;
    set_default(&store, "work").await;
    rename(&store, "work", "job").await;
    assert_eq!(default(&store).await, Some(name("job")));
    rename(&store, "home", "flat").await;
    assert_eq!(default(&store).await, Some(name("job")));
}

/// Renaming to the name of another account changes nothing and answers `Taken`.
pub async fn renaming_never_replaces_another_account<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("home", 1)).await;
    put(&store, &account("work", 2)).await;
    assert_eq!(rename(&store, "work", "home").await, Renamed::Taken);
    assert_eq!(accounts(&store).await, [account("home", 1), account("work", 2)]);
}

/// An account can be given the name that it has.
pub async fn renaming_to_the_same_name_is_done<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("work", 2)).await;
    set_default(&store, "work").await;
    assert_eq!(rename(&store, "work", "work").await, Renamed::Done);
    assert_eq!(accounts(&store).await, [account("work", 2)]);
    assert_eq!(default(&store).await, Some(name("work")));
}

/// Renaming an account that is not there changes nothing and answers `NotFound`.
pub async fn renaming_an_unknown_account_changes_nothing<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("work", 2)).await;
    assert_eq!(rename(&store, "home", "flat").await, Renamed::NotFound);
    assert_eq!(accounts(&store).await, [account("work", 2)]);
}

/// An app comes back with everything that is known of it, its secret included.
pub async fn apps_come_back_as_they_were<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    let bare = App::new("bare", "client");
    let mut full = App::new("full \"'\n🙈", "cliënt");
    full.client_secret = Some("s3cret '\"\\\n".into());
    full.redirect_uri = Some("http://127.0.0.1:8080/callback?a=b&c=%20".into());
    full.api_url = Some("http://localhost:8080".into());
    put_app(&store, &bare).await;
    put_app(&store, &full).await;
    let found = apps(&store).await;
    let same = found.len() == 2 && same_app(&found[0], &bare) && same_app(&found[1], &full);
    assert!(same, "stored {bare:?} and {full:?}, found {found:?}");
}

/// Apps are sorted by name, by their code points.
pub async fn apps_are_sorted_by_name<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    for text in ["b", "ä", "a10", "B", "a9", "a"] {
        put_app(&store, &App::new(text, "client")).await;
    }
    assert_eq!(app_names(&store).await, ["B", "a", "a10", "a9", "b", "ä"]);
}

/// Putting an app of a name that is there replaces it, its secret included.
pub async fn putting_an_app_again_replaces_it<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    let mut old = App::new("app", "old");
    old.client_secret = Some("s3cret".into());
    put_app(&store, &old).await;
    let new = App::new("app", "new");
    put_app(&store, &new).await;
    let found = apps(&store).await;
    assert!(found.len() == 1 && same_app(&found[0], &new), "put {new:?}, found {found:?}");
}

/// Removing an app answers whether there was one.
pub async fn removing_an_app_says_whether_there_was_one<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put_app(&store, &App::new("app", "client")).await;
    for (text, there) in [("App", false), ("app", true), ("app", false)] {
        let removed = store.remove_app(text).await.expect("`remove_app` failed");
        assert_eq!(removed, there, "whether there was `{text}`");
    }
    assert_eq!(app_names(&store).await, [""; 0]);
}

/// An account and an app may have the same name; removing the one keeps the other.
pub async fn accounts_and_apps_are_kept_apart<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    let mut signed_in = account("same", 1);
    signed_in.app = Some("same".into());
    put(&store, &signed_in).await;
    put_app(&store, &App::new("same", "client")).await;
    store.remove_app("same").await.expect("`remove_app` failed");
    assert_eq!(accounts(&store).await, [signed_in], "removing an app changed an account");
    put_app(&store, &App::new("same", "client")).await;
    remove(&store, "same").await;
    assert_eq!(app_names(&store).await, ["same"], "removing an account removed an app");
}

/// What one handle changes every other handle sees.
pub async fn handles_share_one_storage<H: AccountStoreHarness>(h: H) {
    let (one, two) = (h.handle(), h.handle());
    put(&one, &account("work", 1)).await;
    put_app(&one, &App::new("app", "client")).await;
    assert!(set_default(&two, "work").await, "the other handle put `work`");
    assert_eq!(default(&one).await, Some(name("work")));
    assert_eq!(app_names(&two).await, ["app"]);
}

/// Accounts, apps and the default outlast reopening; a store that does not last says so and is
/// empty then.
pub async fn all_of_it_outlasts_reopening<H: AccountStoreHarness>(h: H) {
    let store = h.handle();
    put(&store, &account("work", 1)).await;
    put_app(&store, &App::new("app", "client")).await;
    set_default(&store, "work").await;
    drop(store);
    let h = h.reopen().await;
    let store = h.handle();
    let found = (names(&store).await, app_names(&store).await, default(&store).await);
    let expected = if H::DURABLE {
        (vec!["work".to_owned()], vec!["app".to_owned()], Some(name("work")))
    } else {
        (vec![], vec![], None)
    };
    assert_eq!(found, expected, "after reopening, with DURABLE = {}", H::DURABLE);
}
