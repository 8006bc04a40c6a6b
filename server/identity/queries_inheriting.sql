-- What one grantee sees and the other does not yet, a batch at a time.
-- name: inherit
INSERT INTO participants (subject_kind, subject_id, body_id, grantee, reason, since, restricted)
SELECT p.subject_kind, p.subject_id, p.body_id, CAST(:new AS TEXT), 'inherited', :since, p.restricted
FROM participants p
WHERE p.grantee = :old AND NOT EXISTS (
    SELECT 1 FROM participants q WHERE q.subject_kind = p.subject_kind AND q.subject_id = p.subject_id
        AND q.grantee = :new)
ORDER BY p.subject_kind, p.subject_id LIMIT :limit

-- name: inherit_mandates
INSERT INTO mandate_bodies (mandate_id, body_id)
SELECT b.mandate_id, CAST(:new AS TEXT) FROM mandate_bodies b JOIN mandates m ON m.id = b.mandate_id
WHERE b.body_id = :old AND m.ended_at IS NULL AND m.valid_to > :today AND NOT EXISTS (
    SELECT 1 FROM mandate_bodies c WHERE c.mandate_id = b.mandate_id AND c.body_id = :new)
