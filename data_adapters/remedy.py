"""What to do about a refusal, for whoever keeps the configuration: one line a reason code."""

from __future__ import annotations

_REMEDIES = {
    "unknown_value": '在 [sources.values.{field}] 每种写一行 "他们的值" = "应为中的一个"，其余可写 "*" = "…"',
    "missing": "这些行的 {column} 是空的：检查 [sources.fields] 的 {field} 是否对错了列；确实为空时请上游补全",
    "bad_time": '写法与此不同的，写 {field} = {{ column = "{column}", format = "…" }}，格式见例子',
    "bad_date": "日期应为 2026-11-22，请在上游改写",
    "in_future": "请检查上游时钟，以及时间是否本是另一时区的",
    "too_early": "请上游改正；空时间常被写成 1900-01-01",
    "after_report": "检查 occurred_at 与 reported_at 是否对反了列",
    "type": '编码存成了数字时写 {field} = {{ column = "{column}", format = "%06d" }}（位数照实际），或请上游按文本导出',
    "excel_damage": "请从原系统按文本重新导出，不要经过 Excel",
    "full_width": "请上游改为半角",
    "mojibake": "检查 encoding；文字在上游已是乱码时请重新导出",
    "control_character": "请上游去掉不可见字符",
    "too_long": "检查 {field} 是否对错了列（现在是 {column}）",
    "swapped": "整个来源都是时，在 [sources.fields] 对调 lon 与 lat 两列；只有几行时请上游改正",
    "out_of_range": "检查 {field} 的列和单位；坐标请检查 crs",
    "outside_crs": '检查 crs，或写 crs = "auto"',
    "not_a_number": "检查 {field} 是否对错了列（现在是 {column}）；度分秒请上游换成小数",
    "not_finite": "请上游给出有效的数或留空",
    "not_whole": "检查 {field} 是否对错了列（现在是 {column}）",
    "invalid_polygon": "请在 GIS 里修好这个多边形（如 修复几何）后重新导出",
    "not_polygon": "网格应为多边形，请检查图层",
    "collection": "请把 GeometryCollection 拆成多边形或点再导出",
    "empty_geometry": "请补画这个多边形",
    "too_many_vertices": "请先抽稀这个多边形",
    "repeated_code": "每个网格应只有一行，请合并，或用 valid_from 分开版本",
    "unknown_parent": "检查 parent 的列；上级网格应先导入，或写 {{ within = 级别 }}",
    "no_parent": "检查上级网格的多边形是否完整、坐标系是否一致",
    "parent_level": "检查 level 与 parent",
    "unknown_case": "先导入案件；检查 case_source 和案件标识的列",
    "unknown_point": "先导入点位；检查 point_id 的列",
    "not_a_camera": "录像机、平台、分组不是点位，请在上游筛掉",
    "bad_id": "国标编码应为 20 位，请按文本导出",
    "column_count": "这一行的列数与表头不同，请检查引号和分隔符",
    "unknown_org": "先导入上级单位；检查 {column} 的写法与上级的 code 是否一致",
    "parent_cycle": "检查 {column}：上级绕回了自己",
    "unknown_grid": "检查 {column} 和编码规则（是否少了前导零、换过编码）；网格确实新设时先导入网格",
    "no_period": "写上 day、month、year 中的一个，或 period_from 与 period_to，并检查所对的列",
    "empty_period": "检查起止的列；止日是最后一天的次日",
    "not_point": "案件和点位应为点，请检查图层；面请换成中心点",
    "empty": "检查 {column}：这些行是空白",
    "unreadable": "请上游改正 {column} 里的这个值",
    "unwritable": "请把日志里的这一条报给维护的人",
    "repeated_key": "请上游改正，同一对象里的键不应重复",
}


def remedy(field: str, code: str, column: str | None = None) -> str | None:
    """What would mend rows refused for `code` in `field`; None where only the reason itself can tell.

    ``column``: theirs that is mapped to it.
    """
    found = _REMEDIES.get(code)
    return found.format(field=field, column=column or field) if found is not None else None


_NOTES = {
    "unknown_grid": "检查 grid_code 的列和编码规则（是否少了前导零、换过编码）；网格确实新设时先导入网格",
    "outside": "检查 crs 和经纬度的列；县外的点留在待定位",
    "contrary": "点多时检查 crs 和 grid_code 的列；零星的请上游核对",
    "unplaced": "请上游补坐标或网格编码，或在 [sources.fields] 写上 lon、lat、grid_code 的列",
    "repeated": "检查标识的列是否唯一；确是同一件的更新时不必处理",
    "crs": "核对后把 crs 改成更合适的那一个",
    "crs_mixed": "按坐标系拆成两个来源，各自写明 crs",
    "overlap": "请在 GIS 里修好公共边界后重新导出",
    "leak": "请核对这些网格与上级的边界，或 parent 写得对不对",
    "gap": "请补上缺的下级网格，或修好边界",
    "repaired": "请在源头修好这个多边形，以免下次修不回来",
    "no_polygon": "请补画多边形；没有多边形的网格只能按编码归入",
}


def note_remedy(code: str) -> str | None:
    """What to do about a note of the report; None where there is nothing to do."""
    return _NOTES.get(code)
