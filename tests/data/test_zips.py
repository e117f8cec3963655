"""Zips, good and malicious, and bytes that are not even zips."""

import io
import stat
import struct
import warnings
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cinematch_lib.data.zips import open_zip, unpack, unpacked_size
from cinematch_lib.errors import CineMatchError


def make(path, members, compression=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, content) pairs, however wrong."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of doubled names
        for name, content in members:
            archive.writestr(name, content, compress_type=compression)
    return path


def unpack_all(path, into):
    into.mkdir(exist_ok=True)
    with open_zip(path, "some.zip") as archive:
        unpack(archive, into)


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_and_folders_are_written_as_they_are(tmp_path):
    members = {"ml/movies.csv": b"movieId\r\n1\r\n", "ml/deep/er/é.txt": b"", "ml/links.csv": b"x" * 100_000}
    path = make(tmp_path / "a.zip", [("ml/", b""), *members.items(), ("ml/empty/", b"")], zipfile.ZIP_STORED)
    unpack_all(path, tmp_path / "out")
    assert tree(tmp_path / "out") == members
    assert (tmp_path / "out/ml/empty").is_dir()


def info(name, **attributes):
    made = zipfile.ZipInfo(name)
    for key, value in attributes.items():
        setattr(made, key, value)
    return made


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("../evil", b"x")], "is no plain path inside the folder"),
        ([("a/../../evil", b"x")], "is no plain path inside the folder"),
        ([("a/./b", b"x")], "is no plain path inside the folder"),
        ([("a//b", b"x")], "is no plain path inside the folder"),
        ([("/etc/evil", b"x")], "is an absolute path, or has a backslash or a colon"),
        ([("..\\evil", b"x")], "is an absolute path, or has a backslash or a colon"),
        ([("C:/evil", b"x")], "is an absolute path, or has a backslash or a colon"),
        ([("a\nb", b"x")], "has a control character"),
        (
            [(info("link", external_attr=(stat.S_IFLNK | 0o777) << 16), b"/etc/passwd")],
            "is a link or a special",
        ),
        ([(info("pipe", external_attr=stat.S_IFIFO << 16), b"")], "is a link or a special file"),
        ([("a", b"1"), ("a", b"2")], "is there twice"),
        ([("a", b"1"), ("A", b"2")], "is there twice"),
        ([("caf\u00e9", b"1"), ("cafe\u0301", b"2")], "is there twice"),
        ([("a", b"1"), ("a/b", b"2")], "lies below what is a file"),
    ],
)
def test_an_unsafe_member_is_refused_before_anything_is_written(tmp_path, members, reason):
    path = make(tmp_path / "a.zip", [("good", b"fine"), *members])
    with pytest.raises(CineMatchError) as caught:
        unpack_all(path, tmp_path / "out")
    assert str(caught.value).startswith("some.zip is not safe, so it was not unpacked: ")
    assert reason in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_an_encrypted_member_is_refused(tmp_path):
    path = make(tmp_path / "a.zip", [("secret", b"x")])
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the zip's directory
    path.write_bytes(content)
    with pytest.raises(CineMatchError, match="'secret' is encrypted"):
        unpack_all(path, tmp_path / "out")


@pytest.mark.parametrize(("name", "reason"), [(b"a\0b", "has a control character"), (b"", "is no plain path")])
def test_names_that_zipfile_itself_would_not_write_are_refused(tmp_path, name, reason):
    content = bytearray(make(tmp_path / "a.zip", [("aXb", b"x")]).read_bytes())
    for header, offset in ((b"PK\x01\x02", 28), (b"PK\x03\x04", 26)):
        # what is cut off the name becomes an extra field
        struct.pack_into("<HH", content, content.index(header) + offset, len(name), 3 - len(name))
    (tmp_path / "a.zip").write_bytes(bytes(content).replace(b"aXb", name.ljust(3, b"\1")))
    with pytest.raises(CineMatchError, match=reason):
        unpack_all(tmp_path / "a.zip", tmp_path / "out")


def test_a_bomb_is_refused_by_its_declared_size(tmp_path):
    path = make(tmp_path / "a.zip", [("zeros", bytes(10_000_000))])
    with pytest.raises(CineMatchError, match="claim to hold 10,000,000, more than 100 times as many"):
        unpack_all(path, tmp_path / "out")


def test_a_bomb_that_declares_too_little_writes_no_more_than_it_declares(tmp_path):
    path = make(tmp_path / "a.zip", [("zeros", bytes(10_000_000))])
    content = bytearray(path.read_bytes())
    for header, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<I", content, content.index(header) + offset, 1000)
    path.write_bytes(content)
    with pytest.raises(CineMatchError, match=r"some\.zip is damaged or no zip"):
        unpack_all(path, tmp_path / "out")
    assert sum(map(len, tree(tmp_path / "out").values())) <= 1000


def test_too_many_members_are_refused(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{number}", b"") for number in range(1001)])
    with pytest.raises(CineMatchError, match=r"it holds 1,001 files, more than 1,000$"):
        unpack_all(path, tmp_path / "out")


def test_the_room_that_is_needed_is_known_beforehand(tmp_path):
    path = make(tmp_path / "a.zip", [("a", b"x" * 1000), ("b/", b""), ("b/c", b"y" * 10)])
    with open_zip(path, "some.zip") as archive:
        assert unpacked_size(archive) == 1010


def test_a_wrong_crc_is_found(tmp_path):
    path = make(tmp_path / "a.zip", [("a", b"abcdefgh")], zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"abcdefgX"))
    with pytest.raises(CineMatchError, match=r"some.zip is damaged or no zip \(Bad CRC-32 for file 'a'\)"):
        unpack_all(path, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04"])
def test_what_is_no_zip_is_said(tmp_path, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(CineMatchError, match=r"is damaged or no zip .*; download it again$"):
        unpack_all(path, tmp_path / "out")


def sound_zip():
    made = io.BytesIO()
    make(made, [("ml/movies.csv", b"movieId,title\n1,Heat\n" * 20), ("ml/links.csv", b"movieId\n1\n")])
    return made.getvalue()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(sound_zip()) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_whatever_byte_is_wrong_nothing_else_is_raised_and_nothing_leaves_the_folder(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("zip")
    content = bytearray(sound_zip())
    for place, byte in changes:
        content[place] = byte
    (folder / "a.zip").write_bytes(content)
    try:
        unpack_all(folder / "a.zip", folder / "out")
    except CineMatchError as error:
        assert "some.zip" in str(error)
    assert {path.name for path in folder.iterdir()} <= {"a.zip", "out"}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text("aA./\\é:", min_size=1, max_size=6), st.binary(max_size=5)), max_size=4))
def test_whatever_the_names_all_is_unpacked_or_nothing(tmp_path_factory, members):
    folder = tmp_path_factory.mktemp("zip")
    path = make(folder / "a.zip", members)
    try:
        unpack_all(path, folder / "out")
    except CineMatchError:
        assert list((folder / "out").iterdir()) == []
    else:
        files = {name: content for name, content in members if not name.endswith("/")}
        assert tree(folder / "out") == files
    assert {one.name for one in folder.iterdir()} == {"a.zip", "out"}
