-- fragment: body_columns
b.id, b.code, b.code_old, b.name, b.name_en, b.short_name, b.abbreviation, b.bloc, b.level, b.parent_id,
b.superior_name, b.place, b.profile, b.has_seal, b.keeps_books, b.kept_by_body_id, b.valid_from, b.valid_to,
b.successor_id, b.version

-- fragment: open_on
b.valid_from <= :on_day AND (b.valid_to IS NULL OR b.valid_to > :on_day)

-- name: version
SELECT version FROM organisation_state WHERE name = 'tree'

-- Puts changes of structure in order and makes cached trees stale.
-- name: bump_version
UPDATE organisation_state SET version = version + 1 WHERE name = 'tree'

-- name: body
SELECT {{body_columns}} FROM bodies b WHERE b.id = :id

-- name: bodies_by_id
SELECT {{body_columns}} FROM bodies b WHERE b.id IN {{list:ids}}

-- name: all_bodies
SELECT {{body_columns}} FROM bodies b

-- name: bodies_page
SELECT {{body_columns}} FROM bodies b
WHERE b.id > :after AND (:bloc = '' OR b.bloc = :bloc) AND b.search LIKE :pattern ESCAPE '\'
  AND (:on_day = '' OR ({{open_on}})) AND b.level <> 'installation'
ORDER BY b.id LIMIT :limit_rows

-- name: directory
SELECT b.id, b.code, b.name, b.name_en, b.short_name, b.bloc, b.level, b.parent_id FROM bodies b
WHERE {{open_on}} AND b.id > :after AND b.search LIKE :pattern ESCAPE '\' AND b.level <> 'installation'
ORDER BY b.id LIMIT :limit_rows

-- name: bodies_kept_by
SELECT {{body_columns}} FROM bodies b WHERE b.kept_by_body_id = :id ORDER BY b.id

-- name: bodies_below
SELECT {{body_columns}} FROM bodies b WHERE b.parent_id = :id ORDER BY b.id

-- name: bodies_with_code
SELECT {{body_columns}} FROM bodies b
WHERE b.id IN (SELECT f.body_id FROM body_forms f WHERE f.code = :code OR (f.code_old <> '' AND f.code_old = :code))
ORDER BY b.valid_from DESC, b.id

-- name: nodes
SELECT b.id, f.code, f.name, f.name_en, f.short_name, b.bloc, b.level, f.parent_id, 0 AS depth
FROM bodies b JOIN body_forms f ON f.body_id = b.id
WHERE f.valid_from <= :on_day AND (f.valid_to IS NULL OR f.valid_to > :on_day)
  AND b.level <> 'installation'

-- name: form_on
SELECT f.body_id, f.valid_from, f.valid_to, f.code, f.code_old, f.name, f.name_en, f.short_name, f.abbreviation,
    f.parent_id, f.superior_name, f.place, f.basis
FROM body_forms f
WHERE f.body_id = :body_id AND f.valid_from <= :on_day AND (f.valid_to IS NULL OR f.valid_to > :on_day)

-- name: insert_body
INSERT INTO bodies (id, code, code_old, name, name_en, short_name, abbreviation, bloc, level, parent_id,
    superior_name, place, profile, has_seal, keeps_books, kept_by_body_id, valid_from, valid_to, successor_id,
    version, search)
VALUES (:id, :code, :code_old, :name, :name_en, :short_name, :abbreviation, :bloc, :level, :parent_id,
    :superior_name, :place, :profile, :has_seal, :keeps_books, :kept_by_body_id, :valid_from, :valid_to,
    :successor_id, :version, :search)

-- name: update_body
UPDATE bodies SET code = :code, code_old = :code_old, name = :name, name_en = :name_en, short_name = :short_name,
    abbreviation = :abbreviation, bloc = :bloc, level = :level, parent_id = :parent_id,
    superior_name = :superior_name, place = :place, profile = :profile, has_seal = :has_seal,
    keeps_books = :keeps_books, kept_by_body_id = :kept_by_body_id, valid_from = :valid_from,
    valid_to = :valid_to, successor_id = :successor_id, version = version + 1, search = :search
WHERE id = :id AND version = :version

-- name: end_form
UPDATE body_forms SET valid_to = :valid_to
WHERE body_id = :body_id AND (valid_to IS NULL OR valid_to > :valid_to)

-- name: delete_form
DELETE FROM body_forms WHERE body_id = :body_id AND valid_from = :valid_from

-- name: forms_from
SELECT f.valid_from FROM body_forms f WHERE f.body_id = :body_id ORDER BY f.valid_from DESC

-- name: insert_form
INSERT INTO body_forms (body_id, valid_from, valid_to, code, code_old, name, name_en, short_name, abbreviation,
    parent_id, superior_name, place, basis)
VALUES (:body_id, :valid_from, :valid_to, :code, :code_old, :name, :name_en, :short_name, :abbreviation,
    :parent_id, :superior_name, :place, :basis)

-- name: detail
SELECT json_object('id', b.id, 'code', b.code, 'code_old', b.code_old, 'name', b.name, 'name_en', b.name_en,
        'short_name', b.short_name, 'abbreviation', b.abbreviation, 'bloc', b.bloc, 'level', b.level,
        'parent_id', b.parent_id, 'superior_name', b.superior_name, 'place', b.place, 'profile', b.profile,
        'has_seal', b.has_seal, 'keeps_books', b.keeps_books, 'kept_by_body_id', b.kept_by_body_id,
        'valid_from', b.valid_from, 'valid_to', b.valid_to, 'successor_id', b.successor_id,
        'version', b.version) AS body,
    (SELECT json_group_array(json_object('body_id', f.body_id, 'valid_from', f.valid_from, 'valid_to', f.valid_to,
            'code', f.code, 'code_old', f.code_old, 'name', f.name, 'name_en', f.name_en,
            'short_name', f.short_name, 'abbreviation', f.abbreviation, 'parent_id', f.parent_id,
            'superior_name', f.superior_name, 'place', f.place, 'basis', f.basis))
        FROM (SELECT * FROM body_forms WHERE body_id = b.id ORDER BY valid_from) f) AS forms,
    (SELECT json_group_array(json_object('id', u.id, 'body_id', u.body_id, 'parent_id', u.parent_id,
            'name', u.name, 'abbreviation', u.abbreviation, 'valid_from', u.valid_from,
            'valid_to', u.valid_to))
        FROM (SELECT * FROM units WHERE body_id = b.id ORDER BY id) u) AS units,
    (SELECT json_group_array(json_object('id', p.id, 'body_id', p.body_id, 'unit_id', p.unit_id,
            'title', p.title, 'role', p.role, 'valid_from', p.valid_from, 'valid_to', p.valid_to))
        FROM (SELECT * FROM posts WHERE body_id = b.id ORDER BY id) p) AS posts,
    (SELECT json_group_array(json_object('id', a.id, 'post_id', a.post_id, 'body_id', a.body_id,
            'mode', a.mode, 'for_title', a.for_title, 'own_title', a.own_title,
            'granted_by_post_id', a.granted_by_post_id, 'valid_from', a.valid_from, 'valid_to', a.valid_to,
            'basis', a.basis))
        FROM (SELECT * FROM authorities WHERE body_id = b.id ORDER BY id) a) AS authorities
FROM bodies b WHERE b.id = :id
