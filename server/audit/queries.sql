-- fragment: entry_columns
e.id, e.at, e.account_id, e.account_name, e.post_id, e.body_id, e.on_behalf, e.channel, e.address, e.request_id,
e.action, e.subject_kind, e.subject_id, e.subject_body, e.old_digest, e.new_digest, e.detail

-- name: pending
SELECT p.entry_id, e.leaf_hash FROM audit_pending p JOIN audit_entries e ON e.id = p.entry_id
ORDER BY p.entry_id LIMIT :limit

-- name: count_leaves
SELECT coalesce(max(position) + 1, 0) AS size FROM audit_leaves

-- name: leaf_hashes
SELECT l.position, e.leaf_hash FROM audit_leaves l JOIN audit_entries e ON e.id = l.entry_id
WHERE l.position >= :start ORDER BY l.position LIMIT :limit

-- name: leaves
SELECT l.position, l.entry_id, e.salt, e.leaf_hash, {{entry_columns}}
FROM audit_leaves l JOIN audit_entries e ON e.id = l.entry_id
WHERE l.position >= :start ORDER BY l.position LIMIT :limit

-- name: orphans
SELECT e.id FROM audit_entries e
WHERE NOT EXISTS (SELECT 1 FROM audit_leaves l WHERE l.entry_id = e.id)
AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.entry_id = e.id) ORDER BY e.id LIMIT :limit

-- name: position_of
SELECT position FROM audit_leaves WHERE entry_id = :entry_id

-- fragment: readable
-- Who may read: a supervisor the bodies of the mandate, others their own body; the administrator what is administration.
(
    :g_all = 1
    OR (:g_admin = 1 AND e.subject_kind IN {{list:administration}})
    OR (:g_own_body <> '' AND (e.body_id = :g_own_body OR e.subject_body = :g_own_body))
    OR (:g_mandate <> '' AND (
        e.body_id IN (SELECT body_id FROM mandate_bodies WHERE mandate_id = :g_mandate)
        OR e.subject_body IN (SELECT body_id FROM mandate_bodies WHERE mandate_id = :g_mandate)))
)

-- name: entries
SELECT {{entry_columns}}, l.position
FROM audit_entries e LEFT JOIN audit_leaves l ON l.entry_id = e.id
WHERE e.id < :before
AND (:subject_id = '' OR e.subject_id = :subject_id)
AND (:action = '' OR e.action = :action)
AND (:account_id = '' OR e.account_id = :account_id)
AND {{readable}}
ORDER BY e.id DESC LIMIT :limit

-- name: visible
SELECT e.id FROM audit_entries e WHERE e.id = :entry_id AND {{readable}}
