"""Work on a Dask cluster: the same results, whatever happens to workers, and clear refusals."""

import os
import shutil
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
from support.cluster import (
    blas_threads,
    certificate,
    killed_once,
    ones,
    out_of_memory,
    refuse,
    scaled_once_killed,
    scheduler,
    square,
    weights_and_years,
    worker,
)
from support.encoder_files import TABLE, WORDS, network_encoder, static_encoder
from support.evaluation_ratings import some_ratings
from support.http_files import serving
from support.small_runs import film_table

from cinematch_lib import CineMatchError
from cinematch_lib.cluster import connection
from cinematch_lib.cluster.local import using
from cinematch_lib.cluster.tasks import map_items, sum_tiles
from cinematch_lib.data import fetch, write_shards
from cinematch_lib.data.movielens import checksums, read_ratings
from cinematch_lib.evaluation import compare_models, make_protocol
from cinematch_lib.evaluation.by_users import lists_by_users
from cinematch_lib.evaluation.served import Serve
from cinematch_lib.features import encode_texts, load_text_encoder
from cinematch_lib.models import make
from cinematch_lib.models.gram import check_workers, gram

pytest.importorskip("distributed")


THREADS = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@pytest.fixture(scope="module")
def messages():
    return []


@pytest.fixture(scope="module", autouse=True)
def cluster(messages):
    """Two workers on this machine."""
    with using(None, 2, "800MB", messages.append):
        yield
    assert connection.SCHEDULER not in os.environ


def test_the_address_of_the_dashboard_is_told(messages):
    assert len(messages) == 1
    assert messages[0].startswith("2 workers of 0.8 GB or more at tcp://127.0.0.1:")
    assert "; dashboard: http://127.0.0.1:" in messages[0]


def test_items_keep_their_order():
    assert list(map_items(square, range(20))) == [number**2 for number in range(20)]


def test_what_a_task_raises_is_raised_here():
    with pytest.raises(ValueError, match="2 is not wanted"):
        list(map_items(refuse, [2]))


def test_a_gram_matrix_of_whole_numbers_is_the_same_bytes(monkeypatch):
    X = ones(2000, 4000, 0.005)  # so many columns take two tiles
    here = gram_here(X, monkeypatch)
    assert np.array_equal(gram(X), here)
    assert np.array_equal(here[:50, :50], (X.T[:50] @ X[:, :50]).toarray())


def test_a_gram_matrix_of_rating_weights_and_years_is_the_same_bytes(monkeypatch):
    X = weights_and_years(5000, 700, 30)
    assert np.array_equal(gram(X), gram_here(X, monkeypatch))


def test_other_sums_agree_within_rounding_and_are_the_same_each_time(monkeypatch):
    X = ones(5000, 700, 0.05)
    X.data[:] = np.random.default_rng(1).random(X.nnz)
    first = gram(X)
    np.testing.assert_allclose(first, gram_here(X, monkeypatch), rtol=1e-6)
    assert np.array_equal(gram(X), first)


def gram_here(X, monkeypatch):
    with monkeypatch.context() as patch:
        patch.delenv(connection.SCHEDULER)
        return gram(X)


@pytest.mark.parametrize("n_workers", [1, 2, 3])
def test_weights_are_the_same_bytes_on_any_number_of_workers(n_workers, monkeypatch):
    with using(None, n_workers, "600MB", print):
        there = [hybrid_weights(users) for users in (300, 90)]
    monkeypatch.delenv(connection.SCHEDULER)
    for one, other in zip(there, [hybrid_weights(users) for users in (300, 90)], strict=True):
        assert one == other


def hybrid_weights(users):
    """The matrices of a hybrid of 120 films: with few users, there are more rows than films only with sessions."""
    values = {"dropout": 0.3, "session_weight": 0.7, "year_weight": 4.0, "feature_weight": 20.0}
    model = make("hybrid", regularization=30.0, content_weight=1.4, **values)
    matrices = model.fit(some_ratings(users, 120, seed=3), genre_films(120)).item_weights(100).matrices
    return [[array.tobytes() for array in (one.data, one.indices, one.indptr)] for one in matrices]


def genre_films(n):
    """As many films as `some_ratings` has, of three genres."""
    return film_table(*({"movieId": 10 + at, "genres": ("drama", "crime", "war")[at % 3]} for at in range(n)))


