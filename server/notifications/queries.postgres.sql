-- name: unread
SELECT COUNT(*) AS unread, CAST(COALESCE(SUM(u.urgent), 0) AS bigint) AS urgent FROM (
    SELECT n.urgent FROM notices n
    WHERE {{mine}} AND n.id >= :since AND NOT EXISTS (
        SELECT 1 FROM notice_reads r WHERE r.notice_id = n.id AND r.account_id = :account)
    LIMIT 100) u
