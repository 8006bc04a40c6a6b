-- name: insert_object
INSERT INTO objects (digest, size_bytes, media_type, pages, chunk_digests, created_at)
VALUES (:digest, :size_bytes, :media_type, :pages, :chunk_digests, :at)
ON CONFLICT (digest) DO NOTHING

-- name: insert_holding
INSERT INTO object_holdings (digest, body_id, name, first_at)
VALUES (:digest, :body_id, :name, :at)
ON CONFLICT (digest, body_id) DO NOTHING

-- The name is the one under which the body from which it comes first got it.
-- name: share_holding
INSERT INTO object_holdings (digest, body_id, name, first_at)
VALUES (:digest, :body_id, COALESCE(
    (SELECT h.name FROM object_holdings h WHERE h.digest = :digest ORDER BY h.first_at LIMIT 1), ''), :at)
ON CONFLICT (digest, body_id) DO NOTHING

-- name: held
SELECT o.digest, o.size_bytes, o.media_type, o.pages, h.name
FROM object_holdings h JOIN objects o ON o.digest = h.digest
WHERE h.body_id = :body_id AND h.digest IN {{list:digests}}

-- name: find_object
SELECT digest, size_bytes, media_type, chunk_digests FROM objects WHERE digest = :digest

-- name: digests
SELECT digest, size_bytes, media_type, chunk_digests FROM objects WHERE digest > :after ORDER BY digest LIMIT :limit

-- name: insert_upload
INSERT INTO uploads (id, account_id, post_id, body_id, name, size_bytes, expires_at, created_at)
VALUES (:id, :account_id, :post_id, :body_id, :name, :size_bytes, :expires_at, :created_at)

-- name: find_upload
SELECT id, name, size_bytes, expires_at, digest FROM uploads
WHERE id = :id AND account_id = :account_id AND body_id = :body_id

-- name: finish_upload
UPDATE uploads SET digest = :digest WHERE id = :id AND digest = ''

-- name: uploads_of
SELECT COUNT(*) AS n FROM uploads WHERE account_id = :account_id AND digest = '' AND expires_at > :now
