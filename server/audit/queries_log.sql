-- name: log_state
SELECT fence, owner, size, verifier FROM audit_log WHERE name = 'log'

-- name: lead
-- A lease that ends later than any lease could was written by a clock that has stepped back since.
UPDATE audit_log SET fence = fence + 1, owner = :owner, until = :until, verifier = :verifier
WHERE name = 'log' AND (until <= :now OR until > :until) AND verifier IN ('', :verifier)

-- name: give_up
UPDATE audit_log SET until = '' WHERE name = 'log' AND owner = :owner AND fence = :fence

-- name: grow
UPDATE audit_log SET size = :end, until = :until WHERE name = 'log' AND fence = :fence AND size = :start

-- name: place
INSERT INTO audit_leaves (position, entry_id, fence)
SELECT :start + key, value, :fence FROM json_each(:ids)

-- name: unqueue
DELETE FROM audit_pending WHERE entry_id IN {{list:ids}}

-- name: tile_counts
SELECT level, max(idx) + 1 AS count FROM audit_tiles WHERE width = 256 GROUP BY level

-- name: insert_tile
INSERT INTO audit_tiles (level, idx, width, digest, root) VALUES (:level, :idx, :width, :digest, :root)
ON CONFLICT (level, idx, width) DO NOTHING

-- name: find_tile
SELECT level, idx, width, digest, root FROM audit_tiles
WHERE level = :level AND idx = :idx AND width >= :width ORDER BY width LIMIT 1

-- name: tile_roots
SELECT idx, root FROM audit_tiles
WHERE level = :level AND width = 256 AND idx >= :start AND idx < :end ORDER BY idx

-- name: tiles_of
SELECT level, idx, width, digest, root FROM audit_tiles
WHERE level = :level AND idx >= :start AND idx < :end ORDER BY idx, width

-- name: insert_checkpoint
INSERT INTO audit_checkpoints (size, at, note, token) VALUES (:size, :at, :note, :token)
ON CONFLICT (size) DO NOTHING

-- name: newest_checkpoint
SELECT size, at, note, token, stamped_at FROM audit_checkpoints ORDER BY size DESC LIMIT 1

-- name: checkpoint_at
SELECT size, at, note, token, stamped_at FROM audit_checkpoints WHERE size = :size

-- name: checkpoints_from
SELECT size, at, note, token, stamped_at FROM audit_checkpoints WHERE size >= :size ORDER BY size LIMIT :limit

-- name: stamp
UPDATE audit_checkpoints SET token = :token, stamped_at = :at WHERE size = :size AND stamped_at = ''

-- name: cosignatures
SELECT size, witness, line, at FROM audit_cosignatures WHERE size = :size ORDER BY witness

-- name: insert_cosignature
INSERT INTO audit_cosignatures (size, witness, line, at) VALUES (:size, :witness, :line, :at)
ON CONFLICT (size, witness) DO NOTHING

-- name: witness
SELECT witness, size, alarm, at FROM audit_witnesses WHERE witness = :witness

-- name: witnesses
SELECT witness, size, alarm, at FROM audit_witnesses ORDER BY witness

-- name: set_witness
INSERT INTO audit_witnesses (witness, size, alarm, at) VALUES (:witness, :size, :alarm, :at)
ON CONFLICT (witness) DO UPDATE SET size = excluded.size, alarm = excluded.alarm, at = excluded.at
