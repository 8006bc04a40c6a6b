-- fragment: counts
(SELECT COALESCE(json_agg(json_build_object('state', c.state, 'n', c.n, 'problems', c.problems, 'tried', c.tried)),
    CAST('[]' AS json))
    FROM (SELECT state, COUNT(*) AS n, SUM(CASE WHEN problem <> '' THEN 1 ELSE 0 END) AS problems,
        SUM(CASE WHEN tried <> '' AND tried = b.work_id THEN 1 ELSE 0 END) AS tried
        FROM results WHERE batch_id = b.id GROUP BY state) c)
