"""What the server tells of the last refresh."""

from support.serving import client

from cinematch_lib.artifacts.refresh_record import FAILED, HELD_BACK, RUNNING, RefreshRecord, now


def told(api):
    values = dict(line.split(" ") for line in api.get("/metrics").text.splitlines() if line.startswith("cinematch_ref"))
    return [float(values[f"cinematch_refresh_{name}"]) for name in ("held_back", "failed", "age_seconds")]


def test_health_and_metrics_tell_of_the_last_refresh(served, tmp_path):
    with client(served, state_dir=tmp_path / "state") as api:
        assert api.get("/health").json()["refresh"] is None
        held_back, failed, age = told(api)
        assert (held_back, failed, age == age) == (0, 0, False)

        running = RefreshRecord(RUNNING, now(), process=7)
        running.finish(served, HELD_BACK, reasons=["nDCG@10 fell"], run_id="new")
        health = api.get("/health").json()
        assert health["status"] == "ok"  # the run that is served is good
        assert health["refresh"]["result"] == "held back"
        assert health["refresh"]["reasons"] == ["nDCG@10 fell"]
        assert health["refresh"]["run_id"] == "new"
        held_back, failed, age = told(api)
        assert (held_back, failed, 0 <= age < 60) == (1, 0, True)

        running.finish(served, FAILED, reasons=["the disk is full"])
        assert told(api)[:2] == [0, 1]

        (served / "refresh.json").write_text("{}")
        assert api.get("/health").json()["refresh"] is None
