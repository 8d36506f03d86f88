"""The functions that oomdb's SQL calls and databases lack, for each of these.

`MATCHES_PATTERN(text, pattern)`: whether a text is as a shell pattern (`*`, `?`, `[a-z]`) says.
`TIMESTAMP_OF_US(number)`: the point in time so many microseconds after 1970 began.
`MARK_OF(text)`: the number that `oomdb.incidents.identity.mark_of` makes of a text.
`FIRST_LABEL(name)`, of PostgreSQL alone: a host name up to its first dot, in small letters; empty
where it is not ASCII, of which the database may know other small letters than this program.
"""

from __future__ import annotations

#: DuckDB has them under names that no other database has.
DUCKDB = (
    "CREATE OR REPLACE MACRO MATCHES_PATTERN(value, pattern) AS value GLOB pattern;"
    "CREATE OR REPLACE MACRO TIMESTAMP_OF_US(number) AS MAKE_TIMESTAMP(number);"
    "CREATE OR REPLACE MACRO MARK_OF(value) AS CAST('0x' || SUBSTR(MD5(value), 18) AS BIGINT)"
)

#: Most patterns are those of LIKE in other signs, and are asked of each host. One with brackets
#: becomes a regular expression, piece by piece: a character behind a backslash is itself, a
#: bracket is one too (`!` in it means any other), `*` and `?` are any text and any
#: character, and what is special to expressions is escaped. A bracket that is not closed
#: matches nothing.
POSTGRESQL = (
    """
CREATE OR REPLACE FUNCTION MARK_OF(value TEXT) RETURNS BIGINT
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CAST(CAST('x0' || SUBSTR(MD5(value), 18) AS BIT(64)) AS BIGINT)
$$""",
    """
CREATE OR REPLACE FUNCTION FIRST_LABEL(name TEXT) RETURNS TEXT
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN OCTET_LENGTH(name) = CHAR_LENGTH(name)
  THEN LOWER(SPLIT_PART(name, '.', 1) COLLATE "C") ELSE '' END
$$""",
    r"""
CREATE OR REPLACE FUNCTION MATCHES_BRACKETS(value TEXT, pattern TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  expression TEXT := '';
  piece TEXT;
  begins INTEGER;
BEGIN
  FOR piece IN
    SELECT pieces[1] FROM REGEXP_MATCHES(pattern, '(\\.|\[!?\]?[^]]*\]|.)', 'g') AS pieces
  LOOP
    begins := CASE WHEN piece LIKE '[!%' THEN 3 ELSE 2 END;
    expression := expression || CASE
      WHEN piece = '*' THEN '.*'
      WHEN piece = '?' THEN '.'
      WHEN piece = '[' THEN '(?!)'
      WHEN piece LIKE '[%' THEN
        CASE begins WHEN 3 THEN '[^' ELSE '[' END
        || REPLACE(REPLACE(SUBSTR(piece, begins), '\', '\\'), '^', '\^')
      WHEN LENGTH(piece) = 2 THEN REGEXP_REPLACE(SUBSTR(piece, 2), '(\W)', '\\\1')
      ELSE REGEXP_REPLACE(piece, '(\W)', '\\\1')
    END;
  END LOOP;
  RETURN value ~ ('^(?:' || expression || ')$');
EXCEPTION WHEN invalid_regular_expression THEN
  RETURN FALSE;
END
$$""",
    """
CREATE OR REPLACE FUNCTION TIMESTAMP_OF_US(number BIGINT) RETURNS TIMESTAMP
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT TIMESTAMP '1970-01-01 00:00:00' + (number / 1000000) * INTERVAL '1 second'
  + (number % 1000000) * INTERVAL '1 microsecond'
$$""",
    r"""
CREATE OR REPLACE FUNCTION MATCHES_PATTERN(value TEXT, pattern TEXT) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
  WHEN STRPOS(pattern, '[') = 0 AND STRPOS(pattern, '\') = 0 THEN value LIKE
    REPLACE(REPLACE(REPLACE(REPLACE(pattern, '%', '\%'), '_', '\_'), '*', '%'), '?', '_')
  ELSE MATCHES_BRACKETS(value, pattern)
END
$$""",
)
