-- A role that owns source tables, and has every privilege on output and working tables, does not have its code run as the
-- superuser who refreshes: neither by casts, nor by operators, types and keys, nor by triggers on marks, nor by a path that
-- some trigger leaves behind.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status FROM refresh_cmc_regimes();
CREATE ROLE regress_mallory;
 CREATE SCHEMA m AUTHORIZATION regress_mallory;
CREATE TABLE loot (who text, how text, path text); 
GRANT ALL ON loot TO regress_mallory;
ALTER TABLE cmc_ema_multi_tf_u OWNER TO regress_mallory; ALTER TABLE dim_assets OWNER TO regress_mallory; GRANT ALL ON cmc_regimes TO regress_mallory; GRANT CREATE ON SCHEMA public TO regress_mallory;
SET ROLE regress_mallory;
CREATE TYPE m.txt AS (v text);
CREATE FUNCTION m.t(m.txt) RETURNS text LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.loot VALUES (current_user,'cast',current_setting('search_path')); RETURN $1.v; END$$;
CREATE CAST (m.txt AS text) WITH FUNCTION m.t AS IMPLICIT;
ALTER TABLE cmc_ema_multi_tf_u DROP COLUMN alignment_source CASCADE;
ALTER TABLE cmc_ema_multi_tf_u ADD COLUMN alignment_source m.txt DEFAULT '(multi_tf)';
ALTER TABLE dim_assets DROP COLUMN is_active; ALTER TABLE dim_assets ADD is_active m.txt DEFAULT '(t)';
RESET ROLE;
SELECT * FROM refresh_cmc_regimes(full_refresh => true);
SELECT FROM regime_health();
SELECT FROM regime_health_details();
SELECT FROM regime_check_inputs();
SELECT FROM regime_check_inputs_details();
SELECT FROM regime_check_candles();
SELECT FROM regime_check_candles_details();
SELECT FROM cmc_regime_status;
SELECT who, how, count(*) FROM loot GROUP BY 1, 2;
ALTER TABLE dim_assets OWNER TO CURRENT_USER; ALTER TABLE dim_assets ALTER is_active TYPE text USING 't'; 
SET ROLE regress_mallory; ALTER TABLE cmc_ema_multi_tf_u ALTER alignment_source DROP DEFAULT, ALTER alignment_source TYPE text USING 'multi_tf'; RESET ROLE;
SELECT status FROM refresh_cmc_regimes(full_refresh => true);
SET ROLE regress_mallory;
CREATE FUNCTION m.eq(int, int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.loot VALUES (current_user,'op',''); RETURN true; END$$;
CREATE OPERATOR m.=== (LEFTARG=int, RIGHTARG=int, FUNCTION=m.eq);
CREATE TRIGGER aa BEFORE INSERT OR UPDATE ON cmc_regimes FOR EACH ROW WHEN (NEW.id OPERATOR(m.===) 1) EXECUTE FUNCTION suppress_redundant_updates_trigger();
RESET ROLE;
SELECT status FROM refresh_cmc_regimes(full_refresh => true, l4_label => 'x');
DROP TRIGGER aa ON cmc_regimes;
SET ROLE regress_mallory;
CREATE DOMAIN m.dom AS int CHECK (m.eq(VALUE, VALUE));
CREATE TRIGGER aa BEFORE INSERT OR UPDATE ON cmc_regimes FOR EACH ROW WHEN (NEW.id::m.dom IS NULL) EXECUTE FUNCTION suppress_redundant_updates_trigger();
RESET ROLE;
SELECT status FROM refresh_cmc_regimes(full_refresh => true, l4_label => 'x');
DROP TRIGGER aa ON cmc_regimes;
SET ROLE regress_mallory;
CREATE TABLE m.fk (id int, ts timestamptz, tf text, FOREIGN KEY (id,ts,tf) REFERENCES public.cmc_regimes ON DELETE CASCADE ON UPDATE CASCADE);
RESET ROLE;
SELECT status FROM refresh_cmc_regimes(full_refresh => true, l4_label => 'x');
DROP TABLE m.fk;
SELECT status FROM refresh_cmc_regimes(full_refresh => true, l4_label => 'x');
SELECT FROM regime_track();
ALTER TABLE cmc_price_bars_multi_tf OWNER TO regress_mallory;
GRANT USAGE ON SCHEMA regime_work TO regress_mallory; GRANT ALL ON ALL TABLES IN SCHEMA regime_work TO regress_mallory;
SET ROLE regress_mallory;
CREATE FUNCTION m.tr() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.loot VALUES (current_user,'marks',''); RETURN NEW; END$$;
CREATE TRIGGER t AFTER INSERT ON regime_work.cmc_regime_dirty FOR EACH ROW EXECUTE FUNCTION m.tr();
UPDATE public.cmc_price_bars_multi_tf SET close=close*1.01 WHERE id=2 AND bar_seq=3;
RESET ROLE;
SELECT status, message FROM refresh_cmc_regimes(2, l4_label => 'x');
DROP TRIGGER t ON regime_work.cmc_regime_dirty;
SELECT status, reason FROM refresh_cmc_regimes(2, l4_label => 'x');
CREATE FUNCTION setpath() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN SET search_path = public; RETURN NEW; END';
CREATE TRIGGER sp BEFORE INSERT OR UPDATE ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION setpath();
SET ROLE regress_mallory;
CREATE FUNCTION public.oeq(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.loot VALUES (current_user,'path',''); RETURN true; END$$;
CREATE OPERATOR public.= (LEFTARG=oid, RIGHTARG=regclass, FUNCTION=public.oeq);
RESET ROLE;
SET search_path = "$user", public;
SELECT status FROM refresh_cmc_regimes(full_refresh => true, hysteresis => false);
SELECT status FROM refresh_cmc_regimes(full_refresh => true);
SHOW search_path;
SELECT who, how, count(*) FROM loot GROUP BY 1, 2;
-- Domains of somebody trusted, whose defaults and constraints, and the domains beneath, are the role's.
SET ROLE regress_mallory;
CREATE FUNCTION m.dom(n int) RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.loot VALUES (current_user,'domain',''); RETURN n; END$$;
CREATE DOMAIN m.positive AS int CHECK (m.dom(VALUE) > 0);
RESET ROLE;
DROP TRIGGER sp ON cmc_regimes;
CREATE DOMAIN defaulted AS int DEFAULT m.dom(1);
CREATE DOMAIN checked AS int DEFAULT 2 CHECK (m.dom(VALUE) > 0);
CREATE DOMAIN over AS m.positive DEFAULT 3;
CREATE DOMAIN over_over AS over;
SET search_path = public;
DELETE FROM cmc_regimes;
DO $$
DECLARE d text; told text;
BEGIN
    FOREACH d IN ARRAY '{defaulted,checked,over,over_over,int DEFAULT 4::checked,int DEFAULT 5::over_over}'::text[] LOOP
        EXECUTE 'ALTER TABLE cmc_regimes ADD d ' || d;
        DELETE FROM loot;
        BEGIN
            PERFORM refresh_cmc_regimes(1, full_refresh => true);
        EXCEPTION WHEN insufficient_privilege THEN
            GET STACKED DIAGNOSTICS told = MESSAGE_TEXT;
            RAISE NOTICE '%: %', d, told;
        END;
        IF EXISTS (SELECT FROM loot WHERE who = session_user) THEN RAISE NOTICE '%: code ran', d; END IF;
        ALTER TABLE cmc_regimes DROP d;
    END LOOP;
END $$;
SELECT status FROM refresh_cmc_regimes(1, full_refresh => true);
-- Tables of the role that rules of trusted tables write to.
SET ROLE regress_mallory;
CREATE TABLE m.log (id int);
CREATE TRIGGER t BEFORE INSERT ON m.log FOR EACH ROW EXECUTE FUNCTION m.tr();
RESET ROLE;
CREATE RULE r AS ON UPDATE TO cmc_regimes DO ALSO INSERT INTO m.log VALUES (OLD.id);
SELECT status FROM refresh_cmc_regimes(1, full_refresh => true, l4_label => 'y');
DROP RULE r ON cmc_regimes;
CREATE TABLE log (id int);
CREATE RULE r AS ON INSERT TO log DO INSTEAD INSERT INTO m.log VALUES (NEW.id);
CREATE RULE r AS ON UPDATE TO cmc_regimes DO ALSO INSERT INTO log VALUES (OLD.id);
SELECT status FROM refresh_cmc_regimes(1, full_refresh => true, l4_label => 'y');
DROP RULE r ON log;
SELECT status FROM refresh_cmc_regimes(1, full_refresh => true, l4_label => 'y');
SELECT count(*) > 0 AS logged FROM log;
DROP RULE r ON cmc_regimes;
SELECT who, how, count(*) FROM loot GROUP BY 1, 2;
SET client_min_messages = error;
DROP OWNED BY regress_mallory CASCADE;
DROP ROLE regress_mallory;
