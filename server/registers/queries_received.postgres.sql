-- name: lock_incoming
SELECT {{incoming_columns}} FROM incoming_entries n WHERE n.id = :id FOR UPDATE

-- name: lock_postal
SELECT {{postal_columns}} FROM postal_entries n WHERE n.id = :id FOR UPDATE
