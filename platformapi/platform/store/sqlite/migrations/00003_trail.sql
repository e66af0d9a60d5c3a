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
CREATE TABLE audit_signed (
    seq       INTEGER PRIMARY KEY,
    hash      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    signature BLOB NOT NULL
) STRICT;
ALTER TABLE receipts ADD COLUMN audit_seq INTEGER NOT NULL DEFAULT 0; -- 0: given before there was a trail
ALTER TABLE receipts ADD COLUMN audit_hash TEXT NOT NULL DEFAULT '';

CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY,
    at     INTEGER NOT NULL
) STRICT;
INSERT INTO blobs (sha256, at) SELECT DISTINCT sha256, 0 FROM attachments;

CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT;

CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
