-- The function behind the triggers on a source relation: leaves a mark for each key whose rows a statement changes, with
-- the earliest time of these rows. src/track/function.rs fills in the names in braces; values of names are quoted, and
-- the tag of the dollar quote is one that none of them contains.
--
-- The function belongs to the role that calls regime_track, and runs as that role: who loads bars needs no privilege on
-- the marks. Two other roles could lead the function to run their code with the rights of that role, and are kept from
-- doing so: the owner of the marks, by triggers and defaults, and the owner of the source, by casts of its types.
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
    number int;
    types oid[];
    is_known bool := true;
BEGIN
    -- Tables of marks that are missing, that the function may not write, or that belong, as their schema may, to a role
    -- without the rights of the function's owner: then no table counts as tracked (src/track/triggers.rs).
    IF NOT {owns_marks} THEN
        IF NOT {may_mark} THEN
            RETURN NULL;
        END IF;
    END IF;

    -- The keys that changed, in ascending order, and their times. Nothing is written here, so that the block costs no
    -- transaction id.
    BEGIN
        -- A value is read only if its type is PostgreSQL's own: the source's owner may change the type to one with a cast of
        -- the owner's.
        IF TG_OP <> 'TRUNCATE' THEN
            {types}
            END IF;
            IF number = 0 THEN
                RETURN NULL;
            END IF;
            -- Types below this number are PostgreSQL's own; regime_track takes no others.
            is_known := 16384 > ALL (types);
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
        ELSE
            -- A TRUNCATE, or rows that are not read: every key that has been refreshed.
            SELECT array_agg(DISTINCT {of_state}), '-infinity' INTO keys, at FROM {work}.{state} AS s;
        END IF;
    EXCEPTION
        WHEN transaction_rollback OR insufficient_resources OR lock_not_available OR system_error THEN
            RAISE;
        WHEN OTHERS THEN
            -- Other columns or types than those that regime_track has seen: what changed is not known. A load must not fail
            -- because of that.
            SELECT array_agg(DISTINCT {of_state}), '-infinity' INTO keys, at FROM {work}.{state} AS s;
    END;

    IF keys IS NULL THEN
        RETURN NULL;
    END IF;
    IF at IS NOT NULL THEN
        sinces := array_fill(at, ARRAY[cardinality(keys)]);
    END IF;
    IF cardinality(keys) > {FEW} THEN
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
