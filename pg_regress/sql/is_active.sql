-- is_active of another type than boolean: read where every value is true or false, otherwise an error that names the column.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE FUNCTION active() RETURNS int[] LANGUAGE sql AS $$ SELECT array_agg(id ORDER BY id) FROM refresh_cmc_regimes(dry_run => true) $$;
SELECT active();
ALTER TABLE dim_assets ALTER is_active DROP DEFAULT, ALTER is_active DROP NOT NULL;
ALTER TABLE dim_assets ALTER is_active TYPE smallint USING is_active::int;
SELECT active();
ALTER TABLE dim_assets ALTER is_active TYPE numeric(1);
SELECT active();
ALTER TABLE dim_assets ALTER is_active TYPE text USING CASE is_active WHEN 1 THEN 't' ELSE 'f' END;
SELECT active();
UPDATE dim_assets SET is_active = (ARRAY['YES', 'no', ' On ', 'Y'])[id];
SELECT active();
ALTER TABLE dim_assets ALTER is_active TYPE char(5);
SELECT active();
ALTER TABLE dim_assets ALTER is_active TYPE bit USING (CASE WHEN id < 3 THEN '1' ELSE '0' END)::bit;
SELECT active();
CREATE TYPE flag AS ENUM ('true', 'false');
ALTER TABLE dim_assets ALTER is_active TYPE flag USING (CASE WHEN id = 2 THEN 'true' ELSE 'false' END)::flag;
SELECT active();
CREATE DOMAIN switch AS boolean;
ALTER TABLE dim_assets ALTER is_active TYPE switch USING id = 4;
SELECT active();
UPDATE dim_assets SET is_active = NULL WHERE id = 4;
SELECT active();
-- Not unambiguous.
ALTER TABLE dim_assets ALTER is_active TYPE int USING CASE id WHEN 3 THEN 2 ELSE 1 END;
SELECT active();
\echo :LAST_ERROR_SQLSTATE
CALL refresh_all_cmc_regimes();
SELECT severity, problem, command FROM regime_check_inputs_details() WHERE id IS NULL AND severity = 'error';
SELECT severity, what, detail, command FROM regime_health_details() WHERE severity = 'error';
-- Who names the assets does not ask.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[3]);
SELECT severity, what, detail, command FROM regime_health_details() WHERE severity = 'error';
ALTER TABLE dim_assets ALTER is_active TYPE text USING CASE id WHEN 2 THEN 'delisted' ELSE 'true' END;
SELECT active();
UPDATE dim_assets SET is_active = '' WHERE id = 2;
SELECT active();
ALTER TABLE dim_assets ALTER is_active TYPE timestamptz USING now();
SELECT hint_of('SELECT active()') AS hint;
-- Ids of another type list no assets, which the check of the inputs tells.
ALTER TABLE dim_assets ALTER is_active TYPE boolean USING id = 2, ALTER id TYPE numeric;
SELECT active();
SELECT severity, problem, command FROM regime_check_inputs_details() WHERE problem LIKE '%dim_assets%';
SELECT command FROM regime_check_inputs_details() WHERE problem LIKE '%dim_assets%' \gset
:command
SELECT active();
