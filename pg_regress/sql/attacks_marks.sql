-- The owner of a source, whose triggers run as the superuser who tracks, gets no code run as that superuser: the columns that
-- were checked when the function was planned are not those of the load.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
CREATE ROLE regress_mallory;
CREATE SCHEMA m AUTHORIZATION regress_mallory;
CREATE TABLE loot (who name, how text);
GRANT INSERT ON loot TO PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO regress_mallory;
-- The bars in partitions, one of them with partitions of its own.
ALTER TABLE cmc_price_bars_multi_tf RENAME TO bars;
CREATE TABLE cmc_price_bars_multi_tf (LIKE bars) PARTITION BY RANGE (bar_seq);
CREATE TABLE low PARTITION OF cmc_price_bars_multi_tf FOR VALUES FROM (MINVALUE) TO (1000) PARTITION BY RANGE (bar_seq);
CREATE TABLE lowest PARTITION OF low DEFAULT;
CREATE TABLE high PARTITION OF cmc_price_bars_multi_tf FOR VALUES FROM (1000) TO (MAXVALUE);
INSERT INTO cmc_price_bars_multi_tf TABLE bars;
SELECT status FROM refresh_cmc_regimes('{1,2,3}'::int[]);
DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY '{cmc_price_bars_multi_tf,low,lowest,high,cmc_ema_multi_tf_u}'::text[] LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO regress_mallory', t);
    END LOOP;
END $$;
SELECT count(*) > 0 AS tracked FROM regime_track();
SET ROLE regress_mallory;
CREATE TYPE m.number AS (id int);
CREATE FUNCTION m.number(n m.number) RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.loot VALUES (current_user, 'cast of key'); RETURN n.id; END $$;
CREATE CAST (m.number AS int) WITH FUNCTION m.number(m.number) AS IMPLICIT;
CREATE FUNCTION m.least(a m.number, b int) RETURNS bool LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.loot VALUES (current_user, 'operator'); RETURN true; END $$;
CREATE OPERATOR m.>= (LEFTARG = m.number, RIGHTARG = int, FUNCTION = m.least);
CREATE FUNCTION m.checked(n int) RETURNS bool LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.loot VALUES (current_user, 'domain'); RETURN true; END $$;
CREATE DOMAIN m.dom AS int CHECK (m.checked(VALUE));
-- Loads that the function is planned for: through the root, and into partitions.
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 401, '2025-01-01', 57), (2, '1D', 1401, '2025-01-02', 57);
INSERT INTO lowest VALUES (2, '1D', 402, '2025-01-03', 57);
INSERT INTO high VALUES (2, '1D', 1402, '2025-01-04', 57);
-- A partition that is detached, with other types, and attached to another table.
ALTER TABLE cmc_price_bars_multi_tf DETACH PARTITION high;
ALTER TABLE high ALTER id TYPE m.number USING ROW (id)::m.number;
INSERT INTO high VALUES (ROW (2), '1D', 1403, '2025-01-05', 57);
UPDATE high SET close = 58 WHERE bar_seq = 1403;
DELETE FROM high WHERE bar_seq = 1403;
CREATE TABLE m.other (LIKE high) PARTITION BY RANGE (bar_seq);
ALTER TABLE m.other ATTACH PARTITION high DEFAULT;
INSERT INTO high VALUES (ROW (2), '1D', 1403, '2025-01-05', 57);
INSERT INTO m.other VALUES (ROW (2), '1D', 1404, '2025-01-05', 57);
-- A branch that is detached with the partitions beneath it.
ALTER TABLE cmc_price_bars_multi_tf DETACH PARTITION low;
ALTER TABLE low ALTER id TYPE m.dom;
INSERT INTO lowest VALUES (2, '1D', 404, '2025-01-06', 57);
INSERT INTO low VALUES (2, '1D', 405, '2025-01-07', 57);
-- Another table takes the name of a source that has other types since.
INSERT INTO cmc_ema_multi_tf_u (id, ts, tf, period, ema, alignment_source) VALUES (2, '2025-01-01', '1D', 20, 1, 'multi_tf');
ALTER TABLE cmc_ema_multi_tf_u RENAME TO moved;
CREATE TABLE cmc_ema_multi_tf_u (LIKE moved INCLUDING ALL);
DO $$ DECLARE k text; BEGIN
    FOR k IN SELECT conname FROM pg_constraint WHERE conrelid = 'moved'::regclass ORDER BY contype DESC LOOP
        EXECUTE format('ALTER TABLE moved DROP CONSTRAINT %I', k);
    END LOOP;
