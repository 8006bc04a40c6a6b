-- fragment: series_columns
s.id, s.rule_id, s.body_id, r.kept_by, s.book, s.name, s.profile, s.type_code, s.period, s.period_label,
    s.period_start, s.period_end, s.start_number, s.next_number, s.last_date

-- Books are read by the body whose they are, by the body whose clerk keeps them, and under a mandate.
-- fragment: may_read_book
(r.body_id = :g_body OR r.kept_by = :g_body OR (:g_mandate <> '' AND r.body_id IN (
    SELECT sm.body_id FROM mandate_bodies sm
    JOIN mandates so ON so.id = sm.mandate_id
    JOIN mandates si ON si.account_id = so.account_id
    WHERE si.id = :g_mandate AND so.valid_from <= :g_today AND so.valid_to > :g_today
      AND so.ended_at IS NULL)))

-- fragment: readable_series
(SELECT s.id FROM series s JOIN series_rules r ON r.id = s.rule_id
    WHERE s.body_id = :body_id AND s.book = :book AND (:series_id = '' OR s.id = :series_id) AND {{may_read_book}})

-- name: save_rule
INSERT INTO series_rules (id, body_id, kept_by, book, rule, updated_at)
VALUES (:id, :body_id, :kept_by, :book, :rule, :updated_at)
ON CONFLICT (id) DO UPDATE SET kept_by = excluded.kept_by, rule = excluded.rule, updated_at = excluded.updated_at

-- name: rules_of_body
SELECT rule FROM series_rules WHERE body_id = :body_id ORDER BY id

-- name: rules_of_book
SELECT rule FROM series_rules WHERE body_id = :body_id AND book = :book

-- name: all_rules
SELECT rule FROM series_rules ORDER BY id

-- name: rule
SELECT rule FROM series_rules WHERE id = :id

-- name: readable_books
SELECT DISTINCT r.body_id, r.book FROM series_rules r WHERE {{may_read_book}} ORDER BY r.body_id, r.book

-- name: open_series
INSERT INTO series (id, rule_id, body_id, book, name, profile, type_code, period, period_label, period_start,
    period_end, start_number, next_number, last_date, opened_at)
VALUES (:id, :rule_id, :body_id, :book, :name, :profile, :type_code, :period, :period_label, :period_start,
    :period_end, :start_number, :start_number, NULL, :opened_at)
ON CONFLICT (rule_id, type_code, period_start) DO NOTHING

-- name: lock_series
SELECT {{series_columns}} FROM series s JOIN series_rules r ON r.id = s.rule_id
WHERE s.rule_id = :rule_id AND s.type_code = :type_code AND s.period_start = :period_start

-- name: lock_series_by_id
SELECT {{series_columns}} FROM series s JOIN series_rules r ON r.id = s.rule_id WHERE s.id = :id

-- name: advance_series
UPDATE series SET next_number = next_number + :count, last_date = :last_date WHERE id = :id AND next_number = :number

-- name: series
SELECT {{series_columns}} FROM series s JOIN series_rules r ON r.id = s.rule_id
WHERE s.id = :id AND {{may_read_book}}

-- name: series_of_body
SELECT {{series_columns}} FROM series s JOIN series_rules r ON r.id = s.rule_id
WHERE s.body_id = :body_id AND {{may_read_book}} AND (s.period_start, s.id) < (:k_period, :k_id)
ORDER BY s.period_start DESC, s.id DESC LIMIT :limit

-- name: number_lines
SELECT number, text, state, number_date AS date, reason FROM series_numbers WHERE series_id = :series_id
UNION ALL
SELECT number, text, state, arrived_on AS date, reason FROM incoming_entries WHERE series_id = :series_id
UNION ALL
SELECT number, text, state, sent_on AS date, reason FROM postal_entries WHERE series_id = :series_id
ORDER BY 1
