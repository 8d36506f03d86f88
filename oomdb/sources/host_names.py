"""The host that a log's path tells, by the rules in docs/hosts.md.

Asked only where neither the lines nor an archive tell it. A host that is not known is
better than one that is wrong, so a name counts only when it looks like a machine's.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Names of logs, without their suffixes, in whose company another name is a host's.
_LOGS = (
    r"messages|syslog|kern|kernel|kmsg|dmesg|vmcore-dmesg|netconsole|console|serial"
    r"|journal|journalctl|system|warn|daemon|debug|everything|all|boot|oom"
)
#: Folders whose entries are hosts by the folder's word.
_HOST_FOLDERS = frozenset({"hosts", "nodes", "machines", "servers", "remote", "clients"})
#: Words that name what a log is about, not a machine, with or without a number.
_ABOUT = """
    acct all amd android apache app arch archive archives arm attachment audit backup
    bak boot bug build busybox case centos cgroup ci clamav collected com conf config console
    copy core cpu crash crond daemon data date day debian debug decoy default disk dmesg dump
    error errors ethernet event events everything example exim export ext fail fedora fc file
    files foo gdm global hour http i incident ip ipv issue java jdk job journal journalctl k
    kern kernel kmsg linux log logs lp mariadb memcg memory messages month mysql mysqld
    named netconsole new nfs nginx none ntp old oom openjdk opensuse oops oracle out output
    page pagealloc panic part patch php pid pid png port postgres postgresql ppc ps pytest python
    qemu raw release report reports rfc rhel rocky rotated rpm rsyslog run sa samba sample
    samples sar scenario serial service session sles snapshot spool ssh sshd step stdout
    stderr suse syslog syslogd sysrq systemd tar temp test tests text ticket tmp tomcat trace
    trial tty ubuntu usr v var version vmalloc vmcore warn warning week x xen xorg year zip
"""
_NO_HOSTS = frozenset(_ABOUT.split())
#: Endings of file names that no domain has, and of systemd's units.
_ENDINGS = """
    automount bak bin bz cfg conf csv d db dev diff err gz html ini json lock log lz md mount
    ndjson new old orig out patch path pcap pdf pid pl png pod py rpm save scope sh service
    slice snap so socket sql svg swap sys tar target tgz timer tmp txt xml xz yaml yml z zip
    zst
"""
_NO_DOMAINS = frozenset(_ENDINGS.split())
_NEAR_DOMAINS = frozenset(
    ("com", "corp", "home", "internal", "intra", "lan", "local", "localdomain", "net", "org")
)

_SUFFIXES = re.compile(
    r"(?:\.(?:gz|bz2|xz|zst|lz4|Z|tar|tgz|tbz|tbz2|txz|tzst|zip|log|txt|out|json|ndjson|jsonl"
    r"|journal|old|bak|save|\d{1,4})|[-_.]?20\d\d[-_.]?[01]\d[-_.]?[0-3]\d(?:[-_T.]?\d{2,6})?)+$"
)
_BEFORE_LOG = re.compile(
    rf"(?P<host>.+?)[-_.](?:{_LOGS})(?:[-_.](?:log|txt|\d+|T|x|iso))*", re.IGNORECASE
)
_AFTER_LOG = re.compile(rf"(?:{_LOGS})[-_.](?:log[-_.])?(?P<host>.+)", re.IGNORECASE)
#: Names that sosreport and supportconfig give to their archives and top folders.
_COLLECTED = re.compile(
    r"(?:sosreport|sos)-(?P<sos>.+?)(?:[-.]\d{4,})?-20\d\d(?:-\d\d-\d\d-[a-z]{7}|\d{10})(?:[-.].*)?"
    r"|(?:scc|nts)_(?P<scc>.+)_\d{6}_\d{4}.*"
)
#: The longest name that a file system takes.
_LONGEST = 255
#: A tree's files have few names, and many of them one folder.
_CACHED_NAMES = 4096
_MACHINE_ID = re.compile(r"[0-9a-f]{7,}", re.IGNORECASE)
#: The end of a name that a program made up, such as a temporary folder's.
_RANDOM_END = re.compile(r"-(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{6,}$")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}(?!\.?\d)")
#: A name with a number at its end.
_NUMBERED = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*?-?\d{1,4}", re.IGNORECASE)
#: Names that clouds give.
_CLOUD = re.compile(r"ip(?:-\d{1,3}){4}|i-[0-9a-f]{8,17}")


def host_of_path(path: str, pattern: re.Pattern[str] | None = None) -> str | None:
    """The host that a path tells; None when it tells none.

    `path` begins at the folder that the user named; `!/` goes into an archive. With a
    `pattern` the rules do not count: its group `host`, or its first group, or else all
    that it finds, is the host.
    """
    if pattern is not None:
        return _by_pattern(path, pattern)
    parts = [part for part in re.split(r"!?/", path) if part not in ("", ".", "..")]
    parts = [part for part in parts if len(part) <= _LONGEST]
    *folders, file = parts or [""]
    found = _in_file_name(file)
    while folders and found is None:
        folder = folders.pop()
        above = folders[-1].lower() if folders else ""
        if above == "home":
            continue
        found = _in_folder_name(folder, above)
        # The folder that the user named is one of work more often than one of a host.
        if found is not None and not (folders or is_machine_name(found) or _is_log(file)):
            found = None
    return found


def _is_log(file: str) -> bool:
    """Whether the file is called as programs call a log: /HOST/messages, /HOST/kern.log.1."""
    return re.fullmatch(_LOGS, _stem(file)) is not None


def _by_pattern(path: str, pattern: re.Pattern[str]) -> str | None:
    found = pattern.search(path)
    if found is None:
        return None
    group: str | int = "host" if "host" in pattern.groupindex else min(pattern.groups, 1)
    return found[group] or None


@lru_cache(_CACHED_NAMES)
def _in_file_name(name: str) -> str | None:
    """HOST-messages, HOST_kern.log.1.gz, dmesg-HOST.txt, HOST.log, HOST."""
    stem = _stem(name)
    before = _BEFORE_LOG.fullmatch(stem)
    if before:
        return before["host"] if is_host_like(before["host"]) else None
    after = _AFTER_LOG.fullmatch(stem)
    if after:
        return after["host"] if is_machine_name(after["host"]) else None
    return _collected(name) or (stem if is_machine_name(stem) else None)


@lru_cache(_CACHED_NAMES)
def _in_folder_name(name: str, above: str) -> str | None:
    """A folder, or an archive, that is called like a host or by a host's name."""
    collected = _collected(name)
    if collected is not None:
        return collected
    stem = name if _is_domain_name(name) else _stem(name)
    if above in _HOST_FOLDERS and _is_name(stem) and not any(_topics(stem)):
        return stem
    return stem if is_host_like(stem) else None


