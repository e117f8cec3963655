"""Work on several processes or machines by Dask, where a scheduler is named; Dask is imported only then."""
