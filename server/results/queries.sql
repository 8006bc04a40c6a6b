-- fragment: batch
b.id, b.body_id, b.body_name, b.issuer_id, b.issuer_name, b.procedure, b.procedure_from, b.title, b.source, b.signer,
    b.author, b.stage, b.work, b.work_id, b.work_by, b.work_at, b.total, b.version, b.created_at, b.updated_at

-- fragment: result
r.id, r.batch_id, r.body_id, r.n, r.code, r.state, r.dossier, r.holder, r.fields, r.second, r.file_name,
    r.source_digest, r.made_digest, r.signed_digest, r.digest, r.size_bytes, r.pages, r.signed_at, r.number_id,
    r.number_text, NULLIF(r.number_date, '') AS number_date, r.issued_at, r.sealed_by, r.problem,
    r.problem_params, r.tried, r.handed_at, r.handed_how, r.ended_at, r.ended_reason, r.ended_by, r.replaced_by,
    r.version

-- fragment: counts
(SELECT COALESCE(json_group_array(json_object('state', c.state, 'n', c.n, 'problems', c.problems,
    'tried', c.tried)), '[]')
    FROM (SELECT state, COUNT(*) AS n, SUM(CASE WHEN problem <> '' THEN 1 ELSE 0 END) AS problems,
        SUM(CASE WHEN tried <> '' AND tried = b.work_id THEN 1 ELSE 0 END) AS tried
        FROM results WHERE batch_id = b.id GROUP BY state) c)

-- name: insert_batch
INSERT INTO result_batches (id, body_id, body_name, issuer_id, issuer_name, procedure, procedure_from, title, source,
    signer, author, stage, work, work_id, work_by, work_at, total, version, search, created_at, updated_at)
VALUES (:id, :body_id, :body_name, :issuer_id, :issuer_name, :procedure, :procedure_from, :title, :source, :signer,
    :author, :stage, '', '', '', NULL, :total, 1, :search, :created_at, :created_at)

-- name: insert_result
INSERT INTO results (id, batch_id, body_id, n, code, state, dossier, holder, fields, second, file_name,
    source_digest, made_digest, signed_digest, digest, size_bytes, pages, signed_at, number_id, number_text,
    number_date, issued_at, sealed_by, problem, problem_params, tried, handed_at, handed_how, ended_at,
    ended_reason, ended_by, replaced_by, search, version)
VALUES (:id, :batch_id, :body_id, :n, :code, 'new', :dossier, :holder, :fields, :second, :file_name,
    '', '', '', '', 0, 0, NULL, '', '', '', NULL, '', '', '{}', '', NULL, '', NULL, '', '', '', :search, 1)

-- name: find_batch
SELECT {{batch}} FROM result_batches b WHERE b.id = :id

-- name: view_batch
SELECT {{batch}}, {{counts}} AS counts FROM result_batches b WHERE b.id = :id AND {{may_see_batch}}

-- name: counts_of
SELECT {{counts}} AS counts FROM result_batches b WHERE b.id = :id

-- Newest change first. A centre has some thousands of batches a year, each seen by all its officers.
-- name: list_batches
SELECT b.id, b.title, b.procedure, b.body_name, b.signer, b.stage, b.work, b.total,
    (SELECT COUNT(*) FROM results r WHERE r.batch_id = b.id AND r.state IN ('issued', 'revoked', 'replaced'))
        AS issued,
    (SELECT COUNT(*) FROM results r WHERE r.batch_id = b.id AND r.problem <> '') AS problems, b.updated_at
FROM result_batches b
WHERE (b.updated_at, b.id) < (:after_at, :after_id)
    AND (:stage = '' OR b.stage = :stage)
    AND (:q = '' OR b.search LIKE :q ESCAPE '\')
    AND {{may_see_batch}}
ORDER BY b.updated_at DESC, b.id DESC LIMIT :limit

-- name: count_batches
SELECT b.stage, COUNT(*) AS n FROM result_batches b
WHERE b.stage <> 'issued' AND b.work = '' AND {{may_see_batch}} GROUP BY b.stage

-- Compare and set: nothing else is being done with the batch.
-- name: begin_work
UPDATE result_batches SET work = :work, work_id = :work_id, work_by = :work_by, work_at = :at,
    version = version + 1, updated_at = :at
WHERE id = :id AND version = :seen AND work = ''

-- name: end_work
UPDATE result_batches SET work = '', stage = :stage, version = version + 1, updated_at = :at
WHERE id = :id AND work_id = :work_id AND work <> ''

-- name: set_stage
UPDATE result_batches SET stage = :stage, version = version + 1, updated_at = :at WHERE id = :id

-- name: list_results
SELECT {{result}} FROM results r JOIN result_batches b ON b.id = r.batch_id
WHERE r.batch_id = :batch_id AND r.n > :after AND (:state = '' OR r.state = :state)
    AND (:problems = 0 OR r.problem <> '') AND (:q = '' OR r.search LIKE :q ESCAPE '\')
    AND {{may_see_batch}}
ORDER BY r.n LIMIT :limit

-- name: find_result
SELECT {{result}} FROM results r JOIN result_batches b ON b.id = r.batch_id
WHERE r.id = :id AND {{may_see_batch}}

-- name: result_by_id
SELECT {{result}} FROM results r WHERE r.id = :id

-- name: result_by_code
SELECT {{result}} FROM results r WHERE r.code = :code

-- name: result_by_digest
SELECT {{result}} FROM results r WHERE r.digest = :digest
UNION ALL SELECT {{result}} FROM results r WHERE r.signed_digest = :digest
UNION ALL SELECT {{result}} FROM results r WHERE r.made_digest = :digest
LIMIT 1

-- name: result_by_file_name
SELECT {{result}} FROM results r WHERE r.batch_id = :batch_id AND r.file_name = :file_name AND r.state = 'new'

-- What a run has not tried yet.
-- name: untried
SELECT {{result}} FROM results r
WHERE r.batch_id = :batch_id AND r.state IN {{list:states}} AND r.tried <> :work_id ORDER BY r.n LIMIT :limit

-- Compare and set on the version of the row.
-- name: update_result
UPDATE results SET state = :state, source_digest = :source_digest, made_digest = :made_digest,
    signed_digest = :signed_digest, digest = :digest, size_bytes = :size_bytes, pages = :pages,
    signed_at = :signed_at, number_id = :number_id, number_text = :number_text, number_date = :number_date,
    issued_at = :issued_at, sealed_by = :sealed_by, problem = :problem, problem_params = :problem_params,
    tried = :tried, handed_at = :handed_at, handed_how = :handed_how, ended_at = :ended_at,
    ended_reason = :ended_reason, ended_by = :ended_by, replaced_by = :replaced_by, search = :search,
    version = version + 1
WHERE id = :id AND version = :version
