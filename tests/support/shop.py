"""Customers of a shop who buy what others of their taste buy: data that are not films."""

import numpy as np

from support.tables import write_csv

KINDS = ("tools", "books", "garden")
ITEMS = [f"{kind}-{number:02}" for kind in KINDS for number in range(15)]
_DAY, _FIRST = 86_400, 1_500_000_000


def lay_shop(folder, customers=60, bought=10):
    """`interactions.csv` with customers and items of text and how many were bought, and facts about half of the items.

    The customer's favourite kind is that of the number, modulo three.
    """
    rng = np.random.default_rng(3)
    rows = []
    for customer in range(customers):
        liking = np.where(np.arange(len(ITEMS)) // 15 == customer % 3, 1.0, 0.04)
        for at in rng.choice(len(ITEMS), bought, replace=False, p=liking / liking.sum()).tolist():
            time = _FIRST + _DAY * int(rng.integers(900))
            rows.append((f"customer {customer}", ITEMS[at], int(rng.integers(1, 9)), time))
    write_csv(folder / "interactions.csv", ["user", "item", "weight", "time"], rows)
    facts = [(item, f"The {item}", item.split("-")[0], f"made of {item}") for item in ITEMS[::2]]
    write_csv(folder / "items.csv", ["item", "name", "category", "description"], facts)
    return folder
