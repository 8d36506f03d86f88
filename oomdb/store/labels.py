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
  WHERE n.host_id {{of_hosts}}
) AS ranked
WHERE place = 1"""

_LABELS_OF_HOSTS = """
UPDATE hosts SET labels = told.labels
FROM (
  SELECT host_id, STRING_AGG(label || '=' || value, ', ' ORDER BY label) AS labels
  FROM host_labels
  WHERE host_id {of_hosts}
  GROUP BY host_id
) AS told
WHERE hosts.host_id = told.host_id AND hosts.host_id {of_hosts}"""

_BUDGET_HOSTS = f"""
INSERT INTO budget_hosts (budget_no, host_id)
SELECT DISTINCT b.budget_no, n.host_id
FROM budgets AS b
JOIN host_names AS n ON b.host_pattern IS NULL OR {_MEANS.format("b.host_pattern")}
LEFT JOIN (SELECT * FROM host_labels WHERE host_id {{of_hosts}}) AS l
  ON l.host_id = n.host_id AND l.label = b.label
WHERE (b.host_pattern IS NOT NULL OR b.label IS NOT NULL)
  AND (b.label IS NULL OR MATCHES_PATTERN(LOWER(l.value), LOWER(b.label_pattern)))
  AND n.host_id {{of_hosts}}"""


def settle_labels(connection: Connection, of_hosts: str = "IS NOT NULL") -> None:
    """Derive anew what the imported rules and budgets mean for the hosts that there are.

    `of_hosts` is the rest of a condition that is true of the ids of those to do it for.
    """
    connection.begin()
    connection.execute(f"DELETE FROM host_labels WHERE host_id {of_hosts}")
    connection.execute(f"DELETE FROM budget_hosts WHERE host_id {of_hosts}")
    connection.execute(_HOST_LABELS.format(of_hosts=of_hosts))
    connection.execute(_BUDGET_HOSTS.format(of_hosts=of_hosts))
    connection.execute(
        f"UPDATE hosts SET labels = NULL WHERE labels IS NOT NULL AND host_id {of_hosts}"
    )
    connection.execute(_LABELS_OF_HOSTS.format(of_hosts=of_hosts))
    connection.commit()
