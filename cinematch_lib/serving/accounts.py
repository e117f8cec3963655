"""Users with a number, an e-mail and preferences, as the newer client has them.

The watchlist and the feedback of user 7 are those of the user id "7". E-mails are personal: they are never logged, and
stand in the user's data.
"""

import json
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

from cinematch_lib.serving.database import Database, Transaction
from cinematch_lib.storage.clock import now

DEFAULTS: dict[str, Any] = {
    "preferred_genres": [],
    "services": [],
    "original_languages": [],
    "runtime_min": None,
    "runtime_max": None,
}


@dataclass(frozen=True)
class Account:
    """One user; `created_at` is an ISO 8601 time in UTC."""

    id: int
    name: str
    email: str
    created_at: str


class Accounts:
    """The accounts in the store's database. Thread-safe. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def identify(self, email: str, name: str | None) -> Account | None:
        """The account of an e-mail, under the new name if one is given; without an account and a name, None.

        Upper and lower case in e-mails are the same. A new account gets a number that no user of the store has as id.
        """
        with self._database.transaction(_key(email)) as db:
            row = db.execute("SELECT id, name FROM accounts WHERE email_key = ?", (_key(email),)).fetchone()
            if row is not None:
                if name is not None and name != row[1]:
                    db.execute("UPDATE accounts SET name = ? WHERE id = ?", (name, row[0]))
                number = row[0]
            elif name is None:
                return None
            else:
                number = self._create(db, email, name)
        return self.account(number)

    def _create(self, db: Transaction, email: str, name: str) -> int:
        """The number of a new account, which was never given before and is no user's id."""
        while True:
            (number,) = db.execute(
                "INSERT INTO accounts (email, email_key, name, created) VALUES (?, ?, ?, ?) RETURNING id",
                (email, _key(email), name, now()),
            ).fetchone()
            # Adding the user, too, tells apart an id that another transaction takes at the same time.
            is_free = db.execute("INSERT INTO users (name) VALUES (?) ON CONFLICT DO NOTHING", (str(number),)).rowcount
            if is_free:
                db.execute("DELETE FROM users WHERE name = ?", (str(number),))
                return number
            db.execute("DELETE FROM accounts WHERE id = ?", (number,))

    def account(self, number: int) -> Account | None:
        """The account with this number, if there is one."""
        rows = self._database.rows("SELECT id, name, email, created FROM accounts WHERE id = ?", number)
        return Account(*rows[0]) if rows else None

    def preferences(self, account: Account) -> dict[str, Any]:
        """The preferences of an account, with the time of their last change; at first the defaults."""
        rows = self._database.rows("SELECT fields, updated FROM preferences WHERE account = ?", account.id)
        fields, updated = rows[0] if rows else ("{}", account.created_at)
        return DEFAULTS | json.loads(fields) | {"updated_at": updated}

    def set_preferences(self, account: Account, changes: dict[str, Any]) -> dict[str, Any]:
        """Change some of an account's preferences; returns all."""
        with self._database.transaction(str(account.id)) as db:
            row = db.execute("SELECT fields FROM preferences WHERE account = ?", (account.id,)).fetchone()
            fields = (json.loads(row[0]) if row else {}) | changes
            db.execute(
                "INSERT INTO preferences (account, fields, updated) VALUES (?, ?, ?) "
                "ON CONFLICT (account) DO UPDATE SET fields = excluded.fields, updated = excluded.updated",
                (account.id, json.dumps(fields, ensure_ascii=False), now()),
            )
        return self.preferences(account)

    def data(self, user_id: str) -> dict[str, Any]:
        """What is stored of the account that is the user `user_id`, for their download; empty without one."""
        account = self.account(int(user_id)) if is_number(user_id) else None
        if account is None:
            return {}
        return {"account": asdict(account), "preferences": self.preferences(account)}


def is_number(user_id: str) -> bool:
    """Whether a user id is written as the number of an account is."""
    return user_id.isascii() and user_id.isdecimal() and len(user_id) <= 18 and str(int(user_id)) == user_id


def _key(email: str) -> str:
    return unicodedata.normalize("NFC", email).casefold()
