"""The files of invoices: a PDF behind a signed link, which wants no credential and gets none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, base_url
from sandbox.model import Invoice
from sandbox.money import major, plain

PATH = "/files/{invoice}.pdf"


class Papers:
    """One vendor's. A link is signed again each time that it is given."""

    def __init__(self, vendor: str, find: Callable[[str], Invoice | None]) -> None:
        self._vendor = vendor
        self._find = find
        self._signatures = count(1)
        self._newest = 0

    def link(self, request: Request, invoice: Invoice) -> str:
        self._newest = next(self._signatures)
        name = invoice.key.replace("/", "_")
        address = base_url(request, self._vendor)
        return f"{address}/files/{name}.pdf?signature={self._newest}"

    def route(self) -> Route:
        return Route(PATH, self._answer, methods=["GET"])

    async def _answer(self, request: Request) -> Response:
        if "authorization" in request.headers:
            raise Refusal(400, "a link is opened without a credential")
        signature = request.query_params.get("signature", "")
        if not signature.isdigit() or not 0 < int(signature) <= self._newest:
            raise Refusal(403, "the link has expired")
        invoice = self._find(request.path_params["invoice"])
        if invoice is None or invoice.upcoming:
            raise Refusal(404, "there is no such file")
        total = plain(major(invoice.amounts.total))
        words = f"Invoice {invoice.number or invoice.key}: {invoice.currency} {total}"
        return Response(pdf(words), media_type="application/pdf")


def pdf(words: str) -> bytes:
    """One page with these words, without `(`, `)` and `\\`, in a font that every reader has."""
    drawn = f"BT /F1 14 Tf 72 720 Td ({words}) Tj ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    content = bytearray(b"%PDF-1.4\n")
    places = []
    for number, each in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = len(content)
    size = len(objects) + 1
    content += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    content += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, end)
    return bytes(content)
