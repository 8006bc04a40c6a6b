-- Who may see a subject: the only predicate of its kind. Written once for a subject kind and a table alias
-- by server/identity/scope.py. Three ways in, no other:
--   1. handling names the post the person acts in, or everybody of its role in its body;
--   2. the person is a records clerk and the body's books are kept by the clerk's body;
--   3. a supervisor's mandate is in force for the body, and the subject is not restricted.
-- Administrators have no way in.
EXISTS (
    SELECT 1 FROM participants sp
    WHERE sp.subject_kind = '%kind%' AND sp.subject_id = %alias%.id
      AND (
        sp.grantee IN (:g_post, :g_role)
        OR (:g_clerk_of <> '' AND sp.grantee IN (
            SELECT 'role:' || sb.id || ':records_clerk' FROM bodies sb WHERE sb.kept_by_body_id = :g_clerk_of))
        OR (:g_mandate <> '' AND sp.restricted = 0 AND sp.body_id IN (
            SELECT sm.body_id FROM mandate_bodies sm
            JOIN mandates so ON so.id = sm.mandate_id
            JOIN mandates si ON si.account_id = so.account_id
            WHERE si.id = :g_mandate AND so.valid_from <= :g_today AND so.valid_to > :g_today
              AND so.ended_at IS NULL))))
