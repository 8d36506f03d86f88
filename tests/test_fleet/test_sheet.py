from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oomdb.errors import ExitCode, UsageError
from oomdb.fleet import sheet

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


def test_rows_with_the_lines_they_stand_on(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbfHost , ROLE\r\n\r\n web* ,"a ""b"",\r\nc"\r\n,,\r\ndb1,\xc3\xa9\r\n'
    with pytest.raises(sheet.SheetError, match=r"file\.csv:5: 3 values, .* 2 columns"):
        sheet.read(written(tmp_path, content.replace(b",,", b"x,,")))
    read = sheet.read(written(tmp_path, content))
    assert read.columns == ("host", "role")
    assert [(line.line_no, line.cells) for line in read.lines] == [
        (3, {"host": "web*", "role": 'a "b",\r\nc'}),
        (6, {"host": "db1", "role": "é"}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "file.csv:1: the file is empty"),
        (b"\n \n", "file.csv:1: the file is empty"),
        (b"host,,role\n", "file.csv:1: a column has no name"),
        (b"host,Host\n", "file.csv:1: two columns are called host"),
        (b"host,role\nweb1\n", "file.csv:2: 1 values, but the first line names 2 columns"),
        (b"host,role\nweb1,a\nb\xe9,c\n", "file.csv:3: not UTF-8 (byte 0xe9)"),
        (b"\xff\xfeh\0o\0", "file.csv:1: not UTF-8 (byte 0xff)"),
        (b"host,role\nweb1,\0\n", "file.csv:2: a zero byte"),
        (b'host,role\nweb1,"open\nmore\n', "file.csv:2: unexpected end of data"),
        (b'host,role\nweb1,"a"b\n', "file.csv:2: ',' expected after '\"'"),
    ],
)
def test_what_is_no_csv_is_named_with_its_line(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(sheet.SheetError) as raised:
        sheet.read(path)
    assert str(raised.value).removeprefix(f"{tmp_path}/").startswith(message)
    assert raised.value.exit_code is ExitCode.ERROR


def test_a_file_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(UsageError):
            sheet.read(path)
