-- fragment: columns
c.id, c.owner_kind, c.owner_id, c.body_id, c.subject, c.organ_id, c.serial, c.issuer, c.not_before, c.not_after,
c.fingerprint, c.pem, c.provider, c.keeper, c.device, c.state, c.reason, c.state_at, c.warned_days, c.added_at

-- fragment: request_columns
r.id, r.purpose, r.owner_kind, r.owner_id, r.body_id, r.subject, r.organ_id, r.provider, r.certificate_id, r.csr,
r.note, r.state, r.version, r.made_at, r.made_by, r.closed_at

-- name: certificate
SELECT {{columns}} FROM certificates c WHERE c.id = :id AND (:body = '' OR c.body_id = :body)

-- name: by_fingerprint
SELECT {{columns}} FROM certificates c WHERE c.fingerprint = :fingerprint

-- name: page_all
SELECT {{columns}} FROM certificates c
WHERE (c.not_after > :after_at OR (c.not_after = :after_at AND c.id > :after_id))
    AND (:until = '' OR c.not_after <= :until) AND (:state = '' OR c.state = :state)
ORDER BY c.not_after, c.id LIMIT :limit_rows

-- name: page_of_body
SELECT {{columns}} FROM certificates c
WHERE c.body_id = :body AND (c.not_after > :after_at OR (c.not_after = :after_at AND c.id > :after_id))
    AND (:until = '' OR c.not_after <= :until) AND (:state = '' OR c.state = :state)
ORDER BY c.not_after, c.id LIMIT :limit_rows

-- name: insert
INSERT INTO certificates (id, owner_kind, owner_id, body_id, subject, organ_id, serial, issuer, not_before, not_after,
    fingerprint, pem, provider, keeper, device, state, reason, state_at, warned_days, added_at)
VALUES (:id, :owner_kind, :owner_id, :body_id, :subject, :organ_id, :serial, :issuer, :not_before, :not_after,
    :fingerprint, :pem, :provider, :keeper, :device, 'in_use', '', :now, 0, :now)

-- name: move
UPDATE certificates SET state = :state, reason = :reason, state_at = :now WHERE id = :id AND state = :before

-- name: ending_soon
SELECT {{columns}} FROM certificates c
WHERE c.state = 'in_use' AND c.not_after >= :now AND c.not_after <= :until AND c.id > :after
ORDER BY c.id LIMIT :limit_rows

-- name: warned
UPDATE certificates SET warned_days = :days WHERE id = :id

-- Owners who hold no post in the body any more, and bodies that are closed: their certificates must be revoked.
-- name: orphaned
SELECT c.id, c.body_id,
    CASE WHEN b.id IS NOT NULL THEN 'cessationOfOperation' ELSE 'affiliationChanged' END AS reason
FROM certificates c
LEFT JOIN bodies b ON b.id = c.body_id AND b.valid_to IS NOT NULL AND b.valid_to < :today
WHERE c.state = 'in_use' AND c.not_after >= :now AND (b.id IS NOT NULL OR (c.owner_kind = 'person' AND NOT EXISTS (
    SELECT 1 FROM holdings h JOIN posts p ON p.id = h.post_id
    WHERE h.account_id = c.owner_id AND p.body_id = c.body_id AND h.valid_from <= :today
        AND (h.valid_to IS NULL OR h.valid_to >= :today))))
ORDER BY c.id LIMIT :limit_rows

-- name: home_body
SELECT p.body_id AS body_id FROM holdings h JOIN posts p ON p.id = h.post_id
WHERE h.account_id = :account AND h.valid_from <= :today AND (h.valid_to IS NULL OR h.valid_to >= :today)
ORDER BY CASE h.kind WHEN 'appointed' THEN 0 ELSE 1 END, h.valid_from, h.id LIMIT 1

-- name: request
SELECT {{request_columns}} FROM certificate_requests r WHERE r.id = :id AND (:body = '' OR r.body_id = :body)

-- name: requests_page
SELECT {{request_columns}} FROM certificate_requests r
WHERE (:after = '' OR r.id < :after) AND (:body = '' OR r.body_id = :body) AND (:state = '' OR r.state = :state)
ORDER BY r.id DESC LIMIT :limit_rows

-- name: insert_request
INSERT INTO certificate_requests (id, purpose, owner_kind, owner_id, body_id, subject, organ_id, provider,
    certificate_id, csr, note, state, version, made_at, made_by, closed_at)
VALUES (:id, :purpose, :owner_kind, :owner_id, :body_id, :subject, :organ_id, :provider, :certificate_id, :csr, :note,
    'prepared', 1, :now, :made_by, NULL)

-- name: move_request
UPDATE certificate_requests SET state = :state, version = version + 1, certificate_id = :certificate_id,
    closed_at = :closed_at
WHERE id = :id AND version = :version
