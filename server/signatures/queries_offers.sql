-- fragment: token_columns
t.id, t.owner_kind, t.owner_id, t.subject, t.serial, t.issuer, t.fingerprint, t.certificate, t.chain,
    t.image_path,    t.not_before, t.not_after, t.state, t.added_at

-- fragment: offer_columns
o.id, o.way, o.act, o.document_id, o.row_version, o.digest, o.field, o.owner_kind, o.owner_id, o.account_id,
    o.post_id, o.body_id, o.actor, o.get_digest, o.put_digest, o.token_id, o.pending, o.state, o.fetched_at,
    o.created_at, o.expires_at, o.ended_at, o.result_digest, o.fault

-- name: insert_token
INSERT INTO signing_tokens (id, owner_kind, owner_id, subject, serial, issuer, fingerprint, certificate, chain,
    image_path, not_before, not_after, state, added_at)
VALUES (:id, :owner_kind, :owner_id, :subject, :serial, :issuer, :fingerprint, :certificate, :chain,
    :image_path, :not_before, :not_after, 'active', :added_at)

-- name: tokens_of
SELECT {{token_columns}} FROM signing_tokens t
WHERE t.owner_kind = :owner_kind AND t.owner_id = :owner_id AND t.state = 'active' ORDER BY t.id

-- Of each owner asked for: a key of this server, a token of its own.
-- name: ways_of
SELECT 'key' AS way FROM signing_keys k
WHERE k.owner_kind = :owner_kind AND k.owner_id = :owner_id AND k.state = 'active'
UNION ALL
SELECT 'token' FROM signing_tokens t
WHERE t.owner_kind = :owner_kind AND t.owner_id = :owner_id AND t.state = 'active'

-- name: list_tokens
SELECT {{token_columns}} FROM signing_tokens t WHERE t.id > :after ORDER BY t.id LIMIT :limit

-- name: end_token
UPDATE signing_tokens SET state = 'ended' WHERE id = :id AND state = 'active'

-- name: insert_offer
INSERT INTO signature_offers (id, way, act, document_id, row_version, digest, field, owner_kind, owner_id,
    account_id, post_id, body_id, actor, get_digest, put_digest, token_id, pending, state, fetched_at, created_at,
    expires_at, ended_at, result_digest, fault)
VALUES (:id, :way, :act, :document_id, :row_version, :digest, :field, :owner_kind, :owner_id,
    :account_id, :post_id, :body_id, :actor, :get_digest, :put_digest, :token_id, :pending, 'open', NULL,
    :created_at, :expires_at, NULL, '', 'null')

-- An offer made before for the same file and person is over: one at a time.
-- name: supersede_offers
UPDATE signature_offers SET state = 'expired', ended_at = :now
WHERE document_id = :document_id AND account_id = :account_id AND digest = :digest AND state = 'open'

-- name: find_offer
SELECT {{offer_columns}} FROM signature_offers o WHERE o.id = :id AND o.account_id = :account_id

-- name: find_offer_to_get
SELECT {{offer_columns}} FROM signature_offers o WHERE o.get_digest = :digest AND o.get_digest <> ''

-- name: find_offer_to_put
SELECT {{offer_columns}} FROM signature_offers o WHERE o.put_digest = :digest AND o.put_digest <> ''

-- The address works once: of two who come at the same time one is turned away.
-- name: fetch_offer
UPDATE signature_offers SET fetched_at = :now
WHERE id = :id AND state = 'open' AND fetched_at IS NULL AND expires_at > :now

-- name: take_offer
UPDATE signature_offers SET state = 'returned' WHERE id = :id AND state = 'open' AND expires_at > :now

-- name: end_offer
UPDATE signature_offers SET state = :state, ended_at = :now, result_digest = :result_digest, fault = :fault
WHERE id = :id AND state = 'returned'
