"""What mutations begin with: logs and excerpts of every carrier, whole and packed."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path

from oomdb.reports.literals import LITERALS
from tests.test_sources.packing import COMPRESS, tar, zipped

ROOT = Path(__file__).parents[2]
_MOST_BYTES = 24 << 10

#: Pieces that readers look for.
TOKENS: tuple[bytes, ...] = (
    *LITERALS,
    b"\n",
    b"\0",
    b"\x1b[31m",
    b"#012",
    b"\\x0a",
    b"\\n",
    b"=3D",
    b"=\n",
    b"&#1;",
    b"```\n",
    b"<4>",
    b"[    6.221451] ",
    b"[T12] ",
    b"Jun  4 17:19:10 web1 kernel: ",
    b"Jun  4 17:19:10 web1 app[12]: ",
    b"2024-06-04T17:19:10.123456+02:00 web1 kernel: ",
    b"<4>1 2024-06-04T17:19:10Z web1 kernel - - - ",
    b"4,1,6221451,-;",
    b"4,1,6221451,c,ncfrag=0/40;",
    b"06-04 17:19:10.123     0     0 W ",
    b"60 <4>Jun  4 17:19:10 ",
    b"__CURSOR=s=1\n",
    b"MESSAGE\n\x10\0\0\0\0\0\0\0",
    b"_TRANSPORT=kernel\n",
    b'{"message":"',
    b'"}',
    b'[{"a":',
    b"}]",
    b"Panic#1 Part1\n",
    b"Node 0 DMA free:4kB ",
    b" kB",
    b"(null)",
    b"18014398509481983kB",
    b"99999999999999999999999999",
    b"-1",
    b"0x" + b"f" * 20,
    b"9" * 5000,
)


@cache
def logs() -> tuple[bytes, ...]:
    """Reports as kernels printed them, and as carriers brought them."""
    samples = sorted((ROOT / "samples").glob("**/*.log"))
    excerpts = sorted((ROOT / "tests" / "test_carriers" / "samples").glob("**/*"))
    files = [path.read_bytes() for path in (*samples, *excerpts) if path.is_file()]
    told = [_round_report(data) for data in files]
    return (*told, *_as_json(told[0]), *_as_kmsg(told[0]), _as_logcat(told[0]))


def _round_report(data: bytes) -> bytes:
    """The lines round the first report."""
    at = max(data.find(b"oom-killer") - (_MOST_BYTES // 4), 0)
    return data[at : at + _MOST_BYTES]


def _as_json(log: bytes) -> list[bytes]:
    lines = log.decode("latin-1").splitlines()[:120]
    records = [
        {"message": line, "host": {"name": "web1"}, "@timestamp": f"2024-06-04T17:{n // 60:02}:00Z"}
        for n, line in enumerate(lines)
    ]
    ring = [
        {"pri": 4, "time": 6.0 + n / 1e3, "msg": line.partition("] ")[2]}
        for n, line in enumerate(lines)
    ]
    return [
        "\n".join(map(json.dumps, records)).encode(),
        json.dumps({"hits": records}, indent=1).encode(),
        json.dumps({"dmesg": ring}).encode(),
    ]


def _as_kmsg(log: bytes) -> list[bytes]:
    texts = [line.partition(b"] ")[2] for line in log.splitlines()[:120]]
    heads = [b"4,%d,%d,-" % (n, 6_000_000 + n) for n in range(len(texts))]
    plain = [head + b";" + text for head, text in zip(heads, texts, strict=True)]
    parts = [
        b"%b,ncfrag=%d/%d;%b" % (head, at, len(text), text[at : at + 40])
        for head, text in zip(heads, texts, strict=True)
        for at in range(0, max(len(text), 1), 40)
    ]
    return [b"\n".join(plain), b"".join(parts)]


def _as_logcat(log: bytes) -> bytes:
    texts = [line.partition(b"] ")[2] for line in log.splitlines()[:120]]
    return b"\n".join(b"06-04 17:19:10.123     0     0 W         : " + text for text in texts)


@cache
def packed() -> tuple[bytes, ...]:
    """Containers of every kind, in each other too."""
    log = logs()[0][:4096]
    inner = tar({"var/log/messages": log, "etc/hostname": b"web1\n", "../x": log, "link": "/etc/x"})
    archive = zipped({"a/b.log": log, "/abs": log, "../../up": log})
    once = [pack(data) for pack in COMPRESS.values() for data in (log, inner)]
    twice = [
        COMPRESS["zstd"](COMPRESS["gzip"](inner)),
        zipped({"t.tar.gz": COMPRESS["gzip"](inner)}),
    ]
    return (inner, archive, *once, *twice, COMPRESS["gzip"](archive), tar({"z.zip": archive}))


@cache
def sheets() -> tuple[bytes, ...]:
    """CSV files of labels and of budgets."""
    return (
        b"host,env,team\nweb*,prod,shop\ndb[12],test,\n",
        b"comm,unit,host,budget,note\njava,,web*,4G,heap\n,nginx.service,,512M,\n*,,,1024,\n",
        "\ufeffhost;env\nweb1;é\n".encode(),
        b'host,env\n"a,b","x""y"\n',
        io.BytesIO(b"host\nweb1\n").getvalue(),
    )


def of(target: str) -> tuple[bytes, ...]:
    """The seeds of a target."""
    if target == "sources":
        return packed() + logs()[::5]
    return sheets() if target == "sheets" else logs()
