"""Machines, and what users tell of them."""

from __future__ import annotations

from oomdb.tables.column import Column, Magnitude, Table, Type, count, text

HOSTS = Table(
    "hosts",
    "A machine.",
    (
        text("host_id", "Derived from the host name.", required=True),
        text("hostname", "Its fullest printed name.", required=True),
        text("labels", "Its labels as `role=db, site=eu`, by name; NULL for none."),
    ),
    key=("host_id",),
)

HOST_NAMES = Table(
    "host_names",
    "A name under which logs print a machine.",
    (
        text("host_id", "The machine.", required=True),
        text("name", "The name as printed.", required=True),
    ),
)

HOST_LABELS = Table(
    "host_labels",
    "A label of a machine, as the rules in `host_rules` give it.",
    (
        text("host_id", "The machine.", required=True),
        text("label", "Name of the label, such as role, cluster, owner.", required=True),
        text("value", "What it says of this machine.", required=True),
    ),
)

HOST_RULES = Table(
    "host_rules",
    "One label that a line of an imported CSV file gives to hosts.",
    (
        count("rule_no", "Order of the lines, from 1; of those that fit the last counts."),
        text("host_pattern", "Shell pattern of the host names that it is for.", required=True),
        text("label", "Name of the label.", required=True),
        text("value", "Its value for those hosts.", required=True),
    ),
)

BUDGETS = Table(
    "budgets",
    "How much memory processes may hold: one line of an imported CSV file.",
    (
        count("budget_no", "Order of the lines, from 1; of those that fit the last counts."),
        text("host_pattern", "Shell pattern of the hosts that it is for; NULL for all hosts."),
        text("label", "A label that those hosts must have; NULL for no such condition."),
        text("label_pattern", "Shell pattern of that label's value."),
        text("comm_pattern", "Pattern of process names as given; NULL for all names."),
        text("unit_pattern", "Pattern of systemd units as given; NULL for all processes."),
        text("comm_like", "comm_pattern for LIKE ... ESCAPE '!', cut as the kernel cuts names."),
        text("unit_like", "unit_pattern for LIKE ... ESCAPE '!'."),
        Column(
            "budget_kb",
            Type.INTEGER,
            "What a process may hold at most [kB].",
            Magnitude.RAM_KB,
            required=True,
        ),
        text("note", "What the file says about it."),
    ),
)

BUDGET_HOSTS = Table(
    "budget_hosts",
    "A host that a budget for certain hosts is for.",
    (
        count("budget_no", "The budget.", required=True),
        text("host_id", "The machine.", required=True),
    ),
)
