"""Keyed hashes of names: whole, part by part, or of what no kernel is known to print."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import cycle

from oomdb import tables
from oomdb.incidents.identity import is_nameless
from oomdb.redaction import kernel_names
from oomdb.redaction.symbols import SYMBOLS, SYSTEM_CALLS

_CGROUP_WORDS = kernel_names.words(
    """
app background besteffort burstable conmon containerd cri crio docker garden guaranteed init
kubepods lib libpod libvirt lxc machine monitor mount nerdctl nspawn payload pod qemu scope service
session slice snap socket swap system systemd target timer user
"""
)
#: Between words stand only these and `-` as systemd escapes it; anything else is of a word, as
#: are all other escapes.
_APART = r"-_.:@/,+=()\[\]"
_WORD = rf"(?:[^{_APART}\\]|\\(?!x2d))"
_CGROUP_TOKEN = re.compile(
    r"(?P<escape>\\x2d)"
    r"|(?P<uuid>[0-9a-f]{8}(?P<dash>[-_])[0-9a-f]{4}(?:(?P=dash)[0-9a-f]{4}){2}(?P=dash)[0-9a-f]{12})"
    r"|(?P<pod>pod)(?=[0-9a-f]{8}[-_]|[0-9a-f]{32})"
    rf"|(?P<hex>[0-9a-f]{{12,}})(?!{_WORD})"
    r"|(?:(?<=\Auser-)|(?<=/user-)|(?<=\Auser@)|(?<=/user@)|(?<=\Asession-)|(?<=/session-))"
    rf"(?P<id>[0-9]{{1,10}})(?!{_WORD})"
    rf"|(?P<numbers>[0-9]+(?:(?:\\x2d|[-_.:,])[0-9]+)*)(?!{_WORD})"
    rf"|(?P<word>{_WORD}+)"
)
_MOST_DIGITS = 4
_HEX = frozenset("0123456789abcdef")
_SLAB_CACHE = re.compile(
    r"(?:dma-)?kmalloc(?:-(?:rcl|cg|rnd-[0-9]{2}))?-[0-9]{1,6}[kM]?|bio-[0-9]{1,4}"
    r"|biovec-(?:[0-9]{1,3}|max)|sgpool-[0-9]{1,3}|dmaengine-unmap-[0-9]{1,3}"
    r"|erofs_pcluster-[0-9]{1,3}|(?:msg_msg|memdup_user)-[0-9]{1,4}k?|:(?:[ADFadrt]{1,4}-)?0[0-9]{6}"
)
_COLUMNS = frozenset(column.name for table in tables.TABLES for column in table.columns)
_COLUMN_NO = re.compile(r"column_[0-9]{1,2}")
_CGROUP_USAGE = re.compile(r"(?:memory|memory\+swap|swap|kmem|tcpmem)\.(?:usage|limit|failcnt)")
_COUNTERS = (
    kernel_names.MEMORY_COUNTERS
    | kernel_names.CGROUP_STATISTICS
    | kernel_names.FIELDS
    | kernel_names.TASK_TITLES
    | _COLUMNS
)
#: What compilers add to a function that they split or copied.
_COPY_OF = re.compile(
    r"(?:\.(?:isra|constprop|part|cold|llvm|lto_priv|localalias|cfi|cfi_jt)|\.[0-9]{1,6})*"
)
_SYSTEM_CALL = re.compile(
    r"(?:__(?:x64|ia32|x32|s390x?|arm64|riscv|se|do)_)?(?:compat_)?(?:sys|SyS|SYSC|SYS)_(?P<call>\w+)"
)
_ADDRESS = re.compile(r"0x[0-9a-f]{1,16}|[0-9a-f]{8}(?:[0-9a-f]{8})?")
_CALLED_FROM = re.compile(
    r"(?P<address>\[<[0-9a-f]{8}(?:[0-9a-f]{8})?>\])?(?P<open> ?\(?)"
    r"(?:(?P<symbol>[\w.$]+)(?P<offset>\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8})?"
    r"(?: \[(?P<module>[\w-]+)\])?)?(?P<close>\)?)",
    re.ASCII,
)
_RELEASE = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,5}){1,3}(?=[-._+~]|$).*", re.DOTALL)
#: What is a number alone has no word.
_RELEASE_WORDS = kernel_names.RELEASE_WORDS | {""}
_RELEASE_WORD = re.compile(r"[^-._+~]+")
_NUMBERED = re.compile(
    r"(?P<word>[A-Za-z]*)(?:[0-9]{0,5}|20[0-9]{6})(?:(?<=[0-9])u(?:[0-9]{1,2}|ek))?"
)
_PLACE = re.compile(r"(?P<path>.+?)(?P<end>(?:\.(?:c|h|S|rs|cpp))?:[0-9]{1,6})", re.DOTALL)


class Names:
    """Keyed hashes of names; without the key nobody can tell whose they are.

    With equal keys equal names get equal hashes, in any database.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.sha256(key).digest()

    # Names that people chose.

    def comm(self, name: str) -> str:
        """A process name, as long as the kernel lets one be."""
        return f"comm-{self._letters('comm', name, 10)}" if name else name

    def host(self, name: str) -> str:
        """A host name part by part, so that short names still begin fuller ones.

        Names that many machines have stay.
        """
        if is_nameless(name):
            return name
        parts = name.lower().split(".")
        return ".".join(f"h{self._letters('host', part, 9)}" if part else "" for part in parts)

    def cgroup(self, path: str) -> str:
        """A cgroup path in which systemd's and the container runtimes' words stay.

        So do numbers of few digits and those of users and sessions.
        """
        return _CGROUP_TOKEN.sub(self._cgroup_token, path)

    def path(self, path: str) -> str:
        """The path of a source; whether it was a member of an archive still shows."""
        return "!/".join(f"/source/{self._letters('path', part, 16)}" for part in path.split("!/"))

    # Names that stay where kernels are known to print them.

    def slab(self, name: str) -> str:
        """A slab cache, with the cgroup that it belonged to from the parenthesis on."""
        cache, parenthesis, memcg = name.partition("(")
        if cache not in kernel_names.SLAB_CACHES and not _SLAB_CACHE.fullmatch(cache):
            cache = f"s{self._letters('slab', cache, 10)}"
        return f"{cache}{parenthesis}{self.cgroup(memcg)}"

    def counter(self, name: str) -> str:
        """A counter, a key of a line or a column of the process table."""
        if name in _COUNTERS or _CGROUP_USAGE.fullmatch(name) or _COLUMN_NO.fullmatch(name):
            return name
        return f"k{self._letters('counter', name, 10)}"

    def symbol(self, name: str) -> str:
        """A function, or an address that has none."""
        if _ADDRESS.fullmatch(name):
            return name
        base, dot, rest = name.partition(".")
        plain = base.removeprefix("__pfx_")
        call = _SYSTEM_CALL.fullmatch(plain)
        is_known = plain in SYMBOLS or (call is not None and call["call"] in SYSTEM_CALLS)
        if is_known and _COPY_OF.fullmatch(dot + rest):
            return name
        return f"f{self._letters('symbol', name, 12)}"

    def module(self, name: str) -> str:
        """A kernel module."""
        if name in kernel_names.MODULES:
            return name
        return f"m{self._letters('module', name, 10)}"

    def called_from(self, printed: str) -> str | None:
        """The caller of a function as 32-bit ARM prints it; None when it has another form."""
        found = _CALLED_FROM.fullmatch(printed)
        if found is None:
            return None
        symbol = self.symbol(found["symbol"]) if found["symbol"] else ""
        module = f" [{self.module(found['module'])}]" if found["module"] else ""
        start, end = (found["address"] or "") + found["open"], found["close"]
        return f"{start}{symbol}{found['offset'] or ''}{module}{end}"

    def release(self, printed: str) -> str | None:
        """A kernel release with hashes for words of no known distribution; None without version."""
        if not _RELEASE.fullmatch(printed):
            return None
        return _RELEASE_WORD.sub(self._release_word, printed)

    def header(self, printed: str) -> str:
        """The column names of the process table."""
        return re.sub(r"[^\s\[\]]+", lambda found: self.counter(found[0]), printed)

    def place(self, printed: str) -> str | None:
        """A line of a file of the kernel's sources; None when it has another form."""
        found = _PLACE.fullmatch(printed)
        if found is None:
            return None
        *folders, file = found["path"].split("/")
        parts = [self._part(folder, kernel_names.SOURCE_FOLDERS) for folder in folders]
        return "/".join([*parts, self._part(file, kernel_names.SOURCE_FILES)]) + found["end"]

    @property
    def id_sql(self) -> str:
        """SQL of a keyed hash of `{column}`, as long as it is, up to 64 hexadecimal digits."""
        key = hashlib.sha256(b"ids" + self._key).hexdigest()
        inner = f"SHA256('{key}' || {{column}})"
        return f"SUBSTR(SHA256('{key}' || {inner}), 1, LENGTH({{column}}))"

    def _cgroup_token(self, found: re.Match[str]) -> str:
        text = found[0]
        if found["escape"] or found["pod"] or found["id"]:
            return text
        if found["uuid"] or found["hex"]:
            digits = cycle(self._digest("cgroup", re.sub("[-_]", "", text)).hex())
            return "".join(next(digits) if letter in _HEX else letter for letter in text)
        if found["numbers"]:
            count = sum(letter.isdecimal() for letter in text.replace(r"\x2d", ""))
            if count <= _MOST_DIGITS:
                return text
        elif text.lower() in _CGROUP_WORDS:
            return text
        return f"n{self._letters('cgroup', text, 9)}"

    def _release_word(self, found: re.Match[str]) -> str:
        text = found[0]
        numbered = _NUMBERED.fullmatch(text)
        if text.lower() in _RELEASE_WORDS:
            return text
        if numbered and numbered["word"].lower() in _RELEASE_WORDS:
            return text
        return f"n{self._letters('release', text, 9)}"

    def _part(self, name: str, known: frozenset[str]) -> str:
        return name if name in known else f"n{self._letters('place', name, 9)}"

    def _letters(self, kind: str, name: str, count: int) -> str:
        return base64.b32encode(self._digest(kind, name)).decode().lower()[:count]

    def _digest(self, kind: str, name: str) -> bytes:
        text = f"{kind}\0{name}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()
