"""What each program puts before a kernel's line, and that it comes off whole."""

from __future__ import annotations

import pytest

from oomdb.carriers.line import KernelLine, RawLine
from oomdb.carriers.prefix import PrefixReader, split
from oomdb.clock import moment

TEXT = "java invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0"


def taken(prefix: str, text: str = TEXT) -> KernelLine:
    return split(prefix + text, 1, 0, len(prefix + text) + 1)


@pytest.mark.parametrize(
    ("prefix", "host", "stamp"),
    [
        ("Jun  4 17:19:10 web1 kernel: ", "web1", "Jun  4 17:19:10"),
        ("Jun  4 17:19:10 kernel: ", None, "Jun  4 17:19:10"),
        ("Jun  4 17:19:10  kernel: ", None, "Jun  4 17:19:10"),
        ("Jun  4 17:19:10 <my-host> kernel: ", None, "Jun  4 17:19:10"),
        ("2024-06-04T17:19:10.12345 kern.warn: ", None, "2024-06-04T17:19:10.12345"),
        ("2024-06-04_17:19:10.12345 kern.err: [    6.011] ", None, "2024-06-04_17:19:10.12345"),
        ("Jun  4 17:19:10.123456 web1 kernel: ", "web1", "Jun  4 17:19:10.123456"),
        ("Jun  4 17:19:10 web1 kern.warn kernel: ", "web1", "Jun  4 17:19:10"),
        ("<4>Jun  4 17:19:10 web1 kernel: ", "web1", "Jun  4 17:19:10"),
        ("2024 Jun  4 17:19:10 web1 kernel: ", "web1", "2024 Jun  4 17:19:10"),
        ("2024-06-04T17:19:10.1+02:00 w.x.org kernel: ", "w.x.org", "2024-06-04T17:19:10.1+02:00"),
        ("2024-06-04T17:19:10+0200 web1 kernel: ", "web1", "2024-06-04T17:19:10+0200"),
        ("2024-06-04 17:19:10 web1 kernel: ", "web1", "2024-06-04 17:19:10"),
        ("<4>1 2024-06-04T17:19:10Z web1 kernel - - - ", "web1", "2024-06-04T17:19:10Z"),
        ('<4>1 2024-06-04T17:19:10Z web1 kernel - - [a b="\\]"] ', "web1", "2024-06-04T17:19:10Z"),
        ("107 <4>1 2024-06-04T17:19:10Z web1 kernel - - - ", "web1", "2024-06-04T17:19:10Z"),
        ("<4>1 - web1 kernel - - - ", "web1", None),
        ("<4>1 2024-06-04T17:19:10Z - kernel - - - ", None, "2024-06-04T17:19:10Z"),
        ("93 <4>Jun  4 17:19:10 web1 kernel: ", "web1", "Jun  4 17:19:10"),
        ("Jun  4 17:19:10 kern.warn kernel: ", None, "Jun  4 17:19:10"),
        ("Jun  4 17:19:10 2001:db8::7 kernel: ", "2001:db8::7", "Jun  4 17:19:10"),
        ("Jun  4 17:19:10 [192.0.2.7] kernel: ", "192.0.2.7", "Jun  4 17:19:10"),
        ("Jun  4 17:19:10 [kernel] ", None, "Jun  4 17:19:10"),
        ("Tue Jun  4 17:19:10 2024 web1 kernel: ", "web1", "Tue Jun  4 17:19:10 2024"),
        ("juin 04 17:19:10 web1 kernel: ", "web1", "juin 04 17:19:10"),
        ("Di 2024-06-04 17:19:10 UTC web1 kernel: ", "web1", "Di 2024-06-04 17:19:10 UTC"),
        ("kern  :warn  : 2024-06-04T17:19:10,1+00:00 ", None, "2024-06-04T17:19:10,1+00:00"),
        ("2024-06-04T17:19:10,1+00:00 [  T124] ", None, "2024-06-04T17:19:10,1+00:00"),
        ("[Tue Jun  4 17:19:10 2024 <    0.1>] ", None, "Tue Jun  4 17:19:10 2024"),
        ("[<    0.001149>] ", None, None),
        ("00177 ", None, None),
        ("2024-06-04T17:19:10.1Z stdout F ", None, "2024-06-04T17:19:10.1Z"),
        ("2024-06-04T17:19:10Z stderr P Jun  4 17:19:09 web1 kernel: ", "web1", "Jun  4 17:19:09"),
        ("2024-06-04T17:19:10Z Jun  4 17:19:09 web1 kernel: ", "web1", "Jun  4 17:19:09"),
        ("web1.example.com Jun 04 17:19:10.5 web1 kernel: ", "web1", "Jun 04 17:19:10.5"),
        ("Tue 2024-06-04 17:19:10 CEST web1 kernel: ", "web1", "Tue 2024-06-04 17:19:10 CEST"),
        ("1717521550.500338 web1 kernel: ", "web1", "2024-06-04T17:19:10.500338Z"),
        ("[Tue Jun  4 17:19:10 2024] ", None, "Tue Jun  4 17:19:10 2024"),
        ("[mar. juin  4 17:19:10 2024] ", None, "mar. juin  4 17:19:10 2024"),
        ("[Jun04 17:19] ", None, "Jun04 17:19"),
        ("2024-06-04T17:19:10,123456+00:00 ", None, "2024-06-04T17:19:10,123456+00:00"),
        ("[2024-06-04 17:19:10] ", None, "2024-06-04 17:19:10"),
        ("[1717521550.500338] ", None, "2024-06-04T17:19:10.500338Z"),
        ("Tue Jun  4 17:19:10 2024 kern.warn kernel: ", None, "Tue Jun  4 17:19:10 2024"),
        ("Jun  4 17:19:10 kern.warn kernel: ", None, "Jun  4 17:19:10"),
        ("Jun  4 17:19:10 fe80::12:1 kernel: ", "fe80::12:1", "Jun  4 17:19:10"),
        ("/var/log/messages:Jun  4 17:19:10 web1 kernel: ", "web1", "Jun  4 17:19:10"),
        ("var/kern.log:118:Jun  4 17:19:10 web1 kernel: ", "web1", "Jun  4 17:19:10"),
        ("kern  :warn  : [Tue Jun  4 17:19:10 2024] ", None, "Tue Jun  4 17:19:10 2024"),
    ],
)
def test_stamps_of_the_time_of_day(prefix: str, host: str | None, stamp: str | None) -> None:
    line = taken(prefix)
    assert (line.text, line.host, line.stamp, line.foreign) == (TEXT, host, stamp, False)
    assert line.raw == prefix + TEXT


