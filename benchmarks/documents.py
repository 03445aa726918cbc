"""Made-up Atlas invoices as bytes: cheap enough to make a million of, and with a known sum.

They have the fields of listInvoices and getInvoice in MongoDB's Atlas Admin API v2, and add up the
way those do: billed = subtotal + tax, where the subtotal is that of the lines.
"""

from __future__ import annotations

from dataclasses import dataclass

ORGANISATION = "5f2b1c9de4a80b3d7c6e4f10"
MONTHS = 24
FIRST_YEAR = 2023


@dataclass(frozen=True)
class Ledger:
    """All invoices of one organisation.

    `lines` is how many line items they have together. Each revision after the first changes every
    `changed_every`th invoice, the first one among them; 0 changes none.
    """

    invoices: int
    lines: int = 0
    revision: int = 0
    changed_every: int = 0

    @property
    def cents(self) -> int:
        """What all invoices add up to."""
        return sum(self.billed(number) for number in range(self.invoices))

    def billed(self, number: int) -> int:
        subtotal = self.subtotal(number)
        return subtotal + subtotal * 8 // 100

    def subtotal(self, number: int) -> int:
        if self.lines:
            return sum(
                self._line_cents(number, line) - _discount(line)
                for line in range(self.line_count(number))
            )
        return 1_000 + number * 37 % 90_000 + self._surcharge(number)

    def line_count(self, number: int) -> int:
        return self.lines // self.invoices + (number < self.lines % self.invoices)

    def document(self, number: int) -> bytes:
        """As it stands in the list."""
        return b"{" + self._metadata(number) + b"}"

    def detail(self, number: int) -> bytes:
        """The full invoice, with its lines."""
        shared = _period(number)
        lines = ",".join(
            f'{{"sku":"ATLAS_AWS_INSTANCE_M30","unit":"server hours","quantity":{line % 744 + 1},'
            f'"unitPriceDollars":0.54,"totalPriceCents":{self._line_cents(number, line)},'
            f'"discountCents":{_discount(line)},"clusterName":"cluster-{line % 40}",'
            f'"groupId":"{line % 7:024x}","groupName":"project-{line % 7}",'
            f'"tags":{{"team":["search"]}},"cloudProvider":"AWS",{shared}}}'
            for line in range(self.line_count(number))
        )
        return b"".join(
            (
                b"{",
                self._metadata(number),
                b',"lineItems":[',
                lines.encode(),
                b'],"payments":[],"refunds":[]}',
            )
        )

    def _metadata(self, number: int) -> bytes:
        subtotal, billed = self.subtotal(number), self.billed(number)
        paid, status = (billed, "PAID") if number % 10 else (0, "CLOSED")
        return (
            f'"amountBilledCents":{billed},"amountPaidCents":{paid},"creditsCents":0,'
            f'"id":"{number:024x}","linkedInvoices":[],"links":[{{"href":'
            f'"https://cloud.mongodb.com/api/atlas/v2/orgs/{ORGANISATION}/invoices/{number:024x}",'
            f'"rel":"self"}}],"orgId":"{ORGANISATION}","salesTaxCents":{billed - subtotal},'
            f'{_period(number)},"startingBalanceCents":0,"statusName":"{status}",'
            f'"subtotalCents":{subtotal},"updated":"2025-01-02T03:04:05Z"'
        ).encode()

    def _line_cents(self, number: int, line: int) -> int:
        return 100 + line % 50 + (self._surcharge(number) if line == 0 else 0)

    def _surcharge(self, number: int) -> int:
        changes = self.changed_every and number % self.changed_every == 0
        return self.revision if changes else 0


def _discount(line: int) -> int:
    return 10 if line % 3 == 1 else 0


def _period(number: int) -> str:
    """`created`, `startDate` and the exclusive `endDate`, of one of the months."""
    start, end = (
        f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}-01T00:00:00Z"
        for month in (number % MONTHS, number % MONTHS + 1)
    )
    return f'"created":"{start}","startDate":"{start}","endDate":"{end}"'
