"""A stand-in for useradd and its like, on the machine's own /etc/passwd and /etc/group."""

from __future__ import annotations

from pathlib import Path


class FakeAccounts:
    """Users and groups in files, as on a machine."""

    root: Path

    def _lines(self, name: str) -> list[list[str]]:
        return [line.split(":") for line in (self.root / "etc" / name).read_text().splitlines()]

    def _write(self, name: str, lines: list[list[str]]) -> None:
        (self.root / "etc" / name).write_text("".join(":".join(line) + "\n" for line in lines))

    def _useradd(self, words: list[str]) -> tuple[int, str]:
        home, shell = words[words.index("--home") + 1], words[words.index("--shell") + 1]
        number = "990" if "--system" in words else "1001"
        self._write("passwd", [*self._lines("passwd"), [words[-1], "x", number, number, "", home, shell]])
        if "--create-home" in words:
            (self.root / home.lstrip("/")).mkdir(parents=True)
        if "-g" not in words:
            self._write("group", [*self._lines("group"), [words[-1], "x", number, ""]])
        return 0, ""

    def _loginctl(self, words: list[str]) -> tuple[int, str]:
        return 1, f"Failed to look up user {words[-1]}: not logged in\n"

    def _usermod(self, words: list[str]) -> tuple[int, str]:
        if "--expiredate" in words:
            (self.root / "etc/shadow").write_text(f"{words[-1]}:*:1:0:99999:7::{words[2]}:\n")
            return 0, ""
        if "--append" in words:
            joined = words[words.index("--groups") + 1].split(",")
            lines = self._lines("group")
            for line in lines:
                if line[0] in joined:
                    line[3] = ",".join(filter(None, [*line[3].split(","), words[-1]]))
            self._write("group", lines)
            return 0, ""
        home, shell = words[words.index("--home") + 1], words[words.index("--shell") + 1]
        lines = self._lines("passwd")
        for line in lines:
            if line[0] == words[-1]:
                line[5:7] = [home, shell]
        self._write("passwd", lines)
        return 0, ""

    def _userdel(self, words: list[str]) -> tuple[int, str]:
        self._write("passwd", [line for line in self._lines("passwd") if line[0] != words[-1]])
        groups = [line for line in self._lines("group") if line[0] != words[-1]]
        self._write("group", [self._without(line, words[-1]) for line in groups])
        return 0, ""

    def _groupadd(self, words: list[str]) -> tuple[int, str]:
        taken = {int(line[2]) for line in self._lines("group")}
        number = next(number for number in range(980, 900, -1) if number not in taken)
        self._write("group", [*self._lines("group"), [words[-1], "x", str(number), ""]])
        return 0, ""

    def _groupdel(self, words: list[str]) -> tuple[int, str]:
        gone = next(line for line in self._lines("group") if line[0] == words[-1])
        if any(line[3] == gone[2] for line in self._lines("passwd")):
            return 8, f"groupdel: cannot remove the primary group of user {words[-1]}\n"
        self._write("group", [line for line in self._lines("group") if line[0] != words[-1]])
        return 0, ""

    def _gpasswd(self, words: list[str]) -> tuple[int, str]:
        user, group = words[2], words[3]
        lines = [self._without(line, user) if line[0] == group else line for line in self._lines("group")]
        self._write("group", lines)
        return 0, ""

    @staticmethod
    def _without(line: list[str], user: str) -> list[str]:
        return [*line[:3], ",".join(name for name in line[3].split(",") if name != user)]
