\set ECHO none
-- For tests of many assets refreshed by one call, after a procedure day() that changes what is read.
-- What a refresh of a day tells, returned and in the run log; the marks that it leaves; and all that it stores, by asset and table.
-- Nothing of it stays.
CREATE FUNCTION told(by_id boolean, ids int[]) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
DECLARE before bigint := (SELECT coalesce(max(run), 0) FROM cmc_regime_run_log); stored text; lines text[];
BEGIN
    BEGIN
        CALL day();
        lines := CASE WHEN by_id THEN ARRAY(SELECT to_jsonb(r) - 'elapsed_ms' FROM unnest(ids) AS u (n), refresh_cmc_regimes(u.n) AS r)
            ELSE ARRAY(SELECT to_jsonb(r) - 'elapsed_ms' FROM refresh_cmc_regimes(ids) AS r) END;
        lines := lines || ARRAY(SELECT (to_jsonb(l) - '{run,started_at,finished_at,elapsed_ms,rows_read}'::text[])::text FROM cmc_regime_run_log AS l WHERE run > before AND id IS NOT NULL);
        lines := lines || ARRAY(SELECT to_jsonb(m)::text FROM (SELECT id, source, since FROM cmc_regime_marks) AS m);
        FOR stored IN SELECT c.oid::regclass FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
            WHERE a.attname = 'id' AND c.relkind = 'r' AND (c.relname ~ '^cmc_(regime_(flips|stats|comovement|state|inputs)|regimes)$' OR c.relnamespace = to_regnamespace('shop')) LOOP
            EXECUTE format('SELECT $1 || array_agg(r) FROM (SELECT %L || id || md5(string_agg(r, %L ORDER BY r)) AS r FROM (SELECT id, (to_jsonb(t) - ''{updated_at,computed_at,ingested_at}''::text[])::text AS r FROM %s AS t) AS t GROUP BY id) AS t',
                stored, ' ', stored) USING lines INTO lines;
        END LOOP;
        RAISE 'nothing stays';
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
    RETURN QUERY SELECT unnest(lines);
END $$;
-- What one call for these assets does and a call for each does not, or the other way round: nothing, if all is well.
CREATE FUNCTION unlike(ids int[]) RETURNS TABLE (by_id boolean, line text) LANGUAGE plpgsql AS $$
DECLARE each text[] := ARRAY(SELECT t.line FROM told(true, ids) AS t); at_once text[] := ARRAY(SELECT t.line FROM told(false, ids) AS t);
BEGIN
    RETURN QUERY (SELECT false, unnest(at_once) EXCEPT ALL SELECT false, unnest(each)) UNION ALL (SELECT true, unnest(each) EXCEPT ALL SELECT true, unnest(at_once));
END $$;
\set ECHO all
