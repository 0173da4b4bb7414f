"""Records what a program does to the files below a directory, by standing in for the functions of `os` and `open`.

The program really runs on that directory. Whether nothing escaped the recorder is not a matter of trust: at the end
`Recording.verify` compares the directory with what the recorded operations make of its first state.
"""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import io
import os
import stat
import sys
import tarfile
from collections.abc import Iterator, Sequence
from typing import Any, Callable, NamedTuple

from disk import ROOT, Access, Change, Disk, Forgotten, Make, Operation, Resize, SetAccess, Sync, Write
from forest import Forest


class Frame(NamedTuple):
    """A place in the program."""

    file: str
    line: int
    function: str


class Killed(BaseException):
    """The program ended here, without a word. Not an Exception: nobody is to catch it."""


class Step(NamedTuple):
    """One call of the program: what it does to the disk, and who called (innermost first; only for syncs)."""

    text: str
    operations: tuple[Operation, ...]
    frames: tuple[Frame, ...] = ()
    note: Any = None
    """What `Recorder.note` said: a moment of the program, not a call."""


class Recording:
    """A first state and the steps from there."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.first: list[Operation] = []
        self.steps: list[Step] = []

    def disk(self, forest: Forest) -> Disk:
        """The disk in its first state, all of it durable."""
        disk = Disk(forest)
        for operation in self.first:
            disk.do(operation)
        disk.do(Sync(None))
        return disk

    def verify(self) -> None:
        """Fails when the directory is not what the recorded steps make of it: then something was not recorded."""
        forest = Forest()
        disk = self.disk(forest)
        for step in self.steps:
            for operation in step.operations:
                disk.do(operation)
        recorded, real = forest.flat(disk.live()), forest.flat(forest.read(self.place))
        if recorded != real:
            different = [
                f"{name}: recorded {recorded.get(name, 'nothing')[:200]}, really {real.get(name, 'nothing')[:200]}"
                for name in sorted(recorded.keys() | real.keys())
                if recorded.get(name) != real.get(name)
            ]
            raise AssertionError("the recorder missed something:\n" + "\n".join(different))


class Recorder:
    """Records between `__enter__` and `__exit__`. `package` is a folder: frames of files below it are kept. `times` is
    for programs that look at the times of files. `unread` are files, named from `place` on, whose content nobody reads
    after a cut."""

    def __init__(self, place: str, package: str = "", times: bool = False, unread: Sequence[str] = ()) -> None:
        self.recording = Recording(place)
        self.package = package
        self.times = times
        self.unread = {f"{place}/{name}" for name in unread}
        self._numbers: dict[tuple[int, int], int] = {}
        self._entries: dict[int, dict[str, int]] = {}
        self._access: dict[int, Access] = {}
        self._next = ROOT
        self._real: dict[str, Any] = {}
        self._undo = contextlib.ExitStack()
        self.kill = ""
        """The program is killed before the first sync whose text begins like this."""
        self._scan(place, None, "")

    def _scan(self, place: str, directory: int | None, name: str) -> None:
        """Takes over what is there at the beginning."""
        found = os.lstat(place)
        number = self._numbers.get((found.st_dev, found.st_ino))
        operations = self.recording.first
        if number is None:
            number, make = self._register(place)
            operations.append(make)
            if stat.S_ISREG(found.st_mode):
                with open(place, "rb") as file:
                    operations.append(Write(number, 0, file.read(), found.st_mtime_ns if self.times else 0))
        if directory is not None:
            self._entries[directory][name] = number
            operations.append(Change(directory, ((name, number),)))
        if stat.S_ISDIR(found.st_mode):
            for inner in sorted(os.listdir(place)):
                self._scan(f"{place}/{inner}", number, inner)

    def _register(self, place: str, dir_fd: int | None = None) -> tuple[int, Make]:
        """Numbers an inode that is new. A number of the kernel that comes again is another inode."""
        found = os.stat(place, dir_fd=dir_fd, follow_symlinks=False)
        number, self._next = self._next, self._next + 1
        self._numbers[found.st_dev, found.st_ino] = number
        kind = "link" if stat.S_ISLNK(found.st_mode) else "directory" if stat.S_ISDIR(found.st_mode) else "file"
        access = Access(stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid))
        self._access[number] = access
        if kind == "directory":
            self._entries[number] = {}
        target = os.readlink(place, dir_fd=dir_fd) if kind == "link" else ""
        return number, Make(number, kind, access, target)

    def __enter__(self) -> Recording:
        for name in _STANDINS:
            self._put(os, name, getattr(self, "_" + name))
        for module, name in ((builtins, "open"), (io, "open"), (tarfile, "bltn_open")):
            self._put(module, name, self._open_file, key="open_file")
        return self.recording

    def _put(self, module: Any, name: str, standin: Callable[..., Any], key: str = "") -> None:
        real = getattr(module, name)
        self._real.setdefault(key or name, real)
        setattr(module, name, standin)
        self._undo.callback(setattr, module, name, real)

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def note(self, text: str, note: Any) -> None:
        """Marks a moment."""
        self.recording.steps.append(Step(text, (), (), note))

    def _step(self, text: str, *operations: Operation) -> None:
        frames = tuple(self._frames()) if any(isinstance(operation, Sync) for operation in operations) else ()
        self.recording.steps.append(Step(text, operations, frames))

    def _frames(self) -> Iterator[Frame]:
        frame = sys._getframe(2)
        while frame:
            file = frame.f_code.co_filename
            if self.package and file.startswith(self.package):
                yield Frame(file[len(self.package) :].lstrip("/"), frame.f_lineno, frame.f_code.co_name)
            frame = frame.f_back  # type: ignore[assignment]

    # Where something is

    def _place(self, path: Any, dir_fd: int | None) -> tuple[int | None, str]:
        """Number of the directory and name of an entry; None when it is not below the recorded directory."""
        directory, _, name = os.fsdecode(path).rstrip("/").rpartition("/")
        if dir_fd is not None and not os.fsdecode(path).startswith("/"):
            found = os.stat(directory or ".", dir_fd=dir_fd)
        else:
            found = os.stat(directory or ("/" if os.fsdecode(path).startswith("/") else "."))
        return self._numbers.get((found.st_dev, found.st_ino)), name

    def _inode(self, descriptor: int) -> int | None:
        found = os.fstat(descriptor)
        return self._numbers.get((found.st_dev, found.st_ino))

    def _enter(self, text: str, directory: int | None, entries: dict[str, int | None], *first: Operation) -> None:
        if directory is None:
            return
        for name, number in entries.items():
            if number is None:
                del self._entries[directory][name]
            else:
                self._entries[directory][name] = number
        self._step(text, *first, Change(directory, tuple(entries.items())))

    # Stand-ins for functions of os

    def _made(self, text: str, path: Any, dir_fd: int | None) -> None:
        directory, name = self._place(path, dir_fd)
        if directory is not None:
            number, make = self._register(path, dir_fd)
            self._enter(f"{text} {_short(path)}", directory, {name: number}, make)

    def _mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        self._real["mkdir"](path, mode, dir_fd=dir_fd)
        self._made("mkdir", path, dir_fd)

    def _symlink(self, src: Any, dst: Any, target_is_directory: bool = False, *, dir_fd: int | None = None) -> None:
        self._real["symlink"](src, dst, target_is_directory, dir_fd=dir_fd)
        self._made("symlink", dst, dir_fd)

    def _link(
        self,
        src: Any,
        dst: Any,
        *,
        src_dir_fd: int | None = None,
        dst_dir_fd: int | None = None,
        follow_symlinks: bool = True,
    ) -> None:
        self._real["link"](src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, follow_symlinks=follow_symlinks)
        directory, name = self._place(dst, dst_dir_fd)
        if directory is not None:
            found = os.stat(dst, dir_fd=dst_dir_fd, follow_symlinks=False)
            number = self._numbers[found.st_dev, found.st_ino]
            self._enter(f"link {_short(src)} {_short(dst)}", directory, {name: number})

    def _unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._gone("unlink", path, dir_fd)

    def _remove(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._gone("remove", path, dir_fd)

    def _rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._gone("rmdir", path, dir_fd)

    def _gone(self, verb: str, path: Any, dir_fd: int | None) -> None:
        self._real[verb](path, dir_fd=dir_fd)
        directory, name = self._place(path, dir_fd)
        self._enter(f"{verb} {_short(path)}", directory, {name: None})

    def _rename(self, src: Any, dst: Any, **where: int | None) -> None:
        self._moved("rename", src, dst, **where)

    def _replace(self, src: Any, dst: Any, **where: int | None) -> None:
        self._moved("replace", src, dst, **where)

    def _moved(
        self, verb: str, src: Any, dst: Any, src_dir_fd: int | None = None, dst_dir_fd: int | None = None
    ) -> None:
        self._real[verb](src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        source, old = self._place(src, src_dir_fd)
        target, new = self._place(dst, dst_dir_fd)
        if source is None and target is None:
            return
        if source is None or target is None:
            raise AssertionError(f"{verb} into or out of the recorded directory: {src} {dst}")
        with contextlib.suppress(FileNotFoundError):
            # Two names of one inode: POSIX says that nothing happens.
            os.stat(src, dir_fd=src_dir_fd, follow_symlinks=False)
            return
        number = self._entries[source][old]
        text = f"{verb} {_short(src)} {_short(dst)}"
        if source == target:
            self._enter(text, source, {old: None, new: number})
            return
        self._entries[target][new] = number
        del self._entries[source][old]
        self._step(text, Change(target, ((new, number),)), Change(source, ((old, None),)))

    def _chmod(self, path: Any, mode: int, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> None:
        more = {} if follow_symlinks else {"follow_symlinks": False}
        self._real["chmod"](path, mode, **({} if dir_fd is None else {"dir_fd": dir_fd}), **more)
        self._accessed("chmod", path, dir_fd, follow_symlinks)

    def _chown(self, path: Any, uid: int, gid: int, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> None:
        more = {} if dir_fd is None else {"dir_fd": dir_fd}
        self._real["chown"](path, uid, gid, follow_symlinks=follow_symlinks, **more)
        self._accessed("chown", path, dir_fd, follow_symlinks)

    def _lchown(self, path: Any, uid: int, gid: int) -> None:
        self._real["lchown"](path, uid, gid)
        self._accessed("lchown", path, None, False)

    def _fchmod(self, descriptor: int, mode: int) -> None:
        self._real["fchmod"](descriptor, mode)
        self._accessed("fchmod", descriptor, None, True)

    def _fchown(self, descriptor: int, uid: int, gid: int) -> None:
        self._real["fchown"](descriptor, uid, gid)
        self._accessed("fchown", descriptor, None, True)

    def _accessed(self, verb: str, path: Any, dir_fd: int | None, follow: bool) -> None:
        found = os.fstat(path) if isinstance(path, int) else os.stat(path, dir_fd=dir_fd, follow_symlinks=follow)
        number = self._numbers.get((found.st_dev, found.st_ino))
        access = Access(stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid))
        if number is not None and access != self._access[number]:
            self._access[number] = access
            self._step(f"{verb} {access.mode:04o} {access.owner} {_short(path)}", SetAccess(number, access))

    def _open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        try:
            before = os.stat(path, dir_fd=dir_fd) if writes else None
        except FileNotFoundError:
            before = None
        descriptor: int = self._real["open"](path, flags, mode, dir_fd=dir_fd)
        if not writes:
            return descriptor
        if before is None:
            self._made("create", path, dir_fd)
        elif flags & os.O_TRUNC and before.st_size:
            self._resized(descriptor, 0)
        return descriptor

    def _write(self, descriptor: int, data: Any) -> int:
        offset = _position(descriptor)
        count: int = self._real["write"](descriptor, data)
        self._wrote(descriptor, offset, bytes(data)[:count])
        return count

    def _pwrite(self, descriptor: int, data: Any, offset: int) -> int:
        count: int = self._real["pwrite"](descriptor, data, offset)
        self._wrote(descriptor, offset, bytes(data)[:count])
        return count

    def _sendfile(self, out_fd: int, in_fd: int, offset: int, count: int) -> int:
        start = _position(out_fd)
        sent: int = self._real["sendfile"](out_fd, in_fd, offset, count)
        self._wrote(out_fd, start, os.pread(in_fd, sent, offset))
        return sent

    def _wrote(self, descriptor: int, offset: int, data: bytes) -> None:
        number = self._inode(descriptor)
        if number is not None and self._is_unread(descriptor, number):
            return
        if number is not None and data:
            mtime = os.fstat(descriptor).st_mtime_ns if self.times else 0
            self._step(f"write {len(data)} bytes {_short(descriptor)}", Write(number, offset, data, mtime))

    def _ftruncate(self, descriptor: int, length: int) -> None:
        self._real["ftruncate"](descriptor, length)
        self._resized(descriptor, length)

    def _truncate(self, path: Any, length: int) -> None:
        self._real["truncate"](path, length)
        descriptor = path if isinstance(path, int) else self._real["open"](path, os.O_RDONLY)
        self._resized(descriptor, length)
        if descriptor != path:
            os.close(descriptor)

    def _resized(self, descriptor: int, length: int) -> None:
        number = self._inode(descriptor)
        if number is not None and not self._is_unread(descriptor, number):
            self._step(f"truncate to {length} {_short(descriptor)}", Resize(number, length))

    def _is_unread(self, descriptor: int, number: int) -> bool:
        """Whether nobody reads this file after a cut; then its new content is noted here."""
        name = os.readlink(f"/proc/self/fd/{descriptor}")
        if name not in self.unread:
            return False
        with self._real["open_file"](name, "rb") as file:
            self.recording.steps.append(Step(f"write {_short(name)}", (Forgotten(number, file.read()),)))
        return True

    def _fsync(self, descriptor: Any) -> None:
        self._synced("fsync", descriptor, False)

    def _fdatasync(self, descriptor: Any) -> None:
        self._synced("fdatasync", descriptor, True)

    def _synced(self, verb: str, descriptor: Any, only_data: bool) -> None:
        number = self._inode(descriptor if isinstance(descriptor, int) else descriptor.fileno())
        if number is None:
            return
        text = f"{verb} {_short(descriptor)}"
        if self.kill and text.startswith(self.kill):
            raise Killed
        self._step(text, Sync(number, only_data))

    def _sync(self) -> None:
        self._step("sync", Sync(None))

    # Stand-in for open

    def _open_file(
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Callable[[str, int], int] | None = None,
    ) -> Any:
        if not set(mode) & set("wax+"):
            return self._real["open_file"](file, mode, buffering, encoding, errors, newline, closefd, opener)
        recorder = self

        class Raw(io.FileIO):
            """A file whose writes are recorded."""

            def write(self, data: Any) -> int:
                offset = _position(self.fileno())
                count = super().write(data) or 0
                recorder._wrote(self.fileno(), offset, bytes(data)[:count])
                return count

            def truncate(self, size: int | None = None) -> int:
                length = super().truncate(size)
                recorder._resized(self.fileno(), length)
                return length

        create = opener or (lambda path, flags: self._open(path, flags, 0o666))
        raw = Raw(file, mode.replace("b", "").replace("t", ""), closefd, None if isinstance(file, int) else create)
        if "b" in mode and buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)


_STANDINS = ["mkdir", "symlink", "link", "unlink", "remove", "rmdir", "rename", "replace", "chmod", "chown", "lchown"]
_STANDINS += ["fchmod", "fchown", "open", "write", "pwrite", "sendfile", "ftruncate", "truncate"]
_STANDINS += ["fsync", "fdatasync", "sync"]


def _position(descriptor: int) -> int:
    """Where the next write of a descriptor goes."""
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND:
        return os.fstat(descriptor).st_size
    return os.lseek(descriptor, 0, os.SEEK_CUR)


def _short(path: Any) -> str:
    """A path or a descriptor in a step's text: the last three parts."""
    name = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.fsdecode(path)
    return "/".join(name.split("/")[-3:])
