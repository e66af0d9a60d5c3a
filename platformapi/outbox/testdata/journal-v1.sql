CREATE TABLE entries (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    org         TEXT NOT NULL,
    key         TEXT NOT NULL,
    op          TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    title       TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    payload     TEXT NOT NULL, -- digest of the file to send, '' without one or when it was sent
    request     TEXT NOT NULL,
    version     INTEGER NOT NULL,
    previous    INTEGER REFERENCES entries (seq) ON DELETE SET NULL, -- whose version this one waits for
    state       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    perhaps     INTEGER NOT NULL, -- attempts of which it is not known whether anything arrived
    next_try    INTEGER NOT NULL,
    failure     TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    done_at     INTEGER NOT NULL,
    UNIQUE (org, key)
) STRICT;
CREATE INDEX entries_contract ON entries (org, contract_id, seq);
INSERT INTO entries VALUES (1, '01a21533-25f4-7e3a-8c13-6cf126f86da5', '91410800MA40000001', '01a21533-25f4-7f07-9c11-a9bfcafe2e7e', 'create', '01a21533-25e9-7112-b0cc-e15886c618ff', '教学设备采购合同', '', '', '{"Org":"91410800MA40000001","Op":"create","ContractID":"01a21533-25e9-7112-b0cc-e15886c618ff","Version":0,"Title":"教学设备采购合同","Key":"","New":{"fields":{},"id":"01a21533-25e9-7112-b0cc-e15886c618ff","lot_id":"lot-1"},"Fields":{},"Upload":{"ID":"","Kind":"","Stage":"","Name":"","Note":"","Size":0,"SHA256":"","Content":null},"AttachmentID":"","SHA256":"","Text":""}', 0, NULL, 'waiting', 1795652003316933, 0, 0, 0, '', '', 0);
INSERT INTO entries VALUES (2, '01a21533-25f5-7808-8c81-d4164bec606c', '91410800MA40000001', '01a21533-25f5-780b-a494-41b3d317cbbf', 'save', '01a21533-25e9-7112-b0cc-e15886c618ff', '教学设备采购合同', '', '', '{"Org":"91410800MA40000001","Op":"save","ContractID":"01a21533-25e9-7112-b0cc-e15886c618ff","Version":0,"Title":"教学设备采购合同","Key":"","New":{"fields":{},"id":"","lot_id":""},"Fields":{"amount_fen":111100,"signed_on":"2026-03-24","term_days":30},"Upload":{"ID":"","Kind":"","Stage":"","Name":"","Note":"","Size":0,"SHA256":"","Content":null},"AttachmentID":"","SHA256":"","Text":""}', 0, 1, 'waiting', 1795652003317526, 0, 0, 0, '', '', 0);
INSERT INTO entries VALUES (3, '01a21533-25f5-7d66-aeab-622ba3121637', '91410800MA40000001', '01a21533-25f5-7d6a-a55b-15b74693eed7', 'attach', '01a21533-25e9-7112-b0cc-e15886c618ff', '教学设备采购合同', '760a08e903803ad9a060eb415b4e4b333a1d4be965c0205385cadd5ab7c3128e', '760a08e903803ad9a060eb415b4e4b333a1d4be965c0205385cadd5ab7c3128e', '{"Org":"91410800MA40000001","Op":"attach","ContractID":"01a21533-25e9-7112-b0cc-e15886c618ff","Version":0,"Title":"教学设备采购合同","Key":"","New":{"fields":{},"id":"","lot_id":""},"Fields":{},"Upload":{"ID":"01a21533-25e9-713d-9729-95a24718842e","Kind":"contract_filing","Stage":"uploaded","Name":"合同.docx","Note":"","Size":54,"SHA256":"760a08e903803ad9a060eb415b4e4b333a1d4be965c0205385cadd5ab7c3128e","Content":null},"AttachmentID":"","SHA256":"760a08e903803ad9a060eb415b4e4b333a1d4be965c0205385cadd5ab7c3128e","Text":""}', 0, 2, 'waiting', 1795652003317878, 0, 0, 0, '', '', 0);
INSERT INTO entries VALUES (4, '01a21533-25f6-7225-9e1c-ec7b3d1885d3', '91410800MA40000001', '01a21533-25f6-7228-9449-c47d1ad288ad', 'attach', '01a21533-25e9-7112-b0cc-e15886c618ff', '教学设备采购合同', 'b2b83ff06c6c7b0349c179971debe1250538e32bc2d2019b44ee39bd8f6290b7', 'b2b83ff06c6c7b0349c179971debe1250538e32bc2d2019b44ee39bd8f6290b7', '{"Org":"91410800MA40000001","Op":"attach","ContractID":"01a21533-25e9-7112-b0cc-e15886c618ff","Version":0,"Title":"教学设备采购合同","Key":"","New":{"fields":{},"id":"","lot_id":""},"Fields":{},"Upload":{"ID":"01a21533-25e9-7142-9af5-ccff13162272","Kind":"contract_filing","Stage":"sealed","Name":"合同.pdf","Note":"","Size":117,"SHA256":"b2b83ff06c6c7b0349c179971debe1250538e32bc2d2019b44ee39bd8f6290b7","Content":null},"AttachmentID":"","SHA256":"b2b83ff06c6c7b0349c179971debe1250538e32bc2d2019b44ee39bd8f6290b7","Text":""}', 0, 3, 'waiting', 1795652003318141, 0, 0, 0, '', '', 0);
INSERT INTO entries VALUES (5, '01a21533-25f6-7658-bc8c-6d1eb7bbd75f', '91410800MA40000001', '01a21533-25f6-765b-83ce-b3d4b26fb080', 'submit', '01a21533-25e9-7112-b0cc-e15886c618ff', '教学设备采购合同', 'b2b83ff06c6c7b0349c179971debe1250538e32bc2d2019b44ee39bd8f6290b7', '', '{"Org":"91410800MA40000001","Op":"submit","ContractID":"01a21533-25e9-7112-b0cc-e15886c618ff","Version":0,"Title":"教学设备采购合同","Key":"","New":{"fields":{},"id":"","lot_id":""},"Fields":{},"Upload":{"ID":"","Kind":"","Stage":"","Name":"","Note":"","Size":0,"SHA256":"","Content":null},"AttachmentID":"","SHA256":"b2b83ff06c6c7b0349c179971debe1250538e32bc2d2019b44ee39bd8f6290b7","Text":""}', 0, 4, 'waiting', 1795652003318416, 0, 0, 0, '', '', 0);
PRAGMA user_version = 1;
