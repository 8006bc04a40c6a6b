-- name: due
SELECT id, kind, key, payload, attempts FROM outbox
WHERE due_at <= :now AND lease_until <= :now
    AND (kind IN {{list:slow}}) = (:lane = 1)
ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
