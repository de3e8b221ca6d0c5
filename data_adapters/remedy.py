"""What to do about a refusal, for whoever keeps the configuration: one line a reason code."""

from __future__ import annotations

_REMEDIES = {
    "unknown_value": '在 [sources.values.{field}] 写明这个取值对应什么，其余可写 "*"',
    "missing": "检查 [sources.fields] 的 {field} 对的列；上游确实为空时请上游补全",
    "bad_time": '在 {field} 写 format，如 {{ column = "列名", format = "%Y/%m/%d %H:%M" }}',
    "bad_date": "日期应为 2026-11-22，请在上游改写",
    "in_future": "请检查上游时钟，以及时间是否本是另一时区的",
    "too_early": "请上游改正；空时间常被写成 1900-01-01",
    "after_report": "检查 occurred_at 与 reported_at 是否对反了列",
    "type": '编码存成了数字时写 {{ column = "列名", format = "%06d" }}，或请上游按文本导出',
    "excel_damage": "请从原系统按文本重新导出，不要经过 Excel",
    "full_width": "请上游改为半角",
    "mojibake": "检查 encoding；文字在上游已是乱码时请重新导出",
    "control_character": "请上游去掉不可见字符",
    "too_long": "检查 {field} 是否对错了列",
    "swapped": "核对后在 [sources.fields] 对调 lon 与 lat 两列",
    "out_of_range": "检查 {field} 的列和单位；坐标请检查 crs",
    "outside_crs": '检查 crs，或写 crs = "auto"',
    "not_a_number": "检查 {field} 是否对错了列",
    "not_finite": "请上游给出有效的数或留空",
    "not_whole": "检查 {field} 是否对错了列",
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
    "repeated_key": "请上游改正，同一对象里的键不应重复",
}


def remedy(field: str, code: str) -> str | None:
    """What would mend rows refused for `code` in `field`; None where only the reason itself can tell."""
    found = _REMEDIES.get(code)
    return found.format(field=field) if found is not None else None
