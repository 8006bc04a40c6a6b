-- name: any_due
SELECT 1 AS one FROM outbox WHERE due_at <= :now AND lease_until <= :now
    AND (kind IN {{list:slow}}) = (:lane = 1)
LIMIT 1

-- name: due
SELECT id, kind, key, payload, attempts FROM outbox
WHERE due_at <= :now AND lease_until <= :now
    AND (kind IN {{list:slow}}) = (:lane = 1)
ORDER BY due_at, id LIMIT :limit

-- name: lease
UPDATE outbox SET lease_until = :until, lease_owner = :owner WHERE id = :id AND lease_until <= :now

-- name: done
DELETE FROM outbox WHERE id = :id AND lease_owner = :owner

-- name: again
UPDATE outbox SET attempts = attempts + 1, due_at = :due_at, lease_until = '', lease_owner = '', last_error = :error
WHERE id = :id AND lease_owner = :owner

-- name: bury
INSERT INTO outbox_dead (id, kind, key, payload, due_at, attempts, lease_until, lease_owner, last_error, created_at,
    died_at)
SELECT id, kind, key, payload, due_at, attempts + 1, '', '', :error, created_at, :now FROM outbox
WHERE id = :id AND lease_owner = :owner

-- name: next_due
SELECT min(due_at) AS due_at FROM outbox

-- name: depth
SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM outbox LIMIT 10001) AS waiting) AS waiting,
    (SELECT count(*) FROM (SELECT 1 AS one FROM outbox_dead LIMIT 10001) AS dead) AS dead

-- name: take_lease
INSERT INTO leases (name, owner, until) VALUES (:name, :owner, :until)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE leases.until <= :now OR leases.owner = excluded.owner

-- name: release_lease
DELETE FROM leases WHERE name = :name AND owner = :owner

-- name: owners
SELECT DISTINCT lease_owner AS owner FROM outbox WHERE lease_owner <> ''
UNION SELECT owner FROM leases

-- name: release_messages
UPDATE outbox SET lease_until = '', lease_owner = '' WHERE lease_owner = :owner

-- name: release_schedules
DELETE FROM leases WHERE owner = :owner
