-- Columns of a whole document, as the row type Document names them.
-- fragment: whole
d.id, d.body_id, d.author_body, d.author_post, d.author_title, d.author_account, d.author_name, d.office_body,
    d.form_role, d.origin, d.renews, d.fields, d.state, d.round, d.turn, d.chain_at, d.signed_count, d.sealed_count,
    d.version, d.current_n, d.current_kind, d.main_digest, d.number_id, d.number_text, d.document_date,
    d.signer_name, d.signed_at, d.approved_at, d.created_at, d.updated_at

-- fragment: line
d.id, d.body_id, d.body_name, d.type_code, d.type_name, d.subject, d.urgency, d.restricted, d.origin, d.state,
    d.turn, d.number_text, d.document_date, d.author_post, d.author_name, d.created_at, d.updated_at, d.version, d.approved_at

-- fragment: filters
(d.updated_at < :after_at OR (d.updated_at = :after_at AND d.id < :after_id))
    AND d.state IN {{list:states}}
    AND (:q = '' OR d.search_text LIKE :q ESCAPE '\')

-- The turn of the post or role; or of the office's clerks, for whom the body's own clerks may act.
-- fragment: my_turn
(d.turn IN (:g_post, :g_role)
    OR (d.turn = 'role:' || d.office_body || ':records_clerk'
        AND :g_role = 'role:' || d.body_id || ':records_clerk'))

-- fragment: versions
(SELECT COALESCE(json_group_array(json_object('n', v.n, 'round', v.round, 'kind', v.kind, 'main', json(v.main),
    'attachments', json(v.attachments), 'placements', json(v.placements), 'note', v.note,
    'account_name', v.account_name, 'post_title', v.post_title, 'at', v.at)), '[]')
    FROM (SELECT * FROM document_versions WHERE document_id = d.id ORDER BY n) v)

-- fragment: steps
(SELECT COALESCE(json_group_array(json_object('id', s.id, 'round', s.round, 'act', s.act,
    'from_state', s.from_state, 'to_state', s.to_state, 'version_n', s.version_n, 'reason', s.reason,
    'account_name', s.account_name, 'post_id', s.post_id, 'post_title', s.post_title, 'body_id', s.body_id,
    'on_behalf', s.on_behalf, 'at', s.at)), '[]')
    FROM (SELECT * FROM document_steps WHERE document_id = d.id ORDER BY id) s)

-- fragment: answered
EXISTS (SELECT 1 FROM document_comments c WHERE c.document_id = r.document_id AND c.post_id = r.post_id
    AND c.id > r.id)

-- fragment: requests
(SELECT COALESCE(json_group_array(json_object('id', r.id, 'post_id', r.post_id, 'post_title', r.post_title,
    'question', r.question, 'due_date', r.due_date, 'asked_by_title', r.asked_by_title, 'at', r.at,
    'answered', json(CASE WHEN {{answered}} THEN 'true' ELSE 'false' END))), '[]')
    FROM (SELECT * FROM document_requests WHERE document_id = d.id ORDER BY id) r)

-- fragment: comments
(SELECT COALESCE(json_group_array(json_object('id', c.id, 'version_n', c.version_n, 'stance', c.stance,
    'text', c.text, 'account_name', c.account_name, 'post_id', c.post_id, 'post_title', c.post_title,
    'on_behalf', c.on_behalf, 'at', c.at)), '[]')
    FROM (SELECT * FROM document_comments WHERE document_id = d.id ORDER BY id) c)

-- name: insert_document
INSERT INTO documents (id, body_id, author_body, author_post, author_title, author_account, author_name,
    office_body, form_role, origin, body_name, type_code, type_name, subject, search_text, urgency, restricted,
    reply_to, renews, fields, state, round, turn, chain_at, signed_count, sealed_count, version, current_n,
    current_kind, main_digest, number_id, number_text, document_date, signer_name, signed_at, approved_at,
    created_at, updated_at)
VALUES (:id, :body_id, :author_body, :author_post, :author_title, :author_account, :author_name,
    :office_body, :form_role, :origin, :body_name, :type_code, :type_name, :subject, :search_text, :urgency,
    :restricted, :reply_to, :renews, :fields, :state, :round, :turn, :chain_at, :signed_count, :sealed_count,
    :version, :current_n, :current_kind, :main_digest, :number_id, :number_text, :document_date, :signer_name,
    :signed_at, :approved_at, :created_at, :updated_at)

-- Compare and set: state, row version and the digest of the newest version must be those that were read.
-- name: update_document
UPDATE documents SET body_id = :body_id, office_body = :office_body, form_role = :form_role,
    body_name = :body_name, type_code = :type_code, type_name = :type_name, subject = :subject,
    search_text = :search_text, urgency = :urgency, restricted = :restricted, reply_to = :reply_to,
    fields = :fields, state = :state, round = :round, turn = :turn, chain_at = :chain_at,
    signed_count = :signed_count, sealed_count = :sealed_count, version = :version, current_n = :current_n,
    current_kind = :current_kind, main_digest = :main_digest, number_id = :number_id,
    number_text = :number_text, document_date = :document_date, signer_name = :signer_name,
    signed_at = :signed_at, approved_at = :approved_at,
    updated_at = :updated_at
WHERE id = :id AND version = :seen_version AND state = :seen_state AND main_digest = :seen_digest

-- name: insert_version
INSERT INTO document_versions (document_id, n, round, kind, main, main_digest, attachments, placements, fields,
    note, account_id, account_name, post_title, at)
VALUES (:document_id, :n, :round, :kind, :main, :main_digest, :attachments, :placements, :fields, :note,
    :account_id, :account_name, :post_title, :at)

-- name: insert_step
INSERT INTO document_steps (id, document_id, round, act, from_state, to_state, version_n, reason, account_id,
    account_name, post_id, post_title, body_id, on_behalf, at)
VALUES (:id, :document_id, :round, :act, :from_state, :to_state, :version_n, :reason, :account_id,
    :account_name, :post_id, :post_title, :body_id, :on_behalf, :at)

-- name: insert_request
INSERT INTO document_requests (id, document_id, post_id, post_title, question, due_date, asked_by,
    asked_by_title, at)
VALUES (:id, :document_id, :post_id, :post_title, :question, :due_date, :asked_by, :asked_by_title, :at)

-- name: insert_comment
INSERT INTO document_comments (id, document_id, version_n, stance, text, account_id, account_name, post_id,
    post_title, on_behalf, at)
VALUES (:id, :document_id, :version_n, :stance, :text, :account_id, :account_name, :post_id, :post_title,
    :on_behalf, :at)

-- name: find
SELECT {{whole}} FROM documents d WHERE d.id = :id

-- name: find_visible
SELECT {{whole}} FROM documents d WHERE d.id = :id AND {{may_see_document}}

-- name: view
SELECT {{whole}}, {{versions}} AS versions, {{steps}} AS steps, {{requests}} AS requests,
    {{comments}} AS comments
FROM documents d WHERE d.id = :id AND {{may_see_document}}

-- name: version_view
SELECT v.n, v.round, v.kind, v.main, v.attachments, v.placements, v.note, v.account_name, v.post_title, v.at,
    v.fields
FROM document_versions v JOIN documents d ON d.id = v.document_id
WHERE d.id = :id AND v.n = :n AND {{may_see_document}}

-- name: newest_version
SELECT v.n, v.round, v.kind, v.main, v.attachments, v.placements, v.note, v.account_name, v.post_title, v.at
FROM document_versions v WHERE v.document_id = :id ORDER BY v.n DESC LIMIT 1

-- name: file
SELECT d.id, d.body_id, v.main, v.attachments
FROM document_versions v JOIN documents d ON d.id = v.document_id
WHERE d.id = :id AND (v.main_digest = :digest OR v.attachments LIKE :in_attachments) AND {{may_see_document}}
ORDER BY v.n DESC LIMIT 1

-- Two branches, of which one reads nothing: see server/identity/scope_ids.sql.
-- name: list_all
SELECT {{line}} FROM documents d WHERE d.id IN {{ids_of_documents}} AND {{filters}}
UNION ALL
SELECT * FROM (
    SELECT {{line}} FROM documents d
    WHERE {{filters}} AND {{may_see_document}}
    ORDER BY d.updated_at DESC, d.id DESC LIMIT CASE WHEN {{few_documents}} THEN 0 ELSE :limit END) walked
ORDER BY updated_at DESC, id DESC LIMIT :limit

-- Starts from what is open (index documents_turn), which is little beside the archive.
-- name: list_waiting
SELECT {{line}} FROM documents d
WHERE d.id IN (SELECT d.id FROM documents d WHERE d.turn <> '' AND {{my_turn}})
    AND {{filters}} AND {{may_see_document}}
ORDER BY d.updated_at DESC, d.id DESC LIMIT :limit

-- name: list_approved
SELECT {{line}} FROM documents d
WHERE d.id IN (SELECT d.id FROM documents d WHERE d.turn <> '' AND {{my_turn}}) AND d.approved_at IS NOT NULL
    AND {{filters}} AND {{may_see_document}}
ORDER BY d.updated_at DESC, d.id DESC LIMIT :limit

-- name: list_mine
SELECT {{line}} FROM documents d
WHERE d.author_post = :mine AND {{filters}} AND {{may_see_document}}
ORDER BY d.updated_at DESC, d.id DESC LIMIT :limit

-- name: list_asked
SELECT {{line}} FROM documents d
WHERE d.id IN (SELECT r.document_id FROM document_requests r WHERE r.post_id = :mine AND NOT {{answered}})
    AND {{filters}} AND {{may_see_document}}
ORDER BY d.updated_at DESC, d.id DESC LIMIT :limit

-- name: steps
SELECT s.id, s.round, s.act, s.from_state, s.to_state, s.version_n, s.reason, s.account_name, s.post_id,
    s.post_title, s.body_id, s.on_behalf, s.at
FROM document_steps s JOIN documents d ON d.id = s.document_id
WHERE d.id = :id AND s.id > :after AND {{may_see_document}}
ORDER BY s.id LIMIT :limit

-- name: counts
SELECT 'waiting' AS what, d.state, COUNT(*) AS n FROM documents d
WHERE d.turn <> '' AND {{my_turn}} GROUP BY d.state
UNION ALL
SELECT 'mine', d.state, COUNT(*) FROM documents d
WHERE d.author_post = :mine AND d.state IN {{list:states}} GROUP BY d.state
UNION ALL
SELECT 'asked', 'draft', COUNT(*) FROM document_requests r JOIN documents d ON d.id = r.document_id
WHERE r.post_id = :mine AND d.state IN {{list:states}} AND NOT {{answered}}

-- name: replies_to
SELECT {{line}} FROM documents d
WHERE d.reply_to = :arrival_id AND d.reply_to <> '' AND {{may_see_document}} ORDER BY d.id

-- Documents that wait for a post that is gone wait for the one that goes on with its work.
-- name: pass_turn
UPDATE documents SET turn = 'post:' || :new, version = version + 1 WHERE turn = 'post:' || :old

-- Only what is still in the author's hands: a finished document keeps its author.
-- name: pass_authorship
UPDATE documents SET author_post = :new, version = version + 1 WHERE author_post = :old AND turn <> ''

-- name: move_documents
UPDATE documents SET office_body = :new, version = version + 1,
    turn = CASE WHEN turn LIKE 'role:' || :old || ':%' THEN 'role:' || :new || substr(turn, length('role:' || :old) + 1)
        ELSE turn END
WHERE id IN (
    SELECT m.id FROM documents m WHERE m.body_id = :body AND m.office_body = :old AND m.office_body <> :new LIMIT :limit)
