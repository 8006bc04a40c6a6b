-- name: lock_series
SELECT {{series_columns}} FROM series s JOIN series_rules r ON r.id = s.rule_id
WHERE s.rule_id = :rule_id AND s.type_code = :type_code AND s.period_start = :period_start
FOR UPDATE OF s

-- name: lock_series_by_id
SELECT {{series_columns}} FROM series s JOIN series_rules r ON r.id = s.rule_id WHERE s.id = :id FOR UPDATE OF s
