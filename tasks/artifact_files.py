"""Published files in an artifact: their addresses, and links that a browser can follow.

A browser knows no `s3://`, and the UI removes such links. In AWS a link leads to the object in the console,
which asks for a login; where S3 is something else, such as MinIO, to the object itself, which is there for
those who may read it without one.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from techne.aws import client
from techne.documents.escaping import code_span, escape_text
from techne.settings import Settings
from techne.storage import ObjectURI, parse_uri


def file_link(uri: str, settings: Settings) -> str:
    """A published file as Markdown for a table's cell: linked where it can be, and its URI."""
    file = parse_uri(uri)
    name, address = escape_text(file.name), code_span(uri, in_table=True)
    if file.scheme == "file":
        return f"{name} {address}"
    return f"[{name}]({_web_address(file, settings.aws_region)}) {address}"


def _web_address(file: ObjectURI, region: str) -> str:
    endpoint = client("s3", region).meta.endpoint_url
    if (urlsplit(endpoint).hostname or "").endswith(".amazonaws.com"):
        where = urlencode({"region": region, "prefix": file.key}, safe="/", quote_via=quote)
        return f"https://{region}.console.aws.amazon.com/s3/object/{file.bucket}?{where}"
    return f"{endpoint.rstrip('/')}/{file.bucket}/{quote(file.key)}"
