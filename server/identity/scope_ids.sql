-- The same ways in as scope.sql, the other way round: the ids of what a person may see, when they are few.
-- A list that asks scope.sql for each row walks the whole archive for somebody who sees little of it; one
-- that starts from these ids sorts them all. So a list has two branches, and these fragments choose: up to
-- 1,000 ids are listed and sorted; with more of them the walk finds a page soon. The branch that is not
-- chosen has LIMIT 0 and reads nothing. A mandate always walks: it reaches whole bodies.
-- fragment: grantees
(SELECT :g_post UNION ALL SELECT :g_role UNION ALL
    SELECT 'role:' || sb.id || ':records_clerk' FROM bodies sb
    WHERE :g_clerk_of <> '' AND sb.kept_by_body_id = :g_clerk_of)

-- fragment: few
(:g_mandate = '' AND (SELECT COUNT(*) FROM (
    SELECT 1 FROM participants sf
    WHERE sf.subject_kind = '%kind%' AND sf.grantee IN {{grantees}} LIMIT 1001) sc) <= 1000)

-- fragment: ids
(SELECT si.subject_id FROM participants si
    WHERE si.subject_kind = '%kind%' AND si.grantee IN {{grantees}}
    LIMIT CASE WHEN {{few}} THEN 1000 ELSE 0 END)
