-- The marks of a system: which {subjects} have changed since the last refresh. The same tables for every system; the
-- names in braces are fields of Marks (src/track/marks.rs). {schema} is the target schema, {work} the working schema.

-- marked_at in the key: rows of a dump may meet marks of the triggers that saw the sources being loaded, whose numbers begin
-- anew.

--; {work}.{few}
CREATE TABLE {work}.{few} (
    {key} {kind}{collate} NOT NULL,
    mark bigint GENERATED ALWAYS AS IDENTITY,
    source text NOT NULL,
    since timestamptz NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    of_many uuid,
    PRIMARY KEY ({key}, mark, marked_at)
);
COMMENT ON TABLE {work}.{few} IS 'The {subjects} whose source rows have changed since the last refresh, a row per mark; written by the triggers of regime_track, cleared by the refresh';
COMMENT ON COLUMN {work}.{few}.{key} IS '{key_is}';
COMMENT ON COLUMN {work}.{few}.mark IS 'Number of the mark';
COMMENT ON COLUMN {work}.{few}.source IS 'Source table';
COMMENT ON COLUMN {work}.{few}.since IS 'Time of the earliest row that was inserted, changed or deleted; -infinity after a TRUNCATE';
COMMENT ON COLUMN {work}.{few}.marked_at IS 'When the transaction that made the change began';
COMMENT ON COLUMN {work}.{few}.of_many IS 'Id of the row of {many} that the mark was moved from';

--; {work}.{many}
CREATE TABLE {work}.{many} (
    mark uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL,
    {keys} {kind}[]{collate} NOT NULL,
    sinces timestamptz[] NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    number int GENERATED ALWAYS AS (pg_catalog.cardinality({keys})) STORED,
    first {kind}{collate} GENERATED ALWAYS AS ({keys}[1]) STORED,
    last {kind}{collate} GENERATED ALWAYS AS ({keys}[pg_catalog.cardinality({keys})]) STORED
);
ALTER TABLE {work}.{many} ALTER COLUMN {keys} SET STORAGE EXTERNAL, ALTER COLUMN sinces SET STORAGE EXTERNAL;
COMMENT ON TABLE {work}.{many} IS 'Marks of statements that changed many {subjects}: a row for up to {MOST} {subjects}, removed once all of these have been refreshed; after a day, the rest of a row moves to {few}';
COMMENT ON COLUMN {work}.{many}.mark IS 'Unique id of the mark';
COMMENT ON COLUMN {work}.{many}.source IS 'Source table';
COMMENT ON COLUMN {work}.{many}.{keys} IS 'Marked {subjects}, in ascending order';
COMMENT ON COLUMN {work}.{many}.sinces IS 'For each element of {keys}, the time of the earliest row that was inserted, changed or deleted; -infinity after a TRUNCATE';
COMMENT ON COLUMN {work}.{many}.marked_at IS 'When the transaction that made the change began';
COMMENT ON COLUMN {work}.{many}.number IS 'Number of marked {subjects}';
COMMENT ON COLUMN {work}.{many}.first IS 'Lowest element of {keys}';
COMMENT ON COLUMN {work}.{many}.last IS 'Highest element of {keys}';

--; {work}.{done}
CREATE TABLE {work}.{done} (
    mark uuid NOT NULL,
    {key} {kind}{collate} NOT NULL,
    PRIMARY KEY (mark, {key})
);
COMMENT ON TABLE {work}.{done} IS 'The {subjects} of rows of {many} that have been refreshed since';
COMMENT ON COLUMN {work}.{done}.mark IS 'Id of the row of {many}';
COMMENT ON COLUMN {work}.{done}.{key} IS '{key_is}';

--; {schema}.{view}
CREATE OR REPLACE VIEW {schema}.{view} AS
SELECT {shown}, a.source, a.since, a.marked_at FROM (
    SELECT d.{key}, d.source, d.since, d.marked_at FROM {work}.{few} AS d
    WHERE (SELECT true FROM {work}.{done} AS x WHERE x.mark = d.of_many AND x.{key} = d.{key}) IS NULL
    UNION ALL
    SELECT u.{key}, m.source, u.since, m.marked_at FROM {work}.{many} AS m
    CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(m.{keys}), pg_catalog.unnest(m.sinces)) AS u ({key}, since)
    WHERE (SELECT true FROM {work}.{done} AS x WHERE x.mark = m.mark AND x.{key} = u.{key}) IS NULL
) AS a;
COMMENT ON VIEW {schema}.{view} IS 'The {subjects} whose source rows have changed since the last refresh, mark by mark';
