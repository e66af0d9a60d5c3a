CREATE TABLE accounts (
    id    TEXT PRIMARY KEY,
    phone TEXT NOT NULL UNIQUE,
    data  TEXT NOT NULL
) STRICT;
CREATE TABLE devices (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    jkt     TEXT NOT NULL,
    inbox   INTEGER NOT NULL DEFAULT 1,
    data    TEXT NOT NULL,
    UNIQUE (account, jkt)
) STRICT;
CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES accounts (id),
    device     TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    until      INTEGER NOT NULL,
    data       TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_device ON sessions (device);
CREATE TABLE codes (
    id    TEXT PRIMARY KEY, -- number and purpose
    until INTEGER NOT NULL,
    data  TEXT NOT NULL
) STRICT;
CREATE TABLE pairings (
    id     TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    until  INTEGER NOT NULL, -- 0: it is over
    made   INTEGER NOT NULL,
    data   TEXT NOT NULL
) STRICT;
CREATE INDEX pairings_device ON pairings (device, until);
CREATE INDEX pairings_until ON pairings (until, made);
CREATE TABLE requests (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    device  TEXT NOT NULL,
    pairing TEXT NOT NULL, -- '' for none
    waits   INTEGER NOT NULL,
    until   INTEGER NOT NULL, -- 0: nothing of it ends any more
    data    TEXT NOT NULL
) STRICT;
CREATE INDEX requests_account ON requests (account, id);
CREATE INDEX requests_device ON requests (device, waits);
CREATE INDEX requests_pairing ON requests (pairing, waits);
CREATE INDEX requests_until ON requests (until);
CREATE TABLE applications (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES accounts (id),
    state      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    data       TEXT NOT NULL
) STRICT;
CREATE INDEX applications_account ON applications (account);
CREATE TABLE organisations (
    id   TEXT PRIMARY KEY,
    uscc TEXT NOT NULL UNIQUE,
    data TEXT NOT NULL
) STRICT;
CREATE TABLE members (
    organisation TEXT NOT NULL REFERENCES organisations (id),
    account      TEXT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (organisation, account)
) STRICT;
CREATE INDEX members_account ON members (account);
CREATE TABLE keys (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL REFERENCES accounts (id),
    device      TEXT NOT NULL, -- '' for none
    application TEXT NOT NULL REFERENCES applications (id),
    data        TEXT NOT NULL
) STRICT;
CREATE INDEX keys_account ON keys (account);
CREATE INDEX keys_device ON keys (device);
CREATE INDEX keys_application ON keys (application);
CREATE TABLE certificates (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL REFERENCES accounts (id),
    application TEXT NOT NULL REFERENCES applications (id),
    issued_at   INTEGER NOT NULL,
    data        TEXT NOT NULL
) STRICT;
CREATE INDEX certificates_account ON certificates (account);
CREATE INDEX certificates_application ON certificates (application);
CREATE TABLE recoveries (
    id    TEXT PRIMARY KEY,
    until INTEGER NOT NULL,
    data  TEXT NOT NULL
) STRICT;
CREATE TABLE made (
    account TEXT NOT NULL,
    key     TEXT NOT NULL,
    hash    TEXT NOT NULL,
    made    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) STRICT;
CREATE TABLE audit (
    seq  INTEGER PRIMARY KEY,
    data TEXT NOT NULL, -- canonical JSON
    hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
CREATE TABLE audit_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');
CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT;
