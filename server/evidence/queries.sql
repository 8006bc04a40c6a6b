-- name: insert_record
INSERT INTO evidence_records (id, once, event, at, arrival_id, dispatch_id, document_id, content, digest)
VALUES (:id, :once, :event, :at, :arrival_id, :dispatch_id, :document_id, :content, :digest)

-- name: queue
INSERT INTO evidence_unsigned (record_id, body_id, digest) VALUES (:record_id, :body_id, :digest)

-- name: unsigned
SELECT record_id, body_id, digest FROM evidence_unsigned ORDER BY record_id LIMIT :limit

-- name: insert_signature
INSERT INTO evidence_signatures (record_id, serial, signature, signed_at)
VALUES (:record_id, :serial, :signature, :signed_at) ON CONFLICT (record_id) DO NOTHING

-- name: unqueue
DELETE FROM evidence_unsigned WHERE record_id = :record_id

-- name: said
SELECT id FROM evidence_records WHERE once = :once

-- fragment: signed
r.id, r.event, r.at, r.arrival_id, r.dispatch_id, r.content, r.digest

-- name: of_document
SELECT {{signed}} FROM evidence_records r WHERE r.document_id = :document_id ORDER BY r.id LIMIT :limit

-- name: of_arrival
SELECT {{signed}} FROM evidence_records r WHERE r.arrival_id = :arrival_id ORDER BY r.id LIMIT :limit

-- name: signatures
SELECT s.record_id, s.serial, s.signature, s.signed_at, k.certificate
FROM evidence_signatures s JOIN evidence_keys k ON k.serial = s.serial
WHERE s.record_id IN {{list:ids}} ORDER BY s.record_id

-- name: key_of
SELECT serial, body_id, name, certificate, sealed_key, valid_until, made_at FROM evidence_keys
WHERE body_id = :body_id AND valid_until > :until ORDER BY valid_until DESC, serial LIMIT 1

-- name: root
SELECT serial, body_id, name, certificate, sealed_key, valid_until, made_at FROM evidence_keys
WHERE body_id = '' ORDER BY made_at, serial LIMIT 1

-- name: insert_key
INSERT INTO evidence_keys (serial, body_id, name, certificate, sealed_key, valid_until, made_at)
SELECT :serial, :body_id, :name, :certificate, :sealed_key, :valid_until, :made_at
WHERE NOT EXISTS (SELECT 1 FROM evidence_keys k WHERE k.body_id = :body_id AND k.valid_until > :until)
