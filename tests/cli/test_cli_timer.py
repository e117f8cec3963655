"""``cinematch refresh --install-timer``: what it shows, what it writes, and when."""

import configparser
import io
import shlex

import pytest
import yaml


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "systemd" / "user"


def unit(path):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read(path)
    return parser


def test_a_systemd_timer_is_written_as_it_was_shown(call, home, tmp_path):
    code, out, err = call("refresh", "--install-timer", "weekly", "--yes", "-p", "min_year", "1990", "--keep", 3)
    assert (code, err) == (0, "")
    service, timer = (unit(home / f"cinematch-refresh.{kind}") for kind in ("service", "timer"))
    assert (home / "cinematch-refresh.timer").read_text() in out
    words = shlex.split(service["Service"]["ExecStart"])
    assert words[0].endswith("/cinematch")
    assert words[1:8] == ["refresh", "--keep", "3", "--max-shrink", "0.05", "--offers-max-age", "7"]
    assert words[8:11] == ["-p", "min_year", "1990"]
    assert words[words.index("--artifacts-dir") + 1] == str(tmp_path / "artifacts")
    assert service["Service"]["WorkingDirectory"] == str(tmp_path)
    assert int(service["Service"]["Nice"]) > 0
    assert timer["Timer"]["OnCalendar"].startswith("Mon ")
    assert timer["Timer"]["Persistent"] == "true"
    assert "systemctl --user enable --now cinematch-refresh.timer" in out


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_it_asks_before_it_writes(call, home, monkeypatch, answer, written):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    code, out, _ = call("refresh", "--install-timer", "daily")
    assert code == 0
    assert home.exists() is written
    assert ("Nothing was written." in out) is not written


def test_a_folder_with_percent_signs_and_spaces(cinematch, home, tmp_path):
    strange = tmp_path / "100% films"
    strange.mkdir()
    cinematch(strange, "refresh", "--install-timer", "weekly", "--yes")
    service = unit(home / "cinematch-refresh.service")["Service"]
    assert service["WorkingDirectory"] == str(strange).replace("%", "%%")
    assert str(strange / "raw").replace("%", "%%") in shlex.split(service["ExecStart"])
    out = cinematch(strange, "refresh", "--install-timer", "weekly", "--as", "crontab").out
    minute, hour, day, month, weekday, *_ = out.split(" ")
    assert [minute, hour, day, month, weekday] == ["17", "3", "*", "*", "1"]
    assert "%" not in out.replace(r"\%", "")
    assert str(strange / "raw") in shlex.split(out.replace(r"\%", "%"))


def test_a_kubernetes_cron_job(call, home):
    _, out, _ = call("refresh", "--install-timer", "monthly", "--as", "kubernetes", "-p", "min_year", "1990")
    job = yaml.safe_load(out)
    assert (job["kind"], job["spec"]["schedule"], job["spec"]["concurrencyPolicy"]) == (
        "CronJob",
        "17 3 1 * *",
        "Forbid",
    )
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"][:2] == ["cinematch", "refresh"]
    assert container["command"][-3:] == ["-p", "min_year", "1990"]
    assert not home.exists()