END $$;
ALTER TABLE moved ALTER id TYPE m.number USING ROW (id)::m.number;
INSERT INTO moved (id, ts, tf, period, ema, alignment_source) VALUES (ROW (2), '2025-01-02', '1D', 20, 1, 'multi_tf');
-- Columns change their names within one transaction, between two loads.
BEGIN;
DROP TABLE cmc_ema_multi_tf_u;
ALTER TABLE moved RENAME TO cmc_ema_multi_tf_u;
ALTER TABLE cmc_ema_multi_tf_u ALTER id TYPE int USING 2;
INSERT INTO cmc_ema_multi_tf_u (id, ts, tf, period, ema, alignment_source) VALUES (2, '2025-01-03', '1D', 20, 1, 'multi_tf');
ALTER TABLE cmc_ema_multi_tf_u RENAME id TO was;
ALTER TABLE cmc_ema_multi_tf_u ADD id m.number DEFAULT ROW (2)::m.number;
INSERT INTO cmc_ema_multi_tf_u (was, ts, tf, period, ema, alignment_source) VALUES (2, '2025-01-04', '1D', 20, 1, 'multi_tf');
SAVEPOINT s;
ALTER TABLE cmc_ema_multi_tf_u DROP id;
ALTER TABLE cmc_ema_multi_tf_u RENAME was TO id;
INSERT INTO cmc_ema_multi_tf_u (id, ts, tf, period, ema, alignment_source) VALUES (2, '2025-01-05', '1D', 20, 1, 'multi_tf');
ROLLBACK TO s;
INSERT INTO cmc_ema_multi_tf_u (was, ts, tf, period, ema, alignment_source) VALUES (2, '2025-01-06', '1D', 20, 1, 'multi_tf');
COMMIT;
-- The function behind a trigger of one's own, and the functions that check.
CREATE TABLE m.own (id int, time_close timestamptz);
DO $$ DECLARE f text; BEGIN
    FOR f IN SELECT oid::regproc FROM pg_proc WHERE proname ~ '^cmc_regime_mark' LOOP
        BEGIN
            EXECUTE format('CREATE TRIGGER t AFTER INSERT ON m.own REFERENCING NEW TABLE AS pg_ts_parser EXECUTE FUNCTION %s()', f);
            RAISE EXCEPTION '% may be used', f;
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
    END LOOP;
END $$;
-- What takes the name of an output before set-up: no table of ours.
RESET ROLE;
SELECT who, how, count(*) FROM loot WHERE who <> 'regress_mallory' GROUP BY 1, 2;
SELECT FROM regime_health_details();
SELECT FROM regime_check_inputs_details();
DO $$ BEGIN PERFORM refresh_cmc_regimes(full_refresh => true); EXCEPTION WHEN OTHERS THEN NULL; END $$;
SELECT who, how, count(*) FROM loot WHERE who <> 'regress_mallory' GROUP BY 1, 2;
-- Types, sequences, views and materialized views with the names of outputs, in the schema to be set up.
CREATE SCHEMA later;
GRANT USAGE, CREATE ON SCHEMA later TO regress_mallory;
SET ROLE regress_mallory;
CREATE FUNCTION m.evil() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.loot VALUES (current_user, 'evil'); RETURN 1; END $$;
CREATE VIEW later.cmc_regimes AS SELECT m.evil() AS id, now() AS ts, '1D' AS tf;
CREATE MATERIALIZED VIEW later.cmc_regime_flips AS SELECT m.evil() AS id WITH NO DATA;
CREATE SEQUENCE later.cmc_regime_stats;
CREATE TYPE later.cmc_regime_comovement AS (id m.dom);
CREATE DOMAIN later.cmc_regime_latest AS int CHECK (m.checked(VALUE));
RESET ROLE;
SET pg_regime.target_schema = 'later';
SELECT count(*) FROM regime_setup();
SELECT status FROM refresh_cmc_regimes(2);
SELECT FROM regime_health_details();
RESET pg_regime.target_schema;
SELECT who, how, count(*) FROM loot WHERE who <> 'regress_mallory' GROUP BY 1, 2;
DROP OWNED BY regress_mallory CASCADE;
DROP ROLE regress_mallory;
