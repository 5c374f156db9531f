-- A call that is answered late is told apart from those of the present window.
ALTER TABLE rate_window ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
