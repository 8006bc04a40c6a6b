-- name: place
INSERT INTO audit_leaves (position, entry_id, fence)
SELECT CAST(:start AS bigint) + turn - 1, entry_id, CAST(:fence AS bigint)
FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) WITH ORDINALITY AS placed (entry_id, turn)
