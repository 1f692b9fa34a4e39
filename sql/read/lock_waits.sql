-- Sessions of this database that wait for an advisory lock or the lock of a table, with who is at the end of each chain of
-- sessions that wait for one another.
WITH RECURSIVE waiting AS (SELECT * FROM pg_catalog.pg_locks WHERE NOT granted AND locktype IN ('advisory', 'relation')
  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())),
anywhere AS (SELECT pid FROM pg_catalog.pg_locks WHERE NOT granted),
chain AS (SELECT w.pid AS waiter, b.pid AS holder, true AS is_direct FROM waiting w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
  UNION SELECT c.waiter, b.pid, false FROM chain c JOIN anywhere x ON x.pid = c.holder CROSS JOIN LATERAL unnest(pg_blocking_pids(c.holder)) AS b (pid))
SELECT w.locktype = 'relation' AS is_table, w.objsubid = 2 AS is_pair, w.classid::int8, w.objid::int8, w.relation::int8, w.pid,
  COALESCE(a.usename, '?')::text AS usename, w.waitstart,
  COALESCE(w.waitstart < clock_timestamp() - interval '1 minute', false) AS is_long,
  b.holder, b.is_direct, h.usename::text AS holder_name
FROM waiting w JOIN (SELECT waiter, holder, bool_or(is_direct) AS is_direct FROM chain GROUP BY waiter, holder) AS b ON b.waiter = w.pid
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid LEFT JOIN pg_catalog.pg_stat_activity h ON h.pid = b.holder
WHERE NOT EXISTS (SELECT FROM anywhere x WHERE x.pid = b.holder) ORDER BY w.waitstart, w.pid, b.holder