def test_shards_are_read_to_the_same_table(tmp_path, monkeypatch):
    folder = fetch("sample", tmp_path)
    write_shards(folder, 5)
    there = read_ratings(folder)
    monkeypatch.delenv(connection.SCHEDULER)
    pd.testing.assert_frame_equal(there, read_ratings(folder))


def test_shards_at_a_url_are_read_by_the_workers_to_the_same_table(tmp_path, monkeypatch):
    pytest.importorskip("aiohttp")
    folder = fetch("sample", tmp_path)
    here = read_ratings(folder)
    write_shards(folder, 5)
    (folder / "ratings.csv").unlink()
    shutil.move(folder / "ratings", tmp_path / "store")
    with serving(tmp_path / "store") as url:
        (folder / "ratings.url").write_text(url)
        pd.testing.assert_frame_equal(read_ratings(folder), here)
        there = checksums(folder)
        monkeypatch.delenv(connection.SCHEDULER)
        assert checksums(folder) == there


def test_texts_are_encoded_by_the_workers_to_the_same_vectors(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    encoder = load_text_encoder(network_encoder(tmp_path / "model"))
    texts = [f"{first} {second} {number}" for number in range(40) for first in WORDS[4:] for second in WORDS[4:]]
    assert len(texts) > 1024  # more than a task
    there = encode_texts([*texts, ""], encoder, tmp_path / "data")
    with monkeypatch.context() as patch:
        patch.delenv(connection.SCHEDULER)
        assert np.array_equal(encode_texts([*texts, ""], encoder), there)
    monkeypatch.setattr(encoder, "encode", None)  # all are cached
    assert np.array_equal(encode_texts([*texts, ""], encoder, tmp_path / "data"), there)


def test_an_encoder_that_the_workers_lack_is_named(tmp_path):
    pytest.importorskip("onnxruntime")
    encoder = load_text_encoder(static_encoder(tmp_path / "model"))
    (tmp_path / "model").rename(tmp_path / "moved")
    with pytest.raises(
        CineMatchError, match=r"on a worker, embeddings must be a folder .*; put the encoder in the same"
    ):
        encode_texts(["heist"], encoder)
    static_encoder(tmp_path / "model", {"embeddings": 2 * TABLE})
    with pytest.raises(CineMatchError, match=r"on a worker, .* holds another encoder than here; put the same files"):
        encode_texts(["heist"], encoder)


def test_a_worker_that_is_killed_changes_no_result(tmp_path):
    marker = tmp_path / "killed"
    assert list(map_items(partial(killed_once, marker), range(9))) == [number**2 for number in range(9)]
    assert marker.exists()
    parts, marker = [np.full(3, 1.0 + number) for number in range(6)], tmp_path / "again"
    sums = list(sum_tiles(partial(scaled_once_killed, marker), parts, [1, 2, 3, 4], "sums"))
    assert [one.tolist() for one in sums] == [[21.0 * tile] * 3 for tile in (1, 2, 3, 4)]
    assert marker.exists()


def test_workers_use_one_thread_each_and_the_steps_beside_them_as_many_as_ever():
    assert set().union(*connection.client().run(blas_threads).values()) == {1}
    assert {name: os.environ.get(name) for name in THREADS} == THREADS


def test_a_task_that_ends_every_worker_is_given_up():
    with pytest.raises(CineMatchError, match=r"ended its worker 4 times, most likely for want of memory; .*--memory"):
        list(map_items(out_of_memory, [1]))
    assert list(map_items(square, [3])) == [9]


def test_what_does_not_fit_is_refused_with_the_numbers():
    with pytest.raises(CineMatchError, match=r"20,000 columns from 64,000,000 entries need \d\.\d GB on each"):
        check_workers(20_000, 64_000_000)
    check_workers(1_500, 500_000)


def test_no_scheduler_is_told_within_ten_seconds():
    began = time.monotonic()
    with pytest.raises(CineMatchError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9 .*correct --scheduler"):
        connection.connect("tcp://127.0.0.1:9")
    assert time.monotonic() - began < 10
    with pytest.raises(CineMatchError, match="no Dask scheduler at nonsense://x"):
        connection.connect("nonsense://x")


def test_a_worker_of_other_versions_is_named(tmp_path):
    other = tmp_path / "path/numpy-1.26.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.0\n")
    with scheduler() as address:
        with pytest.raises(CineMatchError, match=f"the scheduler at {address} has no workers; start some"):
            connection.connect(address)
        refused = pytest.raises(CineMatchError, match=r"workers of .* have other versions .*numpy 1\.26\.0 \(here 2")
        with worker(address, tmp_path, first_on_path=other.parent), refused:
            wait_for_workers(address)


def wait_for_workers(address):
    """A client, once there are workers."""
    end = time.monotonic() + 60
    while True:
        try:
            return connection.connect(address)
        except CineMatchError as error:
            if "other versions" in str(error) or time.monotonic() > end:
                raise


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_options_of_tls_are_those_of_dask(tmp_path, monkeypatch):
    import dask
    from distributed import Security

    cert, key = certificate(tmp_path)
    pairs = {
        f"tls_{role}_{kind}": file for role in ("scheduler", "client") for kind, file in (("cert", cert), ("key", key))
    }
    security = Security(require_encryption=True, tls_ca_file=cert, **pairs)
    with scheduler(security=security, protocol="tls") as address:
        with pytest.raises(CineMatchError, match="For TLS, set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"):
            connection.connect(address)
        tls = ["--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key]
        names = {"ca-file": cert, "client.cert": cert, "client.key": key}
        with (
            worker(address, tmp_path, *tls),
            dask.config.set({f"distributed.comm.tls.{name}": value for name, value in names.items()}),
        ):
            client = wait_for_workers(address)
            assert client.submit(square, 4).result(timeout=30) == 16
            client.close()


def test_without_a_scheduler_nothing_of_dask_is_imported():
    code = (
        "import sys; from cinematch_lib import models, evaluation, data; from cinematch_lib.cli import main;"
        "from cinematch_lib.models.gram import gram; from scipy import sparse;"
        "gram(sparse.eye_array(3, format='csr', dtype='float32'));"
        "print([one for one in sys.modules if one.split('.')[0] in ('dask', 'distributed')])"
    )
    environment = {name: value for name, value in os.environ.items() if name != connection.SCHEDULER}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def by_film(lists):
    """Lists without the order of the films, of which some have scores that differ by rounding."""
    return lists.drop(columns="rank").sort_values(["userId", "movieId"], ignore_index=True)


def test_an_evaluation_is_the_same_by_workers(monkeypatch):
    ratings = some_ratings(users=400, films=120, seed=3)
    plan = make_protocol(ratings, genre_films(120), folds=1, test_users=150)
    hybrid = {"regularization": 50.0, "dropout": 0.5, "session_weight": 0.5, "year_weight": 0.5}
    options = {"hybrid_params": hybrid | {"feature_weight": 1.0, "content_weight": 0.5}, "cold_users": True}

    def compared():
        serve = Serve({"min_df": 1}, 240)
        return compare_models(plan, ["popular", "itemknn", "hybrid"], [10, 20], serve=serve, knobs=True, **options)

    there = compared()
    monkeypatch.delenv(connection.SCHEDULER)
    here = compared()
    for name, result in here.results.items():
        pd.testing.assert_frame_equal(there.results[name].values, result.values, rtol=1e-9)
        pd.testing.assert_frame_equal(by_film(there.results[name].lists), by_film(result.lists), rtol=0, atol=1e-6)
        if result.cold_lists is not None:
            pd.testing.assert_frame_equal(there.results[name].cold_lists, result.cold_lists)
    pd.testing.assert_frame_equal(there.knobs.points, here.knobs.points, rtol=1e-9)


def test_what_workers_cannot_make_is_made_here():
    """A class that workers cannot import, and a model that takes more than a quarter of a worker's memory."""
    users = np.arange(200)
    assert len(lists_by_users(_one_each, _Mine(), users)) == 200
    model = make("popular")
    model.films = np.zeros(30_000_000)
    assert len(lists_by_users(_one_each, model, users)) == 200


_HERE = os.getpid()


class _Mine:
    pass


def _one_each(source, users):
    assert os.getpid() == _HERE
    return pd.DataFrame({"userId": users})
