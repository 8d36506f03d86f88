"""Under which names the programs that ship logs as records write what oomdb needs.

A name is a path: `kubernetes.node_name` is the key `node_name` of the object
`kubernetes`, or one key that holds the dot itself. Each tuple is in order of
preference. The comments name the programs that write a name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from oomdb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A decoded JSON object.
Fields = dict[str, Any]

_HOST_LABELS = ("host", "hostname", "host.name", "node_name", "nodename", "node", "instance")


@dataclass(frozen=True, slots=True)
class Names:
    """The paths of each fact in a record, the best first."""

    #: The kernel's line: text, or the numbers of its bytes.
    message: tuple[str, ...] = (
        "MESSAGE",  # journald, and what forwards its fields unchanged
        "message",  # Vector, Elastic, CloudWatch, Fluent Bit (systemd input), rsyslog
        "msg",  # dmesg --json, Fluent Bit (kmsg input)
        "log",  # Docker's json-file, Kubernetes
        "textPayload",  # Google Cloud
        "SyslogMessage",  # Azure Monitor
        "full_message",  # GELF
        "short_message",
        "_raw",  # Splunk's search results
        "event",  # Splunk's HTTP event collector
        "line",  # Loki
        "body.stringValue",  # OpenTelemetry
        "body",
        "@message",  # CloudWatch Logs Insights
        "event.original",  # Elastic, where the message was taken apart
        "Message",
        "Msg",  # Azure Monitor, diagnostic settings of virtual machines
        "RawData",  # Azure, custom logs
    )
    #: The machine that printed the line.
    host: tuple[str, ...] = (
        "_HOSTNAME",  # journald
        "host",  # Vector, GELF, Splunk, Fluentd
        "hostname",  # Fluent Bit, rsyslog
        "host.name",  # Elastic
        "host.hostname",
        "kubernetes.node_name",  # Vector, Filebeat
        "kubernetes.node.name",
        "kubernetes.host",  # Fluent Bit and Fluentd
        "syslog_hostname",  # Logstash
        "logsource",
        "HOST",  # syslog-ng
        "HostName",  # Azure Monitor
        "SendingHost",
        "Computer",
        "node_name",
        "nodename",
        "labels.compute.googleapis.com/resource_name",  # Google Cloud
        "resource.labels.node_name",
        "resource.labels.instance_id",
        "resource.attributes.host.name",  # OpenTelemetry
        "attributes.host.name",
        *(f"stream.{label}" for label in _HOST_LABELS),  # Loki's query results
        *(f"labels.{label}" for label in _HOST_LABELS),  # logcli
        *(f"fields.{label}" for label in _HOST_LABELS),  # Splunk, Grafana
        "agent.hostname",  # Elastic, the shipper's own machine
        "beat.hostname",
        "ec2_instance_id",  # Fluent Bit's aws filter
        "logStreamName",  # CloudWatch: its agent names the stream by the instance
        "logStream",
        "@logStream",
    )
    #: The wall clock: ISO 8601, or a number of seconds to nanoseconds since 1970.
    time: tuple[str, ...] = (
        "__REALTIME_TIMESTAMP",  # journald, microseconds
        "realtime_timestamp",
        "@timestamp",  # Elastic, CloudWatch Logs Insights
        "timestamp",  # Vector, GELF, Google Cloud, CloudWatch, Loki
        "time",  # Docker, Splunk's collector, Azure
        "date",  # Fluent Bit
        "ts",
        "_time",  # Splunk's search results
        "ISODATE",  # syslog-ng
        "EventTime",  # Azure Monitor
        "TimeGenerated",
        "timeUnixNano",  # OpenTelemetry
        "observedTimeUnixNano",
        "receiveTimestamp",  # Google Cloud
    )
    #: The kernel's own stamp, in microseconds.
    uptime_us: tuple[str, ...] = (
        "_SOURCE_MONOTONIC_TIMESTAMP",  # journald
        "SOURCE_MONOTONIC_TIMESTAMP",
        "source_monotonic_timestamp",  # Fluent Bit
    )
    #: The boot that printed it.
    boot_id: tuple[str, ...] = ("_BOOT_ID", "BOOT_ID", "boot_id", "journald.host.boot_id")
    #: How journald received it.
    transport: tuple[str, ...] = ("_TRANSPORT", "TRANSPORT", "transport", "systemd.transport")
    #: journald's syslog facility, a number: 0 is the kernel.
    facility: tuple[str, ...] = ("SYSLOG_FACILITY",)
    #: The same as a syslog relay has it, a number or a name.
    relayed_facility: tuple[str, ...] = (
        "facility",  # rsyslog, Vector, Fluentd
        "FACILITY",  # syslog-ng
        "syslog_facility",  # Logstash
        "syslogfacility-text",  # rsyslog
        "log.syslog.facility.name",  # Filebeat, Elastic Common Schema
        "log.syslog.facility.code",
        "syslog.facility",
        "Facility",  # Azure Monitor
    )
    #: What the user named, as `FACT=NAME`; these stand first in the tuples above.
    own: tuple[str, ...] = ()
    #: The program that wrote the line.
    identifier: tuple[str, ...] = (
        "SYSLOG_IDENTIFIER",  # journald
        "syslog_identifier",
        "syslog.identifier",  # Filebeat
        "log.syslog.appname",
        "appname",  # Vector
        "app_name",
        "ident",  # Fluentd and Fluent Bit (syslog input)
        "program",  # Logstash
        "PROGRAM",  # syslog-ng
        "programname",  # rsyslog
        "syslogtag",
        "process.name",  # Filebeat's system module
        "ProcessName",  # Azure Monitor
    )

    def preferring(self, own: Sequence[str]) -> Names:
        """These names with a user's own before them, each as `FACT=NAME`.

        A fact is `message`, `host` or `time`; of several names for one, the first counts
        most. UsageError for anything else.
        """
        named: dict[str, tuple[str, ...]] = dict.fromkeys(_NAMED_BY_USER, ())
        for each in own:
            fact, _, name = each.partition("=")
            if fact not in named or not all(part.strip() for part in name.split(".")):
                facts = ", ".join(_NAMED_BY_USER)
                raise UsageError(f"{each!r} names no field: give FACT=NAME (facts: {facts})")
            named[fact] += (name,)
        return replace(
            self,
            message=named["message"] + self.message,
            host=named["host"] + self.host,
            time=named["time"] + self.time,
            own=tuple(own),
        )


_NAMED_BY_USER = ("message", "host", "time")
NAMES = Names()


def at_path(fields: Fields, path: str) -> Any:
    """What stands at a path; None when nothing does."""
    found = fields.get(path)
    if found is not None or "." not in path:
        return found
    head, _, rest = path.partition(".")
    inner = fields.get(head)
    if isinstance(inner, list):
        inner = pairs(inner)
    return at_path(inner, rest) if isinstance(inner, dict) else None


def pairs(listed: list[Any]) -> Fields | None:
    """A list of name-value objects as one object; None when it is another list.

    OpenTelemetry writes attributes so, CloudWatch Logs Insights whole records.
    """
    fields: Fields = {}
    for item in listed:
        if not isinstance(item, dict) or "value" not in item:
            return None
        name = item.get("key", item.get("field"))
        if not isinstance(name, str):
            return None
        value = item["value"]
        fields[name] = value.get("stringValue", value) if isinstance(value, dict) else value
    return fields or None
