CREATE TABLE accounts (
    id    TEXT PRIMARY KEY,
    phone TEXT NOT NULL UNIQUE,
    data  TEXT NOT NULL
);
CREATE TABLE devices (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    jkt     TEXT NOT NULL,
    inbox   BIGINT NOT NULL DEFAULT 1,
    data    TEXT NOT NULL,
    UNIQUE (account, jkt)
);
CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES accounts (id),
    device     TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    until      BIGINT NOT NULL,
    data       TEXT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_device ON sessions (device);
CREATE TABLE codes (
    id    TEXT PRIMARY KEY, -- number and purpose
    until BIGINT NOT NULL,
    data  TEXT NOT NULL
);
CREATE TABLE pairings (
    id     TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    until  BIGINT NOT NULL, -- 0: it is over
    made   BIGINT NOT NULL,
    data   TEXT NOT NULL
);
CREATE INDEX pairings_device ON pairings (device, until);
CREATE INDEX pairings_until ON pairings (until, made);
CREATE TABLE requests (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    device  TEXT NOT NULL,
    pairing TEXT NOT NULL, -- '' for none
    waits   BIGINT NOT NULL,
    until   BIGINT NOT NULL, -- 0: nothing of it ends any more
    data    TEXT NOT NULL
);
CREATE INDEX requests_account ON requests (account, id);
CREATE INDEX requests_device ON requests (device, waits);
CREATE INDEX requests_pairing ON requests (pairing, waits);
CREATE INDEX requests_until ON requests (until);
CREATE TABLE applications (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES accounts (id),
    state      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    data       TEXT NOT NULL
);
CREATE INDEX applications_account ON applications (account);
CREATE TABLE organisations (
    id   TEXT PRIMARY KEY,
    uscc TEXT NOT NULL UNIQUE,
    data TEXT NOT NULL
);
CREATE TABLE members (
    organisation TEXT NOT NULL REFERENCES organisations (id),
    account      TEXT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (organisation, account)
);
CREATE INDEX members_account ON members (account);
CREATE TABLE keys (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL REFERENCES accounts (id),
    device      TEXT NOT NULL, -- '' for none
    application TEXT NOT NULL REFERENCES applications (id),
    data        TEXT NOT NULL
);
CREATE INDEX keys_account ON keys (account);
CREATE INDEX keys_device ON keys (device);
CREATE INDEX keys_application ON keys (application);
CREATE TABLE certificates (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL REFERENCES accounts (id),
    application TEXT NOT NULL REFERENCES applications (id),
    issued_at   BIGINT NOT NULL,
    data        TEXT NOT NULL
);
CREATE INDEX certificates_account ON certificates (account);
CREATE INDEX certificates_application ON certificates (application);
CREATE TABLE recoveries (
    id    TEXT PRIMARY KEY,
    until BIGINT NOT NULL,
    data  TEXT NOT NULL
);
CREATE TABLE made (
    account TEXT NOT NULL,
    key     TEXT NOT NULL,
    hash    TEXT NOT NULL,
    made    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE TABLE audit (
    seq  BIGINT PRIMARY KEY,
    data TEXT NOT NULL, -- canonical JSON
    hash TEXT NOT NULL
);
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION append_only();
CREATE TABLE audit_head (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');
CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL
);