@pytest.mark.parametrize(
    ("prefix", "host", "caller"),
    [
        ("[   12.345678] ", None, None),
        ("<4>[   12.345678] ", None, None),
        ("kern  :warn  : [   12.345678] ", None, None),
        ("[   12.345678 <    1.000000>] ", None, None),
        ("[   12.345678][  T124] ", None, "T124"),
        ("[   12.345678] [   C1] ", None, "C1"),
        ("[   12.345678] (2)[124:kworker/u8:1]", None, None),
        ("<4>[   12.345678]-(2)[124:kworker/u8:1]", None, None),
        ("<4>[   12.345678]  [2:  kworker/u8:1:  124] ", None, None),
        ("[   12.345678s][pid:124,cpu2,kworker/u8:1]", None, None),
        ("[   12.345678@2] ", None, None),
        ("118:[   12.345678] ", None, None),
        ("\x1b[32m[   12.345678] \x1b[0m", None, None),
        ("Jun  4 17:19:10 web1 kernel: [   12.345678] ", "web1", None),
        ("[   12.345678] web1 kernel: ", "web1", None),
        ("[   12.345678 <    0.001149 >] web1 kernel: ", "web1", None),
        ("Jun  4 17:19:10 192.0.2.7 [   12.345678] ", "192.0.2.7", None),
        ("2024-06-04T17:19:10Z web1 [   12.345678] ", "web1", None),
        ("Jun 04 17:19:10 [   12.345678] ", None, None),
        ("web1: [   12.345678] ", "web1", None),
        ("[pod/kmsg-x7/tail] [   12.345678] ", None, None),
        ("kmsg-1  | [   12.345678] ", None, None),
        ("web1 login: [   12.345678] ", None, None),
        ("<4>[   12.345678]  (0)[124:java]", None, None),
        ("<4>[   12.345678] I[0:      swapper/0:    0] ", None, None),
        ("> [   12.345678] ", None, None),
    ],
)
def test_stamps_since_boot(prefix: str, host: str | None, caller: str | None) -> None:
    line = taken(prefix)
    assert (line.text, line.uptime_s, line.host, line.caller) == (TEXT, 12.345678, host, caller)


@pytest.mark.parametrize(
    "text",
    [
        "Call Trace:",
        "Hardware name: QEMU Standard PC",
        "Mem-Info:",
        "CPU: 0 PID: 124 Comm: java Not tainted 6.1.0 #1",
        "oom-kill:constraint=CONSTRAINT_NONE,task=java,pid=124,uid=0",
        "active_anon:28337 inactive_anon:0 isolated_anon:0",
        "lowmem_reserve[]: 0 125 125 125 125",
        "Out of memory: Killed process 124 (java) total-vm:79836kB",
        "kworker/0:0 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1",
        "oom_reaper: reaped process 124 (java), now anon-rss:0kB",
        "Node 0 DMA: 1*4kB (U) 0*8kB = 4kB",
        "[<10408594>] show_stack+0x48/0x5c",
    ],
)
@pytest.mark.parametrize(
    "prefix", ["2024-06-04T17:19:10,123456+00:00 ", "[   12.345678] ", "2024-06-04T17:19:10Z "]
)
def test_a_kernels_own_words_are_no_host_and_program(prefix: str, text: str) -> None:
    assert taken(prefix, text).text == text


