"""A tiny MovieLens data set, packed as GroupLens does it and published on a real server."""

import contextlib
import hashlib
import io
import os
import zipfile

from cinematch_lib.data import download as downloads
from support.http_files import running

NAME = "ml-latest-small"
MOVIES = b"movieId,title,genres\r\n1,Heat (1995),Action|Crime\r\n"
LINKS = b"movieId,imdbId,tmdbId\r\n1,0113277,949\r\n"
RATINGS = b"userId,movieId,rating,timestamp\r\n1,1,4.5,964982703\r\n"
TAGS = "userId,movieId,tag,timestamp\r\n1,1,caf\u00e9,964982703\r\n".encode()
FILES = {"movies.csv": MOVIES, "links.csv": LINKS, "ratings.csv": RATINGS, "tags.csv": TAGS}


def md5(content):
    return hashlib.md5(content).hexdigest()


def zipped(files, top=NAME, padding=0):
    """A zip as GroupLens packs them; `padding` bytes that do not compress make it larger."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{top}/", b"")
        for name, content in files.items():
            archive.writestr(f"{top}/{name}", content)
        if padding:
            archive.writestr(f"{top}/README.txt", os.urandom(padding))
    return made.getvalue()


@contextlib.contextmanager
def movielens_server(monkeypatch):
    """A server from which the data sets are fetched while the block lasts."""
    monkeypatch.setattr(downloads, "PAUSES", (0.01, 0.01))
    with running() as files:
        monkeypatch.setenv("MOVIELENS_URL", f"{files.url}/datasets/")
        yield files


def publish(server, body, name=NAME, checksum="{md5}  {name}.zip\n", **behaviour):
    if checksum:
        text = checksum.format(md5=md5(body), name=name)
        server.serve(f"/datasets/{name}.zip.md5", text.encode())
    return server.serve(f"/datasets/{name}.zip", body, **behaviour)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def lay(folder, files):
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
