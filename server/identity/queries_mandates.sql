-- name: insert_mandate
INSERT INTO mandates (id, account_id, valid_from, valid_to, basis, ended_at)
VALUES (:id, :account_id, :valid_from, :valid_to, :basis, NULL)

-- name: insert_mandate_body
INSERT INTO mandate_bodies (mandate_id, body_id) VALUES (:mandate_id, :body_id)

-- fragment: mandate_columns
m.id, m.account_id, (SELECT json_group_array(mb.body_id) FROM mandate_bodies mb WHERE mb.mandate_id = m.id) AS body_ids,
m.valid_from, m.valid_to, m.basis, m.ended_at

-- name: mandate
SELECT {{mandate_columns}} FROM mandates m WHERE m.id = :id

-- name: mandates_page
SELECT {{mandate_columns}} FROM mandates m
WHERE (:after = '' OR m.id < :after) AND (:account_id = '' OR m.account_id = :account_id)
ORDER BY m.id DESC LIMIT :limit_rows

-- name: end_mandate
UPDATE mandates SET ended_at = :now WHERE id = :id AND ended_at IS NULL
