-- Ids of X are unsigned 64-bit numbers; SQLite's are signed. They are stored with the same bits,
-- so those above 9,223,372,036,854,775,807 look negative here, and have no order.
-- Times are RFC 3339 in UTC.

CREATE TABLE app (
    name          TEXT PRIMARY KEY,
    client_id     TEXT NOT NULL,
    client_secret TEXT,
    redirect_uri  TEXT
) STRICT;

CREATE TABLE account (
    name       TEXT PRIMARY KEY,
    user       INTEGER NOT NULL,
    username   TEXT,
    app        TEXT,
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX account_default ON account (is_default) WHERE is_default = 1;

-- A row outlives its credential, so that no revision and no lease is ever used again.
CREATE TABLE credential (
    account       TEXT PRIMARY KEY,
    revision      INTEGER NOT NULL DEFAULT 0,
    secret_json   TEXT,
    lease         INTEGER NOT NULL DEFAULT 0,
    lease_ends_at TEXT
) STRICT;
