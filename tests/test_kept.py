"""Kept evidence comes back byte for byte, by whatever oomdb it was kept."""

from __future__ import annotations

import hashlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from oomdb.errors import OomdbError
from oomdb.incidents.kept import DICTIONARY, compress, decompress, dictionary_file
from tests import samples

#: What was kept by a dictionary is lost with it: none may ever change or go.
DICTIONARIES = {100001: "235ad25e815f99f45a315fe4d22223f53895563bce0837656bda3aa281453d4e"}


def test_dictionaries_never_change() -> None:
    known = dictionary_file(DICTIONARY).parent.glob("*.zdict")
    assert {file.name for file in known} == {dictionary_file(one).name for one in DICTIONARIES}
    for number, sha256 in DICTIONARIES.items():
        content = dictionary_file(number).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        assert zstandard.ZstdCompressionDict(content).dict_id() == number


@given(st.binary(max_size=2000))
def test_any_bytes_come_back(evidence: bytes) -> None:
    assert decompress(compress(evidence)) == evidence


def test_samples_come_back_and_take_less_room_than_alone() -> None:
    logs = [log.read_bytes() for log in samples.logs()]
    assert [decompress(compress(log)) for log in logs] == logs
    assert sum(len(compress(log)) for log in logs) < sum(map(len, map(zstandard.compress, logs)))


def test_what_was_kept_without_a_dictionary_is_read() -> None:
    assert decompress(zstandard.compress(b"Mem-Info:\n")) == b"Mem-Info:\n"


def test_what_cannot_be_read_is_told() -> None:
    content = dictionary_file(DICTIONARY).read_bytes()
    newer = zstandard.ZstdCompressionDict(content[:4] + b"\x01\x02\x03\x04" + content[8:])
    kept = zstandard.ZstdCompressor(dict_data=newer).compress(b"Mem-Info:\n" * 9)
    with pytest.raises(OomdbError, match="of a newer oomdb"):
        decompress(kept)
    with pytest.raises(OomdbError, match="cannot be read"):
        decompress(compress(b"Mem-Info:\n" * 9)[:-3])
    with pytest.raises(OomdbError, match="cannot be read"):
        decompress(b"")
    claims_an_exabyte = b"\x28\xb5\x2f\xfd\xe0" + (1 << 60).to_bytes(8, "little") + b"\x01\x00\x00"
    with pytest.raises(OomdbError, match="is no report's"):
        decompress(claims_an_exabyte)
