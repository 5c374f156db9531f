CREATE TABLE rate_window (
    user      INTEGER NOT NULL,
    endpoint  TEXT NOT NULL,
    requests  INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    reset_at  TEXT NOT NULL,
    told      INTEGER NOT NULL CHECK (told IN (0, 1)),
    pending   INTEGER NOT NULL,
    PRIMARY KEY (user, endpoint)
) STRICT, WITHOUT ROWID;
