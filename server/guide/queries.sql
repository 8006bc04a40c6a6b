-- name: steps
-- One row: whether each step was taken, from the tables themselves. Nothing of any content.
SELECT
  CASE WHEN EXISTS (SELECT 1 FROM bodies WHERE level <> 'installation') THEN 1 ELSE 0 END AS body,
  CASE WHEN EXISTS (
    SELECT 1 FROM holdings h JOIN posts p ON p.id = h.post_id WHERE p.role <> 'administrator'
  ) THEN 1 ELSE 0 END AS people,
  CASE WHEN EXISTS (SELECT 1 FROM series_rules) THEN 1 ELSE 0 END AS registers,
  CASE WHEN EXISTS (SELECT 1 FROM signing_keys WHERE owner_kind = 'person')
    AND EXISTS (SELECT 1 FROM signing_keys WHERE owner_kind = 'body') THEN 1 ELSE 0 END AS keys,
  CASE WHEN EXISTS (SELECT 1 FROM documents WHERE state = 'issued') THEN 1 ELSE 0 END AS document;
