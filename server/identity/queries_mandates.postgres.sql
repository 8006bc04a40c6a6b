-- fragment: mandate_columns
m.id, m.account_id, (SELECT COALESCE(jsonb_agg(mb.body_id ORDER BY mb.body_id), '[]') FROM mandate_bodies mb
    WHERE mb.mandate_id = m.id) AS body_ids,
m.valid_from, m.valid_to, m.basis, m.ended_at
