CREATE TABLE uploads (
    id         TEXT PRIMARY KEY,
    uscc       TEXT NOT NULL,
    size       INTEGER NOT NULL,
    sha256     TEXT NOT NULL, -- '' when the client did not say
    at         INTEGER NOT NULL, -- how many bytes are here
    digest     BLOB NOT NULL, -- state of the running SHA-256
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE upload_pieces (
    upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    at        INTEGER NOT NULL, -- where it begins
    size      INTEGER NOT NULL,
    sha256    TEXT NOT NULL,
    PRIMARY KEY (upload_id, at)
) STRICT;
CREATE INDEX upload_pieces_blob ON upload_pieces (sha256);
