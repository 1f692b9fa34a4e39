-- What a DBA is told to type is never the text of another role: not the HINT of an error that a view raises, nor one that a
-- role writes into the run log.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
CREATE ROLE regress_feed;
CREATE ROLE regress_refresher;
CREATE SCHEMA feed AUTHORIZATION regress_feed;
GRANT USAGE ON SCHEMA feed TO regress_refresher;
GRANT USAGE, CREATE ON SCHEMA public TO regress_refresher;
CREATE SCHEMA regime_work AUTHORIZATION regress_refresher;
ALTER TABLE cmc_price_bars_multi_tf RENAME TO bars;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO regress_feed, regress_refresher;
SET ROLE regress_feed;
CREATE FUNCTION feed.close_of(id int, close float8) RETURNS float8 LANGUAGE plpgsql STABLE AS $$ BEGIN
    IF id = 2 THEN RAISE EXCEPTION 'price feed corrupt' USING HINT = 'ALTER ROLE regress_feed SUPERUSER;'; END IF;
    RETURN close;
END $$;
CREATE VIEW feed.prices AS SELECT id, tf, time_close, bar_seq, feed.close_of(id, close) AS close FROM public.bars;
GRANT SELECT ON feed.prices TO PUBLIC;
RESET ROLE;
UPDATE regime_source SET bars_schema = 'feed', bars_table = 'prices' WHERE layer = 'L2' AND cal_scheme = 'iso';
SET ROLE regress_refresher;
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
INSERT INTO regime_work.cmc_regime_run_log SELECT f.* FROM regime_work.cmc_regime_run_log AS l, jsonb_populate_record(l, jsonb_build_object('run', 1000, 'id', 3, 'message', 'no', 'hint', 'GRANT postgres TO regress_refresher;',
    'started_at', now() + interval '1 s', 'finished_at', now() + interval '1 s')) AS f WHERE l.status = 'failed' AND l.id = 2;
RESET ROLE;
SELECT what, id, detail, command, advice FROM regime_health_details() WHERE what = 'failing asset' ORDER BY id;
SELECT count(*) AS texts_of_others FROM (SELECT command FROM regime_health_details() UNION ALL SELECT command FROM regime_health()) AS t WHERE command ~ 'SUPERUSER|GRANT postgres';
-- An error of now, which ends a check: also of inputs.
SET ROLE regress_feed;
CREATE FUNCTION feed.raises() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING HINT = 'ALTER ROLE regress_feed SUPERUSER;'; END $$;
CREATE OR REPLACE VIEW feed.prices AS SELECT id, tf, time_close, bar_seq, close FROM public.bars WHERE feed.raises();
RESET ROLE;
SELECT count(*) > 0 AS some, bool_or(command ~ 'SUPERUSER') AS of_others FROM regime_health_details() WHERE what = 'failed check';
