"""JSON as journalctl, dmesg and the shippers of logs write it."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oomdb.carriers.names import NAMES
from oomdb.carriers.record import stamp_of
from tests.printed import dmesg, log, report_6_1, syslog
from tests.test_carriers.streams import (
    LINES,
    RECORDS,
    evidence,
    facts,
    kernel_lines,
    raw_lines,
    reports,
    rows,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EPOCH_S = 1717521550
ISO = "2024-06-04T17:19:10"
HOST = "node-7.example"

Shape = dict[str, Any]


def ndjson(shapes: list[Shape]) -> bytes:
    return "".join(json.dumps(shape) + "\n" for shape in shapes).encode()


def one_line(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def pretty(document: Any) -> bytes:
    return json.dumps(document, indent=2).encode() + b"\n"


def each(shape: Callable[[str, int], Shape]) -> list[Shape]:
    return [shape(record, number) for number, record in enumerate(RECORDS)]


def journald(message: object, number: int) -> Shape:
    return {
        "__CURSOR": f"s=db5b;i={number:x};b=b4ad;m=1;t=2;x=3",
        "__REALTIME_TIMESTAMP": str(EPOCH_S * 10**6 + number),
        "__MONOTONIC_TIMESTAMP": str(7_000_000 + number),
        "_BOOT_ID": "b4add3d6e06444429b725186df943d9d",
        "_TRANSPORT": "kernel",
        "PRIORITY": "4",
        "SYSLOG_FACILITY": "0",
        "SYSLOG_IDENTIFIER": "kernel",
        "_SOURCE_MONOTONIC_TIMESTAMP": str(6_000_000 + number),
        "_HOSTNAME": HOST,
        "MESSAGE": message,
    }


def vector(message: str, number: int) -> Shape:
    return {
        **{name: value for name, value in journald("", number).items() if name != "MESSAGE"},
        "host": HOST,
        "message": message,
        "source_type": "journald",
        "timestamp": f"{ISO}.{number:06d}Z",
    }


def fluent_bit_systemd(message: str, number: int) -> Shape:
    return {
        "date": EPOCH_S + number / 1e6,
        "transport": "kernel",
        "syslog_identifier": "kernel",
        "source_monotonic_timestamp": str(6_000_000 + number),
        "hostname": HOST,
        "message": message,
    }


def fluent_bit_kmsg(message: str, number: int) -> Shape:
    return {
        "date": EPOCH_S + number / 1e6,
        "priority": 4,
        "sequence": 377 + number,
        "sec": 6,
        "usec": number,
        "msg": message.replace("\n", "\\x0a"),
        "hostname": HOST,
    }


def filebeat(message: str, number: int) -> Shape:
    return {
        "@timestamp": f"{ISO}.{number:03d}Z",
        "message": message,
        "host": {"hostname": HOST, "name": HOST, "os": {"family": "debian"}},
        "systemd": {"transport": "kernel"},
        "syslog": {"identifier": "kernel", "facility": 0},
        "log": {"offset": number, "file": {"path": "/var/log/kern.log"}},
        "tags": [{"a": 1}, {"b": [1, 2]}],
    }


def docker(message: str, number: int) -> Shape:
    return {"log": message + "\n", "stream": "stdout", "time": f"{ISO}.{number:09d}Z"}


def kubernetes(message: str, number: int) -> Shape:
    return {
        **docker(message, number),
        "kubernetes": {"pod_name": "npd-x", "node_name": HOST, "labels": {"app": "npd"}},
    }


def fluentd_syslog(message: str, number: int) -> Shape:
    return {
        "host": HOST,
        "ident": "kernel",
        "message": message,
        "timestamp": EPOCH_S + number / 1e3,
    }


def rsyslog(message: str, number: int) -> Shape:
    return {
        "@timestamp": f"{ISO}.{number:06d}+00:00",
        "host": HOST,
        "severity": "warning",
        "facility": "kern",
        "syslogtag": "kernel:",
        "message": " " + message,
    }


def gelf(message: str, number: int) -> Shape:
    return {
        "version": "1.1",
        "host": HOST,
        "short_message": message.partition("\n")[0],
        "full_message": message,
        "timestamp": EPOCH_S + number / 1e3,
        "level": 4,
        "_facility": "kern",
    }


def splunk_event(message: str, number: int) -> Shape:
    return {
        "time": EPOCH_S + number / 1e3,
        "host": HOST,
        "source": "/var/log/kern.log",
        "sourcetype": "linux_messages_syslog",
        "event": message,
    }


def splunk_nested(message: str, number: int) -> Shape:
    return {"time": str(EPOCH_S), "host": HOST, "event": {"message": message, "n": number}}


def splunk_export(message: str, number: int) -> Shape:
    return {
        "preview": False,
        "offset": number,
        "result": {"_raw": message, "_time": f"{ISO}.000+00:00", "host": HOST},
    }


def gcp_text(message: str, number: int) -> Shape:
    return {
        "insertId": f"x{number}",
        "logName": "projects/p/logs/kern",
        "receiveTimestamp": "2024-06-05T00:00:00Z",
        "resource": {"type": "gce_instance", "labels": {"instance_id": "42", "zone": "z"}},
        "labels": {"compute.googleapis.com/resource_name": HOST},
        "textPayload": message,
        "timestamp": f"{ISO}.{number:09d}Z",
    }


def gcp_json(message: str, number: int) -> Shape:
    entry = gcp_text(message, number)
    del entry["textPayload"]
    return {**entry, "jsonPayload": {"MESSAGE": message, "SYSLOG_IDENTIFIER": "kernel"}}


def azure(message: str, number: int) -> Shape:
    return {
        "TimeGenerated": f"{ISO}.{number:07d}Z",
        "Computer": HOST,
        "Facility": "kern",
        "ProcessName": "kernel",
        "SyslogMessage": message,
    }


def azure_records(message: str, number: int) -> Shape:
    return {
        "time": f"{ISO}.{number:07d}Z",
        "resourceId": "/SUBSCRIPTIONS/X",
        "properties": {"log": message, "hostname": HOST},
    }


def logcli(message: str, number: int) -> Shape:
    return {
        "labels": {"job": "kern", "host": HOST},
        "line": message,
        "timestamp": f"{ISO}.{number:09d}Z",
    }


def lambda_journal(message: str, number: int) -> Shape:
    return {"timestamp": EPOCH_S * 1000 + number, "message": json.dumps(journald(message, number))}


def whole_line(message: str, number: int) -> Shape:
    lines = "\n".join(syslog(message.split("\n"), HOST, f"{ISO}.{number:06d}+00:00"))
    return {"@timestamp": "2025-01-01T00:00:00Z", "host": {"name": "shipper"}, "message": lines}


RECORD_SHAPES = [
    journald,
    vector,
    fluent_bit_systemd,
    fluent_bit_kmsg,
    filebeat,
    docker,
    kubernetes,
    fluentd_syslog,
    rsyslog,
    gelf,
    splunk_event,
    splunk_nested,
    splunk_export,
    gcp_text,
    gcp_json,
    azure,
    azure_records,
    logcli,
    lambda_journal,
    whole_line,
]


def elastic_hits() -> Shape:
    hits = [
        {"_index": "filebeat", "_id": f"{number}", "_source": source, "sort": [number]}
        for number, source in enumerate(each(filebeat))
    ]
    return {"took": 5, "timed_out": False, "hits": {"total": {"value": 9}, "hits": hits}}


def loki_entries() -> list[list[str]]:
    return [[f"{EPOCH_S}{number:09d}", record] for number, record in enumerate(RECORDS)]


def loki_query() -> Shape:
    other = {"stream": {"host": "other"}, "values": [[f"{EPOCH_S}000000001", "eth0: link up"]]}
    ours = {"stream": {"job": "kern", "host": HOST}, "values": loki_entries()}
    return {"status": "success", "data": {"resultType": "streams", "result": [other, ours]}}


def loki_push() -> Shape:
    return {"streams": [{"stream": {"node_name": HOST}, "values": loki_entries()}]}


def cloudwatch_events() -> Shape:
    events = [
        {"timestamp": EPOCH_S * 1000 + number, "message": record, "ingestionTime": 1}
        for number, record in enumerate(RECORDS)
    ]
    return {"events": events, "nextForwardToken": "f/1"}


def cloudwatch_subscription() -> Shape:
    events = cloudwatch_events()["events"]
    return {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/var/log/kern",
        "logStream": HOST,
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": "1", **event} for event in events],
    }


def cloudwatch_insights() -> Shape:
    results = [
        [
            {"field": "@timestamp", "value": f"{ISO}.{number:03d}"},
            {"field": "@message", "value": record},
            {"field": "@logStream", "value": HOST},
        ]
        for number, record in enumerate(RECORDS)
    ]
    return {"results": results, "status": "Complete"}


def opentelemetry() -> Shape:
    resource = {"attributes": [{"key": "host.name", "value": {"stringValue": HOST}}]}
    records = [
        {"timeUnixNano": f"{EPOCH_S}{number:09d}", "body": {"stringValue": record}}
        for number, record in enumerate(RECORDS)
    ]
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}


def dmesg_json() -> Shape:
    records = [
        {"pri": 4, "time": 6 + number / 1e6, "msg": record} for number, record in enumerate(RECORDS)
    ]
    return {"dmesg": records}


DOCUMENTS: list[Callable[[], Any]] = [
    elastic_hits,
    loki_query,
    loki_push,
    cloudwatch_events,
    cloudwatch_subscription,
    cloudwatch_insights,
    opentelemetry,
    dmesg_json,
    lambda: each(gcp_json),
    lambda: {"records": each(azure_records)},
    lambda: {"data": [{"id": "x", "attributes": shape} for shape in each(vector)]},
]
[PLAIN] = reports(log(dmesg(report_6_1())))


def streams() -> list[Any]:
    return [*_streams()]


def _streams() -> Iterator[Any]:
    for shape in RECORD_SHAPES:
        name = shape.__name__
        yield pytest.param(ndjson(each(shape)), id=f"{name}-lines")
        yield pytest.param(b"".join(map(pretty, each(shape))), id=f"{name}-pretty")
        yield pytest.param(one_line(each(shape)), id=f"{name}-array")
        yield pytest.param(pretty(each(shape)), id=f"{name}-pretty-array")
    for document in DOCUMENTS:
        built = document()
        yield pytest.param(one_line(built), id=f"{document.__name__}-line")
        yield pytest.param(pretty(built), id=f"{document.__name__}-pretty")


@pytest.mark.parametrize("data", streams())
def test_every_shape_and_layout_gives_the_report(data: bytes) -> None:
    [located] = reports(data)
    assert facts(located) == facts(PLAIN)
    assert [line for line in texts(data) if line != "eth0: link up"] == LINES


@pytest.mark.parametrize("data", streams())
def test_the_kept_evidence_gives_the_same_report(data: bytes) -> None:
    [located] = reports(data)
    [again] = reports(evidence(located))
    assert rows(again) == rows(located)
    assert again.host == located.host
    assert [line.text for line in again.lines] == [line.text for line in located.lines]
    assert evidence(again) == evidence(located)


@pytest.mark.parametrize("data", streams())
def test_evidence_is_what_stands_at_its_offsets(data: bytes) -> None:
    for line in kernel_lines(data):
        printed = data[line.first_byte : line.last_byte].decode("latin-1").rstrip("\n")
        assert printed in line.raw
        assert data[: line.first_byte].count(b"\n") + 1 == line.line_no


@pytest.mark.parametrize("shape", [s for s in RECORD_SHAPES if s is not docker])
def test_the_host_is_told(shape: Callable[[str, int], Shape]) -> None:
    for data in (ndjson(each(shape)), pretty(each(shape))):
        assert {line.host for line in kernel_lines(data)} == {HOST}


@pytest.mark.parametrize("shape", RECORD_SHAPES)
def test_the_time_is_told_in_iso_8601(shape: Callable[[str, int], Shape]) -> None:
    stamps = {line.stamp for line in kernel_lines(ndjson(each(shape)))}
    assert all(stamp is not None and stamp.startswith(ISO) for stamp in stamps)


@pytest.mark.parametrize(
    "document", [loki_push, cloudwatch_subscription, cloudwatch_insights, opentelemetry]
)
def test_what_stands_round_a_result_holds_for_its_entries(document: Callable[[], Shape]) -> None:
    for data in (one_line(document()), pretty(document())):
        lines = kernel_lines(data)
        assert {line.host for line in lines} == {HOST}
        assert all(line.stamp is not None and line.stamp.startswith(ISO) for line in lines)


def test_two_streams_of_one_result_keep_their_hosts() -> None:
    hosts = {line.text: line.host for line in kernel_lines(pretty(loki_query()))}
    assert hosts["eth0: link up"] == "other"
    assert hosts[LINES[0]] == HOST


@pytest.mark.parametrize(
    "document",
    [
        {"status": "success", "data": {"result": [{"stream": {}, "values": loki_entries()[::-1]}]}},
        {"hits": {"hits": [{"_source": source} for source in reversed(each(filebeat))]}},
        {"results": cloudwatch_insights()["results"][::-1]},
    ],
)
def test_a_result_with_the_newest_first_is_turned_round(document: Shape) -> None:
    for data in (one_line(document), pretty(document)):
        assert texts(data) == LINES


def test_entries_of_one_moment_are_put_in_the_order_of_the_kernel() -> None:
    shapes = [
        {**journald(text, number), "__REALTIME_TIMESTAMP": f"{EPOCH_S + number // 2}000000"}
        for number, text in enumerate("abcdef")
    ]
    swapped = [shapes[at] for at in (4, 5, 2, 3, 0, 1)]
    assert texts(one_line({"hits": swapped})) == list("abcdef")


def test_a_long_result_of_one_moment_keeps_its_order() -> None:
    entries = [{"message": f"line {number}", "time": EPOCH_S} for number in range(3000)]
    lines = kernel_lines(b"[" + b",\n".join(map(one_line, entries)) + b"]\n")
    assert [line.text for line in lines] == [entry["message"] for entry in entries]


def test_journald_tells_everything() -> None:
    [line] = kernel_lines(ndjson([journald("Mem-Info:", 338)]))
    assert line.stamp == f"{ISO}.000338Z"
    assert line.uptime_s == 6.000338
    assert line.boot_id == "b4add3d6e06444429b725186df943d9d"
    assert (line.carrier, line.prefixed, line.foreign) == ("journal-json", True, False)


@pytest.mark.parametrize(
    "changed",
    [
        {"_TRANSPORT": "journal"},
        {"_TRANSPORT": "syslog"},
        {"_TRANSPORT": "stdout"},
        {"SYSLOG_IDENTIFIER": "systemd", "SYSLOG_FACILITY": "3"},
        {"SYSLOG_FACILITY": "1"},
    ],
)
def test_a_report_that_a_program_wrote_is_none(changed: Shape) -> None:
    shapes = [{**shape, **changed} for shape in each(journald)]
    assert all(line.foreign for line in kernel_lines(ndjson(shapes)))
    assert reports(ndjson(shapes)) == []


def test_a_line_of_the_kernel_is_one_whatever_program_carried_it() -> None:
    shape = {"program": "imfile", "message": f"Jun  4 17:19:10 {HOST} kernel: Mem-Info:"}
    forged = {**journald("Jun  4 17:19:10 web1 kernel: Mem-Info:", 1), "_TRANSPORT": "syslog"}
    [carried] = kernel_lines(ndjson([shape]))
    assert (carried.text, carried.host, carried.foreign) == ("Mem-Info:", HOST, False)
    assert kernel_lines(ndjson([forged]))[0].foreign


def test_bytes_that_are_not_utf_8_are_kept() -> None:
    message = b"Killed process 7 (caf\xe9)"
    [line] = kernel_lines(ndjson([journald(list(message), 1)]))
    assert line.text == message.decode("latin-1")
    [line] = kernel_lines(b'{"msg":"Killed process 7 (caf\xe9)","pri":4,"time":1.5}\n')
    assert line.text == message.decode("latin-1")
    [line] = kernel_lines(ndjson([{"message": "caf\u00e9 \ud800 \udce9"}]))
    assert line.text.startswith("caf\xc3\xa9 ")


def test_dmesg_tells_uptime_caller_and_who_wrote() -> None:
    records = [
        {"pri": 4, "time": 6.244434, "caller": "T124", "msg": "Mem-Info:"},
        {"pri": 12, "time": 6.5, "msg": "forged"},
        {"fac": "user", "pri": "warn", "time": 6.6, "msg": "forged"},
        {"fac": "kern", "pri": "warn", "time": 6.7, "msg": "printed"},
    ]
    lines = kernel_lines(pretty({"dmesg": records}))
    assert [line.uptime_s for line in lines] == [6.244434, 6.5, 6.6, 6.7]
    assert [line.foreign for line in lines] == [False, True, True, False]
    assert [line.caller for line in lines] == ["T124", None, None, None]
    assert {line.carrier for line in lines} == {"dmesg-json"}
    assert {line.stamp for line in lines} == {None}


@pytest.mark.parametrize(
    ("value", "stamp"),
    [
        (1717521550, f"{ISO}Z"),
        (1717521550.25, f"{ISO}.250000Z"),
        ("1717521550.123456", f"{ISO}.123456Z"),
        (1717521550123, f"{ISO}.123000Z"),
        ("1717521550123456", f"{ISO}.123456Z"),
        (1717521550123456789, f"{ISO}.123456789Z"),
        ("1717521550123456789", f"{ISO}.123456789Z"),
        (f"{ISO}.123456789+02:00", f"{ISO}.123456789+02:00"),
        (6.244434, None),
        (20240604, None),
        (-1717521550, None),
        (True, None),
        (None, None),
        (1e300, None),
        (float("nan"), None),
        (10**4000, None),
        ("9" * 40, None),
        ("", None),
    ],
)
def test_numbers_are_times_by_their_size(value: object, stamp: str | None) -> None:
    assert stamp_of(value) == stamp


def test_names_of_a_users_own_come_first() -> None:
    data = ndjson([{"payload": {"text": "Mem-Info:"}, "box": "b1", "when": EPOCH_S, "msg": "no"}])
    names = NAMES.preferring(["message=payload.text", "host=box", "time=when"])
    [line] = kernel_lines(data, names)
    assert (line.text, line.host, line.stamp) == ("Mem-Info:", "b1", f"{ISO}Z")


@pytest.mark.parametrize(
    "data",
    [
        b"\x1e" + b"\x1e".join(one_line(shape) for shape in each(journald)),
        b"\x1e" + b"\x1e".join(pretty(shape) for shape in each(journald)),
        b"".join(b"data: " + one_line(shape) + b"\n" for shape in each(journald)),
        b"".join(one_line(shape).rstrip() for shape in each(journald)),
        b"\0".join(one_line(shape).rstrip() for shape in each(gelf)) + b"\0\n",
        b"".join(one_line(shape).replace(b"\n", b"\r\n") for shape in each(journald)),
        pretty(each(journald)).replace(b"\n", b"\r\n"),
        b"".join(
            f"{ISO}+00:00\tkern\t{json.dumps({'message': record})}\n".encode() for record in RECORDS
        ),
        b"".join(
            f"kmsg: [{EPOCH_S}.5, {json.dumps({'msg': record})}]\n".encode() for record in RECORDS
        ),
    ],
    ids=["seq", "seq-pretty", "sse", "joined", "nul", "crlf", "crlf-pretty", "fluentd", "fluent"],
)
def test_marks_and_heads_of_records(data: bytes) -> None:
    assert texts(data) == LINES
    [located] = reports(data)
    [again] = reports(evidence(located))
    assert rows(again) == rows(located)


def test_plain_lines_between_records_stay_plain() -> None:
    plain = b"Jun  4 17:19:10 web1 kernel: eth0: link up\n[    6.244434] usb 1-1: new device\n"
    json_data = ndjson([journald("a", 1)])
    found = kernel_lines(plain + json_data + plain + b"{\n" + plain + b'{"MESSAGE": "cut\n' + plain)
    assert [line.text for line in found if line.text != "{"] == [
        *["eth0: link up", "usb 1-1: new device"],
        "a",
        *["eth0: link up", "usb 1-1: new device"] * 3,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[  112]     0   112      565      263    28672        0         -1000 init",
        "[    6.244434] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name",
        " [<ffffffff81012345>] dump_stack+0x19/0x1b",
        'Jun  4 17:19:10 web1 app[7]: {"msg": "Mem-Info:"}',
        "lowmem_reserve[]: 0 1 2 [3]",
        "Call Trace: {irq}",
    ],
)
def test_lines_with_brackets_are_not_json(text: str) -> None:
    [line] = kernel_lines(text.encode() + b"\n")
    assert line.carrier in ("bare", "dmesg", "syslog")


@given(st.integers(0, 2**16), st.sampled_from([one_line, pretty]), st.sampled_from(DOCUMENTS))
@settings(deadline=None)
def test_a_document_cut_anywhere_gives_the_rest(
    at: int, layout: Callable[[Any], bytes], document: Callable[[], Any]
) -> None:
    data = layout(document())
    whole = kernel_lines(data)
    at %= len(data)
    if layout is pretty:
        at = data.rfind(b"\n", 0, at) + 1
    first = next((n for n, line in enumerate(whole) if line.first_byte >= at), len(whole))
    rest = [line.text for line in whole[first:]]
    # What is begun within an entry may still show a smaller object of it.
    found = [line.text for line in kernel_lines(data[at:])]
    assert found[len(found) - len(rest) :] == rest


@given(st.integers(1, 5000), st.sampled_from([param.values[0] for param in streams()]))
@settings(deadline=None, max_examples=60)
def test_blocks_of_any_size_give_the_same_report(size: int, data: bytes) -> None:
    [located] = reports(data, size)
    [expected] = reports(data)
    assert (located.lines, located.host) == (expected.lines, expected.host)


@given(st.binary(max_size=400) | st.text(alphabet='{}[]",:\\ \nab1\x1e', max_size=200))
@settings(deadline=None, max_examples=400)
def test_nothing_raises_and_records_behind_it_are_found(junk: bytes | str) -> None:
    data = junk if isinstance(junk, bytes) else junk.encode()
    lines = kernel_lines(data + b"\n\n" + ndjson(each(journald)))
    assert [line.text for line in lines if not line.foreign][-len(LINES) :] == LINES


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["message", "MESSAGE", "host", "time", "msg", "pri", "log", "x.y"])
                | st.text(max_size=5),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
@example(value=[253402300800.0])
@example(value={"pri": 4, "msg": "x", "time": 10**400})
@example(value={"pri": 4, "msg": "x", "time": float("nan")})
@example(value={"sequence": 1, "msg": "x", "sec": 10**400, "usec": -1})
@example(value={"message": "x", "_SOURCE_MONOTONIC_TIMESTAMP": "9" * 5000})
@settings(deadline=None, max_examples=300)
def test_any_value_is_read(value: Any) -> None:
    for layout in (one_line, pretty):
        for line in kernel_lines(layout(value)):
            line.text.encode("latin-1")
            line.raw.encode("latin-1")
            (line.host or "").encode("latin-1")
            (line.stamp or "").encode("latin-1")


#: The most of a record that is kept, in place of what would take long to pass.
LOWERED = 1 << 17


@pytest.fixture
def records_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json_text", "json_records"):
        monkeypatch.setattr(f"oomdb.carriers.{name}.MOST_RECORD", LOWERED)


@pytest.mark.usefixtures("records_are_short")
@pytest.mark.parametrize(
    "filler",
    [
        b'{"a":' * 200_000 + b"\n",
        b"[" * 200_000 + b"\n",
        b'{"MESSAGE":"' + b"x" * (3 * LOWERED) + b'"}\n',
        b'{"a":[' + b"1," * LOWERED + b"1]}\n",
        b'{"a":[\n' + b"1,\n" * (LOWERED // 2) + b"1]}\n",
        b'{\n"a": "' + b"\\" * (2 * LOWERED) + b'"}\n',
    ],
    ids=["deep", "brackets", "string", "numbers", "rows", "escapes"],
)
def test_what_is_too_large_is_passed_over(filler: bytes) -> None:
    assert texts(filler + ndjson(each(journald)))[-len(LINES) :] == LINES


@pytest.mark.usefixtures("records_are_short")
def test_a_result_without_end_is_not_held() -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"hits":{"hits":['
        noise = json.dumps({"_source": filebeat("eth0: link up", 1)}).encode()
        for _ in range(9):
            yield b",".join([noise] * 250) + b","
        yield one_line(each(filebeat)).strip()[1:-1]
        yield b"]}}\n"

    from oomdb.reports.reader import in_blocks

    tracemalloc.start()
    [located] = in_blocks(endless())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert facts(located) == facts(PLAIN)
    assert peak < 7 << 20


def test_raw_lines_are_those_of_the_stream() -> None:
    data = b"a\n\nb"
    assert [(line.text, line.first_byte, line.last_byte) for line in raw_lines(data)] == [
        ("a", 0, 2),
        ("", 2, 3),
        ("b", 3, 4),
    ]


@pytest.mark.parametrize("step", [1, -1], ids=["upward", "downward"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["records", "within a result"])
def test_records_in_lines_of_their_own_that_stand_the_newest_first(
    step: int, *, wrapped: bool
) -> None:
    shapes = each(
        lambda record, number: {
            "labels": {"host": HOST},
            "line": record,
            "timestamp": f"{ISO}.{number:06d}Z",
        }
    )[::step]
    data = ndjson([{"result": shape} for shape in shapes] if wrapped else shapes)
    [found] = reports(data)
    assert facts(found) == facts(reports(log(LINES))[0])
    assert found.host == HOST
    [again] = reports(evidence(found))
    assert facts(again) == facts(found)


def test_a_kill_in_bytes_alone_is_found() -> None:
    """journalctl writes a message that is not UTF-8 as numbers."""
    kill = (
        b"Memory cgroup out of memory: Killed process 7 (j\xff) total-vm:9kB, anon-rss:8kB,"
        b" file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0"
    )
    for separators in ((",", ":"), (", ", ": ")):
        data = json.dumps(journald(list(kill), 1), separators=separators).encode() + b"\n"
        [found] = reports(data)
        assert rows(found).of("victims")[0]["pid"] == 7


def test_rows_of_a_table_whose_columns_are_named_before_it() -> None:
    columns = [{"name": name} for name in ("TimeGenerated", "Computer", "SyslogMessage")]
    listed = [[f"{ISO}.{number:06d}Z", HOST, line] for number, line in enumerate(LINES)]
    data = one_line({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": listed}]})
    [found] = reports(data)
    assert facts(found) == facts(reports(log(LINES))[0])
    assert (found.host, found.lines[0].stamp) == (HOST, f"{ISO}.000000Z")
    [again] = reports(evidence(found))
    assert (facts(again), again.host) == (facts(found), HOST)


def test_the_start_of_a_document_tells_the_host_however_far_from_the_report() -> None:
    noise = [[f"{EPOCH_S}{0:09d}", "x" * 1000] for _ in range(2000)]
    values = noise + [[f"{EPOCH_S}{n:09d}", line] for n, line in enumerate(LINES, 1)]
    document = {"data": {"result": [{"stream": {"host": HOST}, "values": values}]}}
    for data in (one_line(document), pretty(document)):
        [found] = reports(data)
        assert (found.host, facts(found)) == (HOST, facts(reports(log(LINES))[0]))
