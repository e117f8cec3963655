"""The guided set-up at a real pseudo-terminal, in a forked copy of this process, which has everything imported."""

import contextlib
import gc
import os
import pty
import re
import select
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field

from cinematch_lib.cli.main import main
from cinematch_lib.wizard import wizard  # noqa: F401 - so that no copy need import it

ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
DRAWN = ("\x1b[?7h\x1b[0m", "\x1b[?7h\x1b[0m\x1b[?12l\x1b[?25h")  # how a prompt ends once it is drawn
MENU = re.compile(r"(?:^|\n)\? ([^\n]+?) \(Use arrow keys[^\n]*\)((?:\n {3}[^\n]*|\n » [^\n]*)+)\Z")
CONFIRM = re.compile(r"(?:^|\n)\? ([^\n]+?) \((Y/n|y/N)\) ?\Z")
TEXT = re.compile(r"(?:^|\n)\? ([^\n]+?) +\[([^\n]*)\] ?\Z")
PASSWORD = re.compile(r"(?:^|\n)\? (Token) ?\Z")
DOWN = "\x1b[B"


@dataclass
class Question:
    """A question as it is drawn: its text, its default, and the lines of its menu if it has one."""

    text: str
    default: str | None
    menu: list[str] = field(default_factory=list)
    is_confirm: bool = False


class Terminal:
    """A person at a terminal of 80 columns: reads up to a question, and types."""

    def __init__(self, folder, *arguments, **environment):
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            _become(folder, ["setup", *map(str, arguments)], environment)
        self.seen = self.raw = self._new = ""
        self._question = None

    def question(self):
        """The next question and its default; all text so far is in `seen`, escape sequences left out."""
        end = time.monotonic() + 60
        while (found := self._drawn()) is None:
            assert time.monotonic() < end, f"waited 60 seconds for a question after {stripped(self._new)[-300:]!r}"
            assert self._read(), f"the command ended, and asked nothing after {stripped(self._new)[-300:]!r}"
        self.seen += stripped(self._new)
        self._new, self._question = "", found
        return found.text, found.default

    def menu(self):
        """The lines of the menu of the last question."""
        return self._question.menu

    def answer(self, text):
        """Answer the last question: by text, yes or no, or the name of a choice; an empty answer is Enter."""
        asked = self._question
        if asked.menu and text:
            names = [line[3:].split()[0] for line in asked.menu if not line[3:].startswith(("- ", " "))]
            assert text in names, f"{text} is not in {names}"
            steps = (names.index(text) - names.index(asked.default)) % len(names)
            self.press(DOWN * steps + "\r")
        elif asked.is_confirm and text:
            self.press(text[0])
        else:
            self.press(f"{text}\r")

    def press(self, key):
        os.write(self._terminal, key.encode())

    def end(self):
        """The exit code, once the command ended; `seen` then holds all that it wrote."""
        while self._read():
            pass
        self.seen += stripped(self._new)
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

    def _read(self):
        ready, _, _ = select.select([self._terminal], [], [], 120)
        assert ready, f"the command wrote nothing for 120 seconds after {stripped(self._new)[-300:]!r}"
        with contextlib.suppress(OSError):  # how the end of a terminal reads on Linux
            if more := os.read(self._terminal, 65536):
                text = more.decode("utf-8", errors="replace")
                self._new += text
                self.raw += text
                return True
        return False

    def _drawn(self):
        if not self._new.endswith(DRAWN):
            return None
        text = stripped(self._new)
        if match := MENU.search(text):
            lines = match[2].removeprefix("\n").split("\n")
            pointed = next(line for line in lines if line.startswith(" » "))
            return Question(match[1], pointed[3:].split()[0], lines)
        if match := CONFIRM.search(text):
            return Question(match[1], "yes" if match[2] == "Y/n" else "no", is_confirm=True)
        match = TEXT.search(text) or PASSWORD.search(text)
        return Question(match[1], match[2] if match.re is TEXT else None) if match else None


def stripped(text):
    """Text without escape sequences, with the line breaks of a file."""
    return re.sub(r"\r+\n", "\n", ESCAPES.sub("", text))


def _become(folder, arguments, environment):
    """The child's life: the command, with the terminal for its files, and no way back into the tests.

    What the tests left is never collected here: it may wait for threads, and a fork has none of them.
    """
    gc.freeze()
    code = 99
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background does not have
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", buffering=1), open(2, "w", buffering=1)  # noqa: SIM115
        os.chdir(folder)
        os.environ.update({"COLUMNS": "80", "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"} | environment)
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
