-- Adopted tables with constraints that refuse words which a refresh writes: set-up says which, and its hint runs.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE cmc_regime_flips (ts timestamptz, id int, tf varchar(8) CONSTRAINT "of a Day" CHECK (tf IN ('1d', '1h')), layer varchar(20) CHECK (layer IN ('L0', 'L1', 'L2', 'composite')),
    old_regime text, new_regime text CONSTRAINT not_empty CHECK (new_regime <> ''), duration_bars int, updated_at timestamptz, PRIMARY KEY (tf, layer, id, ts));
SELECT hint_of('SELECT FROM regime_setup()') AS hint \gset
\echo :hint
\set VERBOSITY terse
SELECT FROM refresh_cmc_regimes(2);
\set VERBOSITY default
SELECT FROM regime_setup();
:hint
SELECT conname FROM pg_constraint WHERE conrelid = 'cmc_regime_flips'::regclass AND contype = 'c';
SELECT relation, action FROM regime_setup() WHERE relation LIKE '%flips';
SELECT id, status FROM refresh_cmc_regimes(2);
-- Lists that hold all words, in any spelling, are left alone.
ALTER TABLE cmc_regime_flips ADD CHECK (layer = 'L0' OR layer IN ('L1', 'L2', 'L3', 'L4', 'composite', 'own'));
SELECT relation, action FROM regime_setup() WHERE relation LIKE '%flips';
-- Any other constraint fails the rows that it refuses, with the statement that drops it.
ALTER TABLE cmc_regime_flips ADD CONSTRAINT "no L2" CHECK (layer !~ 'L2') NOT VALID;
DELETE FROM cmc_regime_flips;
SET client_min_messages = error;
SELECT status, message FROM refresh_cmc_regimes(2);
RESET client_min_messages;
ALTER TABLE cmc_regime_flips DROP CONSTRAINT "no L2";
SELECT id, status FROM refresh_cmc_regimes(2);
