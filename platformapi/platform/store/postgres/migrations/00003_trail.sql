CREATE TABLE audit (
    seq  BIGINT PRIMARY KEY,
    data TEXT NOT NULL, -- canonical JSON
    hash TEXT NOT NULL
);
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION append_only();
CREATE TABLE audit_head (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');
CREATE TABLE audit_signed (
    seq       BIGINT PRIMARY KEY,
    hash      TEXT NOT NULL,
    at        BIGINT NOT NULL,
    signature BYTEA NOT NULL
);
ALTER TABLE receipts ADD COLUMN audit_seq BIGINT NOT NULL DEFAULT 0; -- 0: given before there was a trail
ALTER TABLE receipts ADD COLUMN audit_hash TEXT NOT NULL DEFAULT '';

CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY,
    at     BIGINT NOT NULL
);
INSERT INTO blobs (sha256, at) SELECT DISTINCT sha256, 0 FROM attachments;

CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL
);

CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);
