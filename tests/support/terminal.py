"""The guided set-up at a real pseudo-terminal, in a forked copy of this process, which has everything imported."""

import contextlib
import os
import pty
import re
import signal
import sys
import traceback

import pexpect
from pexpect.fdpexpect import fdspawn

from cinematch_lib.cli.main import main
from cinematch_lib.wizard import wizard  # noqa: F401 - so that no copy need import it

PROMPT = r"(?m)^([^\n]+?)(?: \[([^\n\[]*)\])?: $"


class Terminal:
    """A person at a terminal of 80 columns: reads up to a question, and types."""

    def __init__(self, folder, *arguments, **environment):
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            _become(folder, ["setup", *map(str, arguments)], environment)
        self._lines = fdspawn(self._terminal, encoding="utf-8", timeout=60)
        self._lines.delaybeforesend = None
        self.seen = ""

    def question(self):
        """The next question and the default that it shows; what came before it is in `seen`."""
        self._lines.expect(PROMPT)
        self.seen += self._lines.before + self._lines.after
        return self._lines.match[1].strip(), self._lines.match[2]

    def answer(self, text):
        self._lines.send(f"{text}\r")

    def press(self, key):
        self._lines.send(key)

    def end(self):
        """The exit code, once the command ended; `seen` then holds all that it wrote."""
        with contextlib.suppress(OSError):  # how the end of a terminal reads on Linux
            self._lines.expect(pexpect.EOF)
        self.seen += self._lines.before or ""
        self.seen = self.seen.replace("\r\n", "\n")
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])

    def answering(self, answers, until):
        """Answer each question from its list, the first answers first, by Enter where there are none, up to `until`.

        All must be used up by then.
        """
        left = {question: list(of) for question, of in answers.items()}
        while (question := self.question()[0]) != until:
            mine = left.get(question)
            self.answer(mine.pop(0) if mine else "")
        assert not any(left.values()), left

    def conversation(self, *answers):
        """Answer (question, answer) pairs; each question must begin as it is given here."""
        for wanted, text in answers:
            asked, _ = self.question()
            assert asked.startswith(wanted), self.seen
            self.answer(text)


def _become(folder, arguments, environment):
    """The child's life: the command, with the terminal for its files, and no way back into the tests."""
    code = 99
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background does not have
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", buffering=1), open(2, "w", buffering=1)  # noqa: SIM115
        os.chdir(folder)
        os.environ.update({"COLUMNS": "80", "TERM": "dumb"} | environment)
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def contents(folder):
    """Every file and folder below, with its mode, its bytes and when it was changed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        data = path.read_bytes() if path.is_file() else None
        found[path.relative_to(folder).as_posix()] = (facts.st_mode, facts.st_mtime_ns, data)
    return found


def plain(text):
    """Text with its line breaks and runs of spaces made one space each."""
    return re.sub(r"\s+", " ", text)
