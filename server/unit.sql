-- name: insert_audit_entry
INSERT INTO audit_entries (id, at, account_id, account_name, post_id, body_id, on_behalf, channel, address,
    request_id, action, subject_kind, subject_id, subject_body, old_digest, new_digest, detail, salt, leaf_hash)
VALUES (:id, :at, :account_id, :account_name, :post_id, :body_id, :on_behalf, :channel, :address,
    :request_id, :action, :subject_kind, :subject_id, :subject_body, :old_digest, :new_digest, :detail, :salt,
    :leaf_hash)

-- name: insert_audit_pending
INSERT INTO audit_pending (entry_id) VALUES (:entry_id)

-- name: insert_outbox
INSERT INTO outbox (id, kind, key, payload, due_at, attempts, lease_until, lease_owner, last_error, created_at)
VALUES (:id, :kind, :key, :payload, :due_at, 0, '', '', '', :created_at)
ON CONFLICT DO NOTHING

-- name: insert_idempotency
INSERT INTO idempotency (account_id, route, key, body_digest, answer, created_at)
VALUES (:account_id, :route, :key, :body_digest, :answer, :created_at)

-- name: find_idempotency
SELECT body_digest, answer FROM idempotency WHERE account_id = :account_id AND route = :route AND key = :key