def _stem(name: str) -> str:
    """The name without the suffixes of rotation, compression and kind."""
    address = _IPV4.match(name)
    kept = address.end() if address else 0
    return name[:kept] + _SUFFIXES.sub("", name[kept:])


def _collected(name: str) -> str | None:
    found = _COLLECTED.fullmatch(name)
    return (found["sos"] or found["scc"]) if found else None


def is_machine_name(name: str) -> bool:
    """Whether a name is a machine's wherever it stands: FQDN, address, or with a number.

    web1.example.com, 192.0.2.7, web1, db-prod-02, ip-10-0-1-2, i-0123456789abcdef0.
    """
    if _IPV4.fullmatch(name) or _CLOUD.fullmatch(name) or _is_domain_name(name):
        return True
    return bool(_NUMBERED.fullmatch(name)) and _is_name(name) and not all(_topics(name))


def is_host_like(name: str) -> bool:
    """Whether a name is a machine's where one may stand: also letters with a digit or dash.

    iZ23tpcto8eZ, mail-relay.
    """
    if is_machine_name(name):
        return True
    has_sign = any(sign.isdigit() or sign == "-" for sign in name)
    return name[:1].isalpha() and has_sign and _is_name(name) and not any(_topics(name))


def _is_name(name: str) -> bool:
    """Whether it can be a host's name at all, and is no hash or machine id."""
    return (
        _LABEL.fullmatch(name) is not None
        and any(sign.isalpha() for sign in name)
        and "--" not in name
        and not _MACHINE_ID.fullmatch(name)
        and not _RANDOM_END.search(name)
    )


def _topics(name: str) -> list[bool]:
    """Of each word in the name, whether it tells what a log is about."""
    return [word.lower() in _NO_HOSTS for word in re.findall(r"[a-zA-Z]+", name)]


def _is_domain_name(name: str) -> bool:
    """A name of several labels under a domain: web1.example.com, db1.internal."""
    labels = name.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    domain = labels[-1].lower()
    if not domain.isalpha() or len(domain) < 2 or domain in _NO_DOMAINS:
        return False
    if not any(sign.isalpha() for sign in labels[0]) or labels[0].lower() in _NEAR_DOMAINS:
        return False
    if len(labels) == 2:
        return domain in _NEAR_DOMAINS or any(sign.isdigit() for sign in labels[0])
    return not all(label.isdigit() for label in labels[1:-1])
