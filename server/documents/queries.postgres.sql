-- fragment: versions
(SELECT COALESCE(json_agg(json_build_object('n', v.n, 'round', v.round, 'kind', v.kind,
    'main', CAST(v.main AS json), 'attachments', CAST(v.attachments AS json),
    'placements', CAST(v.placements AS json), 'note', v.note, 'account_name', v.account_name,
    'post_title', v.post_title, 'at', v.at) ORDER BY v.n), CAST('[]' AS json))
    FROM document_versions v WHERE v.document_id = d.id)

-- fragment: steps
(SELECT COALESCE(json_agg(json_build_object('id', s.id, 'round', s.round, 'act', s.act,
    'from_state', s.from_state, 'to_state', s.to_state, 'version_n', s.version_n, 'reason', s.reason,
    'account_name', s.account_name, 'post_id', s.post_id, 'post_title', s.post_title, 'body_id', s.body_id,
    'on_behalf', s.on_behalf, 'at', s.at) ORDER BY s.id), CAST('[]' AS json))
    FROM document_steps s WHERE s.document_id = d.id)

-- fragment: requests
(SELECT COALESCE(json_agg(json_build_object('id', r.id, 'post_id', r.post_id, 'post_title', r.post_title,
    'question', r.question, 'due_date', r.due_date, 'asked_by_title', r.asked_by_title, 'at', r.at,
    'answered', {{answered}}) ORDER BY r.id), CAST('[]' AS json))
    FROM document_requests r WHERE r.document_id = d.id)

-- fragment: comments
(SELECT COALESCE(json_agg(json_build_object('id', c.id, 'version_n', c.version_n, 'stance', c.stance,
    'text', c.text, 'account_name', c.account_name, 'post_id', c.post_id, 'post_title', c.post_title,
    'on_behalf', c.on_behalf, 'at', c.at) ORDER BY c.id), CAST('[]' AS json))
    FROM document_comments c WHERE c.document_id = d.id)
