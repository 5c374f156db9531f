-- The users of a snapshot are a body, which is named by the read of the whole list that brought
-- them; a read of the head alone adds its users to the body of the snapshot before. Their places
-- therefore have gaps, and may be negative: only their order counts.

CREATE TABLE read_grown (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'aside', 'snapshot', 'ended')),
    started_at  TEXT NOT NULL,
    users       INTEGER NOT NULL DEFAULT 0,
    pages       INTEGER NOT NULL DEFAULT 0,
    next_token  TEXT,
    meets_known INTEGER NOT NULL DEFAULT 0 CHECK (meets_known IN (0, 1)),
    -- The body that has its users; none until it has begun to have one.
    body        INTEGER REFERENCES read_grown (id),
    -- The snapshot that its users were compared with as they came.
    compared    INTEGER,
    -- Of a snapshot, and of what was one.
    finished_at TEXT,
    full_at     TEXT,
    amended_at  TEXT,
    added       INTEGER NOT NULL DEFAULT 0,
    removed     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- No read that is under way was compared as it came; 0 is the number of no snapshot.
INSERT INTO read_grown
    SELECT id, account, kind, state, started_at, users, pages, next_token, 0, id,
        iif(state = 'open', 0, NULL), finished_at, iif(finished_at IS NULL, NULL, started_at),
        NULL, added, removed
    FROM read;

-- The handle and the name stand here as they are written, besides those to sort by, so that the
-- names of two bodies can be compared without a look at the profiles. A user is renamed whose
-- names were others in the snapshot that they were compared with.
CREATE TABLE member_grown (
    id            INTEGER PRIMARY KEY,
    body          INTEGER NOT NULL REFERENCES read (id),
    place         INTEGER NOT NULL,
    user          INTEGER NOT NULL,
    first_seen_at TEXT NOT NULL,
    renamed       INTEGER NOT NULL DEFAULT 0 CHECK (renamed IN (0, 1)),
    username      TEXT,
    name          TEXT,
    username_key  TEXT,
    name_key      TEXT,
    followers     INTEGER,
    created       INTEGER,
    -- Whether a read has met the user at this place; otherwise somebody told of them.
    met           INTEGER NOT NULL DEFAULT 1 CHECK (met IN (0, 1))
) STRICT;

INSERT INTO member_grown
    SELECT id, read, position, user, received_at, 0,
        CASE WHEN json_valid(json) THEN json ->> '$.username' END,
        CASE WHEN json_valid(json) THEN json ->> '$.name' END,
        username_key, name_key, followers, created, 1
    FROM member JOIN profile ON profile.member = member.id
    ORDER BY id;

DROP TABLE member;
DROP TABLE read;
ALTER TABLE read_grown RENAME TO read;
ALTER TABLE member_grown RENAME TO member;

CREATE UNIQUE INDEX read_open ON read (account) WHERE state = 'open';
CREATE UNIQUE INDEX read_aside ON read (account) WHERE state = 'aside';
CREATE UNIQUE INDEX read_snapshot ON read (account) WHERE state = 'snapshot';
CREATE INDEX read_ended ON read (id) WHERE state = 'ended';
CREATE INDEX read_body ON read (body) WHERE state <> 'ended';

CREATE UNIQUE INDEX member_place ON member (body, place);
CREATE UNIQUE INDEX member_user ON member (body, user);
CREATE INDEX member_username ON member (body, username_key);
CREATE INDEX member_renamed ON member (body) WHERE renamed = 1;
