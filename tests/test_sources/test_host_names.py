"""Hosts out of paths: what is one, and what must never be taken for one."""

from __future__ import annotations

import re

import pytest

from oomdb.sources.host_names import host_of_path

HOSTS = {
    # a folder called like the host
    "web1/messages": "web1",
    "logs/web1/messages": "web1",
    "logs/web1.example.com/2024/05/messages.log": "web1.example.com",
    "remote/db-02/kern.log.3.gz": "db-02",
    "remote/192.0.2.7/syslog": "192.0.2.7",
    "remote/alpha/syslog": "alpha",
    "hosts/bert/2024-05-01.log": "bert",
    "iZ23tpcto8eZ/dmesg": "iZ23tpcto8eZ",
    "mail-relay/dmesg.txt": "mail-relay",
    "web1/var/log/messages-20240610": "web1",
    "web1/var/log/journal/f22ce71ee4af4ce1bccd52848aa2b332/system.journal": "web1",
    "region-1/web7/messages": "web7",
    "must-gather/nodes/master-0.ocp.example.net/dmesg": "master-0.ocp.example.net",
    "must-gather/nodes/worker/journal.log": "worker",
    # a file called like the host
    "logs/web1.log": "web1",
    "logs/web1": "web1",
    "web1.log-20240610.gz": "web1",
    "web1.example.com.log": "web1.example.com",
    "web1.example.com.log.2.xz": "web1.example.com",
    "db1.internal.log": "db1.internal",
    "192.0.2.7.log": "192.0.2.7",
    "ip-10-0-1-2.log": "ip-10-0-1-2",
    "i-0123456789abcdef0.log": "i-0123456789abcdef0",
    "ip-10-0-1-2.ec2.internal.log.gz": "ip-10-0-1-2.ec2.internal",
    # a host's name with a log's name
    "web1-messages": "web1",
    "web1_kern.log.1.gz": "web1",
    "web1.example.com-syslog": "web1.example.com",
    "mail-relay-dmesg.txt": "mail-relay",
    "web1-dmesg-2024-06-10.txt": "web1",
    "web1.dmesg": "web1",
    "web1-vmcore-dmesg.txt": "web1",
    "dmesg-web1.txt": "web1",
    "console-db-02.log": "db-02",
    "messages-web1.example.com.gz": "web1.example.com",
    # archives
    "web1.tar.gz!/var/log/messages": "web1",
    "logs.tar!/web1/messages": "web1",
    "web1-logs.tar!/db2/kern.log": "db2",
    "sosreport-web1-2024-06-10-abcdefg.tar.xz!/sosreport-web1-2024-06-10-abcdefg/var/log/dmesg": (
        "web1"
    ),
    "sosreport-mail-01234567-2024-06-10-abcdefg/sos_commands/kernel/dmesg": "mail",
    "sosreport-mail.123456-20171224185433/var/log/messages": "mail",
    "scc_linux-abc1_240610_1200/messages.txt": "linux-abc1",
    "nts_mail_240610_1200.tbz!/nts_mail_240610_1200/messages.txt": "mail",
}

NO_HOSTS = (
    "messages",
    "messages.1.gz",
    "messages-20240610",
    "kern.log",
    "kernel.log",
    "syslog",
    "dmesg",
    "dmesg.0",
    "dmesg-T.txt",
    "dmesg-Tx.txt",
    "dmesg-iso.txt",
    "journalctl-k.short-monotonic.txt",
    "journalctl-b.json.txt",
    "kern-rfc5424.log",
    "kern-traditional.log",
    "busybox-dmesg-r.txt",
    "dev-kmsg.txt",
    "vmcore-dmesg.txt",
    "serial-console.log",
    "journal",
    "logs/messages",
    "log/var/log/messages",
    "var/log/kern.log",
    "my-logs/messages",
    "old-logs-2024/messages",
    "2024/05/10/messages",
    "2024-05-10/messages",
    "20240510/messages",
    "f22ce71ee4af4ce1bccd52848aa2b332/system.journal",
    "system@db5b4eeddfd348c4be2bb6593f753577-0000000000000001-000660ebc8248684.journal.xz",
    "d34db33f/messages",
    "home/user2/messages",
    "systemd-6.1/kern.log",
    "dmesg-global-6.1/dmesg.txt",
    "case-12345/dmesg.txt",
    "bug1234567.log",
    "ticket-998/oom.log",
    "oom-1.log",
    "oom.log",
    "report2.txt",
    "test1/messages",
    "sample3.log",
    "core.1234",
    "var/log/apache2/error.log",
    "var/log/tomcat9/catalina.out",
    "postgresql-14.log",
    "php8.log",
    "fail2ban.log",
    "sa10",
    "sar10",
    "Xorg.0.log",
    "boot.log-20240610",
    "rhel8/messages",
    "ubuntu-22.04/kern.log",
    "linux-5.10/dmesg",
    "rocketmq-8g.log",
    "6.1-amd64--global.log",
    "01-global__amd64-6.log",
    "15b-sysrq-m__amd64-6.log",
    "rhel6-2.6.32-642-syslog-20reports-full.log",
    "debian-6.11.6-tail-quoted.log",
    "npd-two-bare-lines.log",
    "t-2.6.28-s390x-order2-quoted.log",
    "user.slice",
    "foo.service.log",
    "com.example.app.log",
    "1.2.3.4.5.log",
    "",
    "-",
)


@pytest.mark.parametrize("path", HOSTS)
def test_the_path_tells_the_host(path: str) -> None:
    assert host_of_path(path) == HOSTS[path]


@pytest.mark.parametrize("path", NO_HOSTS)
def test_the_path_tells_no_host(path: str) -> None:
    assert host_of_path(path) is None


@pytest.mark.parametrize(
    ("pattern", "path", "host"),
    [
        (r"logs/(?P<host>[^/]+)/", "logs/messages/kern.log", "messages"),
        (r"(?P<site>\w+)/(?P<host>\w+)\.txt$", "north/alpha.txt", "alpha"),
        (r"^(\w+)-", "alpha-messages", "alpha"),
        (r"[^/]+$", "logs/alpha", "alpha"),
        (r"^(\d+)-", "web1-messages", None),
        (r"(\d*)-messages", "web-messages", None),
    ],
)
def test_a_pattern_takes_the_place_of_the_rules(pattern: str, path: str, host: str | None) -> None:
    assert host_of_path(path, re.compile(pattern)) == host
