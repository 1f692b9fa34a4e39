-- A load never fails because a table of marks was altered: the load leaves no mark, the table does not count as tracked, and a
-- refresh finds the change without marks.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT count(*) FROM regime_track();
SELECT DISTINCT status FROM refresh_cmc_regimes('{2,3}'::int[]);
CREATE TABLE change (n serial, what text, sql text, back text);
INSERT INTO change (what, sql, back) VALUES
    ('a column more', 'ALTER TABLE %1$s ADD who text NOT NULL', 'ALTER TABLE %s DROP who'),
    ('NOT NULL', 'ALTER TABLE %s ALTER of_many SET NOT NULL', 'ALTER TABLE %s ALTER of_many DROP NOT NULL'),
    ('a check', 'ALTER TABLE %s ADD CONSTRAINT c CHECK (source = '''')', 'ALTER TABLE %s DROP CONSTRAINT c'),
    ('another name', 'ALTER TABLE %s RENAME since TO from_when', 'ALTER TABLE %s RENAME from_when TO since');
CREATE TABLE seen (n int, what text, untracked bigint, differ bigint);
CREATE PROCEDURE try() LANGUAGE plpgsql AS $$
DECLARE c record; s seen;
BEGIN
    FOR c IN SELECT * FROM change ORDER BY n LOOP
        s := (c.n, c.what);
        EXECUTE format(c.sql, 'regime_work.cmc_regime_dirty');
        UPDATE cmc_price_bars_multi_tf SET close = c.n WHERE id IN (2, 3) AND bar_seq = 30;
        SELECT count(*) INTO s.untracked FROM regime_health() WHERE what IN ('untracked source', 'altered table');
        COMMIT;
        EXECUTE format(c.back, 'regime_work.cmc_regime_dirty');
        PERFORM refresh_cmc_regimes(ARRAY[2, 3]);
        s.differ := differ('{2,3}');
        INSERT INTO seen VALUES (s.*);
        COMMIT;
    END LOOP;
END $$;
CALL try();
SELECT what, untracked > 0 AS is_told, differ FROM seen ORDER BY n;
-- An index of one's own: the refresh comes before and after the index goes.
CREATE UNIQUE INDEX own ON regime_work.cmc_regime_dirty ((1));
UPDATE cmc_price_bars_multi_tf SET close = 7 WHERE id IN (2, 3) AND bar_seq = 30;
SELECT count(*) > 0 AS is_told FROM regime_health() WHERE what = 'untracked source';
SELECT DISTINCT status FROM refresh_cmc_regimes('{2,3}'::int[]);
SELECT differ('{2,3}');
