"""The ``postgres`` manager passes the contract suite on a real server."""

from itertools import count

import psycopg
import pytest

from flowstone.io.postgres import PostgresManager
from flowstone.testing.io_contract import IoContract

_NUMBERS = count()
TABLE = "shop__orders"


class TestPostgres(IoContract):
    @pytest.fixture
    def manager_type(self):
        return PostgresManager

    @pytest.fixture
    def config(self, postgres_server):
        return {"dsn": postgres_server, "schema": f"contract_{next(_NUMBERS)}"}

    @pytest.fixture(autouse=True)
    def admin(self, postgres_server, config):
        with psycopg.connect(postgres_server, autocommit=True) as self.connection:
            self.schema = config["schema"]
            yield

    def execute(self, statement, *values):
        return self.connection.execute(statement.replace("SCHEMA", self.schema), values)

    def damage(self, manager, how):
        statement = {
            "truncated": "UPDATE SCHEMA.shop__orders SET value = to_json(left(value::text, 5)::bigint) "
            "WHERE _flowstone_partition = 'x'",
            "flipped": "UPDATE SCHEMA.shop__orders SET value = to_json(value::text::numeric + 1) "
            "WHERE _flowstone_partition = 'x'",
            "longer": "INSERT INTO SCHEMA.shop__orders SELECT * FROM SCHEMA.shop__orders "
            "WHERE _flowstone_partition = 'x'",
            "empty": "UPDATE SCHEMA.shop__orders SET value = NULL WHERE _flowstone_partition = 'x'",
            "deleted": "DELETE FROM SCHEMA.shop__orders WHERE _flowstone_partition = 'x'",
            "swapped": "UPDATE SCHEMA.shop__orders SET value = (SELECT value FROM SCHEMA.shop__orders "
            "WHERE _flowstone_partition = 'y') WHERE _flowstone_partition = 'x'",
        }[how]
        assert self.execute(statement).rowcount == 1

    def damage_record(self, manager, content):
        text = content.decode("latin-1")
        changed = self.execute("UPDATE SCHEMA.flowstone_records SET record = %s WHERE partition = 'x'", text)
        assert changed.rowcount == 1

    def leftovers_of(self, staged):
        return []  # nothing of an open transaction can be seen

    def leftovers(self, manager):
        """Rows without a record."""
        found = self.execute(
            "SELECT DISTINCT _flowstone_partition FROM SCHEMA.shop__orders "
            "EXCEPT SELECT partition FROM SCHEMA.flowstone_records"
        )
        return [row[0] for row in found.fetchall()]
