-- fragment: key_columns
k.id, k.owner_kind, k.owner_id, k.subject, k.organ_id, k.serial, k.issuer, k.not_before, k.not_after, k.path,
k.passphrase_path, k.image_path, k.state, k.added_at

-- name: active_key
SELECT {{key_columns}} FROM signing_keys k
WHERE k.owner_kind = :owner_kind AND k.owner_id = :owner_id AND k.state = 'active'

-- name: list_keys
SELECT {{key_columns}} FROM signing_keys k WHERE k.id > :after ORDER BY k.id LIMIT :limit

-- name: retire_keys
UPDATE signing_keys SET state = 'retired'
WHERE owner_kind = :owner_kind AND owner_id = :owner_id AND state = 'active'

-- name: insert_key
INSERT INTO signing_keys (id, owner_kind, owner_id, subject, organ_id, serial, issuer, not_before, not_after, path,
    passphrase_path, image_path, state, added_at)
VALUES (:id, :owner_kind, :owner_id, :subject, :organ_id, :serial, :issuer, :not_before, :not_after, :path,
    :passphrase_path, :image_path, 'active', :added_at)

-- name: find_verification
SELECT digest, verdict, signatures, report, verified_at FROM verifications WHERE digest = :digest

-- name: insert_verification
INSERT INTO verifications (digest, verdict, signatures, report, verified_at)
VALUES (:digest, :verdict, :signatures, :report, :verified_at)
ON CONFLICT (digest) DO NOTHING
