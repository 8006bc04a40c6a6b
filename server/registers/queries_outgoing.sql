-- fragment: number_columns
n.id, n.series_id, n.body_id, n.book, n.period_start, n.number, n.text, n.state, n.number_date, n.type_code,
    n.type_name, n.subject, n.signer, n.recipients, n.keeper, n.copies, n.note, n.reason, n.document_id,
    n.co_issuers, n.allocated_at, n.allocated_by, n.version, n.corrected

-- fragment: numbers_wanted
FROM series_numbers n
WHERE n.body_id = :body_id AND n.book = :book AND n.series_id IN {{readable_series}}
  AND n.number_date >= :since AND n.number_date <= :until AND n.search LIKE :pattern ESCAPE '!'

-- name: insert_number
INSERT INTO series_numbers (id, series_id, body_id, book, period_start, number, text, state, reason, search, version,
    number_date, type_code, type_name, subject, signer, recipients, keeper, copies, note, document_id, co_issuers,
    allocated_at, allocated_account, allocated_by, allocated_post, sealed_at, issued_at)
VALUES (:id, :series_id, :body_id, :book, :period_start, :number, :text, :state, :reason, :search, 1,
    :number_date, :type_code, :type_name, :subject, :signer, :recipients, :keeper, :copies, :note, :document_id,
    :co_issuers, :allocated_at, :allocated_account, :allocated_by, :allocated_post, :sealed_at, :issued_at)

-- name: lock_number
SELECT {{number_columns}} FROM series_numbers n WHERE n.id = :id

-- name: number_of_document
SELECT {{number_columns}} FROM series_numbers n
WHERE n.document_id = :document_id AND n.document_id <> '' AND n.book = 'outgoing' AND n.state <> 'voided'

-- name: number
SELECT {{number_columns}} FROM series_numbers n JOIN series_rules r ON r.id = (
    SELECT s.rule_id FROM series s WHERE s.id = n.series_id)
WHERE n.id = :id AND {{may_read_book}}

-- name: seal_number
UPDATE series_numbers SET state = 'sealed', sealed_at = :at, version = version + 1
WHERE id = :id AND state = 'allocated'

-- name: issue_number
UPDATE series_numbers SET state = 'issued', issued_at = :at, recipients = :recipients, copies = :copies,
    search = :search, version = version + 1
WHERE id = :id AND state = 'sealed'

-- name: void_number
UPDATE series_numbers SET state = 'voided', voided_at = :at, reason = :reason, version = version + 1
WHERE id = :id AND state IN ('allocated', 'sealed')

-- name: correct_number
UPDATE series_numbers SET subject = :subject, signer = :signer, recipients = :recipients, keeper = :keeper,
    copies = :copies, note = :note, search = :search, version = version + 1, corrected = corrected + 1
WHERE id = :id AND state <> 'voided' AND version = :version

-- name: insert_correction
INSERT INTO line_corrections (id, line_id, series_id, at, by_account, by_name, reason, before, after)
VALUES (:id, :line_id, :series_id, :at, :by_account, :by_name, :reason, :before, :after)

-- name: corrections
SELECT c.id, c.line_id, c.at, c.by_name, c.reason, c.before, c.after FROM line_corrections c
JOIN series s ON s.id = c.series_id
JOIN series_rules r ON r.id = s.rule_id
WHERE c.line_id = :line_id AND {{may_read_book}} ORDER BY c.id

-- name: numbers_oldest_first
SELECT {{number_columns}} {{numbers_wanted}} AND (n.period_start, n.number, n.id) > (:k_period, :k_number, :k_id)
ORDER BY n.period_start, n.number, n.id LIMIT :limit

-- name: numbers_newest_first
SELECT {{number_columns}} {{numbers_wanted}} AND (n.period_start, n.number, n.id) < (:k_period, :k_number, :k_id)
ORDER BY n.period_start DESC, n.number DESC, n.id DESC LIMIT :limit
