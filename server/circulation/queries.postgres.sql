-- fragment: signed_of_arrival
(SELECT COALESCE(json_agg(json_build_object('id', e.id, 'event', e.event, 'at', e.at, 'signed_at',
        (SELECT s.signed_at FROM evidence_signatures s WHERE s.record_id = e.id)) ORDER BY e.at, e.id), '[]')::text
    FROM (SELECT id, code AS event, at FROM receipts WHERE arrival_id = a.id
        UNION ALL SELECT id, event, at FROM evidence_records WHERE arrival_id = a.id) e)

-- fragment: receipts_of_arrival
(SELECT COALESCE(json_agg(CAST(r.content AS json) ORDER BY r.sequence), '[]')::text FROM receipts r
    WHERE r.arrival_id = a.id)

-- fragment: replies_of_arrival
(SELECT COALESCE(json_agg(json_build_object('document_id', p.document_id, 'number_text', p.number_text,
        'document_date', NULLIF(p.document_date, ''), 'sent_at', NULLIF(p.sent_at, ''),
        'reply_arrival', p.reply_arrival) ORDER BY p.linked_at, p.document_id), '[]')::text
    FROM replies p WHERE p.arrival_id = a.id)

-- fragment: sent_replies_of_arrival
(SELECT COALESCE(json_agg(json_build_object('document_id', p.document_id, 'number_text', p.number_text,
        'document_date', NULLIF(p.document_date, ''), 'sent_at', NULLIF(p.sent_at, ''),
        'reply_arrival', p.reply_arrival) ORDER BY p.sent_at, p.document_id), '[]')::text
    FROM replies p WHERE p.arrival_id = a.id AND p.sent_at <> '')

-- fragment: assignments_of_arrival
(SELECT COALESCE(json_agg(json_build_object('post_id', g.post_id, 'unit_id', g.unit_id, 'label', g.label,
        'part', g.part, 'instruction', g.instruction, 'due_date', NULLIF(g.due_date, ''), 'at', g.at,
        'by_name', g.by_name, 'by_title', g.by_title, 'done_at', NULLIF(g.done_at, ''),
        'revoked_at', NULLIF(g.revoked_at, ''), 'revoke_reason', g.revoke_reason)
        ORDER BY g.at, g.part DESC, g.post_id), '[]')::text
    FROM assignments g WHERE g.arrival_id = a.id)

-- fragment: notes_of_arrival
(SELECT COALESCE(json_agg(json_build_object('kind', n.kind, 'text', n.text, 'at', n.at, 'by_name', n.by_name,
        'by_title', n.by_title) ORDER BY n.id), '[]')::text FROM arrival_notes n WHERE n.arrival_id = a.id)

-- fragment: response_of_arrival
CASE WHEN a.response_document = '' THEN NULL ELSE json_build_object('document_id', a.response_document,
        'number_text', a.response_number, 'document_date', NULLIF(a.response_date, ''))::text END

-- fragment: outside_of_dispatch
(SELECT COALESCE(json_agg(json_build_object('id', o.id, 'name', o.name, 'address', o.address,
        'posted_on', NULLIF(o.posted_on, ''), 'posted_by', o.posted_by, 'postal_number', o.postal_number,
        'tracking', o.tracking) ORDER BY o.id), '[]')::text
    FROM outside_recipients o WHERE o.dispatch_id = s.id)

-- fragment: recipients_of_dispatch
(SELECT COALESCE(json_agg(json_build_object('arrival_id', a.id, 'body_id', a.to_body, 'code', a.to_code,
        'name', a.to_name, 'parent_id', a.to_parent, 'status', a.status, 'recall', NULLIF(a.recall, ''),
        'incoming_text', a.incoming_text, 'changed_at', a.changed_at, 'depth', 0,
        'replies', CAST({{sent_replies_of_arrival}} AS json),
        'receipts', CAST({{receipts_of_arrival}} AS json))), '[]')::text
    FROM arrivals a WHERE a.dispatch_id = s.id)

-- name: lock_arrival
SELECT {{position}} FROM arrivals a WHERE a.id = :id AND {{may_see_arrival}} FOR UPDATE OF a

-- name: lock_sent_arrival
SELECT {{position}} FROM arrivals a
JOIN dispatches s ON s.id = a.dispatch_id
WHERE a.id = :id AND {{may_see_sent}} FOR UPDATE OF a

-- name: lock_outside
SELECT o.id, o.name, o.address, NULLIF(o.posted_on, '') AS posted_on, o.posted_by, o.postal_number, o.tracking
FROM outside_recipients o JOIN dispatches s ON s.id = o.dispatch_id
WHERE s.id = :dispatch_id AND o.id IN {{list:ids}} AND {{may_see_sent}}
ORDER BY o.id FOR UPDATE OF o
