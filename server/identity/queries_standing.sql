-- name: still_acts
SELECT a.id FROM accounts a
WHERE a.id = :account_id AND a.state = 'active' AND EXISTS (
    SELECT 1 FROM holdings h JOIN posts p ON p.id = h.post_id
    WHERE h.post_id = :post_id AND h.account_id = a.id AND p.body_id = :body_id
        AND h.valid_from <= :today AND (h.valid_to IS NULL OR h.valid_to > :today))
