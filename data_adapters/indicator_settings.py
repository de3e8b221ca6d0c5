"""``[[indicators]]``: an indicator of the county's own, from declared counts or from figures that a source reports."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from data_adapters.sum_of_counts import SumOfCounts


def _sum(value: Any) -> Any:
    return SumOfCounts.parse(value) if isinstance(value, str) else value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("不能为空白")
    return value.strip()


#: Boards on which the county's indicators can be looked at together: name -> title.
BOARDS = {
    "residency": "入驻到岗",
    "coverage": "覆盖与配备",
    "safe": "十大平安创建",
    "force": "群防群治力量",
    "score": "月考核",
    "petition": "信访",
}


def _known_board(value: str) -> str:
    if value not in BOARDS:
        raise ValueError(f"应为 {'、'.join(BOARDS)} 之一")
    return value


Name = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^\w[\w.-]*$")]
Words = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_not_blank)]
_Sum = Annotated[SumOfCounts, BeforeValidator(_sum)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ScorePart(_Table):
    """One part of a score: ``weight`` points times the reported n / N."""

    label: Words
    fact: Name
    weight: Annotated[int, Field(ge=1, le=100)]


class ScoreBonus(_Table):
    """Points on top: the reported n as it is, never more than ``at_most``."""

    label: Words
    fact: Name
    at_most: Annotated[int, Field(ge=1, le=100)]


class IndicatorSettings(_Table):
    """One entry. ``per``: the value is n / N times this; a plain count has no denominator.

    It rests on declared counts (``numerator``, ``denominator``), on figures that sources report (``fact``, over
    ``denominator`` where they come without one), or on several of them (``score``).
    """

    id: Name
    label: Annotated[Words, Field(max_length=24)]
    label_en: Annotated[str, Field(max_length=80)] = ""
    unit: Annotated[str, Field(min_length=1, max_length=16)] = "%"
    formula: Words
    better: Literal["up", "down", ""] = ""
    numerator: _Sum | None = None
    denominator: _Sum | None = None
    fact: Name | None = None
    count: bool = False  # of a fact: its n alone, whether it comes with a denominator or not
    period: Literal["latest", "sum"] | None = None
    score: list[ScorePart] = []
    bonus: ScoreBonus | None = None
    of: tuple[Words, Words] | None = None  # what n and N are called: ["成功", "调处"]
    per: Annotated[int, Field(ge=1, le=10**9)] | None = None
    board: Annotated[str, AfterValidator(_known_board)] | None = None  # where the wall shows it with others
    hide_below: Annotated[int, Field(ge=0)] = 0  # a smaller n is not shown

    @model_validator(mode="after")
    def _one_origin(self) -> IndicatorSettings:
        if (
            sum(origin for origin in (self.numerator is not None, self.fact is not None, bool(self.score)))
            != 1
        ):
            raise ValueError("应有 numerator（计数的和差）、fact（报数的编号）、score（各项计分）三者之一")
        if self.period is not None and self.numerator is not None:
            raise ValueError("period 只用于 fact 和 score；计数的期间由计数自己决定")
        if self.count and (self.fact is None or self.denominator is not None):
            raise ValueError("count 只用于没有 denominator 的 fact")
        self._check_score()
        if self.is_ratio and self.of is None:
            raise ValueError('缺少 of：分子和分母各叫什么，如 ["成功", "调处"]')
        if not self.is_ratio and (self.of is not None or self.per is not None):
            raise ValueError("of 和 per 只用于有分母的指标")
        if not self.is_ratio and not self.score and self.unit == "%":
            raise ValueError("没有分母的是计数，unit 应为 件、个、次 等")
        return self

    def _check_score(self) -> None:
        if not self.score:
            if self.bonus is not None:
                raise ValueError("bonus 只用于 score")
            return
        if (total := sum(part.weight for part in self.score)) != 100:
            raise ValueError(f"score 各项 weight 之和应为 100，现为 {total}")
        if self.denominator is not None or self.of is not None or self.per is not None or self.unit == "%":
            raise ValueError('score 不写 denominator、of、per，unit 应为 "分" 等')

    @property
    def is_ratio(self) -> bool:
        """Whether a share or a rate is shown: a reported figure is one unless it says ``count``."""
        return self.denominator is not None or (self.fact is not None and not self.count)

    @property
    def facts(self) -> list[str]:
        """The reported figures that it rests on."""
        named = [self.fact] if self.fact is not None else [part.fact for part in self.score]
        return named + ([self.bonus.fact] if self.bonus is not None else [])

    @property
    def factor(self) -> int:
        """What n / N is multiplied with."""
        return self.per if self.per is not None else 100 if self.unit == "%" else 1
