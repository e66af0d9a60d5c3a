CREATE TABLE uploads (
    id         TEXT PRIMARY KEY,
    uscc       TEXT NOT NULL,
    size       BIGINT NOT NULL,
    sha256     TEXT NOT NULL, -- '' when the client did not say
    at         BIGINT NOT NULL, -- how many bytes are here
    digest     BYTEA NOT NULL, -- state of the running SHA-256
    expires_at BIGINT NOT NULL
);

CREATE TABLE upload_pieces (
    upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    at        BIGINT NOT NULL, -- where it begins
    size      BIGINT NOT NULL,
    sha256    TEXT NOT NULL,
    PRIMARY KEY (upload_id, at)
);
CREATE INDEX upload_pieces_blob ON upload_pieces (sha256);
