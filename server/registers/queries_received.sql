-- fragment: incoming_columns
n.id, n.series_id, n.body_id, n.book, n.period_start, n.number, n.text, n.state, n.arrived_on, n.origin, n.author,
    n.author_address, n.notation, n.document_date, n.type_name, n.subject, n.urgency, n.pages, n.receiver,
    n.forwarded_on, n.signed_for, n.note, n.reason, n.arrival_id, n.registered_at, n.registered_by, n.version,
    n.corrected

-- fragment: incoming_wanted
FROM incoming_entries n
WHERE n.body_id = :body_id AND n.book = :book AND n.series_id IN {{readable_series}}
  AND n.arrived_on >= :since AND n.arrived_on <= :until AND n.search LIKE :pattern ESCAPE '!'

-- fragment: postal_columns
n.id, n.series_id, n.body_id, n.period_start, n.number, n.state, n.sent_on, n.notation, n.document_id, n.recipient,
    n.address, n.copies, n.carrier, n.tracking, n.delivered_on, n.note, n.reason, n.registered_at, n.registered_by,
    n.version

-- fragment: postal_wanted
FROM postal_entries n
WHERE n.body_id = :body_id AND n.book = :book AND n.series_id IN {{readable_series}}
  AND n.sent_on >= :since AND n.sent_on <= :until AND n.search LIKE :pattern ESCAPE '!'

-- name: insert_incoming
INSERT INTO incoming_entries (id, series_id, body_id, book, period_start, number, text, state, reason, search, version,
    arrived_on, origin, author, author_address, notation, document_date, type_name, subject, urgency, pages, receiver,
    forwarded_on, signed_for, note, arrival_id, registered_at, registered_account, registered_by, registered_post)
VALUES (:id, :series_id, :body_id, :book, :period_start, :number, :text, 'registered', :reason, :search, 1,
    :arrived_on, :origin, :author, :author_address, :notation, :document_date, :type_name, :subject, :urgency, :pages,
    :receiver, :forwarded_on, '', :note, :arrival_id, :registered_at, :registered_account, :registered_by,
    :registered_post)

-- name: lock_incoming
SELECT {{incoming_columns}} FROM incoming_entries n WHERE n.id = :id

-- name: keeper_of_entry
SELECT r.body_id, r.kept_by FROM series s JOIN series_rules r ON r.id = s.rule_id WHERE s.id = :series_id

-- name: update_incoming
UPDATE incoming_entries SET author = :author, author_address = :author_address, notation = :notation,
    document_date = :document_date, type_name = :type_name, subject = :subject, urgency = :urgency, pages = :pages,
    receiver = :receiver, forwarded_on = :forwarded_on, signed_for = :signed_for, note = :note, search = :search,
    version = version + 1, corrected = corrected + :corrected
WHERE id = :id AND state = 'registered' AND version = :version

-- name: void_incoming
UPDATE incoming_entries SET state = 'voided', reason = :reason, version = version + 1
WHERE id = :id AND state = 'registered'

-- name: incoming_oldest_first
SELECT {{incoming_columns}} {{incoming_wanted}} AND (n.period_start, n.number, n.id) > (:k_period, :k_number, :k_id)
ORDER BY n.period_start, n.number, n.id LIMIT :limit

-- name: incoming_newest_first
SELECT {{incoming_columns}} {{incoming_wanted}} AND (n.period_start, n.number, n.id) < (:k_period, :k_number, :k_id)
ORDER BY n.period_start DESC, n.number DESC, n.id DESC LIMIT :limit

-- name: insert_postal
INSERT INTO postal_entries (id, series_id, body_id, book, period_start, number, text, state, reason, search, version,
    sent_on, notation, document_id, recipient, address, copies, carrier, tracking, delivered_on, note, registered_at,
    registered_account, registered_by, registered_post)
VALUES (:id, :series_id, :body_id, :book, :period_start, :number, :text, 'registered', :reason, :search, 1,
    :sent_on, :notation, :document_id, :recipient, :address, :copies, :carrier, :tracking, NULL, :note, :registered_at,
    :registered_account, :registered_by, :registered_post)

-- name: lock_postal
SELECT {{postal_columns}} FROM postal_entries n WHERE n.id = :id

-- name: deliver_postal
UPDATE postal_entries SET delivered_on = :delivered_on, tracking = :tracking, version = version + 1
WHERE id = :id AND state = 'registered' AND delivered_on IS NULL

-- name: void_postal
UPDATE postal_entries SET state = 'voided', reason = :reason, version = version + 1
WHERE id = :id AND state = 'registered'

-- name: postal_oldest_first
SELECT {{postal_columns}} {{postal_wanted}} AND (n.period_start, n.number, n.id) > (:k_period, :k_number, :k_id)
ORDER BY n.period_start, n.number, n.id LIMIT :limit

-- name: postal_newest_first
SELECT {{postal_columns}} {{postal_wanted}} AND (n.period_start, n.number, n.id) < (:k_period, :k_number, :k_id)
ORDER BY n.period_start DESC, n.number DESC, n.id DESC LIMIT :limit
