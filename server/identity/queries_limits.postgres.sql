-- name: lock_limits
SELECT bucket, count, window_start, locked_until FROM rate_limits
WHERE bucket IN {{list:buckets}} ORDER BY bucket FOR UPDATE
