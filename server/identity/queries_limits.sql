-- name: limit_rows
INSERT INTO rate_limits (bucket, count, window_start, locked_until) VALUES (:bucket, 0, '', '')
ON CONFLICT (bucket) DO NOTHING

-- name: lock_limits
SELECT bucket, count, window_start, locked_until FROM rate_limits WHERE bucket IN {{list:buckets}} ORDER BY bucket

-- name: write_limit
UPDATE rate_limits SET count = :count, window_start = :window_start, locked_until = :locked_until
WHERE bucket = :bucket

-- name: delete_limit
DELETE FROM rate_limits WHERE bucket = :bucket

-- name: purge_limits
DELETE FROM rate_limits WHERE window_start < :before AND locked_until < :now
