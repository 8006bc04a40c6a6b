-- name: lock_number
SELECT {{number_columns}} FROM series_numbers n WHERE n.id = :id FOR UPDATE
