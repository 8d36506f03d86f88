from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

ID = "8e3f5c2b9d1a4e6f7081929394a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d"
UID = "0f6cf8ab-5a5e-4f38-9d5a-6b2c6a3f1c11"
POD = "pod" + UID.replace("-", "_")


@pytest.mark.parametrize(
    ("path", "unit", "pod_uid", "qos_class", "container_id", "runtime"),
    [
        ("/system.slice/web.service", "web.service", None, None, None, None),
        ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope", None, None, None, None),
        ("/", None, None, None, None, None),
        (
            f"/kubepods.slice/kubepods-{POD}.slice/cri-containerd-{ID}.scope",
            f"cri-containerd-{ID}.scope",
            UID,
            "guaranteed",
            ID,
            "containerd",
        ),
        (
            "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice"
            f"/kubelet-kubepods-burstable-{POD}.slice/crio-{ID}.scope",
            f"crio-{ID}.scope",
            UID,
            "burstable",
            ID,
            "cri-o",
        ),
        (f"/kubepods/besteffort/pod{UID}/{ID}", None, UID, "besteffort", ID, None),
        (f"/kubepods/burstable/pod{UID}", None, UID, "burstable", None, None),
        (
            f"/system.slice/containerd.service/kubepods-besteffort-{POD}.slice:cri-containerd:{ID}",
            "containerd.service",
            UID,
            "besteffort",
            ID,
            "containerd",
        ),
        (f"/system.slice/docker-{ID}.scope", f"docker-{ID}.scope", None, None, ID, "docker"),
        (f"/docker/{ID}", None, None, None, ID, "docker"),
        ("/docker", None, None, None, None, None),
        (
            f"/machine.slice/libpod-{ID}.scope/container",
            f"libpod-{ID}.scope",
            None,
            None,
            ID,
            "podman",
        ),
        (
            f"/machine.slice/libpod-conmon-{ID}.scope",
            f"libpod-conmon-{ID}.scope",
            None,
            None,
            None,
            None,
        ),
        ("/lxc/VM_A", None, None, None, "VM_A", "lxc"),
        ("/lxc.payload.VM_A/init.scope", "init.scope", None, None, "VM_A", "lxc"),
    ],
)
def test_what_a_path_means(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    path: str,
    unit: str | None,
    pod_uid: str | None,
    qos_class: str | None,
    container_id: str | None,
    runtime: str | None,
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", task_memcg=path)
    columns = "cgroup_role, cgroup_path, unit, pod_uid, qos_class, container_id, runtime"
    assert select("cgroup_identity", columns) == [
        ("task", path, unit, pod_uid, qos_class, container_id, runtime)
    ]


def test_the_limit_of_a_parent(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        oom_memcg="/system.slice/system-web.slice",
        task_memcg="/system.slice/system-web.slice/nginx@1.service",
    )
    assert select("cgroup_identity", "cgroup_role, slice, unit, is_same_cgroup") == [
        ("limit", "system-web.slice", None, False),
        ("task", "system-web.slice", "nginx@1.service", False),
    ]
