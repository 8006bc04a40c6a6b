-- The body whose clerk keeps the books of :body: one inbox for all bodies of an office.
-- fragment: office
COALESCE((SELECT NULLIF(ob.kept_by_body_id, '') FROM bodies ob WHERE ob.id = :body), :body)

-- Columns of a line of the inbox (ArrivalRow).
-- fragment: arrival_row
a.id, a.to_body, a.to_name, a.from_body, a.from_name, a.origin, a.book, a.number_text,
    NULLIF(a.document_date, '') AS document_date, a.type_name,
    CASE WHEN a.status = '15' THEN '' ELSE a.subject END AS subject, a.urgency, a.status,
    NULLIF(a.recall, '') AS recall, a.incoming_text, a.arrived_at, NULLIF(a.due_date, '') AS due_date,
    NULL AS days_left, a.restricted, a.priority, a.version

-- Conditions of InboxFilter; every parameter has a value that means "all".
-- fragment: inbox_filter
(:all_statuses = 1 OR a.status IN {{list:statuses}})
    AND (:all_urgencies = 1 OR a.urgency IN {{list:urgencies}})
    AND (:origin = '' OR a.origin = :origin)
    AND (:to_body = '' OR a.to_body = :to_body)
    AND (:q = '' OR a.search LIKE :q ESCAPE '\')
    AND (:overdue = 0 OR (a.due_date <> '' AND a.due_date < :today AND a.status IN ('01', '03', '04', '05')))
    AND (:mine = 0 OR EXISTS (
        SELECT 1 FROM assignments m WHERE m.arrival_id = a.id AND m.post_id = :post AND m.revoked_at = ''))
    AND (:waiting = 0 OR (:clerk = 1 AND (a.status = '01' OR a.recall = '13')) OR EXISTS (
        SELECT 1 FROM assignments w WHERE w.arrival_id = a.id AND w.post_id = :post AND w.done_at = ''))

-- Receipts, oldest first, as they were kept.
-- fragment: receipts_of_arrival
(SELECT json_group_array(json(r.content)) FROM (
        SELECT content FROM receipts WHERE arrival_id = a.id ORDER BY sequence) r)

-- Evidence about the arrival and when it was signed, receipts and records alike.
-- fragment: signed_of_arrival
(SELECT json_group_array(json_object('id', e.id, 'event', e.event, 'at', e.at, 'signed_at',
        (SELECT s.signed_at FROM evidence_signatures s WHERE s.record_id = e.id))) FROM (
        SELECT id, code AS event, at FROM receipts WHERE arrival_id = a.id
        UNION ALL SELECT id, event, at FROM evidence_records WHERE arrival_id = a.id ORDER BY at, id) e)

-- fragment: replies_of_arrival
(SELECT json_group_array(json_object('document_id', p.document_id, 'number_text', p.number_text,
        'document_date', NULLIF(p.document_date, ''), 'sent_at', NULLIF(p.sent_at, ''),
        'reply_arrival', p.reply_arrival)) FROM (
        SELECT * FROM replies WHERE arrival_id = a.id ORDER BY linked_at, document_id) p)

-- fragment: sent_replies_of_arrival
(SELECT json_group_array(json_object('document_id', p.document_id, 'number_text', p.number_text,
        'document_date', NULLIF(p.document_date, ''), 'sent_at', NULLIF(p.sent_at, ''),
        'reply_arrival', p.reply_arrival)) FROM (
        SELECT * FROM replies WHERE arrival_id = a.id AND sent_at <> '' ORDER BY sent_at, document_id) p)

-- fragment: assignments_of_arrival
(SELECT json_group_array(json_object('post_id', g.post_id, 'unit_id', g.unit_id, 'label', g.label,
        'part', g.part, 'instruction', g.instruction, 'due_date', NULLIF(g.due_date, ''), 'at', g.at,
        'by_name', g.by_name, 'by_title', g.by_title, 'done_at', NULLIF(g.done_at, ''),
        'revoked_at', NULLIF(g.revoked_at, ''), 'revoke_reason', g.revoke_reason)) FROM (
        SELECT * FROM assignments WHERE arrival_id = a.id ORDER BY at, part DESC, post_id) g)

-- fragment: notes_of_arrival
(SELECT json_group_array(json_object('kind', n.kind, 'text', n.text, 'at', n.at, 'by_name', n.by_name,
        'by_title', n.by_title)) FROM (SELECT * FROM arrival_notes WHERE arrival_id = a.id ORDER BY id) n)

-- fragment: response_of_arrival
CASE WHEN a.response_document = '' THEN NULL ELSE json_object('document_id', a.response_document,
        'number_text', a.response_number, 'document_date', NULLIF(a.response_date, '')) END

-- fragment: outside_of_dispatch
(SELECT json_group_array(json_object('id', o.id, 'name', o.name, 'address', o.address,
        'posted_on', NULLIF(o.posted_on, ''), 'posted_by', o.posted_by, 'postal_number', o.postal_number,
        'tracking', o.tracking)) FROM (SELECT * FROM outside_recipients WHERE dispatch_id = s.id ORDER BY id) o)

-- fragment: recipients_of_dispatch
(SELECT json_group_array(json_object('arrival_id', a.id, 'body_id', a.to_body, 'code', a.to_code,
        'name', a.to_name, 'parent_id', a.to_parent, 'status', a.status, 'recall', NULLIF(a.recall, ''),
        'incoming_text', a.incoming_text, 'changed_at', a.changed_at, 'depth', 0,
        'replies', json({{sent_replies_of_arrival}}), 'receipts', json({{receipts_of_arrival}})))
    FROM arrivals a WHERE a.dispatch_id = s.id)

-- Columns of a line of what was sent (DispatchRow).
-- fragment: dispatch_row
s.id, s.document_id, s.from_body, s.number_text, NULLIF(s.document_date, '') AS document_date, s.type_name,
    s.subject, s.urgency, NULLIF(s.due_date, '') AS due_date, s.sent_at, s.sent_by_name, s.recipients, s.outside,
    (SELECT COUNT(*) FROM arrivals c WHERE c.dispatch_id = s.id AND c.status IN ('03', '04', '05', '06'))
        AS accepted,
    (SELECT COUNT(*) FROM arrivals c WHERE c.dispatch_id = s.id AND c.status = '02') AS refused,
    (SELECT COUNT(*) FROM arrivals c WHERE c.dispatch_id = s.id AND c.status = '06') AS finished

-- Columns of what an act must know (Position).
-- fragment: position
a.id, a.dispatch_id, a.document_id, a.from_body, a.from_name, a.to_body, a.to_name, a.office, a.origin, a.book,
    a.number_text, NULLIF(a.document_date, '') AS document_date, a.type_name, a.subject, a.urgency, a.pages,
    a.restricted, a.main_digest, a.status, NULLIF(a.recall, '') AS recall, a.incoming_text, a.incoming_entry,
    NULLIF(a.due_date, '') AS due_date, a.version, a.sequence, a.receipt_digest, a.changed_at, a.changed_by,
    (SELECT y.part FROM assignments y WHERE y.arrival_id = a.id AND y.post_id = :post
        AND y.revoked_at = '') AS my_part

-- Two branches, of which one reads nothing: see server/identity/scope_ids.sql. The empty text behind the
-- office keeps its index out of the first branch, which is to start from the ids.
-- name: inbox
SELECT {{arrival_row}} FROM arrivals a
WHERE a.id IN {{ids_of_arrivals}} AND a.office || '' = {{office}}
    AND (a.priority, a.id) < (:priority, :after) AND a.priority >= :lowest
    AND {{inbox_filter}}
UNION ALL
SELECT * FROM (
    SELECT {{arrival_row}} FROM arrivals a
    WHERE a.office = {{office}} AND (a.priority, a.id) < (:priority, :after) AND a.priority >= :lowest
        AND {{inbox_filter}}
        AND {{may_see_arrival}}
    ORDER BY a.priority DESC, a.id DESC LIMIT CASE WHEN {{few_arrivals}} THEN 0 ELSE :limit END) walked
ORDER BY priority DESC, id DESC LIMIT :limit

-- name: arrival
SELECT {{arrival_row}}, a.dispatch_id, a.document_id, a.from_code, a.from_address, a.type_code, a.signer, a.pages, a.note,
    a.recall_reason, a.main_digest, CASE WHEN a.status = '15' THEN '[]' ELSE a.files END AS files, a.result,
    a.reply_document, {{response_of_arrival}} AS response_for, {{receipts_of_arrival}} AS receipts,
    {{signed_of_arrival}} AS evidence, {{assignments_of_arrival}} AS assignments, {{notes_of_arrival}} AS notes, {{replies_of_arrival}} AS replies
FROM arrivals a WHERE a.id = :id AND {{may_see_arrival}}

-- Due dates count for the post's own open parts, and for the clerk for all that is open in the office.
-- name: counts
SELECT
    (SELECT COUNT(*) FROM arrivals a WHERE :clerk = 1 AND a.office = {{office}} AND a.status = '01'
        AND {{may_see_arrival}}) AS to_accept,
    (SELECT COUNT(*) FROM arrivals a WHERE :clerk = 1 AND a.office = {{office}} AND a.recall = '13'
        AND {{may_see_arrival}}) AS to_answer,
    (SELECT COUNT(*) FROM assignments g WHERE g.post_id = :post AND g.done_at = '' AND g.part = 'decide')
        AS to_decide,
    (SELECT COUNT(*) FROM assignments g WHERE g.post_id = :post AND g.done_at = '' AND g.part <> 'decide')
        AS to_do,
    (SELECT COUNT(*) FROM arrivals a WHERE :clerk = 1 AND a.office = {{office}} AND a.due_date <> ''
        AND a.due_date < :today AND a.status IN ('01', '03', '04', '05') AND {{may_see_arrival}})
    + (SELECT COUNT(*) FROM assignments g JOIN arrivals a ON a.id = g.arrival_id
        WHERE :clerk = 0 AND g.post_id = :post AND g.done_at = '' AND a.due_date <> '' AND a.due_date < :today)
        AS overdue,
    (SELECT COUNT(*) FROM arrivals a WHERE :clerk = 1 AND a.office = {{office}} AND a.due_date <> ''
        AND a.due_date >= :today AND a.due_date <= :soon AND a.status IN ('01', '03', '04', '05')
        AND {{may_see_arrival}})
    + (SELECT COUNT(*) FROM assignments g JOIN arrivals a ON a.id = g.arrival_id
        WHERE :clerk = 0 AND g.post_id = :post AND g.done_at = '' AND a.due_date >= :today
            AND a.due_date <= :soon) AS due_soon

-- name: arrival_files
SELECT a.to_body AS body_id, a.files FROM arrivals a
WHERE a.id = :id AND a.status <> '15' AND {{may_see_arrival}}

-- Conditions of SentFilter.
-- fragment: sent_filter
s.id < :after
    AND (:from_body = '' OR s.from_body = :from_body)
    AND (:document = '' OR s.document_id = :document)
    AND (:q = '' OR s.search LIKE :q ESCAPE '\')
    AND (:open = 0 OR EXISTS (
        SELECT 1 FROM arrivals x WHERE x.dispatch_id = s.id AND (x.status IN ('01', '02') OR x.recall = '13')))

-- Two branches, as in inbox.
-- name: sent
SELECT {{dispatch_row}} FROM dispatches s
WHERE s.document_id IN {{ids_of_documents}} AND s.office || '' = {{office}} AND {{sent_filter}}
UNION ALL
SELECT * FROM (
    SELECT {{dispatch_row}} FROM dispatches s
    WHERE s.office = {{office}} AND {{sent_filter}} AND {{may_see_sent}}
    ORDER BY s.id DESC LIMIT CASE WHEN {{few_documents}} THEN 0 ELSE :limit END) walked
ORDER BY id DESC LIMIT :limit

-- name: dispatch
SELECT {{dispatch_row}}, s.note, s.restricted, s.main_digest, s.files, s.reply_to,
    {{recipients_of_dispatch}} AS tree, {{outside_of_dispatch}} AS by_post
FROM dispatches s WHERE s.id = :id AND {{may_see_sent}}

-- name: lock_arrival
SELECT {{position}} FROM arrivals a WHERE a.id = :id AND {{may_see_arrival}}

-- The sender's side of an arrival: who may see the document that was sent.
-- name: lock_sent_arrival
SELECT {{position}} FROM arrivals a
JOIN dispatches s ON s.id = a.dispatch_id
WHERE a.id = :id AND {{may_see_sent}}

-- The arrival that a document about to be sent answers.
-- name: asked
SELECT a.id, a.to_body, a.from_body, a.document_id, a.number_text,
    NULLIF(a.document_date, '') AS document_date FROM arrivals a WHERE a.id = :id

-- name: already_sent
SELECT a.to_body AS body_id, a.to_name AS name, a.arrived_at AS at FROM arrivals a
WHERE a.document_id = :document AND a.to_body IN {{list:bodies}} AND a.document_id <> ''
    AND a.status <> '02' AND a.status <> '15'
ORDER BY a.to_body

-- name: insert_dispatch
INSERT INTO dispatches (id, document_id, from_body, from_code, from_name, number_text, document_date, type_code,
    type_name, subject, signer, urgency, pages, note, due_date, restricted, main_digest, files, office, reply_to,
    sent_at, sent_by, sent_by_name, sent_post, sent_post_title, recipients, outside, search)
VALUES (:id, :document_id, :from_body, :from_code, :from_name, :number_text, :document_date, :type_code,
    :type_name, :subject, :signer, :urgency, :pages, :note, :due_date, :restricted, :main_digest, :files, :office,
    :reply_to, :sent_at, :sent_by, :sent_by_name, :sent_post, :sent_post_title, :recipients, :outside, :search)

-- name: insert_arrival
INSERT INTO arrivals (id, document_id, from_body, from_code, from_name, number_text, document_date, type_code,
    type_name, subject, signer, urgency, pages, note, due_date, restricted, main_digest, files, dispatch_id,
    from_address, to_body, to_code, to_name, to_parent, office, origin, book, arrived_at, status, priority, incoming_number,
    incoming_text, incoming_series, incoming_entry, incoming_date, response_arrival, response_document, response_number,
    response_date, search, sequence, receipt_digest, changed_at, changed_by)
VALUES (:id, :document_id, :from_body, :from_code, :from_name, :number_text, :document_date, :type_code,
    :type_name, :subject, :signer, :urgency, :pages, :note, :due_date, :restricted, :main_digest, :files,
    :dispatch_id, :from_address, :to_body, :to_code, :to_name, :to_parent, :office, :origin, :book, :arrived_at, :status,
    :priority, :incoming_number, :incoming_text, :incoming_series, :incoming_entry, :incoming_date,
    :response_arrival,
    :response_document, :response_number, :response_date, :search, :sequence, :receipt_digest, :changed_at,
    :changed_by)

-- name: insert_receipt
INSERT INTO receipts (id, arrival_id, sequence, code, at, body_id, content, digest)
VALUES (:id, :arrival_id, :sequence, :code, :at, :body_id, :content, :digest)

-- name: insert_outside
INSERT INTO outside_recipients (id, dispatch_id, name, address, posted_on, posted_by, postal_number, tracking)
VALUES (:id, :dispatch_id, :name, :address, '', '', '', '')

-- Compare and set: nothing happens when somebody was faster. NULL leaves a column as it is.
-- name: advance
UPDATE arrivals SET status = :status, recall = :recall, priority = :priority, sequence = :sequence,
    receipt_digest = :receipt_digest, changed_at = :changed_at, changed_by = :changed_by, version = version + 1,
    recall_reason = COALESCE(:recall_reason, recall_reason), due_date = COALESCE(:due_date, due_date),
    incoming_number = COALESCE(:incoming_number, incoming_number),
    incoming_text = COALESCE(:incoming_text, incoming_text),
    incoming_series = COALESCE(:incoming_series, incoming_series),
    incoming_entry = COALESCE(:incoming_entry, incoming_entry),
    incoming_date = COALESCE(:incoming_date, incoming_date), result = COALESCE(:result, result),
    reply_document = COALESCE(:reply_document, reply_document), search = COALESCE(:search, search)
WHERE id = :id AND version = :version

-- name: set_due_date
UPDATE arrivals SET due_date = :due_date, version = version + 1 WHERE id = :id AND version = :version

-- A post named again gets the newer part, instruction and deadline.
-- name: upsert_assignment
INSERT INTO assignments (arrival_id, post_id, unit_id, label, part, instruction, due_date, at, by_account,
    by_name, by_post, by_title)
VALUES (:arrival_id, :post_id, :unit_id, :label, :part, :instruction, :due_date, :at, :by_account, :by_name,
    :by_post, :by_title)
ON CONFLICT (arrival_id, post_id) DO UPDATE SET unit_id = excluded.unit_id, label = excluded.label,
    part = excluded.part, instruction = excluded.instruction, due_date = excluded.due_date, at = excluded.at,
    by_account = excluded.by_account, by_name = excluded.by_name, by_post = excluded.by_post,
    by_title = excluded.by_title, done_at = '', revoked_at = '', revoked_by = '', revoke_reason = ''

-- Part of one post done ("" as the post: of every post).
-- name: part_done
UPDATE assignments SET done_at = :at
WHERE arrival_id = :arrival_id AND done_at = '' AND (:post = '' OR post_id = :post)
    AND (:part = '' OR part = :part)

-- The one who led before joins when another is named to lead.
-- name: lead_joins
UPDATE assignments SET part = 'join' WHERE arrival_id = :arrival_id AND part = 'lead' AND revoked_at = ''

-- name: parts
SELECT post_id, part, label FROM assignments WHERE arrival_id = :arrival_id AND revoked_at = ''
ORDER BY at, part DESC, post_id

-- A part that is withdrawn waits for nobody.
-- name: withdraw_part
UPDATE assignments SET revoked_at = :at, revoked_by = :by, revoke_reason = :reason,
    done_at = CASE WHEN done_at = '' THEN :at ELSE done_at END
WHERE arrival_id = :arrival_id AND post_id = :post_id AND revoked_at = ''

-- name: lead_resumes
UPDATE assignments SET done_at = '' WHERE arrival_id = :arrival_id AND part = 'lead' AND revoked_at = ''

-- name: open_parts_of
SELECT g.arrival_id, a.to_body, g.post_id, g.part, g.instruction, g.due_date
FROM assignments g JOIN arrivals a ON a.id = g.arrival_id
WHERE g.post_id >= :first AND g.post_id < :last AND g.done_at = ''
ORDER BY g.post_id, g.arrival_id LIMIT :limit

-- name: move_arrivals
UPDATE arrivals SET office = :new WHERE id IN (
    SELECT m.id FROM arrivals m WHERE m.office = :old AND m.to_body = :body AND m.office <> :new LIMIT :limit)

-- name: move_dispatches
UPDATE dispatches SET office = :new WHERE id IN (
    SELECT m.id FROM dispatches m WHERE m.office = :old AND m.from_body = :body AND m.office <> :new LIMIT :limit)

-- name: set_book
UPDATE arrivals SET book = :book WHERE id = :id

-- name: set_body
UPDATE arrivals SET to_body = :to_body, to_code = :to_code, to_name = :to_name, to_parent = :to_parent,
    office = :office WHERE id = :id

-- name: correct_header
UPDATE arrivals SET from_name = :from_name, from_address = :from_address, number_text = :number_text,
    document_date = :document_date, type_name = :type_name, subject = :subject, urgency = :urgency, pages = :pages,
    search = :search
WHERE id = :id AND origin = 'paper'

-- name: files_of
SELECT a.to_body AS body_id, a.files FROM arrivals a WHERE a.id = :id

-- name: insert_note
INSERT INTO arrival_notes (id, arrival_id, kind, text, at, by_account, by_name, by_post, by_title)
VALUES (:id, :arrival_id, :kind, :text, :at, :by_account, :by_name, :by_post, :by_title)

-- name: link_reply
INSERT INTO replies (arrival_id, document_id, linked_at, linked_by)
VALUES (:arrival_id, :document_id, :linked_at, :linked_by)
ON CONFLICT (arrival_id, document_id) DO NOTHING

-- name: reply_sent
INSERT INTO replies (arrival_id, document_id, linked_at, linked_by, number_text, document_date, sent_at,
    reply_arrival)
VALUES (:arrival_id, :document_id, :sent_at, :linked_by, :number_text, :document_date, :sent_at, :reply_arrival)
ON CONFLICT (arrival_id, document_id) DO UPDATE SET number_text = excluded.number_text,
    document_date = excluded.document_date, sent_at = excluded.sent_at, reply_arrival = excluded.reply_arrival

-- name: linked
SELECT document_id, number_text, NULLIF(document_date, '') AS document_date, NULLIF(sent_at, '') AS sent_at,
    reply_arrival FROM replies WHERE arrival_id = :arrival_id AND document_id = :document_id

-- name: lock_outside
SELECT o.id, o.name, o.address, NULLIF(o.posted_on, '') AS posted_on, o.posted_by, o.postal_number, o.tracking
FROM outside_recipients o JOIN dispatches s ON s.id = o.dispatch_id
WHERE s.id = :dispatch_id AND o.id IN {{list:ids}} AND {{may_see_sent}}
ORDER BY o.id

-- name: posted
UPDATE outside_recipients SET posted_on = :posted_on, posted_by = :posted_by, postal_number = :postal_number,
    tracking = :tracking WHERE id = :id AND posted_on = ''

-- name: sent_header
SELECT s.id, s.document_id, s.from_body, s.number_text, NULLIF(s.document_date, '') AS document_date, s.type_name,
    s.subject FROM dispatches s WHERE s.id = :id AND {{may_see_sent}}
