//! The accounts and the apps.

use async_trait::async_trait;
use blocks_ports::{Account, AccountName, AccountStore, App, Renamed, StoreError};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use secrecy::{ExposeSecret, SecretString};

use crate::SqliteStore;
use crate::column::{Id, Parsed};
use crate::error::Fault;

#[async_trait]
impl AccountStore for SqliteStore {
    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read(|tx| {
            let mut accounts =
                tx.prepare("SELECT name, user, username, app, api_url FROM account ORDER BY name")?;
            Ok(accounts.query_map([], account)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        let account = account.clone();
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO account (name, user, username, app, api_url)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (name) DO UPDATE SET
                     user = ?2, username = ?3, app = ?4, api_url = ?5",
                params![
                    account.name.as_str(),
                    Id(account.user_id),
                    account.username,
                    account.app,
                    account.api_url,
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn rename_account(
        &self,
        from: &AccountName,
        to: &AccountName,
    ) -> Result<Renamed, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.write(move |tx| {
            if !has_account(tx, &from)? {
                return Ok(Renamed::NotFound);
            }
            if from != to && has_account(tx, &to)? {
                return Ok(Renamed::Taken);
            }
            tx.execute("UPDATE account SET name = ? WHERE name = ?", [to.as_str(), from.as_str()])?;
            Ok(Renamed::Done)
        })
        .await
    }

    async fn remove_account(&self, name: &AccountName) -> Result<bool, StoreError> {
        let name = name.clone();
        self.write(move |tx| {
            Ok(tx.execute("DELETE FROM account WHERE name = ?", [name.as_str()])? > 0)
        })
        .await
    }

    async fn default_account(&self) -> Result<Option<AccountName>, StoreError> {
        self.read(|tx| {
            let name = tx.query_row("SELECT name FROM account WHERE is_default = 1", [], |row| {
                row.get(0).map(|Parsed(name)| name)
            });
            Ok(name.optional()?)
        })
        .await
    }

    async fn set_default_account(&self, name: &AccountName) -> Result<bool, StoreError> {
        let name = name.clone();
        self.write(move |tx| {
            if !has_account(tx, &name)? {
                return Ok(false);
            }
            tx.execute("UPDATE account SET is_default = 0 WHERE is_default = 1", [])?;
            tx.execute("UPDATE account SET is_default = 1 WHERE name = ?", [name.as_str()])?;
            Ok(true)
        })
        .await
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        self.read(|tx| {
            let mut apps = tx.prepare(
                "SELECT name, client_id, client_secret, redirect_uri, api_url FROM app ORDER BY name",
            )?;
            Ok(apps.query_map([], app)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn put_app(&self, app: &App) -> Result<(), StoreError> {
        let app = app.clone();
        self.write(move |tx| {
            let secret = app.client_secret.as_ref().map(ExposeSecret::expose_secret);
            tx.execute(
                "INSERT OR REPLACE INTO app
                     (name, client_id, client_secret, redirect_uri, api_url)
                 VALUES (?, ?, ?, ?, ?)",
                params![app.name, app.client_id, secret, app.redirect_uri, app.api_url],
            )?;
            Ok(())
        })
        .await
    }

    async fn remove_app(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(move |tx| Ok(tx.execute("DELETE FROM app WHERE name = ?", [name])? > 0)).await
    }
}

fn has_account(tx: &Transaction<'_>, name: &AccountName) -> Result<bool, Fault> {
    let found = "SELECT EXISTS (SELECT 1 FROM account WHERE name = ?)";
    Ok(tx.query_row(found, [name.as_str()], |row| row.get(0))?)
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let (Parsed(name), Id(user)) = (row.get(0)?, row.get(1)?);
    let mut account = Account::new(name, user);
    account.username = row.get(2)?;
    account.app = row.get(3)?;
    account.api_url = row.get(4)?;
    Ok(account)
}

fn app(row: &Row<'_>) -> rusqlite::Result<App> {
    let mut app = App::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
    app.client_secret = row.get::<_, Option<String>>(2)?.map(SecretString::from);
    app.redirect_uri = row.get(3)?;
    app.api_url = row.get(4)?;
    Ok(app)
}
