-- fragment: account_columns
a.id, a.username, a.full_name, a.email, a.phone, a.state, a.must_change_password,
CASE WHEN a.password_hash = '' THEN 0 ELSE 1 END AS has_password,
CASE WHEN a.totp_sealed IS NULL THEN 0 ELSE 1 END AS totp_enabled, a.created_at, a.version

-- fragment: held_today
h.valid_from <= :today AND (h.valid_to IS NULL OR h.valid_to > :today)
AND p.valid_from <= :today AND (p.valid_to IS NULL OR p.valid_to > :today)

-- name: account
SELECT {{account_columns}} FROM accounts a WHERE a.id = :id

-- name: accounts_by_username
SELECT {{account_columns}} FROM accounts a WHERE a.username IN {{list:usernames}}

-- name: names_of
SELECT a.id, a.full_name FROM accounts a WHERE a.id IN {{list:ids}}

-- name: credentials_by_username
SELECT a.id, a.username, a.full_name, a.state, a.password_hash, a.must_change_password, a.totp_sealed,
    a.totp_pending, a.totp_step, a.version
FROM accounts a WHERE a.username = :username

-- name: credentials
SELECT a.id, a.username, a.full_name, a.state, a.password_hash, a.must_change_password, a.totp_sealed,
    a.totp_pending, a.totp_step, a.version
FROM accounts a WHERE a.id = :id

-- name: accounts_page
SELECT {{account_columns}} FROM accounts a
WHERE a.username > :after AND a.search LIKE :pattern ESCAPE '\' AND (:state = '' OR a.state = :state)
  AND (:body_id = '' OR a.id IN (SELECT h.account_id FROM holdings h JOIN posts p ON p.id = h.post_id
       WHERE p.body_id = :body_id AND {{held_today}}))
ORDER BY a.username LIMIT :limit_rows

-- name: held_posts
SELECT p.id AS post_id, p.title AS post_title, p.role, p.body_id, b.name AS body_name, p.unit_id, h.kind,
    h.valid_to
FROM holdings h JOIN posts p ON p.id = h.post_id JOIN bodies b ON b.id = p.body_id
WHERE h.account_id = :account_id AND {{held_today}}
ORDER BY CASE WHEN h.kind = 'delegated' THEN 1 ELSE 0 END, h.valid_from, p.id

-- name: count_administrators
SELECT COUNT(DISTINCT a.id) AS number FROM accounts a
JOIN holdings h ON h.account_id = a.id JOIN posts p ON p.id = h.post_id
WHERE p.role = 'administrator' AND a.state IN ('active', 'invited') AND {{held_today}}

-- name: insert_account
INSERT INTO accounts (id, username, full_name, email, phone, state, search, password_hash, must_change_password,
    totp_sealed, totp_pending, totp_step, created_at, version)
VALUES (:id, :username, :full_name, :email, :phone, :state, :search, :password_hash, :must_change_password,
    NULL, NULL, 0, :created_at, 1)

-- name: update_account
UPDATE accounts SET full_name = :full_name, email = :email, phone = :phone, search = :search,
    version = version + 1
WHERE id = :id AND version = :version

-- name: set_state
UPDATE accounts SET state = :state, version = version + 1 WHERE id = :id AND state <> :state

-- name: set_password
UPDATE accounts SET password_hash = :password_hash, must_change_password = :must_change_password,
    state = CASE WHEN state = 'invited' THEN 'active' ELSE state END, version = version + 1
WHERE id = :id

-- name: rehash
UPDATE accounts SET password_hash = :password_hash WHERE id = :id AND password_hash = :old_hash

-- name: set_totp_pending
UPDATE accounts SET totp_pending = :sealed WHERE id = :id

-- name: enable_totp
UPDATE accounts SET totp_sealed = totp_pending, totp_pending = NULL, totp_step = :step, version = version + 1
WHERE id = :id AND totp_pending = :sealed

-- name: clear_totp
UPDATE accounts SET totp_sealed = NULL, totp_pending = NULL, version = version + 1 WHERE id = :id

-- A code counts once: the step only grows.
-- name: use_step
UPDATE accounts SET totp_step = :step WHERE id = :id AND totp_step < :step

-- name: insert_recovery_code
INSERT INTO recovery_codes (account_id, digest) VALUES (:account_id, :digest)

-- name: use_recovery_code
DELETE FROM recovery_codes WHERE account_id = :account_id AND digest = :digest

-- name: delete_recovery_codes
DELETE FROM recovery_codes WHERE account_id = :account_id

-- name: insert_link
INSERT INTO one_time_links (digest, account_id, purpose, expires_at)
VALUES (:digest, :account_id, :purpose, :expires_at)

-- name: link
SELECT l.account_id, l.purpose, l.expires_at, a.username, a.full_name, a.state
FROM one_time_links l JOIN accounts a ON a.id = l.account_id
WHERE l.digest = :digest AND l.expires_at > :now

-- name: use_link
DELETE FROM one_time_links WHERE digest = :digest

-- name: delete_links
DELETE FROM one_time_links WHERE account_id = :account_id

-- name: purge_links
DELETE FROM one_time_links WHERE expires_at <= :now
