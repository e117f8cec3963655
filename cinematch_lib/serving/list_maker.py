"""Makes the lists of a run as JSON; requests that wait at the same time are answered together."""

import asyncio
from collections import deque
from threading import Lock
from typing import NamedTuple

from cinematch_lib.recommender.best_films import Request
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.serving.responses import ResponseBuilder

_CACHE_SIZE = 512  # lists, of 10 to 20 kB each
_TOGETHER = 8  # requests; others wait until the loop has done what else there is to do
_ROUNDS = 4  # of the event loop, in which it reads the requests that have arrived


class WantedList(NamedTuple):
    """A list of `k` films, whether to cap it and to include reasons, and the rank before its first film."""

    preferences: Preferences
    k: int
    capped: bool
    with_reasons: bool
    offset: int


EncodedList = tuple[bytes, list[int]]  # a JSON list of recommendations, and the ids of its films


class ListMaker:
    """Makes lists of one run.

    The last lists are cached: a page that is reopened and users without preferences repeat their requests.
    """

    def __init__(self, recommender: Recommender, responses: ResponseBuilder) -> None:
        self._recommender, self._responses = recommender, responses
        self._cached: dict[WantedList, EncodedList] = {}  # the one that was asked for last stands last
        self._changing = Lock()
        self._waiting: deque[tuple[WantedList, asyncio.Future[EncodedList]]] = deque()

    def make(self, wanted: WantedList) -> EncodedList:
        """A list. Raises as `Recommender.recommend` does."""
        return self._find(wanted) or self._made([wanted])[0]

    async def make_soon(self, wanted: WantedList) -> EncodedList:
        """The same in the thread of the event loop, together with the lists for which others wait by then."""
        found = self._find(wanted)
        if found is not None:
            return found
        loop = asyncio.get_running_loop()
        made: asyncio.Future[EncodedList] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._make_some, _ROUNDS)
        self._waiting.append((wanted, made))
        return await made

    def _make_some(self, rounds: int = 0) -> None:
        """Make the lists that wait after so many rounds, some at once; the next ones after what else there is to do."""
        if rounds and len(self._waiting) < _TOGETHER:
            asyncio.get_running_loop().call_soon(self._make_some, rounds - 1)
            return
        some = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._make_some)
        some = [(wanted, made) for wanted, made in some if not made.done()]  # who left has cancelled
        try:
            lists = self._made([wanted for wanted, _ in some])
        except Exception:  # of one of them: each gets its own list or error
            for wanted, made in some:
                try:
                    made.set_result(self.make(wanted))
                except Exception as error:
                    made.set_exception(error)
            return
        for (_, made), one in zip(some, lists, strict=True):
            made.set_result(one)

    def _made(self, some: list[WantedList]) -> list[EncodedList]:
        found = self._recommender.recommend_together(
            [Request(one.preferences, one.k, capped=one.capped) for one in some]
        )
        lists = []
        for wanted, films in zip(some, found, strict=True):
            encoded = self._responses.recommendations(films, with_reasons=wanted.with_reasons, offset=wanted.offset)
            lists.append((encoded, [one.movie_id for one in films]))
            self._keep(wanted, lists[-1])
        return lists

    def _find(self, wanted: WantedList) -> EncodedList | None:
        with self._changing:
            found = self._cached.pop(wanted, None)
            if found is not None:
                self._cached[wanted] = found
        return found

    def _keep(self, wanted: WantedList, made: EncodedList) -> None:
        with self._changing:
            self._cached[wanted] = made
            if len(self._cached) > _CACHE_SIZE:
                del self._cached[next(iter(self._cached))]
