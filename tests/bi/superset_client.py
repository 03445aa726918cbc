"""What a person clicks in Superset, through its REST API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from tests.bi.superset_server import Superset

Row = tuple[Any, ...]


class Client:
    """Logged in. Every method raises RuntimeError where Superset refuses, with what it said."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def add_database(self, name: str, uri: str) -> int:
        body = {"database_name": name, "sqlalchemy_uri": uri, "expose_in_sqllab": True}
        return int(self._ask("POST", "database/", body)["id"])

    def add_dataset(self, database: int, table: str) -> int:
        body = {"database": database, "schema": "main", "table_name": table}
        return int(self._ask("POST", "dataset/", body)["id"])

    def add_chart(
        self, name: str, dataset: int, columns: Sequence[str], metrics: dict[str, str]
    ) -> int:
        """A table chart of these columns and, by name, these SQL expressions."""
        query = {
            "columns": list(columns),
            "metrics": [
                {"expressionType": "SQL", "sqlExpression": sql, "label": label}
                for label, sql in metrics.items()
            ],
            "row_limit": 10_000,
        }
        source = {"id": dataset, "type": "table"}
        context = {"datasource": source, "queries": [query], "result_format": "json",
                   "result_type": "full"}  # fmt: skip
        body = {
            "slice_name": name,
            "viz_type": "table",
            "datasource_id": dataset,
            "datasource_type": "table",
            "params": json.dumps({"viz_type": "table", "datasource": f"{dataset}__table"}),
            "query_context": json.dumps(context),
        }
        return int(self._ask("POST", "chart/", body)["id"])

    def chart_rows(self, chart: int) -> list[Row]:
        """What the chart shows now, columns in the order that it was given them."""
        [result] = self._ask("GET", f"chart/{chart}/data/")["result"]
        return [tuple(row[name] for name in result["colnames"]) for row in result["data"]]

    def sql_lab(self, database: int, sql: str) -> list[Row]:
        body = {"database_id": database, "sql": sql, "runAsync": False}
        return [tuple(row.values()) for row in self._ask("POST", "sqllab/execute/", body)["data"]]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self._http.request(method, path, json=body)
        if not response.is_success:
            raise RuntimeError(
                f"Superset refused {method} {path}: {response.status_code} {response.text[:2000]}"
            )
        answer: dict[str, Any] = response.json()
        return answer


@contextmanager
def logged_in(superset: Superset) -> Iterator[Client]:
    with httpx.Client(base_url=f"{superset.url}/api/v1/", timeout=300) as http:
        login = {"username": superset.user, "password": superset.password, "provider": "db"}
        token = http.post("security/login", json=login).raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        csrf = http.get("security/csrf_token/").raise_for_status().json()["result"]
        # Flask-WTF wants to know that the page which posts is Superset's own.
        http.headers.update({"X-CSRFToken": csrf, "Referer": superset.url})
        yield Client(http)
