-- name: insert_notice
INSERT INTO notices (id, message_id, place, grantee, body_id, event, subject_kind, subject_id, params, urgent, at)
VALUES (:id, :message_id, :place, :grantee, :body_id, :event, :subject_kind, :subject_id, :params, :urgent, :at)
ON CONFLICT (message_id, place) DO NOTHING

-- A notice is the person's when it names the post they act in, or everybody of its role in its body; a
-- records clerk also has those of the bodies whose books the clerk's body keeps.
-- fragment: mine
(n.grantee IN (:post, :role) OR (:clerk_of <> '' AND n.grantee IN (
        SELECT 'role:' || b.id || ':records_clerk' FROM bodies b WHERE b.kept_by_body_id = :clerk_of)))

-- name: notices
SELECT n.id, n.event, n.body_id, n.subject_kind, n.subject_id, n.params, n.urgent, n.at, r.at AS read_at
FROM notices n LEFT JOIN notice_reads r ON r.notice_id = n.id AND r.account_id = :account
WHERE {{mine}} AND n.id < :after AND (:unread = 0 OR r.notice_id IS NULL)
ORDER BY n.id DESC LIMIT :limit

-- name: unread
SELECT COUNT(*) AS unread, COALESCE(SUM(u.urgent), 0) AS urgent FROM (
    SELECT n.urgent FROM notices n
    WHERE {{mine}} AND n.id >= :since AND NOT EXISTS (
        SELECT 1 FROM notice_reads r WHERE r.notice_id = n.id AND r.account_id = :account)
    LIMIT 100) u

-- Marks as read those of the ids that are the person's.
-- name: mark_read
INSERT INTO notice_reads (notice_id, account_id, at)
SELECT n.id, :account, :at FROM notices n WHERE n.id IN {{list:ids}} AND {{mine}}
ON CONFLICT (notice_id, account_id) DO NOTHING

-- name: mark_all_read
INSERT INTO notice_reads (notice_id, account_id, at)
SELECT n.id, :account, :at FROM notices n
WHERE {{mine}} AND n.id <= :upto AND NOT EXISTS (
    SELECT 1 FROM notice_reads r WHERE r.notice_id = n.id AND r.account_id = :account)
ON CONFLICT (notice_id, account_id) DO NOTHING

-- name: drop_old_reads
DELETE FROM notice_reads WHERE notice_id IN (SELECT n.id FROM notices n WHERE n.at < :before)

-- name: drop_old
DELETE FROM notices WHERE at < :before
