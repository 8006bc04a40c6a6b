-- name: insert_level
INSERT INTO signature_levels (document_id, n, wanted, reached, reason, at)
VALUES (:document_id, :n, :wanted, :reached, :reason, :at)

-- name: newest_level
SELECT l.n, l.wanted, l.reached, l.reason, l.at FROM signature_levels l
WHERE l.document_id = :document_id ORDER BY l.n DESC LIMIT 1
