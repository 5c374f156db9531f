-- The last hold of each account.
CREATE TABLE hold (
    account INTEGER PRIMARY KEY,
    fence   INTEGER NOT NULL
) STRICT;

-- Every read there was. One that has ended was given up, or was a snapshot (then it has a
-- finished_at) and was replaced. AUTOINCREMENT: no number is used twice.
CREATE TABLE read (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'snapshot', 'ended')),
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    users       INTEGER NOT NULL DEFAULT 0,
    pages       INTEGER NOT NULL DEFAULT 0,
    next_token  TEXT,
    added       INTEGER NOT NULL DEFAULT 0,
    removed     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX read_open ON read (account) WHERE state = 'open';
CREATE UNIQUE INDEX read_snapshot ON read (account) WHERE state = 'snapshot';
CREATE INDEX read_ended ON read (id) WHERE state = 'ended';

-- The users of a read, with what they are sorted by. The places of a read are 0 to users - 1.
CREATE TABLE member (
    id           INTEGER PRIMARY KEY,
    read         INTEGER NOT NULL REFERENCES read (id),
    position     INTEGER NOT NULL,
    user         INTEGER NOT NULL,
    username_key TEXT,
    name_key     TEXT,
    followers    INTEGER,
    created      INTEGER,
    UNIQUE (read, position),
    UNIQUE (read, user)
) STRICT;

-- The profiles stand apart from what they are sorted by, because they are fifty times as large.
CREATE TABLE profile (
    member      INTEGER PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,
    received_at TEXT NOT NULL,
    json        TEXT NOT NULL
) STRICT;

-- Who came and went with each snapshot; it outlives the members.
CREATE TABLE change (
    read  INTEGER NOT NULL REFERENCES read (id),
    user  INTEGER NOT NULL,
    added INTEGER NOT NULL CHECK (added IN (0, 1)),
    PRIMARY KEY (read, user)
) STRICT, WITHOUT ROWID;
