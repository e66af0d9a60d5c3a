-- What happened to contracts, by the audit trail's numbers, which are given out in the order of the commits.
CREATE TABLE events (
    seq         BIGINT PRIMARY KEY,
    contract_id TEXT NOT NULL,
    act         TEXT NOT NULL,
    at          BIGINT NOT NULL
);
