"""Streaming services under the names that people use.

TMDb lists every offer of JustWatch under a name of its own: the tiers of a service ("Netflix Standard with
Ads"), the channels through which others sell it ("Starz Apple TV Channel"), former names. Here each service has
one name. Names that no rule covers stay as they are.
"""

import re
from collections.abc import Iterable, Mapping

from cinematch_lib.errors import UnknownNameError, close_names
from cinematch_lib.vocabulary.lists import FILLERS, listed_names
from cinematch_lib.vocabulary.spelling import DEMO_SUFFIX, fold_closed

# Other names of each service, in lower case and without the endings below.
NAMES: dict[str, tuple[str, ...]] = {
    "AMC+": ("amc plus",),
    "Amazon Prime Video": ("prime video", "amazon prime", "prime"),
    "Apple TV+": ("apple tv plus", "apple tv+"),
    "BET+": ("bet plus",),
    "Discovery+": ("discovery plus",),
    "Disney+": ("disney plus", "disney"),
    "ESPN+": ("espn plus",),
    "HBO Max": ("max", "hbo", "hbomax"),
    "Hulu": (),
    "Hallmark+": ("hallmark plus", "hallmark movies now"),
    "MGM+": ("mgm plus", "epix"),
    "Netflix": ("netflix kids", "netflix basic", "netflix standard"),
    "Paramount+": (
        "paramount plus",
        "paramount plus essential",
        "paramount plus premium",
        "paramount plus basic",
        "paramount+ essential",
        "paramount+ premium",
        "paramount+ originals",
        "paramount+ with showtime",
        "paramount plus with showtime",
    ),
    "Peacock": ("peacock premium", "peacock premium plus", "peacock tv"),
    "Tubi": ("tubi tv",),
    "Fandango at Home": ("vudu", "fandango at home free", "vudu free"),
}
# Apple's subscription and its shop have the same name and differ in the kind of offer.
_BY_KIND = {
    ("apple tv", "flatrate"): "Apple TV+",
    ("apple tv", "rent"): "Apple TV Store",
    ("apple tv", "buy"): "Apple TV Store",
}

# Between several services in a cell; a slash without spaces may be a part of a name.
_SEPARATORS = re.compile(r"[,;|\n]|\s/\s?|\s?/\s")
_JOINTS = re.compile(r"/|\s(?:&|\+|and|und|et|y|e)\s", re.IGNORECASE)
_NONE = {"", *FILLERS, "no", "not available", "unavailable", "not streaming", "nowhere"}
_REGIONS = {"UK": "GB", "USA": "US", "UNITED KINGDOM": "GB", "UNITED STATES": "US"}  # other names of ISO 3166 codes
_ENDINGS = re.compile(
    r"\s+(?:(?:amazon|apple tv|roku premium) channel|\(?(?:(?:standard|basic|free) )?with ads\)?)\s*$", re.IGNORECASE
)
_NAME_OF = {other: name for name, others in NAMES.items() for other in (name.casefold(), *others)}


def service_name(name: str, kind: str = "") -> str:
    """The usual name of the service that TMDb calls `name`, in an offer of this `kind`.

    >>> [service_name(name) for name in ("Netflix Standard with Ads", "Max Amazon Channel", "Disney Plus")]
    ['Netflix', 'HBO Max', 'Disney+']
    >>> service_name("Apple TV", "flatrate"), service_name("Apple TV", "rent"), service_name("Criterion Channel")
    ('Apple TV+', 'Apple TV Store', 'Criterion Channel')
    """
    bare = " ".join(name.split())
    while (shorter := _ENDINGS.sub("", bare)) != bare:
        bare = shorter
    folded = bare.casefold()
    return _BY_KIND.get((folded, kind)) or _NAME_OF.get(folded, bare)


def listed_services(text: str) -> list[str]:
    """The names of services in a cell: none, one, or several behind any usual separator or in a JSON list.

    Names that are joined by "&", "+" or "and" are several where each is known.

    >>> listed_services("Netflix; Max / Canal+"), listed_services("Netflix & Hulu"), listed_services("Arts & Tales")
    (['Netflix', 'HBO Max', 'Canal+'], ['Netflix', 'Hulu'], ['Arts & Tales'])
    >>> listed_services('["Hulu", "MUBI"]'), listed_services("not available")
    (['Hulu', 'MUBI'], [])
    """
    names = listed_names(text) if text.lstrip().startswith("[") else _SEPARATORS.split(text)
    services = []
    for name in names:
        parts = [part.strip() for part in _JOINTS.split(name)]
        known = len(parts) > 1 and all(part.casefold() in _NAME_OF for part in parts)
        services += [part for part in (parts if known else [name.strip()]) if part.casefold() not in _NONE]
    return [service_name(one) for one in services]


def region_code(name: str) -> str:
    """A country's ISO 3166 code in capitals, from its usual other names too.

    >>> region_code(" uk "), region_code("de")
    ('GB', 'DE')
    """
    code = name.strip().upper()
    return _REGIONS.get(code, code)


def service_keys(services: Iterable[str]) -> dict[str, str]:
    """The services by their folded names, as `resolve_service` takes them."""
    return {service_key(name): name for name in services}


def resolve_service(name: str, keys: Mapping[str, str]) -> str:
    """The service that `name` means among those of `keys` (see `service_keys`).

    Case, spaces and "(demo)" are ignored. Raises UnknownNameError with the services whose names are similar.

    >>> resolve_service(" disney plus", service_keys(["Disney+ (demo)", "Netflix (demo)"]))
    'Disney+ (demo)'
    """
    bare = name.removesuffix(DEMO_SUFFIX)
    for one in (bare, service_name(bare), f"{bare}+"):
        if (key := service_key(one)) in keys:
            return keys[key]
    services = {service.removesuffix(DEMO_SUFFIX): service for service in keys.values()}
    raise UnknownNameError(
        f"no film here is on {name!r}; the services are {', '.join(sorted(keys.values()))}",
        [services[close] for close in close_names(name, services)],
    )


def service_key(name: str) -> str:
    """The name of a service folded for comparison: "Disney Plus" and "disney+" are one, AMC and AMC+ are two."""
    return fold_closed(name.removesuffix(DEMO_SUFFIX).replace("+", " plus"))
