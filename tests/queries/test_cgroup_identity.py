from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

ID = "8e3f5c2b9d1a4e6f7081929394a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d"
UID = "0f6cf8ab-5a5e-4f38-9d5a-6b2c6a3f1c11"
HASH = "3c1e0f6b8a9d4c2e7f5061728394a5b6"
OTHER_ID = ID[::-1]
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
        ("/lxc/101/ns/system.slice/a.service", "a.service", None, None, "101", "lxc"),
        ("/lxc.monitor.VM_A", None, None, None, None, None),
        # CRI-O under cgroupfs; the hash of a static pod.
        (f"/kubepods/burstable/pod{UID}/crio-{ID}", None, UID, "burstable", ID, "cri-o"),
        (f"/kubepods/pod{HASH}/{ID}", None, HASH, "guaranteed", ID, None),
        (
            f"/kubepods.slice/kubepods-pod{HASH}.slice/docker-{ID}.scope",
            f"docker-{ID}.scope",
            HASH,
            "guaranteed",
            ID,
            "docker",
        ),
        # nerdctl; a task of ECS; what docker keeps beside its containers.
        (f"/system.slice/nerdctl-{ID}.scope", f"nerdctl-{ID}.scope", None, None, ID, "containerd"),
        (f"/ecs/0123456789/{ID}", None, None, None, ID, None),
        ("/docker/buildkit", None, None, None, None, None),
        # Podman: of a pod, under cgroupfs, in the service of a quadlet.
        (
            f"/machine.slice/machine-libpod_pod_{ID}.slice/libpod-{ID}.scope",
            f"libpod-{ID}.scope",
            None,
            None,
            ID,
            "podman",
        ),
        (f"/libpod_parent/libpod-{ID}", None, None, None, ID, "podman"),
        (f"/system.slice/a.service/libpod-payload-{ID}", "a.service", None, None, ID, "podman"),
        # systemd-nspawn and libvirt; escapes stay as they are.
        (
            r"/machine.slice/machine-web\x2d1.scope/payload",
            r"machine-web\x2d1.scope",
            None,
            None,
            r"web\x2d1",
            "systemd-nspawn",
        ),
        (
            "/machine.slice/systemd-nspawn@web.service/payload",
            "systemd-nspawn@web.service",
            None,
            None,
            "web",
            "systemd-nspawn",
        ),
        (
            r"/machine.slice/machine-qemu\x2d2\x2dvm.scope/libvirt/emulator",
            r"machine-qemu\x2d2\x2dvm.scope",
            None,
            None,
            r"qemu\x2d2\x2dvm",
            "libvirt",
        ),
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


@pytest.mark.parametrize(
    ("path", "outer", "inner"),
    [
        (f"/docker/{OTHER_ID}/kubelet/kubepods/besteffort/pod{UID}/{ID}", OTHER_ID, ID),
        (
            f"/system.slice/docker-{OTHER_ID}.scope/kubelet.slice/kubelet-kubepods.slice"
            f"/kubelet-kubepods-{POD}.slice/cri-containerd-{ID}.scope",
            OTHER_ID,
            ID,
        ),
        (f"/docker/{OTHER_ID}/docker/{ID}", OTHER_ID, ID),
        (f"/docker/{ID}", None, ID),
    ],
)
def test_a_container_in_a_container(
    connection: duckdb.DuckDBPyConnection, select: Rows, path: str, outer: str | None, inner: str
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", task_memcg=path)
    assert select("cgroup_identity", "outer_container_id, container_id") == [(outer, inner)]


@pytest.mark.parametrize(
    ("path", "user_id", "snap"),
    [
        ("/user.slice/user-1000.slice/session-3.scope", 1000, None),
        (
            "/user.slice/user-1001.slice/user@1001.service/app.slice/snap.firefox.firefox-1.scope",
            1001,
            "firefox",
        ),
        (f"/user.slice/user-0.slice/user@0.service/user.slice/libpod-{ID}.scope", 0, None),
        ("/system.slice/snap.lxd.daemon.service", None, "lxd"),
        ("/system.slice/user-runtime-dir@1000.service", None, None),
    ],
)
def test_users_and_snaps(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    path: str,
    user_id: int | None,
    snap: str | None,
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", task_memcg=path)
    assert select("cgroup_identity", "user_id, snap") == [(user_id, snap)]


IN_POD = f"/kubepods/burstable/pod{UID}/{ID}"
SESSION = "/user.slice/user-1000.slice/session-3.scope"


@pytest.mark.parametrize(
    ("limit", "task", "relation", "level", "levels_up"),
    [
        (IN_POD, IN_POD, "own", "container", 0),
        (f"/kubepods/burstable/pod{UID}", IN_POD, "ancestor", "pod", 1),
        ("/kubepods/burstable", IN_POD, "ancestor", "qos", 2),
        ("/kubepods", IN_POD, "ancestor", "all_pods", 3),
        ("/", IN_POD, "ancestor", "root", 4),
        ("/", "/", "own", "root", 0),
        (f"/docker/{OTHER_ID}", f"/docker/{OTHER_ID}/docker/{ID}", "ancestor", "container", 2),
        ("/user.slice/user-1000.slice", SESSION, "ancestor", "user", 1),
        ("/user.slice", SESSION, "ancestor", "slice", 2),
        (SESSION, SESSION, "own", "unit", 0),
        ("/a.slice/a.service/job", "/a.slice/a.service/job/1", "ancestor", "within", 1),
        ("/batch", "/batch/1", "ancestor", "other", 1),
        # The same beginning is no ancestor.
        ("/batch", "/batches/1", "unrelated", "other", None),
        ("/batch", None, None, "other", None),
    ],
)
def test_whose_limit_it_was(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    limit: str,
    task: str | None,
    relation: str | None,
    level: str,
    levels_up: int | None,
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", oom_memcg=limit, task_memcg=task)
    columns = "limit_relation, limit_level, levels_up"
    assert select("cgroup_identity", columns, "cgroup_role = 'limit'") == [
        (relation, level, levels_up)
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
