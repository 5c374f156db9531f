-- What was done to block lists. AUTOINCREMENT: no number is used twice.
CREATE TABLE operation (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL,
    target     INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    entered_at TEXT NOT NULL,
    outcome    TEXT,
    settled_at TEXT,
    CHECK ((outcome IS NULL) = (settled_at IS NULL))
) STRICT;

CREATE INDEX operation_account ON operation (account, id);
CREATE INDEX operation_target ON operation (account, target);

-- What was charged on each day UTC.
CREATE TABLE spending (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    day     TEXT NOT NULL,
    charge  TEXT NOT NULL,
    units   INTEGER NOT NULL,
    UNIQUE (account, day, charge)
) STRICT;

CREATE INDEX spending_day ON spending (day);

-- Who was paid for on the last days, and is free until midnight.
CREATE TABLE paid (
    spending INTEGER NOT NULL REFERENCES spending (id),
    user     INTEGER NOT NULL,
    PRIMARY KEY (spending, user)
) STRICT, WITHOUT ROWID;

-- How often something was forgotten, and how often the pages of the file were freed of its traces
-- since. One row: as long as the two differ, traces may be left.
CREATE TABLE forgotten (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    times  INTEGER NOT NULL,
    erased INTEGER NOT NULL
) STRICT;

INSERT INTO forgotten VALUES (1, 0, 0);
