"""One host asked with care: retries with full jitter, a login, no other host, no more than fits."""

from __future__ import annotations

import random
from dataclasses import dataclass
from time import sleep
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import orjson
import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from data_adapters.http_settings import ClientCredentials, HttpSettings
from data_adapters.readers.encoding import is_web_page
from data_adapters.readers.reader import SourceError

MAX_BYTES = 256 * 1024 * 1024  # of one answer, unpacked
_BLOCK = 1 << 20
_FIRST_S, _LONGEST_S = 0.5, 30.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_REDIRECTS = 3
_ACCEPTED = {"Accept": "application/geo+json, application/json", "Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200, or a 304 without a body. Header names are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


class Host:
    """The host of one source's address, for the time of one read. Every error is one line without a secret."""

    def __init__(self, url: str, settings: HttpSettings) -> None:
        self._settings = settings
        self._origin = origin(url)
        self._token: str | None = None
        timeout = urllib3.Timeout(connect=min(10, settings.timeout), read=settings.timeout)
        self._pool = urllib3.PoolManager(timeout=timeout, retries=False)

    def close(self) -> None:
        """Give back the connections."""
        self._pool.clear()

    def get(self, url: str, params: dict[str, str], conditions: dict[str, str]) -> Answer:
        """The answer to a GET. Raises `SourceError` where there is none that could be used."""
        for _ in range(_REDIRECTS):
            if origin(url) != self._origin:
                told = f"{shown(url)}：转向了别的主机，只访问 {'://'.join(self._origin[:2])}；确需时请改 url"
                raise SourceError(told, "foreign_host")
            headers = _ACCEPTED | self._settings.headers | conditions
            answer = self._authorised(_with(url, params), headers)
            if answer.status not in _ELSEWHERE:
                return answer
            url, params = joined(url, answer.headers.get("location", "")), {}
        raise SourceError(f"{shown(url)}：一再转向，像是需要登录", "redirect")

    def _authorised(self, url: str, headers: dict[str, str]) -> Answer:
        login = self._settings.oauth2
        if login is None:
            return _judged(self._retried("GET", url, headers), url)
        answer = None
        for fresh in (False, True):  # a token may have run out
            if self._token is None or fresh:
                self._token = self._bought(login)
            bearer = headers | {"Authorization": f"Bearer {self._token}"}
            answer = self._retried("GET", url, bearer)
            if answer.status != 401:
                break
        assert answer is not None  # noqa: S101  for the type checker
        return _judged(answer, url)

    def _bought(self, login: ClientCredentials) -> str:
        form = {"grant_type": "client_credentials"} | ({"scope": login.scope} if login.scope else {})
        headers = urllib3.make_headers(basic_auth=f"{login.client_id}:{login.client_secret}")
        answer = self._retried("POST", login.token_url, dict(headers), form)
        try:
            token = orjson.loads(answer.body)["access_token"] if answer.status == 200 else None
        except (orjson.JSONDecodeError, KeyError, TypeError):
            token = None
        if not isinstance(token, str) or not token:
            told = f"换不到令牌（{answer.status}），请检查 oauth2 的 client_id 和 client_secret"
            raise SourceError(f"{shown(login.token_url)}：{told}", "login")
        return token

    def _retried(
        self, method: str, url: str, headers: dict[str, str], form: dict[str, str] | None = None
    ) -> Answer:
        """The first answer that is not a passing trouble. Raises `SourceError` after the last try."""
        why, tries = "", self._settings.tries
        for attempt in range(tries):
            wait_s = random.uniform(0, min(_LONGEST_S, _FIRST_S * 2.0**attempt))  # full jitter
            try:
                answer = self._asked(method, url, headers, form or {})
                if answer.status not in _PASSING:
                    return answer
                why = f"回答 {answer.status}"
                told = answer.headers.get("retry-after", "")
                wait_s = max(wait_s, min(float(told), _LONGEST_S)) if told.isdigit() else wait_s
            except LocationParseError:
                raise SourceError(f"{shown(url)}：不是网址", "url") from None
            except (HTTPError, OSError) as error:
                why = _cause(error)
            if attempt < tries - 1:
                sleep(wait_s)
        raise SourceError(f"{shown(url)}：试了 {tries} 次都不成（{why}）", "unreachable")

    def _asked(self, method: str, url: str, headers: dict[str, str], form: dict[str, str]) -> Answer:
        given: dict[str, Any] = {"fields": form, "encode_multipart": False} if form else {}
        response = self._pool.request(
            method, url, headers=headers, redirect=False, preload_content=False, **given
        )
        body = bytearray()
        try:
            while block := response.read(_BLOCK):
                body += block
                if len(body) > MAX_BYTES:
                    told = f"{shown(url)}：一次回答超过 {MAX_BYTES >> 20} MB，请分页读取"
                    raise SourceError(told, "too_large")
        except BaseException:
            response.close()
            raise
        response.release_conn()
        named = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, named, bytes(body))


def origin(url: str) -> tuple[str, str, int | None]:
    """(scheme, host, port) of an address. Raises `SourceError` where it is none of the web."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise SourceError(f"{shown(url)}：不是网址", "url") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise SourceError(f"{shown(url)}：应为 http:// 或 https:// 开头的网址", "url")
    return parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme]


def _with(url: str, params: dict[str, str]) -> str:
    """The address with these parameters in the place of its own of the same name."""
    if not params:
        return url
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, True) if name not in params]
    return urlunsplit(parts._replace(query=urlencode([*kept, *params.items()])))


def joined(url: str, link: str) -> str:
    """The address of a link found at `url`. Raises `SourceError` where it is none."""
    try:
        return urljoin(url, link)
    except ValueError:
        raise SourceError(f"{shown(url)}：给出的链接不是网址", "url") from None


def shown(url: str) -> str:
    """An address as people may see it: without a password, parameters or a token in it."""
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))[:160]
    except ValueError:
        return "url"


def _judged(answer: Answer, url: str) -> Answer:
    """The answer, where it is one to go on with."""
    if answer.status in {401, 403}:
        raise SourceError(f"{shown(url)}：拒绝访问（{answer.status}），请检查 headers 或 oauth2", "login")
    if answer.status not in {200, 204, 304} | _ELSEWHERE:
        raise SourceError(f"{shown(url)}：回答 {answer.status}，请检查 url 和 params", "status")
    if is_web_page(answer.body[:4096]):
        raise SourceError(f"{shown(url)}：是网页而不是数据，像是登录页，请检查 url 和登录", "html")
    return answer


def _cause(error: Exception) -> str:
    """The innermost reason, without the objects and addresses that come with it."""
    told = str(error.args[-1] if error.args else error).rpartition(">: ")[2] or type(error).__name__
    return " ".join(told.split())[:120]
