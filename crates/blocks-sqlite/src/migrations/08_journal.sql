-- What happened to the users of each account's mirror; it outlives the bodies. Times that are
-- compared have nine digits behind the point, so that they have the order of their text.
CREATE TABLE change_grown (
    id              INTEGER PRIMARY KEY,
    account         INTEGER NOT NULL,
    user            INTEGER NOT NULL,
    at              TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('added', 'removed', 'renamed')),
    -- What it was seen by: a read, or whoever told.
    read            INTEGER,
    witness         TEXT CHECK (witness IN ('event', 'operation')),
    username        TEXT,
    name            TEXT,
    -- The names before, of one who was renamed.
    username_before TEXT,
    name_before     TEXT,
    -- What the last lookup said, of one who was removed.
    found           TEXT,
    found_at        TEXT,
    CHECK ((read IS NULL) <> (witness IS NULL)),
    CHECK ((found IS NULL) = (found_at IS NULL))
) STRICT;

-- The first snapshot of an account is no change. Names are known of those alone who are there.
INSERT INTO change_grown (account, user, at, kind, read, username, name)
    SELECT read.account, change.user,
        substr(finished_at, 1, 19)
            || substr(iif(length(finished_at) = 20, '.', rtrim(substr(finished_at, 20), 'Z'))
                || '000000000', 1, 10) || 'Z',
        iif(change.added, 'added', 'removed'), read.id, member.username, member.name
    FROM change JOIN read ON read.id = change.read
    LEFT JOIN member ON member.body = read.id AND member.user = change.user AND change.added
    WHERE finished_at IS NOT NULL AND read.id > (
        SELECT min(id) FROM read AS first
        WHERE first.account = read.account AND first.finished_at IS NOT NULL)
    ORDER BY read.id, change.user < 0, change.user;

DROP TABLE change;
ALTER TABLE change_grown RENAME TO change;
CREATE INDEX change_at ON change (account, at);
CREATE INDEX change_user ON change (account, user);

-- What was told of users while a read was under way, the last of each; it stands when the read is
-- finished.
CREATE TABLE amended (
    read    INTEGER NOT NULL REFERENCES read (id),
    user    INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    blocked INTEGER NOT NULL CHECK (blocked IN (0, 1)),
    at      TEXT NOT NULL,
    json    TEXT,
    PRIMARY KEY (read, user)
) STRICT, WITHOUT ROWID;

-- The names of the events of the last weeks, by which one that comes twice is known.
CREATE TABLE event (
    account INTEGER NOT NULL,
    name    TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_at ON event (account, at);
