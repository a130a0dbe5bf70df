"""Our signature is botocore's, whatever the credentials, the path and the body."""

from __future__ import annotations

from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from techne.llm.providers.aws_signature import RequestSigner

HOSTS = ("bedrock-runtime.us-east-1.amazonaws.com", "127.0.0.1:8950", "[::1]:80")
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(
    secret=WORDS,
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,60}", fullmatch=True),
    model=st.text(min_size=1, max_size=60).filter(lambda name: name not in {".", ".."}),
    body=st.binary(max_size=500),
    host=st.sampled_from(HOSTS),
    region=st.sampled_from(["us-east-1", "sa-east-1", "us-gov-west-1"]),
)
def test_it_signs_as_botocore_does(
    secret: str, token: str | None, model: str, body: bytes, host: str, region: str
) -> None:
    path = f"/model/{quote(model.encode('utf-8', 'replace'), safe='~')}/converse"
    credentials = ReadOnlyCredentials("AKID", secret, token)
    request = AWSRequest(
        "POST",
        f"https://{host}{path}",
        data=body,
        headers={"Content-Type": "application/json", "Host": host},
    )
    SigV4Auth(credentials, "bedrock", region).add_auth(request)
    theirs = dict(request.headers.items())
    signer = RequestSigner("AKID", secret, token, region=region, service="bedrock", host=host)
    assert signer.headers(path, body, at=theirs["X-Amz-Date"]) == theirs


def test_the_key_of_another_day_is_another_one() -> None:
    signer = RequestSigner("AKID", "secret", None, region="us-east-1", service="bedrock", host=HOSTS[0])
    days = [
        signer.headers("/model/m/converse", b"{}", at=f"202601{day}T000000Z")["Authorization"]
        for day in ("01", "02", "01")
    ]
    assert days[0] == days[2] != days[1]
