-- Tenders, bids, their receipts and events, and credit libraries.
ALTER TABLE uploads ADD COLUMN complete_at BIGINT NOT NULL DEFAULT 0; -- when the last byte was here

CREATE TABLE tenders (
    id             TEXT PRIMARY KEY,
    purchaser_uscc TEXT NOT NULL REFERENCES organisations (uscc),
    agency_uscc    TEXT NOT NULL, -- '': there is none
    state          TEXT NOT NULL,
    version        BIGINT NOT NULL,
    deadline       BIGINT NOT NULL,
    words          TEXT NOT NULL, -- what a search looks through, lower case
    created_at     BIGINT NOT NULL,
    data           TEXT NOT NULL,
    outline        BYTEA NOT NULL,
    record         BYTEA NOT NULL
);
CREATE INDEX tenders_created ON tenders (created_at DESC, id DESC);

CREATE TABLE bids (
    id         TEXT PRIMARY KEY,
    tender_id  TEXT NOT NULL REFERENCES tenders (id),
    uscc       TEXT NOT NULL REFERENCES organisations (uscc),
    state      TEXT NOT NULL,
    version    BIGINT NOT NULL,
    sha256     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    data       TEXT NOT NULL
);
CREATE INDEX bids_tender ON bids (tender_id, uscc);
CREATE INDEX bids_uscc ON bids (uscc, created_at DESC, id DESC);
CREATE INDEX bids_blob ON bids (sha256);

CREATE TABLE bid_receipts (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uscc       TEXT NOT NULL,
    tender_id  TEXT NOT NULL,
    bid_id     TEXT NOT NULL,
    number     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    size       BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    replaces   TEXT NOT NULL,
    audit_seq  BIGINT NOT NULL,
    audit_hash TEXT NOT NULL,
    stamp      BYTEA NOT NULL -- time-stamp token, or nothing
);
CREATE INDEX bid_receipts_bid ON bid_receipts (bid_id, seq);

CREATE TABLE tender_events (
    seq       BIGINT PRIMARY KEY,
    tender_id TEXT NOT NULL,
    bid_id    TEXT NOT NULL,
    uscc      TEXT NOT NULL, -- who is told of it, '': everybody
    act       TEXT NOT NULL,
    at        BIGINT NOT NULL
);
CREATE INDEX tender_events_tender ON tender_events (tender_id, seq);

CREATE TABLE credit (
    uscc TEXT NOT NULL REFERENCES organisations (uscc),
    id   TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (uscc, id)
);

CREATE TABLE credit_files (
    uscc   TEXT NOT NULL,
    id     TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (uscc, id, sha256),
    FOREIGN KEY (uscc, id) REFERENCES credit (uscc, id) ON DELETE CASCADE
);
CREATE INDEX credit_files_blob ON credit_files (sha256);
