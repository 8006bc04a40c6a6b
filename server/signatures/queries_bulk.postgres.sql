-- name: claim
UPDATE bulk_items SET state = 'claimed', claimed_by = :claimed_by, claimed_until = :until,
    attempts = attempts + 1
WHERE run_id = :run_id AND n IN (
    SELECT i.n FROM bulk_items i
    WHERE i.run_id = :run_id AND (i.state = 'waiting' OR (i.state = 'claimed' AND i.claimed_until < :now))
    ORDER BY i.n LIMIT :limit FOR UPDATE SKIP LOCKED)
