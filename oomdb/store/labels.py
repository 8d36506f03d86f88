"""Labels and budgets to the hosts that their patterns mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oomdb.store.connection import Connection

#: A pattern means a host by any of its names; a short name also means the full ones that
#: begin with it.
_MEANS = (
    "(MATCHES_PATTERN(LOWER(n.name), LOWER({0}))"
    " OR MATCHES_PATTERN(LOWER(n.name), LOWER({0}) || '.*'))"
)

_HOST_LABELS = f"""
INSERT INTO host_labels (host_id, label, value)
SELECT host_id, label, value
FROM (
  SELECT
    n.host_id, r.label, r.value,
    ROW_NUMBER() OVER (PARTITION BY n.host_id, r.label ORDER BY r.rule_no DESC) AS place
  FROM host_rules AS r
  JOIN host_names AS n ON {_MEANS.format("r.host_pattern")}
) AS ranked
WHERE place = 1"""

_LABELS_OF_HOSTS = """
UPDATE hosts SET labels = told.labels
FROM (
  SELECT host_id, STRING_AGG(label || '=' || value, ', ' ORDER BY label) AS labels
  FROM host_labels
  GROUP BY host_id
) AS told
WHERE hosts.host_id = told.host_id"""

_BUDGET_HOSTS = f"""
INSERT INTO budget_hosts (budget_no, host_id)
SELECT DISTINCT b.budget_no, n.host_id
FROM budgets AS b
JOIN host_names AS n ON b.host_pattern IS NULL OR {_MEANS.format("b.host_pattern")}
LEFT JOIN host_labels AS l
  ON l.host_id = n.host_id AND l.label = b.label
WHERE (b.host_pattern IS NOT NULL OR b.label IS NOT NULL)
  AND (b.label IS NULL OR MATCHES_PATTERN(LOWER(l.value), LOWER(b.label_pattern)))"""


def settle_labels(connection: Connection) -> None:
    """Derive anew what the imported rules and budgets mean for the hosts that there are."""
    connection.begin()
    connection.execute("DELETE FROM host_labels")
    connection.execute("DELETE FROM budget_hosts")
    connection.execute(_HOST_LABELS)
    connection.execute(_BUDGET_HOSTS)
    connection.execute("UPDATE hosts SET labels = NULL")
    connection.execute(_LABELS_OF_HOSTS)
    connection.commit()
