-- fragment: acting_columns
COALESCE(p.id, '') AS post_id, COALESCE(p.title, '') AS post_title, p.role, COALESCE(p.unit_id, '') AS unit_id,
COALESCE(b.id, '') AS body_id, COALESCE(b.name, '') AS body_name,
CASE WHEN h.kind = 'delegated' THEN h.id ELSE '' END AS on_behalf,
COALESCE((SELECT m.id FROM mandates m
    WHERE m.account_id = a.id AND p.role = 'supervisor' AND m.ended_at IS NULL
      AND m.valid_from <= :today AND m.valid_to > :today
    ORDER BY m.valid_from DESC, m.id LIMIT 1), '') AS mandate_id

-- fragment: acting_joins
LEFT JOIN holdings h ON h.account_id = a.id AND h.valid_from <= :today
    AND (h.valid_to IS NULL OR h.valid_to > :today)
LEFT JOIN posts p ON p.id = h.post_id AND p.valid_from <= :today AND (p.valid_to IS NULL OR p.valid_to > :today)
LEFT JOIN bodies b ON b.id = p.body_id

-- Everything the edge needs about a session, in one statement. The post asked for by the request comes first,
-- then the one chosen in the session, then own posts, then other people's.
-- name: resume
SELECT s.id AS session_id, s.account_id, s.last_seen_at, s.expires_at, a.full_name, a.must_change_password,
    CASE WHEN a.totp_sealed IS NULL THEN 0 ELSE 1 END AS totp_enabled, {{acting_columns}}
FROM sessions s
JOIN accounts a ON a.id = s.account_id AND a.state = 'active'
{{acting_joins}}
WHERE s.digest = :digest AND s.expires_at > :now AND s.last_seen_at > :idle_before
ORDER BY CASE WHEN p.id = :post_id THEN 0 WHEN p.id = s.post_id THEN 1 WHEN p.id IS NULL THEN 4
    WHEN h.kind = 'delegated' THEN 3 ELSE 2 END, h.valid_from, p.id
LIMIT 1

-- A machine token acts in its own post and no other, for as long as the account holds it.
-- name: resume_token
SELECT t.id AS session_id, t.account_id, t.scopes, t.expires_at, a.full_name, {{acting_columns}}
FROM machine_tokens t
JOIN accounts a ON a.id = t.account_id AND a.state = 'active'
{{acting_joins}}
WHERE t.digest = :digest AND t.revoked_at IS NULL AND t.expires_at > :now AND p.id = t.post_id
ORDER BY CASE WHEN h.kind = 'delegated' THEN 1 ELSE 0 END, h.valid_from
LIMIT 1

-- name: insert_session
INSERT INTO sessions (id, digest, account_id, post_id, created_at, last_seen_at, expires_at, address, user_agent)
VALUES (:id, :digest, :account_id, '', :created_at, :created_at, :expires_at, :address, :user_agent)

-- name: sessions_of
SELECT s.id, s.created_at, s.last_seen_at, s.expires_at, s.address, s.user_agent FROM sessions s
WHERE s.account_id = :account_id AND s.expires_at > :now AND s.last_seen_at > :idle_before
ORDER BY s.created_at DESC, s.id DESC

-- name: choose_post
UPDATE sessions SET post_id = :post_id WHERE id = :id AND account_id = :account_id

-- name: end_session
DELETE FROM sessions WHERE id = :id AND account_id = :account_id

-- name: end_session_by_digest
DELETE FROM sessions WHERE digest = :digest

-- name: end_sessions
DELETE FROM sessions WHERE account_id = :account_id AND id <> :keep

-- name: seen
UPDATE sessions SET last_seen_at = :at WHERE id = :id AND last_seen_at < :at

-- name: purge_sessions
DELETE FROM sessions WHERE expires_at <= :now OR last_seen_at <= :idle_before

-- name: insert_token
INSERT INTO machine_tokens (id, digest, account_id, post_id, name, scopes, created_at, expires_at, revoked_at)
VALUES (:id, :digest, :account_id, :post_id, :name, :scopes, :created_at, :expires_at, NULL)

-- name: tokens_of
SELECT t.id, t.account_id, t.post_id, t.name, t.scopes, t.created_at, t.expires_at, t.revoked_at
FROM machine_tokens t WHERE t.account_id = :account_id ORDER BY t.id DESC

-- name: revoke_token
UPDATE machine_tokens SET revoked_at = :now WHERE id = :id AND account_id = :account_id AND revoked_at IS NULL

-- name: revoke_tokens
UPDATE machine_tokens SET revoked_at = :now WHERE account_id = :account_id AND revoked_at IS NULL
