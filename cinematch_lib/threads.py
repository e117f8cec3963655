"""How many threads linear algebra gets."""

from contextlib import AbstractContextManager, nullcontext

from threadpoolctl import threadpool_limits

_MANY = 1_000_000  # ratings


def threads_for(ratings: int) -> AbstractContextManager:
    """A block in which linear algebra has one thread, where there are fewer than a million `ratings`.

    The matrices are small then, and threads wait for one another: on two cores that were busy with other things
    too, learning from the sample's took 94 seconds with two threads and 15 with one. With more ratings, all threads
    are used that there are.
    """
    return threadpool_limits(1, user_api="blas") if ratings < _MANY else nullcontext()
