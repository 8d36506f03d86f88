"""The files of a lake: in a folder, or in an object store by fsspec.

Names are relative to the lake, with `/` between folders. A file appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING, Any, Protocol

from oomdb.errors import DamagedDatabaseError, OomdbError, reason_of
from oomdb.publishing import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.dataset as ds

    from oomdb.store.places import Lake

_SUFFIX = ".parquet"
#: File systems that have no folders; to make one would make the bucket, whose name may be wrong.
_WITHOUT_FOLDERS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss"})


class Files(Protocol):
    """What a lake needs of the place where its files are; OomdbError where that fails."""

    def read(self, name: str) -> bytes | None:
        """The content of a file; None when there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file whose name is that of its content, unless it is there."""

    def replace(self, name: str, content: bytes) -> None:
        """Write a file, in the place of the one that has the name."""

    def sync(self) -> None:
        """Have on the disk what this machine has written, before a manifest names it."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that cannot be removed stay."""

    def dataset(self, names: Sequence[str], schema: pa.Schema) -> ds.Dataset:
        """The rows of files of rows."""


def files_of(lake: Lake) -> Files:
    """The files of a lake, whether there are any; OomdbError when a package is missing."""
    folder = lake.folder
    return FolderFiles(folder) if folder is not None else StoreFiles(lake)


@contextlib.contextmanager
def _told_of_missing(where: object) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DamagedDatabaseError(
            f"{where} lacks {error}, a file of its rows (was it written twice since it was opened?)"
        ) from error


class FolderFiles:
    """Files in a folder of this machine's file system."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """The content of a file; None when there is none."""
        try:
            return (self._folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise OomdbError(f"cannot read {self._folder / name}: {reason_of(error)}") from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file whose name is that of its content, unless it is there.

        A twin of this writer may write the same file at the same time.
        """
        path = self._folder / name
        if path.is_file() and path.stat().st_size == len(content):
            return
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(content)
            aside.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise OomdbError(f"cannot write {path}: {reason_of(error)}") from error

    def replace(self, name: str, content: bytes) -> None:
        """Write a file, in the place of the one that has the name."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OomdbError(f"cannot make {self._folder}: {reason_of(error)}") from error
        with replacing(self._folder / name) as file:
            file.write(content)

    def sync(self) -> None:
        """Have on the disk what this machine has written, before a manifest names it.

        A lake is hundreds of small files: to wait for each takes many times as long.
        """
        os.sync()

    def data_files(self) -> Iterator[str]:
        """Every file of rows that is there, and what killed writers left of some."""
        for suffix in (_SUFFIX, f"{_SUFFIX}.*.part"):
            for path in sorted(self._folder.rglob(f"*{suffix}")):
                yield path.relative_to(self._folder).as_posix()

    def remove(self, names: Iterable[str]) -> None:
        """Remove files and the folders that get empty; those that cannot be removed stay."""
        for name in names:
            path = self._folder / name
            with contextlib.suppress(OSError):
                path.unlink()
                while (path := path.parent) != self._folder:
                    path.rmdir()

    def dataset(self, names: Sequence[str], schema: pa.Schema) -> ds.Dataset:
        """The rows of files of rows."""
        import pyarrow.dataset as ds

        paths = [str(self._folder / name) for name in names]
        with _told_of_missing(self._folder):
            return ds.dataset(paths, schema, format="parquet")


class StoreFiles:
    """Files in an object store, in memory, or wherever fsspec reaches."""

    def __init__(self, lake: Lake) -> None:
        self._shown = str(lake)
        try:
            import fsspec
        except ImportError:
            raise OomdbError(
                f"{lake} is read and written by fsspec, which is not installed:"
                " pip install 'oomdb[lake]'"
            ) from None
        try:
            system, root = fsspec.core.url_to_fs(lake.where)
        except (ImportError, ValueError) as error:
            raise OomdbError(f"cannot reach {lake}: {error}") from error
        self._system: Any = system
        self._root = str(root).rstrip("/")
        # Others may have written since this process listed a folder.
        self._system.invalidate_cache()

    def read(self, name: str) -> bytes | None:
        """The content of a file; None when there is none."""
        with self._told_of(name, "read"):
            try:
                content: bytes = self._system.cat_file(self._path(name))
            except FileNotFoundError:
                return None
            return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file whose name is that of its content."""
        self.replace(name, content)

    def replace(self, name: str, content: bytes) -> None:
        """Write a file, in the place of the one that has the name."""
        with self._told_of(name, "write"):
            path = self._path(name)
            self._make_folder_of(path)
            self._system.pipe_file(path, content)

    def create(self, name: str, content: bytes) -> bool:
        """Write a file unless another has the name; whether the file is this one then.

        A store that has no such request is looked at before.
        """
        with self._told_of(name, "write"):
            path = self._path(name)
            self._make_folder_of(path)
            try:
                self._system.pipe_file(path, content, mode="create")
            except Exception as error:  # FileExistsError, or what the package makes of it
                there = self.read(name)
                if there is not None:
                    # A request that was repeated on its way meets what itself has written.
                    return there == content
                if not _is_not_implemented(error):
                    raise
                self.replace(name, content)
        return True

    def sync(self) -> None:
        """Nothing: what an object store has taken, it has."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that cannot be removed stay."""
        for name in names:
            with contextlib.suppress(OomdbError), self._told_of(name, "remove"):
                self._system.rm_file(self._path(name))

    def dataset(self, names: Sequence[str], schema: pa.Schema) -> ds.Dataset:
        """The rows of files of rows."""
        import pyarrow.dataset as ds

        paths = [self._path(name) for name in names]
        with self._told_of(names[0], "read"), _told_of_missing(self._shown):
            return ds.dataset(paths, schema, format="parquet", filesystem=self._system)

    def _make_folder_of(self, path: str) -> None:
        protocol = self._system.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        if not names & _WITHOUT_FOLDERS:
            self._system.makedirs(path.rpartition("/")[0], exist_ok=True)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextlib.contextmanager
    def _told_of(self, name: str, doing: str) -> Iterator[None]:
        try:
            yield
        except OomdbError:
            raise
        except OSError as error:
            raise OomdbError(f"cannot {doing} {self._shown}/{name}: {reason_of(error)}") from error
        except Exception as error:  # packages of object stores have errors of their own
            raise OomdbError(f"cannot {doing} {self._shown}/{name}: {error}") from error


def _is_not_implemented(error: BaseException) -> bool:
    """Whether a store, or the package that speaks to it, has no such request at all."""
    told = f"{error} {error.__cause__}".lower().replace(" ", "")
    return isinstance(error, NotImplementedError) or "notimplemented" in told
