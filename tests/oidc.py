"""OpenID Connect providers for tests: a real one as a process, and one that can be told to lie."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.servers import free_port

START_TIMEOUT_S = 30.0


@contextmanager
def real_provider(log_file: Path) -> Iterator[str]:
    """The address of oidc-provider-mock, a process of its own. Any client and secret will do; people are as PUT."""
    port = free_port()
    code = "import warnings; warnings.simplefilter('ignore'); from oidc_provider_mock.__main__ import run; run()"
    with log_file.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code, "--port", str(port), "--require-nonce", "true"],
            stdout=out,
            stderr=out,
            env={"AUTHLIB_INSECURE_TRANSPORT": "1", "PATH": ""},
        )
    address = f"http://localhost:{port}"
    end = time.monotonic() + START_TIMEOUT_S
    try:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{address}/.well-known/openid-configuration").status_code == 200:
                    break
            assert process.poll() is None, log_file.read_text()
            assert time.monotonic() < end, "the provider did not start"
            time.sleep(0.05)
        yield address
    finally:
        process.kill()
        process.wait()


class Liar:
    """A provider that keeps to the protocol, PKCE included, but for what a test changes.

    `claims` come over those of an honest ID token; `header` and `key` sign it (`HS256` with the public key for a
    secret); `discovery` comes over what it says of itself; `status` is the token endpoint's, `token` comes over its
    answer, `method` is how the client is to say who it is. `key_set` and `whole` are sent in the place of its keys and
    of the token endpoint's answer. `codes` are those it will still take.
    """

    client_id, secret = "affidavit", "s3cret-of-the-client"

    def __init__(self) -> None:
        self.honest_key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
        self.reset()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def reset(self) -> None:
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "k1"}
        self.key: Any = self.honest_key
        self.keys = [self.honest_key]
        self.discovery: dict[str, Any] = {}
        self.status = 200
        self.token: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.one_time = True
        self.method = "basic"
        self.key_set: Any = None
        self.whole: Any = ...

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def approve(self, address: str) -> tuple[str, str]:
        """What the authorization endpoint sends the browser back with: code and state."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == self.client_id
        code = f"code-{len(self.codes)}-{time.monotonic_ns()}"
        self.codes[code] = asked
        return code, asked["state"]

    def about(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            **self.discovery,
        }

    def answer(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint."""
        basic = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        posted = {"client_id": form.get("client_id", ""), "client_secret": form.get("client_secret", "")}
        known = {
            "basic": authorization == f"Basic {basic}",
            "post": posted == {"client_id": self.client_id, "client_secret": self.secret},
            "none": posted == {"client_id": self.client_id, "client_secret": ""},
        }
        if not known[self.method]:
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form["code"], None) if self.one_time else self.codes.get(form["code"])
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = _base64(sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "sub": "subject-1",
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "groups": ["audit"],
        }
        claims = {name: value for name, value in {**honest, **self.claims}.items() if value is not None}
        if self.whole is not ...:
            return 200, self.whole
        return self.status, {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(claims), **self.token}

    def sign(self, claims: dict[str, Any]) -> str:
        if self.header["alg"] in {"none", "HS256"}:  # what no library signs
            parts = [_base64(json.dumps(one).encode()) for one in (self.header, claims)]
            code = hmac.new(self.honest_key.as_pem(private=False), ".".join(parts).encode(), "sha256").digest()
            return ".".join([*parts, "" if self.header["alg"] == "none" else _base64(code)])
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _handler(liar: Liar) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _send(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path == "/.well-known/openid-configuration":
                self._send(200, liar.about())
            elif self.path == "/jwks":
                honest = {"keys": [one.as_dict(private=False) for one in liar.keys]}
                self._send(200, honest if liar.key_set is None else liar.key_set)
            else:
                self._send(404, {})

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(raw).items()}
            self._send(*liar.answer(form, self.headers.get("Authorization", "")))

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    return Handler
