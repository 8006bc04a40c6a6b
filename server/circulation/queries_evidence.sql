-- What evidence says of an arrival (Consigned).
-- fragment: consigned
a.id, a.dispatch_id, a.document_id, a.from_body, a.from_name, a.to_body, a.to_name, a.number_text, a.subject,
    a.restricted, a.main_digest, a.urgency, a.arrived_at, NULLIF(a.due_date, '') AS due_date

-- name: consigned
SELECT {{consigned}} FROM arrivals a WHERE a.id IN {{list:ids}} AND a.dispatch_id <> '' ORDER BY a.id

-- name: said_of
SELECT e.once FROM evidence_records e WHERE e.once IN {{list:onces}}

-- Open arrivals whose term has ended; each kind of silence is said once of each.
-- fragment: silent
a.status IN ('01', '03', '04', '05') AND a.dispatch_id <> '' AND a.urgency = :urgency
    AND a.arrived_at <= :before AND a.arrived_at >= :since

-- name: not_received
SELECT {{consigned}} FROM arrivals a
WHERE {{silent}} AND a.status = '01'
AND NOT EXISTS (SELECT 1 FROM evidence_records e WHERE e.once = 'not_received:' || a.id)
ORDER BY a.arrived_at, a.id LIMIT :limit

-- name: not_opened
SELECT {{consigned}} FROM arrivals a
WHERE {{silent}}
AND NOT EXISTS (SELECT 1 FROM evidence_records e WHERE e.once = 'not_opened:' || a.id)
AND NOT EXISTS (SELECT 1 FROM evidence_records e WHERE e.once = 'content_access:' || a.id)
ORDER BY a.arrived_at, a.id LIMIT :limit

-- name: not_answered
SELECT {{consigned}} FROM arrivals a
WHERE {{silent}} AND a.due_date <> '' AND a.due_date <= :day
AND NOT EXISTS (SELECT 1 FROM replies p WHERE p.arrival_id = a.id AND p.sent_at <> '')
AND NOT EXISTS (SELECT 1 FROM evidence_records e WHERE e.once = 'not_answered:' || a.id || ':' || a.due_date)
ORDER BY a.arrived_at, a.id LIMIT :limit

-- name: receipts_of_document
SELECT r.id, r.code, r.at, r.arrival_id, a.dispatch_id, r.content, r.digest
FROM dispatches s JOIN arrivals a ON a.dispatch_id = s.id JOIN receipts r ON r.arrival_id = a.id
WHERE s.document_id = :document_id ORDER BY r.arrival_id, r.sequence LIMIT :limit

-- name: receipts_of_one
SELECT r.id, r.code, r.at, r.arrival_id, a.dispatch_id, r.content, r.digest
FROM receipts r JOIN arrivals a ON a.id = r.arrival_id
WHERE a.id = :arrival_id ORDER BY r.sequence LIMIT :limit

-- name: consigned_of_document
SELECT {{consigned}} FROM dispatches s JOIN arrivals a ON a.dispatch_id = s.id
WHERE s.document_id = :document_id ORDER BY a.id LIMIT :limit

-- name: dispatch_times
SELECT s.id, s.sent_at, s.from_code, s.from_name FROM dispatches s WHERE s.document_id = :document_id ORDER BY s.id
