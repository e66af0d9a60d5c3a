ALTER TABLE contracts ADD COLUMN kind TEXT NOT NULL DEFAULT 'contract';
ALTER TABLE contracts ADD COLUMN parent_id TEXT NOT NULL DEFAULT ''; -- of an amendment
ALTER TABLE contracts ADD COLUMN seal_order TEXT NOT NULL DEFAULT 'seal_first';
ALTER TABLE contracts ADD COLUMN half_sealed TEXT NOT NULL DEFAULT ''; -- by which role, in that state
ALTER TABLE contracts ADD COLUMN filed TEXT NOT NULL DEFAULT 'null';
-- What was published before there was a copy for the public was the original.
UPDATE contracts SET publication = (publication::jsonb || jsonb_build_object('original_sha256', publication::jsonb -> 'sha256', 'hidden', '[]'::jsonb))::text
WHERE publication <> 'null';
DROP INDEX contracts_lot_id_live;
CREATE UNIQUE INDEX contracts_lot_id_live ON contracts (lot_id) WHERE state <> 'void' AND parent_id = '';
-- One amendment under way at a time, and a concluded termination holds the place for good.
CREATE UNIQUE INDEX contracts_parent_id_amending ON contracts (parent_id)
WHERE parent_id <> '' AND state <> 'void' AND (state <> 'concluded' OR kind = 'termination');
CREATE INDEX contracts_parent ON contracts (parent_id, created_at, id) WHERE parent_id <> '';
