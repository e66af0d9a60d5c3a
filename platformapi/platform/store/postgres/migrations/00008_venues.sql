-- Where hall terminals stand.
-- +goose Up
CREATE TABLE venues (
    uscc  TEXT NOT NULL REFERENCES organisations (uscc),
    venue TEXT NOT NULL,
    PRIMARY KEY (uscc, venue)
);

-- +goose Down
DROP TABLE venues;
