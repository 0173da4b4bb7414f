"""The instrument itself: which disks a cut may leave, programs that survive it, and programs that do not."""

from __future__ import annotations

import os
import posix
import shutil
from collections.abc import Iterator
from typing import Callable

import pytest
from explore import Exploration, scratch
from forest import Forest
from recorder import Recorder, Recording
from toys import RIGHT, WRONG, Toy, put, put_synced, sync


@pytest.fixture
def no_disk() -> None:
    """Unlike elsewhere, fsync is what these tests are about."""


@pytest.fixture
def root() -> Iterator[str]:
    """A directory in memory."""
    place = scratch("model")
    yield place
    shutil.rmtree(place)


def recorded(root: str, program: Callable[[str], None], times: bool = False) -> Recording:
    """What a program did below a directory."""
    with Recorder(root, times=times) as recording:
        program(root)
    recording.verify()
    return recording


def count(root: str, program: Callable[[str], None]) -> int:
    """Number of disks that a cut at the end of a program may leave."""
    recording = recorded(root, program)
    exploration = Exploration(recording, lambda _: "", lambda _: {""})
    return len(list(exploration.points())[-1].states)


def explored(root: str, toy: Toy) -> Exploration:
    """A toy, recorded; its last moment has to be the new version, its first the old one."""
    toy.prepare(root)
    recording = recorded(root, toy.run)
    last = len(recording.steps)

    def allowed(step: int) -> set[str]:
        return {"old"} if step == 0 else {"new"} if step == last else {"old", "new"}

    return Exploration(recording, toy.judge, allowed)


def test_a_new_file_is_missing_empty_half_zeros_or_whole(root: str) -> None:
    assert count(root, lambda root: put(root + "/file", b"text")) == 5


def test_a_synced_file_may_still_have_no_name(root: str) -> None:
    assert count(root, lambda root: put_synced(root + "/file", b"text")) == 2


def test_a_synced_file_in_a_synced_directory_is_there(root: str) -> None:
    def program(root: str) -> None:
        put_synced(root + "/file", b"text")
        sync(root)

    assert count(root, program) == 1


def test_sync_makes_everything_durable(root: str) -> None:
    def program(root: str) -> None:
        os.makedirs(root + "/a/b/c")
        put(root + "/a/b/file", b"text")
        os.sync()

    assert count(root, program) == 1


def test_three_names_come_in_any_combination(root: str) -> None:
    def program(root: str) -> None:
        for name in "abc":
            os.mkdir(f"{root}/{name}")

    assert count(root, program) == 8


def test_changes_of_one_name_keep_their_order(root: str) -> None:
    def program(root: str) -> None:
        os.mkdir(root + "/a")
        os.rmdir(root + "/a")
        os.symlink("target", root + "/a")

    assert count(root, program) == 3


def test_what_is_below_a_missing_directory_makes_no_difference(root: str) -> None:
    def program(root: str) -> None:
        os.mkdir(root + "/a")
        os.mkdir(root + "/a/b")
        os.mkdir(root + "/a/c")

    assert count(root, program) == 1 + 4


def test_a_rename_in_one_directory_is_atomic_and_between_two_it_is_not(root: str) -> None:
    os.makedirs(root + "/a")
    os.makedirs(root + "/b")
    put(root + "/a/one", b"1")
    put(root + "/b/two", b"2")
    assert count(root, lambda root: os.rename(root + "/a/one", root + "/a/other")) == 2
    assert count(root, lambda root: os.rename(root + "/b/two", root + "/a/two")) == 4


def test_a_rename_onto_another_name_of_the_same_file_does_nothing(root: str) -> None:
    put(root + "/a", b"1")
    os.link(root + "/a", root + "/b")
    assert count(root, lambda root: os.rename(root + "/a", root + "/b")) == 1


def test_mode_and_owner_keep_their_order(root: str) -> None:
    put(root + "/a", b"1")

    def program(root: str) -> None:
        os.chmod(root + "/a", 0o600)
        os.chmod(root + "/a", 0o640)

    assert count(root, program) == 3


def test_fdatasync_leaves_the_mode_behind(root: str) -> None:
    put(root + "/a", b"1")

    def program(root: str) -> None:
        descriptor = os.open(root + "/a", os.O_WRONLY)
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, b"2")
        os.fdatasync(descriptor)
        os.close(descriptor)

    assert count(root, program) == 2


