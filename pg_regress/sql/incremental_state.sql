-- What a refresh remembers may be lost or damaged: then it computes all rows anew and says so. What it stored itself it trusts.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE FUNCTION after(change text) RETURNS TABLE (status text, mode text, reason text, differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    SELECT r.status, r.mode, r.reason INTO status, mode, reason FROM refresh_cmc_regimes(2) r;
    differ := differ('{2}');
    RETURN NEXT;
END $$;
CREATE TABLE change (n serial, sql text);
INSERT INTO change (sql) VALUES
    ('DELETE FROM regime_work.cmc_regime_state'),
    ('DELETE FROM regime_work.cmc_regime_state; DELETE FROM cmc_regimes'),
    ('DELETE FROM regime_work.cmc_regime_inputs'),
    ('DELETE FROM regime_work.cmc_regime_inputs WHERE layer = ''L2'' AND block = 3'),
    ('UPDATE regime_work.cmc_regime_inputs SET emas = NULL'),
    ('TRUNCATE regime_work.cmc_regime_state, regime_work.cmc_regime_inputs, regime_work.cmc_regime_dirty'),
    ('UPDATE regime_work.cmc_regime_state SET memory = ''garbage'''),
    ('UPDATE regime_work.cmc_regime_state SET memory = '''''),
    ('UPDATE regime_work.cmc_regime_state SET memory = substr(memory, 1, length(memory) / 2)'),
    ('UPDATE regime_work.cmc_regime_state SET memory = set_byte(memory, 0, 255)'),
    ('UPDATE regime_work.cmc_regime_state SET ts = ts - interval ''1 day'''),
    ('UPDATE regime_work.cmc_regime_state SET feature_tier = ''none'', layers = ''{}'''),
    ('UPDATE regime_work.cmc_regime_state SET bars = ''{}'''),
    ('UPDATE regime_work.cmc_regime_state SET proxy = NULL'),
    ('TRUNCATE cmc_regimes'),
    ('TRUNCATE cmc_regimes, cmc_regime_flips, cmc_regime_stats, cmc_regime_comovement'),
    ('DELETE FROM cmc_regimes WHERE ts = (SELECT max(ts) FROM cmc_regimes)'),
    ('UPDATE cmc_regimes SET regime_version_hash = ''old'' WHERE ts = (SELECT max(ts) FROM cmc_regimes)'),
    -- noticed only where all is read anyway
    ('DELETE FROM cmc_regimes WHERE ts = (SELECT min(ts) FROM cmc_regimes)'),
    ('DELETE FROM cmc_regime_flips WHERE layer = ''L1'''),
    ('TRUNCATE cmc_regime_stats'),
    ('TRUNCATE cmc_regime_comovement'),
    -- trusted
    ('UPDATE cmc_regimes SET size_mult = 9 WHERE id = 2 AND ts < ''2024-12-01'''),
    ('UPDATE cmc_regime_flips SET duration_bars = 9');
-- Untracked. Each from the same state.
CREATE PROCEDURE try() LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
    FOR c IN SELECT * FROM change ORDER BY n LOOP
        PERFORM refresh_cmc_regimes(2, full_refresh => true);
        INSERT INTO seen SELECT c.n, c.sql, a.* FROM after(c.sql) a;
    END LOOP;
END $$;
CREATE TABLE seen (n int, sql text, status text, mode text, reason text, differ bigint);
SELECT status FROM refresh_cmc_regimes(2);
CALL try();
SELECT sql, status, mode, reason, differ FROM seen ORDER BY n;
-- full_refresh puts right what was trusted.
SELECT :how FROM refresh_cmc_regimes(2, full_refresh => true);
SELECT differ('{2}');
-- With tracking.
SELECT count(*) FROM regime_track() WHERE action = 'now tracked';
TRUNCATE seen;
CALL try();
SELECT sql, status, mode, reason, differ FROM seen ORDER BY n;
-- Also where there are further bars to compute.
UPDATE change SET sql = sql || '; SELECT append_bar(2, 44)';
TRUNCATE seen;
CALL try();
SELECT status, mode, reason, sum((differ > 0)::int) AS differ, array_agg(n ORDER BY n) AS changes FROM seen
    GROUP BY 1, 2, 3 ORDER BY min(n);
-- A full refresh repairs what is remembered, too: the bar after it is computed alone.
UPDATE regime_work.cmc_regime_inputs SET emas = NULL;
SELECT :how FROM refresh_cmc_regimes(2, full_refresh => true);
SELECT append_bar(2, 44);
SELECT :how FROM refresh_cmc_regimes(2);
SELECT differ('{2}');
