"""How much memory may be planned with: the least of the machine, this process's limit, and a container's."""

import subprocess
import sys

import psutil
import pytest

from cinematch_lib import CineMatchError
from cinematch_lib.storage.memory import check_memory, free_memory

CONTAINER = " under the memory limit of the container"


def lay(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2 = {
    "proc/self/cgroup": "0::/apps/one\n",
    "sys/fs/cgroup/apps/one/memory.max": "max\n",
    "sys/fs/cgroup/apps/one/memory.current": "600\n",
    "sys/fs/cgroup/apps/memory.max": "1000\n",
    "sys/fs/cgroup/apps/memory.current": "700\n",
    "sys/fs/cgroup/apps/memory.stat": "anon 300\ninactive_file 200\n",
}
V1 = {
    "proc/self/cgroup": "5:cpu:/\n4:memory:/docker/of-the-host\n0::/\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "5000\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "4000\n",
    "sys/fs/cgroup/memory/memory.stat": "cache 900\ntotal_inactive_file 500\n",
}


@pytest.mark.parametrize(
    ("files", "free"),
    [
        pytest.param(V2, (500, CONTAINER), id="version 2, of the group above"),
        pytest.param(V1, (1500, CONTAINER), id="version 1, in a container"),
        pytest.param(V2 | {"sys/fs/cgroup/apps/one/memory.max": "650\n"}, (50, CONTAINER), id="the smaller of two"),
        pytest.param(V2 | {"sys/fs/cgroup/apps/memory.current": "1300\n"}, (0, CONTAINER), id="more is used already"),
    ],
)
def test_the_limit_of_a_container_counts(tmp_path, files, free):
    assert free_memory(lay(tmp_path, files)) == free


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"},
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "7\n"},
    ],
)
def test_without_a_limit_the_machine_counts(tmp_path, files):
    free, where = free_memory(lay(tmp_path, files))
    assert where == ""
    assert 0 < free <= psutil.virtual_memory().total


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit of address space that is kept")
def test_the_limit_of_address_space_counts():
    code = (
        "import resource\n"
        "from cinematch_lib.storage.memory import check_memory\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 * 10**9,) * 2)\n"
        "check_memory(10**8, 'weights', 'take fewer')\n"
        "check_memory(39 * 10**8, 'weights', 'take fewer')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "line 5" in done.stderr
    message = done.stderr.splitlines()[-1]
    assert "CineMatchError: weights need 3.9 GB of memory, and " in message
    assert message.endswith(" GB are free under the limit of 4.0 GB of address space (ulimit -v 3906250); take fewer")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit of address space that is kept")
def test_a_limit_of_address_space_that_a_new_process_cannot_keep_is_refused_with_its_number():
    code = (
        "import resource\n"
        "from cinematch_lib.storage.memory import check_address_space\n"
        "check_address_space(10**15, 'steps', 'raise it')\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 * 10**9,) * 2)\n"
        "check_address_space(4 * 10**9, 'steps', 'raise it')\n"
        "check_address_space(41 * 10**8, 'steps', 'raise it')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1].endswith(
        "steps need 4.1 GB of address space, and the limit is 4.0 GB (ulimit -v 3906250); raise it"
    )


def test_what_does_not_fit_is_refused_with_the_numbers():
    with pytest.raises(CineMatchError, match=r"^weights need 1000000\.0 GB of memory, and [0-9.]+ GB are free"):
        check_memory(10**15, "weights", "take fewer")
