-- name: detail
SELECT jsonb_build_object('id', b.id, 'code', b.code, 'code_old', b.code_old, 'name', b.name, 'name_en', b.name_en,
        'short_name', b.short_name, 'abbreviation', b.abbreviation, 'bloc', b.bloc, 'level', b.level,
        'parent_id', b.parent_id, 'superior_name', b.superior_name, 'place', b.place, 'profile', b.profile,
        'has_seal', b.has_seal, 'keeps_books', b.keeps_books, 'kept_by_body_id', b.kept_by_body_id,
        'valid_from', b.valid_from, 'valid_to', b.valid_to, 'successor_id', b.successor_id,
        'version', b.version) AS body,
    (SELECT COALESCE(jsonb_agg(to_jsonb(f) ORDER BY f.valid_from), '[]')
        FROM body_forms f WHERE f.body_id = b.id) AS forms,
    (SELECT COALESCE(jsonb_agg(to_jsonb(u) ORDER BY u.id), '[]') FROM units u WHERE u.body_id = b.id) AS units,
    (SELECT COALESCE(jsonb_agg(to_jsonb(p) ORDER BY p.id), '[]') FROM posts p WHERE p.body_id = b.id) AS posts,
    (SELECT COALESCE(jsonb_agg(to_jsonb(a) ORDER BY a.id), '[]')
        FROM authorities a WHERE a.body_id = b.id) AS authorities
FROM bodies b WHERE b.id = :id
