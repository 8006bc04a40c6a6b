-- A grant to a restricted subject is restricted, too. Who may see already stays as they are.
-- name: grant
INSERT INTO participants (subject_kind, subject_id, body_id, grantee, reason, since, restricted)
VALUES (:subject_kind, :subject_id, :body_id, :grantee, :reason, :since, COALESCE(
    (SELECT MAX(p.restricted) FROM participants p
     WHERE p.subject_kind = :subject_kind AND p.subject_id = :subject_id), 0))
ON CONFLICT (subject_kind, subject_id, grantee) DO NOTHING

-- name: revoke
DELETE FROM participants
WHERE subject_kind = :subject_kind AND subject_id = :subject_id AND grantee = :grantee

-- name: restrict
UPDATE participants SET restricted = :restricted
WHERE subject_kind = :subject_kind AND subject_id = :subject_id
