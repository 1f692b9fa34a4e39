-- The function behind the triggers on a source relation: leaves a mark for each key whose rows a statement changes, with
-- the earliest time of these rows, in the tables of one system or of two that read the same rows by the same key.
-- src/track/function.rs fills in the names in braces; values of names are quoted, and the tag of the dollar quote is one
-- that none of them contains.
--
-- The function belongs to the role that calls regime_track, and runs as that role: who loads bars needs no privilege on
-- the marks. Other roles could lead the function to run their code with the rights of that role, and are kept from doing
-- so: the owner of the marks, by triggers and defaults, whoever may put triggers on the marks, and the owner of the source,
-- by casts of its types, and by triggers without transition tables, in which temporary views could take the place of these.
-- Comments are not a part of the function, and four blanks of indentation become one: PostgreSQL compresses the text.
-- Keys are stored in ascending order and in short rows, so that a key is found quickly. Columns of the source may have
-- the names of variables.

--; function
CREATE OR REPLACE FUNCTION {work}.{function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS {tag}
#variable_conflict use_column
DECLARE
    -- NULL where it is unknown whether marks may be written; the relation whose rows are read without an error; else 0.
    trusted oid;
    number int;
    keys {kind}[];
    sinces timestamptz[];
    earliest timestamptz;
    -- Those of what is read of a row; empty where the rows are read without an error.
    types oid[];
    is_known bool := {is_read};
    is_altered bool;
    waits text;
BEGIN
    {hold_few}
    -- Rows of the columns that regime_track has seen are read without an error, those of partitions too, which have the
    -- columns of their table. The fewer statements and expressions, the cheaper a load of few rows.
    LOOP
        IF TG_RELID = trusted THEN
            -- Of the event and the level, too: the owner of the source may rename triggers.
            {fast}
            END IF;
            trusted := 0;
        ELSIF pg_partition_root(TG_RELID) = trusted THEN
            trusted := TG_RELID;
            CONTINUE;
        END IF;
        EXIT;
    END LOOP;

    IF TG_LEVEL = 'STATEMENT' THEN
        {hold_all}
    END IF;
    -- The keys that changed, in ascending order, and their times. Nothing is written here, so that the block costs no
    -- transaction id. The second time, if the rows cannot be read.
    LOOP
        BEGIN
            {check}
            -- A value is read only if its type is PostgreSQL's own: the source's owner may change the type to one with a
            -- cast of the owner's. regime_track takes no other types.
            IF is_known AND types IS NULL THEN
                {types}
                END IF;
                IF number = 0 THEN
                    RETURN NULL;
                END IF;
                is_known := (16384 > ALL (types)) IS TRUE;
            END IF;

            IF is_known AND TG_LEVEL = 'ROW' THEN
                -- A row that logical replication applies.
                SELECT array_agg(m.key), array_agg(m.since) INTO keys, sinces
                FROM (
                    SELECT r.key::{kind} AS key, min(COALESCE(r.ts, '-infinity')) AS since
                    FROM (
                        SELECT {value} AS key, {ts} AS ts
                        FROM {changed_row} AS c
                    ) AS r
                    WHERE r.key {valid} GROUP BY 1
                ) AS m;
            ELS{events}
            ELSIF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
                -- Every key that has been refreshed, which a snapshot of before does not show.
                {unmarked}
                RETURN NULL;
            ELSE
                -- A TRUNCATE, or rows that are not read or are of all keys: every key that has been refreshed.
                SELECT array_agg(s.key), array_agg('-infinity'::timestamptz) INTO keys, sinces
                FROM ({refreshed} ORDER BY 1) AS s;
            END IF;
            EXIT;
        EXCEPTION
            WHEN insufficient_resources OR system_error THEN
                RAISE;
            WHEN OTHERS THEN
                IF is_known AND SQLSTATE !~ '^(40|55)' THEN
                    -- Other columns or types than those that regime_track has seen: what changed is not known. A load must
                    -- not fail because of that. A lock that was acquired in the block went with the block.
                    is_known := false;
                ELSE
                    -- Tables of marks that are missing or cannot be locked.
                    {unmarked}
                    RETURN NULL;
                END IF;
        END;
    END LOOP;

    IF cardinality(keys) > {FEW} THEN
        {mark_many}
        SELECT {source}, keys[n:n + {MOST} - 1], sinces[n:n + {MOST} - 1]
        FROM generate_series(1, cardinality(keys), {MOST}) AS n{marked_many};
    ELSIF TG_LEVEL = 'STATEMENT' THEN
        {mark_few}
        SELECT u.key, {source}, u.since FROM ROWS FROM (unnest(keys), unnest(sinces)) AS u (key, since){marked_few};
    ELSE
        -- Skips keys that this transaction has already marked from the same time or earlier. Only its own marks count:
        -- another session may clear its marks before it sees this row. enable_seqscan is off so that marks are looked up by
        -- the index, also with a plan made while there were none.
        {mark_few}
        SELECT u.key, {source}, u.since FROM ROWS FROM (unnest(keys), unnest(sinces)) AS u (key, since)
        WHERE {is_new}{marked_few};
    END IF;
    RETURN NULL;
END {tag}

--; hold
-- Locked before the check, so that nobody attaches code between the check and the write. The planner calls a function that is
    -- said to be IMMUTABLE once, and again after a change of a table in its arguments: as long as nothing changes, the
    -- check costs nothing. The owner of the schema could put a function of that name in place, with another oid, which the
    -- planner leaves out. After a restore, the oid is another one too.
    BEGIN
        LOCK TABLE {held} IN ROW EXCLUSIVE MODE;
        trusted := CASE WHEN {lasting}::regprocedure::oid = {oid}::oid THEN {work}.{may}({tables}) END;
    EXCEPTION
        WHEN insufficient_resources OR system_error THEN
            RAISE;
        WHEN OTHERS THEN
            -- The check below tells what is wrong.
            trusted := NULL;
    END;

--; check
-- Tables of marks that the function may not write, or that belong, as their schema may, to a role without the rights of
            -- the function's owner: then no table counts as tracked (src/track/triggers.rs).
            IF trusted IS NULL THEN
                LOCK TABLE {held} IN ROW EXCLUSIVE MODE;
                {stale}
                IF is_altered OR NOT {may_mark} THEN
                    {unmarked}
                    RETURN NULL;
                END IF;
            END IF;

--; unmarked
-- Tables of marks that are as they were by the next refresh would show nothing of the change. The function does
                    -- instead: its version in the catalog is a part of the fingerprint of tracking, and until the transaction
                    -- ends, its cost tells that more changes may be without marks. Once a transaction.
                    FOR attempt IN 1..3 LOOP
                        BEGIN
                            waits := current_setting('lock_timeout');
                            PERFORM set_config('lock_timeout', '1s', true);
                            -- A snapshot of before the function does not show the function.
                            IF (
                                SELECT age(p.xmin) > 0
                                OR pg_xact_status((pg_current_xact_id()::text::bigint - age(p.xmin))::text::xid8) <> 'in progress'
                                FROM pg_proc AS p WHERE p.oid = {itself}::regprocedure
                            ) IS NOT FALSE THEN
                                ALTER FUNCTION {work}.{function}() COST {UNMARKED};
                            END IF;
                            PERFORM set_config('lock_timeout', waits, true);
                            EXIT;
                        EXCEPTION
                            WHEN internal_error THEN
                                -- Another load has changed the function meanwhile.
                                NULL;
                            WHEN OTHERS THEN
                                EXIT;
                        END;
                    END LOOP;

--; stale
-- A transaction that keeps its snapshot does not see triggers that fire nevertheless.
                IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
                    SELECT bool_or({replaced_schema} OR {replaced_table} OR m.relname NOT IN ({state_names}) AND m.relhastriggers AND NOT EXISTS (
                        SELECT FROM pg_trigger AS t WHERE t.tgrelid = m.oid AND NOT t.tgisinternal
                    )) INTO is_altered
                    FROM pg_namespace AS n JOIN pg_class AS m ON m.relnamespace = n.oid
                    WHERE n.nspname = {schema} AND m.relname IN ({names});
                END IF;

--; now
-- Not NULL if the function may write marks, and will be allowed to until a table of marks, its schema or a privilege on these
-- is changed: the oid of the source if its columns have types that are read without an error, else 0. An error where the
-- snapshot does not show that: the planner would keep a NULL for later transactions.
CREATE OR REPLACE FUNCTION {work}.{may}() RETURNS oid LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS {tag}
DECLARE
    is_altered bool;
BEGIN
    {stale}
    is_altered := is_altered OR current_setting('transaction_isolation') IN ('repeatable read', 'serializable') AND EXISTS (
        SELECT FROM pg_attribute AS a WHERE a.attrelid = {source}::regclass AND {replaced_column}
    );
    IF is_altered THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'tables have changed since the snapshot';
    END IF;
    RETURN CASE WHEN {may_lastingly} THEN CASE WHEN {has_known_types} THEN {source}::regclass::oid ELSE 0 END END;
END {tag}

--; lasting
-- The same for the planner, which may have a snapshot of before the lock: the catalogs are read by a function that is not
-- IMMUTABLE, and therefore has a snapshot of its own.
CREATE OR REPLACE FUNCTION {work}.{may}({parameters}) RETURNS oid LANGUAGE plpgsql
IMMUTABLE SET search_path = pg_catalog, pg_temp AS {tag}
BEGIN
    RETURN CASE WHEN {now}::regprocedure::oid = {oid}::oid THEN {work}.{may}() END;
END {tag}

--; fast
IF TG_NAME = '{trigger}_{event}' AND TG_OP = '{operation}' AND TG_LEVEL = 'STATEMENT' THEN
            PERFORM FROM {rows} AS c LIMIT {FEW} + 1;
            GET DIAGNOSTICS number = ROW_COUNT;
            {single}
            IF number <= {FEW} THEN
                {mark_few}
                SELECT r.key, {source}, min(r.since) FROM {own_rows} AS r GROUP BY 1{marked_few};
                RETURN NULL;
            END IF;
            types := '{}';

--; single
IF number = 1 THEN
                {mark_few}
                SELECT r.key, {source}, r.since FROM {own_rows} AS r{marked_few};
                RETURN NULL;
            END IF;

--; single_update
-- The row before and after. Not always as many old rows as new rows: a trigger may keep a row out of the partition that the
            -- row moves to.
            IF number = 2 THEN
                {mark_few}
                SELECT r.key, {source}, least(r.since, o.since) FROM {old} AS o, {new} AS r WHERE r.key = o.key{marked_few};
                IF FOUND THEN
                    RETURN NULL;
                END IF;
            END IF;

--; own_rows
(
                    SELECT ({value})::{kind} AS key, {since} AS since FROM {rows} AS c WHERE ({value}) {valid}
                )

--; event
IF is_known AND TG_OP = '{event}' THEN
                -- Where all rows have one time, as when a day is loaded, or one key, as in a backfill, the rows need not be put in order.
                SELECT f.ts INTO earliest FROM (SELECT r.ts FROM {changed} LIMIT 1) AS f
                WHERE NOT EXISTS (SELECT FROM {changed} WHERE r.ts IS DISTINCT FROM f.ts);
                IF earliest IS NOT NULL THEN
                    SELECT array_agg(DISTINCT r.key::{kind}) INTO keys FROM {changed} WHERE r.key {valid};
                    sinces := array_fill(earliest, ARRAY[COALESCE(cardinality(keys), 0)]);
                ELSE
                    SELECT ARRAY[f.key] INTO keys FROM (SELECT r.key::{kind} AS key FROM {changed} WHERE r.key {valid} LIMIT 1) AS f
                    WHERE NOT EXISTS (SELECT FROM {changed} WHERE r.key IS DISTINCT FROM f.key);
                    IF keys IS NOT NULL THEN
                        SELECT ARRAY[min(COALESCE(r.ts, '-infinity'))] INTO sinces FROM {changed};
                    ELSE
                        SELECT array_agg(c.key), array_agg(c.since) INTO keys, sinces
                        FROM (
                            SELECT r.key::{kind} AS key, min(COALESCE(r.ts, '-infinity')) AS since
                            FROM {changed} WHERE r.key {valid} GROUP BY 1 ORDER BY 1
                        ) AS c;
                    END IF;
                END IF;

--; changed
(SELECT {value} AS key, {ts} AS ts FROM {rows} AS c) AS r

--; changed_row
(SELECT OLD.* WHERE TG_OP <> 'INSERT' UNION ALL SELECT NEW.* WHERE TG_OP <> 'DELETE')

--; types
IF {condition} THEN
                    SELECT count(*), max(r.types) INTO number, types
                    FROM (SELECT ARRAY[{types_of}]::oid[] AS types FROM {rows} AS c LIMIT 1) AS r;

--; is_new
(
            SELECT true FROM {few} AS d
            WHERE d.{key} = u.key AND d.source = {source} AND d.since <= u.since
            AND d.xmin = pg_current_xact_id()::xid AND d.marked_at = now() LIMIT 1
        ) IS NULL

--; mark
INSERT INTO {table} ({columns})

--; mark_both
WITH marked AS (INSERT INTO {beside} ({columns})

--; marked_both
 RETURNING {columns}) INSERT INTO {table} ({columns}) TABLE marked
