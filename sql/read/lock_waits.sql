WITH waiting AS (SELECT * FROM pg_catalog.pg_locks WHERE NOT granted AND locktype IN ('advisory', 'relation')
  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
SELECT w.locktype = 'relation' AS is_table, w.objsubid = 2 AS is_pair, w.classid::int8, w.objid::int8, w.relation::int8, w.pid,
  COALESCE(a.usename, '?')::text AS usename, w.waitstart,
  COALESCE(w.waitstart < clock_timestamp() - interval '1 minute', false) AS is_long,
  b.pid AS holder, h.usename::text AS holder_name
FROM waiting w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid LEFT JOIN pg_catalog.pg_stat_activity h ON h.pid = b.pid
WHERE NOT EXISTS (SELECT FROM waiting x WHERE x.pid = b.pid) ORDER BY w.waitstart, w.pid, b.pid
