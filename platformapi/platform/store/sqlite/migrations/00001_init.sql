CREATE TABLE organisations (
    uscc TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE lots (
    id             TEXT PRIMARY KEY,
    purchaser_uscc TEXT NOT NULL REFERENCES organisations (uscc),
    supplier_uscc  TEXT NOT NULL REFERENCES organisations (uscc),
    traded_at      INTEGER NOT NULL,
    data           TEXT NOT NULL
) STRICT;
CREATE INDEX lots_purchaser ON lots (purchaser_uscc);
CREATE INDEX lots_supplier ON lots (supplier_uscc);

CREATE TABLE challenges (
    id         TEXT PRIMARY KEY,
    data       BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash  TEXT PRIMARY KEY,
    uscc        TEXT NOT NULL REFERENCES organisations (uscc),
    person      TEXT NOT NULL,
    cert_sha256 TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE contracts (
    id           TEXT PRIMARY KEY,
    lot_id       TEXT NOT NULL REFERENCES lots (id),
    starter_uscc TEXT NOT NULL,
    other_uscc   TEXT NOT NULL,
    starter      TEXT NOT NULL,
    state        TEXT NOT NULL,
    round        INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    fields       TEXT NOT NULL,
    sent         TEXT NOT NULL,
    words        TEXT NOT NULL, -- what a starter's search looks through, lower case
    sent_words   TEXT NOT NULL, -- what the other side's does
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    arrived_at   INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL, -- 0: never
    viewed_at    INTEGER NOT NULL,
    concluded_at INTEGER NOT NULL,
    publication  TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX contracts_live ON contracts (lot_id) WHERE state <> 'void';
CREATE INDEX contracts_starter ON contracts (starter_uscc, created_at DESC, id DESC);
CREATE INDEX contracts_other ON contracts (other_uscc, created_at DESC, id DESC);

CREATE TABLE attachments (
    id          TEXT PRIMARY KEY,
    contract_id TEXT NOT NULL REFERENCES contracts (id),
    seq         INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    data        TEXT NOT NULL
) STRICT;
CREATE INDEX attachments_contract ON attachments (contract_id, seq);
CREATE INDEX attachments_blob ON attachments (sha256);

CREATE TABLE history (
    contract_id TEXT NOT NULL REFERENCES contracts (id),
    seq         INTEGER NOT NULL,
    data        TEXT NOT NULL,
    PRIMARY KEY (contract_id, seq)
) STRICT;
CREATE TRIGGER history_no_update BEFORE UPDATE ON history BEGIN SELECT raise(ABORT, 'history is append-only'); END;
CREATE TRIGGER history_no_delete BEFORE DELETE ON history BEGIN SELECT raise(ABORT, 'history is append-only'); END;

CREATE TABLE receipts (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    uscc        TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    number      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    version     INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX receipts_contract ON receipts (contract_id, uscc, seq);

CREATE TABLE answers (
    uscc TEXT NOT NULL,
    key  TEXT NOT NULL,
    hash TEXT NOT NULL,
    body BLOB NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (uscc, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_at ON answers (at);
