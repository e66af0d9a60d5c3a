CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TABLE organisations (
    uscc TEXT PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE lots (
    id             TEXT PRIMARY KEY,
    purchaser_uscc TEXT NOT NULL REFERENCES organisations (uscc),
    supplier_uscc  TEXT NOT NULL REFERENCES organisations (uscc),
    traded_at      BIGINT NOT NULL,
    data           TEXT NOT NULL
);
CREATE INDEX lots_purchaser ON lots (purchaser_uscc);
CREATE INDEX lots_supplier ON lots (supplier_uscc);

CREATE TABLE challenges (
    id         TEXT PRIMARY KEY,
    data       BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash  TEXT PRIMARY KEY,
    uscc        TEXT NOT NULL REFERENCES organisations (uscc),
    person      TEXT NOT NULL,
    cert_sha256 TEXT NOT NULL,
    expires_at  BIGINT NOT NULL
);

CREATE TABLE contracts (
    id           TEXT PRIMARY KEY,
    lot_id       TEXT NOT NULL REFERENCES lots (id),
    starter_uscc TEXT NOT NULL,
    other_uscc   TEXT NOT NULL,
    starter      TEXT NOT NULL,
    state        TEXT NOT NULL,
    round        BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    fields       TEXT NOT NULL,
    sent         TEXT NOT NULL,
    words        TEXT NOT NULL, -- what a starter's search looks through, lower case
    sent_words   TEXT NOT NULL, -- what the other side's does
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    arrived_at   BIGINT NOT NULL,
    submitted_at BIGINT NOT NULL, -- 0: never
    viewed_at    BIGINT NOT NULL,
    concluded_at BIGINT NOT NULL,
    publication  TEXT NOT NULL
);
CREATE UNIQUE INDEX contracts_lot_id_live ON contracts (lot_id) WHERE state <> 'void';
CREATE INDEX contracts_starter ON contracts (starter_uscc, created_at DESC, id DESC);
CREATE INDEX contracts_other ON contracts (other_uscc, created_at DESC, id DESC);

CREATE TABLE attachments (
    id          TEXT PRIMARY KEY,
    contract_id TEXT NOT NULL REFERENCES contracts (id),
    seq         BIGINT NOT NULL,
    sha256      TEXT NOT NULL,
    data        TEXT NOT NULL
);
CREATE INDEX attachments_contract ON attachments (contract_id, seq);
CREATE INDEX attachments_blob ON attachments (sha256);

CREATE TABLE history (
    contract_id TEXT NOT NULL REFERENCES contracts (id),
    seq         BIGINT NOT NULL,
    data        TEXT NOT NULL,
    PRIMARY KEY (contract_id, seq)
);
CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON history EXECUTE FUNCTION append_only();

CREATE TABLE receipts (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uscc        TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    number      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    version     BIGINT NOT NULL,
    sha256      TEXT NOT NULL,
    at          BIGINT NOT NULL
);
CREATE INDEX receipts_contract ON receipts (contract_id, uscc, seq);

CREATE TABLE answers (
    uscc TEXT NOT NULL,
    key  TEXT NOT NULL,
    hash TEXT NOT NULL,
    body BYTEA NOT NULL,
    at   BIGINT NOT NULL,
    PRIMARY KEY (uscc, key)
) ;
CREATE INDEX answers_at ON answers (at);
