-- A load never fails because a table of marks was altered: the load leaves no mark, the table does not count as tracked, and a
-- refresh finds the change, also where the table is as it was by then.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT count(*) FROM regime_track();
SELECT DISTINCT status FROM refresh_cmc_regimes('{3}'::int[]);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
SET client_min_messages = warning;
CREATE TABLE nothing (source text PRIMARY KEY);
CREATE TABLE change (n serial, what text, place text DEFAULT '', sql text, back text);
INSERT INTO change (what, sql, back) VALUES
    ('a column more', 'ALTER TABLE %s ADD who text; UPDATE %1$s SET who = ''?''; ALTER TABLE %1$s ALTER who SET NOT NULL', 'ALTER TABLE %s DROP who'),
    ('NOT NULL', 'ALTER TABLE %s ALTER of_many SET NOT NULL', 'ALTER TABLE %s ALTER of_many DROP NOT NULL'),
    ('a check', 'ALTER TABLE %s ADD CONSTRAINT c CHECK (source = '''') NOT VALID', 'ALTER TABLE %s DROP CONSTRAINT c'),
    ('another name', 'ALTER TABLE %s RENAME since TO from_when', 'ALTER TABLE %s RENAME from_when TO since'),
    ('another type', 'DROP VIEW IF EXISTS cmc_regime_marks; ALTER TABLE %s ALTER source TYPE varchar(5)', 'ALTER TABLE %s ALTER source TYPE text; SELECT regime_setup()'),
    ('another key', 'ALTER TABLE %s DROP CONSTRAINT cmc_regime_dirty_pkey, ADD PRIMARY KEY (source)', 'ALTER TABLE %s DROP CONSTRAINT cmc_regime_dirty_pkey, ADD PRIMARY KEY (id, mark, marked_at)'),
    ('a unique index', 'CREATE UNIQUE INDEX own ON %s ((1))', 'DROP INDEX regime_work.own'),
    ('a foreign key', 'ALTER TABLE %s ADD CONSTRAINT f FOREIGN KEY (source) REFERENCES nothing DEFERRABLE INITIALLY DEFERRED NOT VALID', 'ALTER TABLE %s DROP CONSTRAINT f'),
    ('a trigger', 'CREATE TRIGGER t BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION refuse()', 'DROP TRIGGER t ON %s'),
    ('a constraint trigger', 'CREATE CONSTRAINT TRIGGER t AFTER INSERT ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()', 'DROP TRIGGER t ON %s'),
    ('a rule', 'CREATE RULE r AS ON INSERT TO %s DO INSTEAD NOTHING', 'DROP RULE r ON %s'),
    ('row-level security', 'ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', 'ALTER TABLE %s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY'),
    ('unlogged', 'ALTER TABLE %s SET UNLOGGED', 'ALTER TABLE %s SET LOGGED');
INSERT INTO change (what, place, sql, back) SELECT what, '_many', sql, back FROM change WHERE what ~ 'type|index|^a trigger|row' ORDER BY n;
CREATE TABLE seen (n serial, what text, place text, load text, told text, differ bigint, mended text);
-- A load that marks assets one by one, and another that marks many at once.
CREATE PROCEDURE load(n int) LANGUAGE sql AS $$
    UPDATE cmc_price_bars_multi_tf SET close = n WHERE id = 3 AND bar_seq = 30;
    UPDATE cmc_price_bars_multi_tf SET close = n + 1 WHERE id = 3 AND bar_seq = 31;
    INSERT INTO cmc_price_bars_multi_tf SELECT n, '1D', 1, '2024-01-01', 1 FROM generate_series(100, 140) n;
    DELETE FROM cmc_price_bars_multi_tf WHERE id >= 100;
    SET CONSTRAINTS ALL IMMEDIATE $$;
CREATE FUNCTION told() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(what, ', ' ORDER BY what) FROM regime_health_details() WHERE what IN ('untracked source', 'altered table', 'not set up') $$;
CREATE PROCEDURE try(mend bool, commits bool DEFAULT true, kinds text DEFAULT '.') LANGUAGE plpgsql AS $$
DECLARE c record; s seen; command text;
BEGIN
    FOR c IN SELECT *, 'regime_work.cmc_regime_dirty' || place AS name FROM change WHERE what ~ kinds ORDER BY n LOOP
        s := ROW (nextval('seen_n_seq'), c.what, c.place);
        DELETE FROM regime_work.cmc_regime_dirty;
        DELETE FROM regime_work.cmc_regime_dirty_many;
        EXECUTE format(c.sql, c.name);
        BEGIN
            CALL load(s.n);
            s.load := 'done';
        EXCEPTION WHEN OTHERS THEN
            s.load := sqlerrm;
        END;
        s.told := told();
        IF mend THEN
            SELECT string_agg(h.command, ' ') INTO command FROM regime_health_details() h WHERE h.what IN ('untracked source', 'altered table', 'not set up');
            EXECUTE command;
        ELSE
            EXECUTE format(c.back, c.name);
        END IF;
        PERFORM refresh_cmc_regimes(ARRAY[3]);
        s.differ := differ('{3}');
        IF commits THEN COMMIT; END IF;
        CALL load(s.n + 100);
        PERFORM refresh_cmc_regimes(ARRAY[3], only_dirty => commits);
        s.mended := concat_ws(', ', told(), differ('{3}'));
        INSERT INTO seen VALUES (s.*);
        IF commits THEN COMMIT; END IF;
    END LOOP;
END $$;
CALL try(false);
SELECT what, place, load, told, differ, mended FROM seen ORDER BY n;
-- Once more: the catalog may show nothing of what comes a second time and goes. Then all in one transaction; and what
-- regime_health says, as it stands.
TRUNCATE seen;
CALL try(false, kinds => 'index|trigger|rule|row');
CALL try(false, commits => false, kinds => 'index|rule');
SELECT DISTINCT load, differ, mended FROM seen ORDER BY 3;
TRUNCATE seen;
CALL try(true, kinds => 'more|NULL|check|key|type|index|rule|row|unlogged');
SELECT DISTINCT load, differ, mended FROM seen ORDER BY 3;
DELETE FROM regime_work.cmc_regime_dirty;
CREATE UNIQUE INDEX own ON regime_work.cmc_regime_dirty ((1));
SELECT detail, command FROM regime_health_details() WHERE what = 'untracked source';
SELECT count(*) FROM regime_track();
-- An index of one's own: the refresh comes before and after the index goes.
UPDATE cmc_price_bars_multi_tf SET close = 7 WHERE id = 3 AND bar_seq = 30;
SELECT DISTINCT status FROM refresh_cmc_regimes('{3}'::int[]);
SELECT differ('{3}');
DROP INDEX regime_work.own;
SELECT DISTINCT status FROM refresh_cmc_regimes('{3}'::int[]);
SELECT differ('{3}');
-- A table that is away, twice in one transaction, after which the catalog shows one change.
BEGIN;
ALTER TABLE regime_work.cmc_regime_dirty RENAME TO away;
CALL load(8);
ALTER TABLE regime_work.away RENAME TO cmc_regime_dirty;
SELECT DISTINCT status FROM refresh_cmc_regimes('{3}'::int[]);
ALTER TABLE regime_work.cmc_regime_dirty RENAME TO away;
CALL load(9);
ALTER TABLE regime_work.away RENAME TO cmc_regime_dirty;
SELECT DISTINCT status FROM refresh_cmc_regimes('{3}'::int[]);
SELECT differ('{3}');
COMMIT;
-- The same by a role that is no superuser and owns everything.
CREATE ROLE regress_desk;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_desk;
GRANT CREATE ON SCHEMA public TO regress_desk;
SET client_min_messages = error;
SELECT count(*) > 0 AS untracked FROM regime_track(false);
DROP SCHEMA regime_work, whole, whole_regime_work CASCADE;
DROP TABLE cmc_regimes, cmc_regime_flips, cmc_regime_stats, cmc_regime_comovement CASCADE;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname !~ 'regime' LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO regress_desk', name);
    END LOOP;
END $$;
SET ROLE regress_desk;
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT DISTINCT status FROM refresh_cmc_regimes('{3}'::int[]);
TRUNCATE seen;
CALL try(false, kinds => 'index|rule|row');
CALL try(true, kinds => 'index|rule|row');
SELECT DISTINCT load, differ, mended FROM seen ORDER BY 3;
RESET ROLE;
DROP OWNED BY regress_desk CASCADE;
DROP ROLE regress_desk;
