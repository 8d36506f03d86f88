"""The functions that oomdb's SQL calls and databases lack, for each of these.

`MATCHES_PATTERN(text, pattern)`: whether a text is as a shell pattern (`*`, `?`, `[a-z]`) says.
"""

from __future__ import annotations

#: DuckDB's own word for it is an operator that no other database has.
DUCKDB = "CREATE OR REPLACE MACRO MATCHES_PATTERN(value, pattern) AS value GLOB pattern"

#: The pattern as a regular expression: what is special in that is escaped, then `*` and `?`
#: outside of brackets become its own. A pattern that is none matches nothing.
POSTGRESQL = r"""
CREATE OR REPLACE FUNCTION MATCHES_PATTERN(value TEXT, pattern TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN value ~ ('^(?:' || REPLACE(REPLACE(REPLACE(
    REGEXP_REPLACE(pattern, '([.^$+(){}|\\])', '\\\1', 'g'), '*', '.*'), '?', '.'), '[!', '[^')
    || ')$');
EXCEPTION WHEN invalid_regular_expression THEN
  RETURN FALSE;
END
$$"""
