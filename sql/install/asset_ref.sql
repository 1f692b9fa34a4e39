-- The type of arguments that name an asset, so that one function takes ids and symbols. A value is stored as a text: the
-- symbol, or the id behind a byte that no symbol has.

CREATE TYPE @extschema@.regime_asset_ref;
CREATE FUNCTION @extschema@.regime_asset_ref_in(cstring) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'textin';
CREATE FUNCTION @extschema@.regime_asset_ref_out(@extschema@.regime_asset_ref) RETURNS cstring
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'asset_ref_out_wrapper';
CREATE FUNCTION @extschema@.regime_asset_ref_recv(internal) RETURNS @extschema@.regime_asset_ref
STABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'textrecv';
CREATE FUNCTION @extschema@.regime_asset_ref_send(@extschema@.regime_asset_ref) RETURNS bytea
STABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'textsend';
CREATE TYPE @extschema@.regime_asset_ref (
    INPUT = @extschema@.regime_asset_ref_in,
    OUTPUT = @extschema@.regime_asset_ref_out,
    RECEIVE = @extschema@.regime_asset_ref_recv,
    SEND = @extschema@.regime_asset_ref_send,
    LIKE = pg_catalog.text
);
COMMENT ON TYPE @extschema@.regime_asset_ref IS 'An asset as an argument names it: by its id, by its symbol, or by its id as text. Integers and texts are cast to it without being asked';
COMMENT ON FUNCTION @extschema@.regime_asset_ref_in(cstring) IS 'Input of regime_asset_ref';
COMMENT ON FUNCTION @extschema@.regime_asset_ref_out(@extschema@.regime_asset_ref) IS 'Output of regime_asset_ref';
COMMENT ON FUNCTION @extschema@.regime_asset_ref_recv(internal) IS 'Binary input of regime_asset_ref';
COMMENT ON FUNCTION @extschema@.regime_asset_ref_send(@extschema@.regime_asset_ref) IS 'Binary output of regime_asset_ref';

CREATE FUNCTION @extschema@.regime_asset_ref(int2) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'asset_of_int2_wrapper';
CREATE FUNCTION @extschema@.regime_asset_ref(int4) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'asset_of_int4_wrapper';
CREATE FUNCTION @extschema@.regime_asset_ref(int8) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'asset_of_int8_wrapper';
CREATE FUNCTION @extschema@.regime_asset_ref(bpchar) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'rtrim1';
CREATE FUNCTION @extschema@.regime_asset_ref(name) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'name_text';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(int2) IS 'The asset of an id';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(int4) IS 'The asset of an id';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(int8) IS 'The asset of an id';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(bpchar) IS 'The asset of a symbol';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(name) IS 'The asset of a symbol';

CREATE CAST (int2 AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(int2) AS IMPLICIT;
CREATE CAST (int4 AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(int4) AS IMPLICIT;
CREATE CAST (int8 AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(int8) AS IMPLICIT;
CREATE CAST (text AS @extschema@.regime_asset_ref) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (varchar AS @extschema@.regime_asset_ref) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (bpchar AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(bpchar) AS IMPLICIT;
CREATE CAST (name AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(name) AS IMPLICIT;
COMMENT ON CAST (int2 AS @extschema@.regime_asset_ref) IS 'The asset of an id';
COMMENT ON CAST (int4 AS @extschema@.regime_asset_ref) IS 'The asset of an id';
COMMENT ON CAST (int8 AS @extschema@.regime_asset_ref) IS 'The asset of an id';
COMMENT ON CAST (text AS @extschema@.regime_asset_ref) IS 'The asset of a symbol, or of an id as text';
COMMENT ON CAST (varchar AS @extschema@.regime_asset_ref) IS 'The asset of a symbol, or of an id as text';
COMMENT ON CAST (bpchar AS @extschema@.regime_asset_ref) IS 'The asset of a symbol, or of an id as text';
COMMENT ON CAST (name AS @extschema@.regime_asset_ref) IS 'The asset of a symbol, or of an id as text';
