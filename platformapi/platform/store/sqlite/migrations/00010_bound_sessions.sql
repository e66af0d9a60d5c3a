-- Sessions hold for hours: whoever is logged in logs in again.
-- +goose Up
DROP TABLE sessions;
CREATE TABLE sessions (
    id            TEXT PRIMARY KEY,
    token_hash    TEXT NOT NULL UNIQUE,
    token_until   INTEGER NOT NULL,
    refresh_hash  TEXT NOT NULL,
    previous_hash TEXT NOT NULL, -- the refresh token before, whose answer may have been lost
    renewed_at    INTEGER NOT NULL,
    thumbprint    TEXT NOT NULL, -- of the client's key
    uscc          TEXT NOT NULL REFERENCES organisations (uscc),
    person        TEXT NOT NULL,
    cert_sha256   TEXT NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_expires ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
CREATE TABLE sessions (
    token_hash  TEXT PRIMARY KEY,
    uscc        TEXT NOT NULL REFERENCES organisations (uscc),
    person      TEXT NOT NULL,
    cert_sha256 TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
