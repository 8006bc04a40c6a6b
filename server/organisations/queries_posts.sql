-- fragment: unit_columns
u.id, u.body_id, u.parent_id, u.name, u.abbreviation, u.valid_from, u.valid_to

-- fragment: post_columns
p.id, p.body_id, p.unit_id, p.title, p.role, p.valid_from, p.valid_to

-- fragment: holding_columns
h.id, h.post_id, h.account_id, h.kind, h.valid_from, h.valid_to, h.basis

-- fragment: authority_columns
a.id, a.post_id, a.body_id, a.mode, a.for_title, a.own_title, a.granted_by_post_id, a.valid_from, a.valid_to,
a.basis

-- name: units_of
SELECT {{unit_columns}} FROM units u WHERE u.body_id = :body_id ORDER BY u.id

-- name: all_units
SELECT {{unit_columns}} FROM units u

-- name: unit
SELECT {{unit_columns}} FROM units u WHERE u.id = :id

-- name: insert_unit
INSERT INTO units (id, body_id, parent_id, name, abbreviation, valid_from, valid_to)
VALUES (:id, :body_id, :parent_id, :name, :abbreviation, :valid_from, :valid_to)

-- name: update_unit
UPDATE units SET parent_id = :parent_id, name = :name, abbreviation = :abbreviation, valid_from = :valid_from,
    valid_to = :valid_to
WHERE id = :id

-- name: posts_of
SELECT {{post_columns}} FROM posts p WHERE p.body_id = :body_id ORDER BY p.id

-- name: all_posts
SELECT {{post_columns}} FROM posts p

-- name: posts_by_id
SELECT {{post_columns}} FROM posts p WHERE p.id IN {{list:ids}} ORDER BY p.id

-- name: insert_post
INSERT INTO posts (id, body_id, unit_id, title, role, valid_from, valid_to)
VALUES (:id, :body_id, :unit_id, :title, :role, :valid_from, :valid_to)

-- name: update_post
UPDATE posts SET unit_id = :unit_id, title = :title, role = :role, valid_from = :valid_from,
    valid_to = :valid_to
WHERE id = :id

-- name: end_units
UPDATE units SET valid_to = :valid_to WHERE body_id = :body_id AND (valid_to IS NULL OR valid_to > :valid_to)

-- name: end_posts
UPDATE posts SET valid_to = :valid_to WHERE body_id = :body_id AND (valid_to IS NULL OR valid_to > :valid_to)

-- name: end_holdings_of_body
UPDATE holdings SET valid_to = :valid_to
WHERE post_id IN (SELECT p.id FROM posts p WHERE p.body_id = :body_id)
  AND (valid_to IS NULL OR valid_to > :valid_to)

-- name: end_authorities_of_body
UPDATE authorities SET valid_to = :valid_to
WHERE (body_id = :body_id OR post_id IN (SELECT p.id FROM posts p WHERE p.body_id = :body_id))
  AND (valid_to IS NULL OR valid_to > :valid_to)

-- name: holders
SELECT p.id AS post_id, p.title AS post_title, p.role, p.body_id, p.unit_id, h.account_id, h.kind
FROM holdings h JOIN posts p ON p.id = h.post_id
WHERE p.id IN {{list:ids}} AND h.valid_from <= :on_day AND (h.valid_to IS NULL OR h.valid_to > :on_day)
ORDER BY p.id, h.kind, h.id

-- name: role_holders
SELECT p.id AS post_id, p.title AS post_title, p.role, p.body_id, p.unit_id, h.account_id, h.kind
FROM holdings h JOIN posts p ON p.id = h.post_id
WHERE p.body_id = :body_id AND p.role = :role
  AND h.valid_from <= :on_day AND (h.valid_to IS NULL OR h.valid_to > :on_day)
ORDER BY p.id, h.kind, h.id

-- name: holdings_of_posts
SELECT {{holding_columns}} FROM holdings h WHERE h.post_id IN {{list:ids}} ORDER BY h.post_id, h.valid_from, h.id

-- name: holdings_of_account
SELECT {{holding_columns}} FROM holdings h WHERE h.account_id = :account_id ORDER BY h.valid_from, h.id

-- name: insert_holding
INSERT INTO holdings (id, post_id, account_id, kind, valid_from, valid_to, basis)
VALUES (:id, :post_id, :account_id, :kind, :valid_from, :valid_to, :basis)

-- A holding that had not begun by its end goes altogether.
-- name: end_holding
UPDATE holdings SET valid_to = :valid_to WHERE id = :id

-- name: delete_holding
DELETE FROM holdings WHERE id = :id

-- name: authorities_of_post
SELECT {{authority_columns}} FROM authorities a WHERE a.post_id = :post_id AND (:body_id = '' OR a.body_id = :body_id)
ORDER BY a.id

-- name: authorities_of_body
SELECT {{authority_columns}} FROM authorities a WHERE a.body_id = :body_id ORDER BY a.id

-- name: all_authorities
SELECT {{authority_columns}} FROM authorities a

-- name: authority
SELECT {{authority_columns}} FROM authorities a WHERE a.id = :id

-- name: insert_authority
INSERT INTO authorities (id, post_id, body_id, mode, for_title, own_title, granted_by_post_id, valid_from,
    valid_to, basis)
VALUES (:id, :post_id, :body_id, :mode, :for_title, :own_title, :granted_by_post_id, :valid_from, :valid_to,
    :basis)

-- name: update_authority
UPDATE authorities SET for_title = :for_title, own_title = :own_title, granted_by_post_id = :granted_by_post_id,
    valid_from = :valid_from, valid_to = :valid_to, basis = :basis
WHERE id = :id
