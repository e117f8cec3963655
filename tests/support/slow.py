"""Which tests are slow."""

# Files of tests that run whole pipelines, drive browsers, kill processes or build distributions, the longest first.
# They are marked `slow`: `make check` leaves them to `make check-all`.
SLOW = [
    "test_notebooks_run.py",
    "test_app_access.py",
    "test_refresh.py",
    "test_runner_stopped.py",
    "test_packaging.py",
    "test_server_workers.py",
    "test_cluster_run.py",
    "test_kernel.py",
    "test_sweep.py",
    "test_embeddings_parameter.py",
    "test_app_files.py",
    "test_page.py",
    "test_page_situations.py",
    "test_page_prefix.py",
    "test_page_verdicts.py",
    "test_page_browse.py",
    "test_page_upload.py",
    "test_app.py",
    "test_lab.py",
    "test_server_processes.py",
    "test_tmdb_pipeline.py",
    "test_reproduce.py",
    "test_other_items.py",
    "test_deploy.py",
    "test_experiment_end_to_end.py",
    "test_tmdb_processes.py",
    "test_wizard.py",
]
