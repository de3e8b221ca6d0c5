"""How an HTTP source is asked: what is sent, how one logs in, how the next page is found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Text = Annotated[str, Field(min_length=1)]


class ClientCredentials(BaseModel):
    """An OAuth2 login of a program: ``client_id`` and ``client_secret`` buy a token at ``token_url``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_url: _Text
    client_id: _Text
    client_secret: _Text
    scope: str | None = None


class HttpSettings(BaseModel):
    """``[sources.http]``. A parameter that says ``:cursor`` gets the cursor, as in a query.

    ``paging``: "page" counts pages, "offset" rows; "cursor" takes what the body has at ``next`` as the next page's
    ``cursor_param``; "link" follows the ``Link`` header, the body's ``links``, or the address at ``next``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: dict[str, str] = {}
    params: dict[str, str | int] = {}
    oauth2: ClientCredentials | None = None
    paging: Literal["none", "page", "offset", "cursor", "link"] = "none"
    page_param: _Text = "page"
    page_start: Annotated[int, Field(ge=0, le=1)] = 1
    offset_param: _Text = "offset"
    cursor_param: _Text = "cursor"
    size_param: _Text | None = None
    page_size: Annotated[int, Field(ge=1, le=100_000)] | None = None
    next: _Text | None = None  # where in the body, "a.b"
    max_pages: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    timeout: Annotated[int, Field(ge=1, le=600)] = 30  # seconds without a byte
    tries: Annotated[int, Field(ge=1, le=10)] = 5  # of one request, before the source counts as failed

    @model_validator(mode="after")
    def _complete(self) -> HttpSettings:
        if self.size_param is not None and self.page_size is None:
            raise ValueError("size_param 需要 page_size")
        if self.paging == "cursor" and self.next is None:
            raise ValueError('paging = "cursor" 需要 next：下一页的游标在正文的哪里，如 "data.next"')
        return self
