CREATE TABLE belongings (
    kind  TEXT NOT NULL, -- seal, authorisation, zone, card, bill, invoice, message
    id    TEXT NOT NULL,
    owner TEXT NOT NULL, -- account or organisation
    data  TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX belongings_owner ON belongings (kind, owner, id);
CREATE TABLE attachments (
    application TEXT PRIMARY KEY REFERENCES applications (id),
    data        TEXT NOT NULL
);
CREATE TABLE invitations (
    organisation TEXT NOT NULL REFERENCES organisations (id),
    phone        TEXT NOT NULL,
    PRIMARY KEY (organisation, phone)
);
CREATE INDEX invitations_phone ON invitations (phone);
ALTER TABLE applications ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
CREATE INDEX applications_state ON applications (state, organisation);
ALTER TABLE accounts ADD COLUMN wechat TEXT NOT NULL DEFAULT ''; -- '' for none
CREATE UNIQUE INDEX accounts_wechat ON accounts (wechat) WHERE wechat <> '';
CREATE TABLE wechat_codes (
    id    TEXT PRIMARY KEY,
    until BIGINT NOT NULL,
    data  TEXT NOT NULL
);
