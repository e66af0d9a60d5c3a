-- Sessions hold for hours: whoever is logged in logs in again.
ALTER TABLE organisations ADD COLUMN kind TEXT NOT NULL DEFAULT 'party';
ALTER TABLE lots ADD COLUMN agency_uscc TEXT NOT NULL DEFAULT '';
CREATE INDEX lots_agency ON lots (agency_uscc) WHERE agency_uscc <> '';

DROP TABLE sessions;
CREATE TABLE sessions (
    id            TEXT PRIMARY KEY,
    token_hash    TEXT NOT NULL UNIQUE,
    token_until   BIGINT NOT NULL,
    refresh_hash  TEXT NOT NULL,
    previous_hash TEXT NOT NULL, -- the refresh token before, whose answer may have been lost
    renewed_at    BIGINT NOT NULL,
    thumbprint    TEXT NOT NULL, -- of the client's key
    account       TEXT NOT NULL, -- '': a certificate's
    uscc          TEXT NOT NULL, -- '': an account's
    kind          TEXT NOT NULL, -- of the organisation
    person        TEXT NOT NULL,
    cert_sha256   TEXT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE accounts (
    name         TEXT PRIMARY KEY,
    person       TEXT NOT NULL,
    password     TEXT NOT NULL,
    tries        BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE account_organisations (
    account TEXT NOT NULL REFERENCES accounts (name),
    uscc    TEXT NOT NULL REFERENCES organisations (uscc),
    PRIMARY KEY (account, uscc)
);

CREATE TABLE bindings (
    account     TEXT NOT NULL REFERENCES accounts (name),
    cert_sha256 TEXT NOT NULL,
    uscc        TEXT NOT NULL REFERENCES organisations (uscc),
    person      TEXT NOT NULL,
    not_after   BIGINT NOT NULL,
    bound_at    BIGINT NOT NULL,
    PRIMARY KEY (account, cert_sha256)
);

CREATE TABLE devices (
    code_hash   TEXT PRIMARY KEY,
    user_code   TEXT NOT NULL UNIQUE,
    client_name TEXT NOT NULL,
    address     TEXT NOT NULL,
    thumbprint  TEXT NOT NULL,
    state       TEXT NOT NULL,
    polled_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    uscc        TEXT NOT NULL,
    person      TEXT NOT NULL,
    cert_sha256 TEXT NOT NULL,
    cert_until  BIGINT NOT NULL
);
