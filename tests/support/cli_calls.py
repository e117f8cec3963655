"""Errors of the command line."""


def refused(called, tmp_path):
    """The one line of an error; nothing was begun."""
    code, out, err = called
    assert (code, out) == (1, "")
    assert err.startswith("cinematch: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "artifacts").exists()
    return err.removeprefix("cinematch: ").rstrip("\n")
