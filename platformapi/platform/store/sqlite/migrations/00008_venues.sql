-- Where hall terminals stand.
CREATE TABLE venues (
    uscc  TEXT NOT NULL REFERENCES organisations (uscc),
    venue TEXT NOT NULL,
    PRIMARY KEY (uscc, venue)
) STRICT;