def test_a_name_with_a_colon_after_dmesgs_stamp_is_no_program() -> None:
    text = "tmux: server invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0"
    assert taken("2024-06-04T17:19:10,123456+00:00 ", text).text == text


def test_another_program_is_foreign() -> None:
    assert taken("Jun  4 17:19:10 web1 app[7]: ").foreign
    assert taken("[   12.345678] web1 app[7]: ").foreign
    assert taken("2024-06-04T17:19:10Z web1 app: ").foreign


def test_dmesg_h_counts_from_the_printed_minute() -> None:
    reader = PrefixReader()
    texts = ["[Jun04 17:19] a", "[  +0.000625] b", "[  +2.500000] c"]
    lines = [line for t in texts for line in reader.feed(RawLine(t, 1, 0, 1))]
    assert [line.text for line in lines] == ["a", "b", "c"]
    assert lines[2].stamp == "Jun 04 17:19:02.500625"


def test_nul_bytes_of_a_torn_file_are_no_text() -> None:
    [line] = PrefixReader().feed(RawLine("\0\0\0Jun  4 17:19:10 web1 kernel: Mem-Info:", 1, 0, 1))
    assert (line.text, line.host) == ("Mem-Info:", "web1")


@pytest.mark.parametrize("prefix", ["[4: kworker/u8:1: 124] ", "[  T124] "])
def test_a_task_that_is_named_without_a_stamp(prefix: str) -> None:
    assert taken(prefix).text == TEXT
    assert taken(prefix).prefixed


@pytest.mark.parametrize(
    "prefix",
    [
        "node-1  | ",
        "(d1) ",
        "# ",
        "17:19:{} ",
        "04.06.2024 17:19:{} ",
        "I0604 17:19:{}.123456       1 log.go:160] ",
        "2024-06-04T17:19:{}.123456789Z stderr F ",
        "JD> ",
    ],
)
def test_what_stands_before_each_stamp_is_a_prefix_whatever_it_is(prefix: str) -> None:
    reader = PrefixReader()
    texts = [f"{prefix.format(10 + n)}[   12.34567{n}] line {n}" for n in range(4)]
    lines = [line for n, t in enumerate(texts) for line in reader.feed(RawLine(t, n + 1, 0, 1))]
    assert [line.text for line in lines[1:]] == ["line 1", "line 2", "line 3"]
    assert [line.uptime_s for line in lines[1:]] == [12.345671, 12.345672, 12.345673]
    assert all(line.prefixed for line in lines[1:])


def test_a_programs_output_before_one_stamp_is_no_prefix() -> None:
    reader = PrefixReader()
    texts = ["Creating journal: [   12.345678] a", "[   12.345679] b", "done [   12.345680] c"]
    lines = [line for n, t in enumerate(texts) for line in reader.feed(RawLine(t, n + 1, 0, 1))]
    assert [line.text for line in lines] == [texts[0], "b", texts[2]]


def test_newlines_written_as_a_backslash_and_n_end_lines_where_a_stamp_follows() -> None:
    text = "[   12.345678] a\\nb\\n<4>[   12.345679] c"
    lines = list(PrefixReader().feed(RawLine(text, 1, 0, 1)))
    assert [line.text for line in lines] == ["a\\nb", "<4>[   12.345679] c"]


@pytest.mark.parametrize(
    ("day", "month"), [("六", "6月"), ("Σάβ", "Ιουν"), ("Сб", "июн"), ("k", "jún"), ("土", "6月")]
)
def test_bytes_of_words_that_look_like_blanks_do_not_end_the_word(day: str, month: str) -> None:
    """In UTF-8 some letters hold the bytes 0x85 and 0xa0, which are blanks in Latin-1."""
    stamp = f"{day} {month}  8 17:19:10 2024"
    line = taken(f"[{stamp}] ".encode().decode("latin-1"))
    assert line.text == TEXT
    assert moment(line.stamp) == moment("Sat Jun  8 17:19:10 2024")


def test_what_passed_on_a_line_tells_when() -> None:
    line = taken("2024-06-04T17:19:10Z stdout F Jun  4 17:19:09 web1 kernel: ")
    assert (line.received, line.carrier) == ("2024-06-04T17:19:10Z", "syslog")


def test_a_stamp_beside_the_kernels_own_is_a_receivers() -> None:
    assert taken("2024-06-04T17:19:10Z [   12.345678] ").carrier == "console"
    assert taken("2024-06-04T17:19:10,123456+00:00 ").carrier == "dmesg"
    assert taken("[Tue Jun  4 17:19:10 2024] ").carrier == "dmesg"


@pytest.mark.parametrize("text", ["web1 login: ", "Debian GNU/Linux 12 web1 ttyS0", "Password: "])
def test_what_getty_writes_to_a_console_is_foreign(text: str) -> None:
    assert taken("", text).foreign
    assert not taken("[   12.345678] ", text).foreign
