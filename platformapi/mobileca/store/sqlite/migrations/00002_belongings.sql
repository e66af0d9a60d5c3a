-- +goose Up
CREATE TABLE seals (
    id    TEXT PRIMARY KEY,
    owner TEXT NOT NULL, -- account or organisation
    data  TEXT NOT NULL
) STRICT;
CREATE INDEX seals_owner ON seals (owner, id);
CREATE TABLE authorisations (
    id    TEXT PRIMARY KEY,
    owner TEXT NOT NULL, -- account or organisation
    data  TEXT NOT NULL
) STRICT;
CREATE INDEX authorisations_owner ON authorisations (owner, id);
CREATE TABLE zones (
    id    TEXT PRIMARY KEY,
    owner TEXT NOT NULL, -- account or organisation
    data  TEXT NOT NULL
) STRICT;
CREATE INDEX zones_owner ON zones (owner, id);
CREATE TABLE cards (
    id    TEXT PRIMARY KEY,
    owner TEXT NOT NULL, -- account or organisation
    data  TEXT NOT NULL
) STRICT;
CREATE INDEX cards_owner ON cards (owner, id);
CREATE TABLE bills (
    id    TEXT PRIMARY KEY,
    owner TEXT NOT NULL, -- account or organisation
    data  TEXT NOT NULL
) STRICT;
CREATE INDEX bills_owner ON bills (owner, id);
CREATE TABLE invoices (
    id    TEXT PRIMARY KEY,
    owner TEXT NOT NULL, -- account or organisation
    data  TEXT NOT NULL
) STRICT;
CREATE INDEX invoices_owner ON invoices (owner, id);
CREATE TABLE messages (
    id    TEXT PRIMARY KEY,
    owner TEXT NOT NULL, -- account or organisation
    data  TEXT NOT NULL
) STRICT;
CREATE INDEX messages_owner ON messages (owner, id);
CREATE TABLE attachments (
    application TEXT PRIMARY KEY REFERENCES applications (id),
    data        TEXT NOT NULL
) STRICT;
CREATE TABLE invitations (
    organisation TEXT NOT NULL REFERENCES organisations (id),
    phone        TEXT NOT NULL,
    PRIMARY KEY (organisation, phone)
) STRICT;
CREATE INDEX invitations_phone ON invitations (phone);
ALTER TABLE applications ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
CREATE INDEX applications_state ON applications (state, organisation);
ALTER TABLE accounts ADD COLUMN wechat TEXT NOT NULL DEFAULT ''; -- '' for none
CREATE UNIQUE INDEX accounts_wechat ON accounts (wechat) WHERE wechat <> '';
CREATE TABLE wechat_codes (
    id    TEXT PRIMARY KEY,
    until INTEGER NOT NULL,
    data  TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE wechat_codes;
DROP INDEX accounts_wechat;
ALTER TABLE accounts DROP COLUMN wechat;
DROP INDEX applications_state;
ALTER TABLE applications DROP COLUMN organisation;
DROP TABLE invitations;
DROP TABLE attachments;
DROP TABLE messages;
DROP TABLE invoices;
DROP TABLE bills;
DROP TABLE cards;
DROP TABLE zones;
DROP TABLE authorisations;
DROP TABLE seals;
