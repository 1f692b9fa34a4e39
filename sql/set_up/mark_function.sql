-- The function behind the triggers on a source relation: leaves a mark for each key whose rows a statement changes, with
-- the earliest time of these rows. src/track/function.rs fills in the names in braces; values of names are quoted, and
-- the tag of the dollar quote is one that none of them contains.
--
-- The function belongs to the role that calls regime_track, and runs as that role: who loads bars needs no privilege on
-- the marks. Other roles could lead the function to run their code with the rights of that role, and are kept from doing
-- so: the owner of the marks, by triggers and defaults, whoever may put triggers on the marks, and the owner of the source,
-- by casts of its types.
-- Keys are stored in ascending order and in short rows, so that a key is found quickly. Columns of the source may have
-- the names of variables.

--; function
CREATE OR REPLACE FUNCTION {work}.{function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS {tag}
#variable_conflict use_column
DECLARE
    keys {kind}[];
    sinces timestamptz[];
    at timestamptz;
    single_key {kind};
    single_since timestamptz;
    number int;
    types oid[];
    is_known bool := true;
    may bool := false;
    is_altered bool;
    had_triggers bool;
    waits text;
BEGIN
    -- The keys that changed, in ascending order, and their times. Nothing is written here, so that the block costs no
    -- transaction id. The second time, if the rows cannot be read.
    LOOP
        BEGIN
            -- Locked before the check, so that nobody attaches code between the check and the write.
            LOCK TABLE {few} IN ROW EXCLUSIVE MODE;
            {check}

            -- A value is read only if its type is PostgreSQL's own: the source's owner may change the type to one with a
            -- cast of the owner's. regime_track takes no other types. What follows a WHERE is read if the condition holds; of
            -- two conditions, either may come first.
            -- A statement that changes one row costs the least, one that changes a few rows little more.
            {small}
            END IF;
            {types}
            END IF;
            IF number = 0 THEN
                RETURN NULL;
            END IF;
            is_known := is_known AND 16384 > ALL (types);

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
            ELSE
                -- A TRUNCATE, or rows that are not read: every key that has been refreshed.
                may := true;
                SELECT array_agg(DISTINCT {of_state}), '-infinity' INTO keys, at FROM {work}.{state} AS s;
            END IF;
            EXIT;
        EXCEPTION
            WHEN transaction_rollback OR insufficient_resources OR lock_not_available OR system_error THEN
                RAISE;
            WHEN OTHERS THEN
                IF may THEN
                    RAISE;
                ELSIF is_known THEN
                    -- Other columns or types than those that regime_track has seen: what changed is not known. A load must
                    -- not fail because of that. The lock went with the block.
                    is_known := false;
                    single_key := NULL;
                    at := NULL;
                ELSE
                    -- Tables of marks that are missing or cannot be locked.
                    {unmarked}
                    RETURN NULL;
                END IF;
        END;
    END LOOP;

    IF single_key IS NOT NULL THEN
        INSERT INTO {few} ({key}, source, since) VALUES (single_key, {source}, single_since);
        RETURN NULL;
    END IF;
    IF keys IS NULL THEN
        RETURN NULL;
    END IF;
    IF at IS NOT NULL THEN
        sinces := array_fill(at, ARRAY[cardinality(keys)]);
    END IF;
    IF cardinality(keys) > {FEW} THEN
        LOCK TABLE {many} IN ROW EXCLUSIVE MODE;
        {check}
        INSERT INTO {many} (source, {keys}, sinces)
        SELECT {source}, keys[n:n + {MOST} - 1], sinces[n:n + {MOST} - 1]
        FROM generate_series(1, cardinality(keys), {MOST}) AS n;
    ELSIF TG_LEVEL = 'STATEMENT' THEN
        INSERT INTO {few} ({key}, source, since)
        SELECT u.key, {source}, u.since FROM ROWS FROM (unnest(keys), unnest(sinces)) AS u (key, since);
    ELSE
        -- Skips keys that this transaction has already marked from the same time or earlier. Only its own marks count:
        -- another session may clear its marks before it sees this row. enable_seqscan is off so that marks are looked up by
        -- the index, also with a plan made while there were none.
        INSERT INTO {few} ({key}, source, since)
        SELECT u.key, {source}, u.since FROM ROWS FROM (unnest(keys), unnest(sinces)) AS u (key, since)
        WHERE (
            SELECT true FROM {few} AS d
            WHERE d.{key} = u.key AND d.source = {source} AND d.since <= u.since
            AND d.xmin = pg_current_xact_id()::xid AND d.marked_at = now() LIMIT 1
        ) IS NULL;
    END IF;
    RETURN NULL;
END {tag}

--; check
-- Tables of marks that the function may not write, or that belong, as their schema may, to a role without the rights of
            -- the function's owner: then no table counts as tracked (src/track/triggers.rs). The planner calls a function that is
            -- said to be IMMUTABLE once, and again after a change of a table in its arguments: as long as nothing changes, the
            -- check costs nothing. The owner of the schema could put a function of that name in place, with another oid, which the
            -- planner leaves out. After a restore, the oid is another one too.
            IF (CASE WHEN {lasting}::regprocedure::oid = {lasting_oid}::oid THEN {work}.{may}({tables}) END) IS NOT TRUE THEN
                {stale}
                IF NOT {may_mark} THEN
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
                            IF (
                                SELECT age(p.xmin) > 0
                                OR pg_xact_status((pg_current_xact_id()::text::bigint - age(p.xmin))::text::xid8) <> 'in progress'
                                FROM pg_proc AS p WHERE p.oid = {itself}::regprocedure
                            ) THEN
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
                    SELECT bool_or({replaced_schema} OR {replaced_table}), bool_or(m.relhastriggers AND NOT EXISTS (
                        SELECT FROM pg_trigger AS t WHERE t.tgrelid = m.oid AND NOT t.tgisinternal
                    )) INTO is_altered, had_triggers
                    FROM pg_namespace AS n JOIN pg_class AS m ON m.relnamespace = n.oid
                    WHERE n.nspname = {schema} AND m.relname IN ('{few_name}', '{many_name}', '{state}');
                    IF is_altered THEN
                        RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
                            MESSAGE = 'could not serialize access due to a concurrent change of the tables of marks in schema ' || {schema},
                            DETAIL = 'The snapshot of the transaction does not show whose code these tables run.';
                    ELSIF had_triggers THEN
                        RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
                            MESSAGE = 'could not serialize access: the tables of marks in schema ' || {schema} || ' have had triggers',
                            DETAIL = 'The snapshot of the transaction does not show whose code these tables run.', HINT = {vacuum};
                    END IF;
                END IF;

--; now
-- Whether the function may write marks, and will be allowed to until a table of marks, its schema or a privilege on these is
-- changed.
CREATE OR REPLACE FUNCTION {work}.{may}() RETURNS bool LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS {tag}
DECLARE
    is_altered bool;
    had_triggers bool;
BEGIN
    {stale}
    RETURN {may_lastingly};
END {tag}

--; lasting
-- The same for the planner, which may have a snapshot of before the lock: the catalogs are read by a function that is not
-- IMMUTABLE, and therefore has a snapshot of its own.
CREATE OR REPLACE FUNCTION {work}.{may}(few regclass, many regclass, state regclass) RETURNS bool LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS {tag}
BEGIN
    RETURN CASE WHEN {now}::regprocedure::oid = {now_oid}::oid THEN {work}.{may}() END;
END {tag}

--; event
IF is_known AND TG_OP = '{event}' THEN
            -- Where all rows have one time, as when a day is loaded, that time serves for all keys, at half the cost.
            SELECT f.ts INTO at FROM (SELECT r.ts FROM {changed} LIMIT 1) AS f
            WHERE NOT EXISTS (SELECT FROM {changed} WHERE r.ts IS DISTINCT FROM f.ts);
            IF at IS NOT NULL THEN
                SELECT array_agg(DISTINCT r.key::{kind}) INTO keys FROM {changed} WHERE r.key {valid};
            ELSE
                SELECT array_agg(c.key), array_agg(c.since) INTO keys, sinces
                FROM (
                    SELECT r.key::{kind} AS key, min(COALESCE(r.ts, '-infinity')) AS since
                    FROM {changed} WHERE r.key {valid} GROUP BY 1 ORDER BY 1
                ) AS c;
            END IF;

--; changed
(SELECT {value} AS key, {ts} AS ts FROM {rows} AS c) AS r

--; changed_row
(SELECT OLD.* WHERE TG_OP <> 'INSERT' UNION ALL SELECT NEW.* WHERE TG_OP <> 'DELETE')

--; types
IF {condition} THEN
                SELECT count(*), max(r.types) INTO number, types
                FROM (SELECT ARRAY[{types_of}]::oid[] AS types FROM {rows} AS c LIMIT 1) AS r;

--; small
IF {condition} THEN
                {single}
                EXIT WHEN single_key IS NOT NULL;
                SELECT array_agg(c.key) FILTER (WHERE c.key IS NOT NULL), array_agg(c.since) FILTER (WHERE c.key IS NOT NULL)
                INTO keys, sinces
                FROM (SELECT r.key, min(r.since) AS since FROM {few_rows} AS r GROUP BY 1 ORDER BY 1) AS c;
                EXIT WHEN keys IS NOT NULL;

--; single
SELECT r.key, r.since INTO single_key, single_since FROM {row} AS r;

--; single_update
-- The row before and after.
                SELECT CASE WHEN o.key = r.key THEN r.key END, least(o.since, r.since) INTO single_key, single_since
                FROM {old} AS o, {row} AS r;

--; own_rows
(
                    SELECT CASE WHEN ({value}) {valid} THEN ({value})::{kind} END AS key, COALESCE({ts}, '-infinity') AS since
                    FROM {rows} AS c WHERE 16384 > ALL (ARRAY[{types_of}]::oid[]){up_to}
                )

--; up_to
 AND NOT EXISTS (SELECT FROM {rows} OFFSET {most})
