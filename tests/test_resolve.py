"""Copies of one incident find each other, and different incidents stay apart."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from oomdb.clock import moment
from oomdb.incidents.resolve import Copy, incidents, merged_host, same_host

KILL = Copy(
    digest="a",
    victim_key="v1",
    body_key="b1",
    is_sized=True,
    lines_taken=50,
    damage=None,
    host=None,
    boot_id=None,
    uptime_s=None,
    moment=None,
)
NOON = moment("2026-11-23T12:00:00+00:00")


def ids(*copies: Copy) -> list[str]:
    return sorted(incident.event_id for incident in incidents(copies))


def test_carriers_that_tell_different_parts_are_one_incident() -> None:
    dmesg = replace(KILL, digest="dmesg", uptime_s=7.5)
    syslog = replace(KILL, digest="syslog", host="web1", moment=moment("Nov 23 12:00:00"))
    journal = replace(KILL, digest="journal", host="web1.example.com", moment=NOON, uptime_s=7.51)
    [incident] = incidents([dmesg, syslog, journal])
    assert len(incident.copies) == 3
    assert merged_host(incident.copies) == "web1.example.com"


def test_the_id_is_the_same_from_any_carrier_alone() -> None:
    assert ids(replace(KILL, digest="x", host="web1")) == ids(replace(KILL, digest="y", uptime_s=1))


def test_the_same_numbers_on_two_hosts_are_two_incidents() -> None:
    assert len(ids(replace(KILL, digest="x", host="a"), replace(KILL, digest="y", host="b"))) == 2


def test_the_same_numbers_on_two_boots_are_two_incidents() -> None:
    first = replace(KILL, digest="x", host="a", uptime_s=7.5, moment=NOON)
    later = replace(first, digest="y", moment=moment("2026-11-24T12:00:00+00:00"))
    assert len(ids(first, later)) == 2
    assert len(ids(first, replace(first, digest="z", uptime_s=99.0))) == 2


def test_a_cut_copy_joins_the_whole_one_and_the_whole_one_is_best() -> None:
    no_head = replace(KILL, digest="tail", body_key=None, lines_taken=9, damage="cut_start")
    no_tail = replace(KILL, digest="head", victim_key=None, is_sized=False, damage="cut_end")
    [incident] = incidents([no_head, no_tail, KILL])
    assert incident.best is KILL


def test_a_bare_name_and_number_are_not_enough() -> None:
    bare = replace(KILL, body_key=None, is_sized=False)
    assert len(ids(replace(bare, digest="x"), replace(bare, digest="y"))) == 2
    timed = replace(bare, moment=NOON)
    assert len(ids(replace(timed, digest="x"), replace(timed, digest="y"))) == 1


def test_the_same_lines_of_a_host_are_one_incident_whatever_their_logs_tell() -> None:
    piece = replace(
        KILL, host="a", victim_key=None, body_key=None, is_sized=False, damage="cut_start"
    )
    twice = replace(piece, damage="cut_start,duplicated")
    elsewhere = replace(piece, boot_id="b", uptime_s=99.0, damage="cut_start,interleaved")
    [incident] = incidents([twice, elsewhere, piece])
    assert incident.best is piece


def test_dumps_that_repeat_every_number_stay_apart_without_a_time() -> None:
    dump = replace(KILL, victim_key=None, is_sized=False)
    assert len(ids(replace(dump, digest="x"), replace(dump, digest="y"))) == 2
    on_host = replace(dump, host="web1")
    assert len({*ids(replace(on_host, digest="x"), replace(on_host, digest="y"))}) == 2


def test_a_stamp_without_a_zone_fits_one_with_a_zone() -> None:
    local = replace(KILL, digest="x", host="a", moment=moment("2026-11-23 13:00:05"))
    exact = replace(KILL, digest="y", host="a", moment=NOON)
    assert len(ids(local, exact)) == 1
    assert len(ids(replace(local, moment=moment("2026-11-23 13:07:05")), exact)) == 2


def test_short_and_full_names_are_one_host() -> None:
    assert same_host("web1", "WEB1.example.com.")
    assert not same_host("web1", "web10")
    assert not same_host("db1.eu.example.com", "db1.us.example.com")


HOSTS = st.sampled_from([None, "a", "a.example.com", "b"])
UPTIMES = st.sampled_from([None, 7.5, 7.6, 900.0])
MOMENTS = st.sampled_from([None, NOON, moment("Nov 23 12:00:03"), moment("2026-11-25 12:00:00")])
COPIES = st.builds(
    replace,
    st.just(KILL),
    digest=st.sampled_from([f"c{number}" for number in range(40)]),
    victim_key=st.sampled_from(["v1", "v2", None]),
    body_key=st.sampled_from(["b1", "b2", None]),
    is_sized=st.booleans(),
    host=HOSTS,
    uptime_s=UPTIMES,
    moment=MOMENTS,
)


@given(st.lists(COPIES, max_size=8, unique_by=lambda copy: copy.digest), st.randoms())
def test_the_order_of_the_copies_does_not_matter(copies: list[Copy], shuffle: object) -> None:
    copies += copies[:2]
    one = incidents(copies)
    mixed = list(copies)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    other = incidents(mixed)
    assert {(one.event_id, frozenset(one.copies)) for one in one} == {
        (one.event_id, frozenset(one.copies)) for one in other
    }
    assert sum(len(found.copies) for found in one) == len(set(copies))
    assert len({found.event_id for found in one}) == len(one)
