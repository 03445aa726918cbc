"""Does each account's credential work, and may it read invoices? One cheap request each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from sources.client.pool import Pool
from sources.client.retry import RetryPolicy
from sources.errors import SourceError
from sources.vendor import ConfiguredAccount


@dataclass(frozen=True)
class CheckResult:
    """`error` is None where the account may read its invoices, else what is wrong, and a remedy."""

    vendor: str
    account: str
    error: str | None


async def check(account: ConfiguredAccount, pool: Pool) -> None:
    """Reads the smallest page of the account's invoices. Raises SourceError."""
    async with pool.client(account.caller()) as client:
        pages = account.definition.probe(account.account).pages(client)
        await anext(pages)


def check_accounts(
    accounts: Sequence[ConfiguredAccount], retry: RetryPolicy | None = None
) -> list[CheckResult]:
    """Checks all accounts side by side; the results are in their order."""
    return asyncio.run(_check_all(accounts, retry))


async def _check_all(
    accounts: Sequence[ConfiguredAccount], retry: RetryPolicy | None
) -> list[CheckResult]:
    async with aclosing(Pool(retry)) as pool:
        return await asyncio.gather(*(_result(account, pool) for account in accounts))


async def _result(account: ConfiguredAccount, pool: Pool) -> CheckResult:
    try:
        await check(account, pool)
    except SourceError as error:
        return CheckResult(account.vendor, account.name, error.summary)
    return CheckResult(account.vendor, account.name, None)