def test_two_names_of_one_file_share_what_is_in_it(root: str) -> None:
    put(root + "/a", b"1")
    os.link(root + "/a", root + "/b")
    # Missing or whole: one byte has no half, and where the old one stood there are no zeros.
    assert count(root, lambda root: put_in_place(root + "/a", b"2")) == 2


def put_in_place(name: str, data: bytes) -> None:
    """Writes over the beginning of a file."""
    descriptor = os.open(name, os.O_WRONLY)
    os.pwrite(descriptor, data, 0)
    os.close(descriptor)


def test_the_recorder_sees_every_way_to_change_files(root: str) -> None:
    def program(root: str) -> None:
        os.makedirs(root + "/a/b", exist_ok=True)
        with open(root + "/a/text", "w", encoding="utf-8") as file:  # pathlib of Python 3.9 keeps an os.open of its own
            file.write("grüße")
        with open(root + "/a/both", "w+", encoding="utf-8") as file:
            file.write("0123456789")
            file.seek(3)
            file.write("x")
            file.truncate(7)
        with open(root + "/a/both", "ab", buffering=0) as raw:
            raw.write(b"end")
        shutil.copy2(root + "/a/both", root + "/a/b/copy")
        shutil.copytree(root + "/a", root + "/c")
        os.link(root + "/a/text", root + "/text")
        os.symlink("a/text", root + "/link")
        os.chmod(root + "/link", 0o604)
        os.truncate(root + "/a/text", 2)
        directory = os.open(root + "/a", os.O_RDONLY)
        os.mkdir("inside", dir_fd=directory)
        os.rename("inside", root + "/outside", src_dir_fd=directory)
        os.close(directory)
        descriptor = os.open(root + "/a/text", os.O_RDWR | os.O_APPEND)
        os.write(descriptor, b"more")
        os.ftruncate(descriptor, 4)
        if os.geteuid() == 0:
            os.fchown(descriptor, 1, 2)
            os.chown(root + "/c", 3, 4)
        os.close(descriptor)
        shutil.rmtree(root + "/c")
        os.remove(root + "/link")

    assert len(recorded(root, program).steps) > 30


def test_the_recorder_says_what_it_did_not_see(root: str) -> None:
    with pytest.raises(AssertionError, match="/hidden/: recorded nothing"):
        recorded(root, lambda root: posix.mkdir(root + "/hidden"))


def test_a_tree_is_planted_as_it_was_read(root: str) -> None:
    os.makedirs(root + "/from/a")
    put(root + "/from/a/file", b"text")
    os.link(root + "/from/a/file", root + "/from/other")
    os.symlink("nowhere", root + "/from/link")
    os.chmod(root + "/from/a/file", 0o640)
    os.chmod(root + "/from/a", 0o711)
    forest = Forest()
    number = forest.read(root + "/from")
    forest.plant(number, root + "/to")
    assert forest.read(root + "/to") == number
    assert os.stat(root + "/to/other").st_nlink == 2


def test_times_are_kept_where_they_matter(root: str) -> None:
    recording = recorded(root, lambda root: put(root + "/file", b"text"), times=True)
    os.mkdir(root + "/to")
    forest = Forest()
    disk = recording.disk(forest)
    for step in recording.steps:
        for operation in step.operations:
            disk.do(operation)
    forest.plant(disk.live(), root + "/to/root")
    assert os.stat(root + "/to/root/file").st_mtime_ns == os.stat(root + "/file").st_mtime_ns


@pytest.mark.parametrize("toy", RIGHT, ids=lambda toy: toy.name)
def test_a_right_program_survives_every_cut(root: str, toy: Toy) -> None:
    exploration = explored(root, toy)
    report = exploration.run()
    assert not report.violations, exploration.explain(report.violations[0])


@pytest.mark.parametrize("toy", RIGHT, ids=lambda toy: toy.name)
def test_no_fsync_of_a_right_program_can_go(root: str, toy: Toy) -> None:
    exploration = explored(root, toy)
    exploration.run()
    assert exploration.syncs()
    for index, step in exploration.syncs().items():
        assert exploration.first_violation({index}), step.text


@pytest.mark.parametrize("toy", WRONG, ids=lambda toy: toy.name)
def test_a_wrong_program_is_found_out(root: str, toy: Toy) -> None:
    exploration = explored(root, toy)
    report = exploration.run()
    assert report.violations
    assert report.violations[0].text in exploration.explain(report.violations[0])
