-- fragment: run_columns
r.id, r.kind, r.account_id, r.post_id, r.body_id, r.actor, r.state, r.total, r.created_at, r.ended_at

-- fragment: item_columns
i.run_id, i.n, i.subject_id, i.title, i.version, i.state, i.claimed_by, i.claimed_until, i.attempts, i.result,
    i.fault, i.ended_at

-- fragment: run_figures
r.id, r.kind, r.state, r.total,
    (SELECT COUNT(*) FROM bulk_items i WHERE i.run_id = r.id AND i.state = 'done') AS done,
    (SELECT COUNT(*) FROM bulk_items i WHERE i.run_id = r.id AND i.state = 'failed') AS failed,
    r.created_at, r.ended_at

-- name: insert_run
INSERT INTO bulk_runs (id, kind, account_id, post_id, body_id, actor, state, total, created_at, ended_at)
VALUES (:id, :kind, :account_id, :post_id, :body_id, :actor, 'running', :total, :created_at, NULL)

-- name: insert_item
INSERT INTO bulk_items (run_id, n, subject_id, title, version, state, claimed_by, claimed_until, attempts, result,
    fault, ended_at)
VALUES (:run_id, :n, :subject_id, :title, :version, 'waiting', '', '', 0, '', 'null', NULL)

-- name: run_of
SELECT {{run_figures}} FROM bulk_runs r WHERE r.id = :id AND r.account_id = :account_id

-- name: runs_of
SELECT {{run_figures}} FROM bulk_runs r
WHERE r.account_id = :account_id AND (:after = '' OR r.id < :after) ORDER BY r.id DESC LIMIT :limit

-- name: items_of
SELECT i.n, i.subject_id, i.title, i.state, i.result, i.fault
FROM bulk_items i JOIN bulk_runs r ON r.id = i.run_id
WHERE r.id = :id AND r.account_id = :account_id AND i.n > :after ORDER BY i.n LIMIT :limit

-- name: open_runs
SELECT {{run_columns}} FROM bulk_runs r WHERE r.state = 'running' ORDER BY r.id LIMIT :limit

-- Takes what waits, and what a worker took and never brought to an end.
-- name: claim
UPDATE bulk_items SET state = 'claimed', claimed_by = :claimed_by, claimed_until = :until,
    attempts = attempts + 1
WHERE run_id = :run_id AND n IN (
    SELECT i.n FROM bulk_items i
    WHERE i.run_id = :run_id AND (i.state = 'waiting' OR (i.state = 'claimed' AND i.claimed_until < :now))
    ORDER BY i.n LIMIT :limit)

-- name: claimed
SELECT {{item_columns}} FROM bulk_items i
WHERE i.run_id = :run_id AND i.claimed_by = :claimed_by AND i.state = 'claimed' ORDER BY i.n

-- name: open_items
SELECT COUNT(*) AS n FROM bulk_items i WHERE i.run_id = :run_id AND i.state IN ('waiting', 'claimed')

-- Only the worker that holds the claim may write: one that comes too late changes nothing.
-- name: note_item
UPDATE bulk_items SET version = :version, claimed_until = :until
WHERE run_id = :run_id AND n = :n AND state = 'claimed' AND claimed_by = :claimed_by

-- name: end_item
UPDATE bulk_items SET state = :state, version = :version, result = :result, fault = :fault, ended_at = :now
WHERE run_id = :run_id AND n = :n AND state = 'claimed' AND claimed_by = :claimed_by

-- name: free_item
UPDATE bulk_items SET state = 'waiting', claimed_by = ''
WHERE run_id = :run_id AND n = :n AND state = 'claimed' AND claimed_by = :claimed_by

-- name: end_run
UPDATE bulk_runs SET state = :state, ended_at = :now
WHERE id = :id AND state = 'running' AND (:state = 'stopped' OR NOT EXISTS (
    SELECT 1 FROM bulk_items i WHERE i.run_id = :id AND i.state IN ('waiting', 'claimed')))

-- name: leave_items
UPDATE bulk_items SET state = 'left', ended_at = :now WHERE run_id = :run_id AND state = 'waiting'
