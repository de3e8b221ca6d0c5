"""How the demo's upstream systems call things: their columns and words, beside ours. The mapping undoes it."""

from __future__ import annotations

GRID_SOURCES = ("county-grid", "township-grid", "district-grid", "village-grid", "group-grid", "block-grid")
GRID_LAYERS = ("county", "township", "district", "village", "group", "block")
LEVEL_NAMES = ("县", "乡镇", "片", "村社区", "组小区", "片区")
PROVINCE_LEVELS = ("省", "县", "乡镇", "村社区", "组小区", "片区")
PROVINCE_GRID_SOURCE = "province-grid"
ORG_SOURCE = "unit-register"
FACT_SOURCE = "reported-figures"
CASE_SOURCE = "dispute-platform"
EVENT_SOURCE = "dispute-timeline"
VIDEO_SOURCE = "video-directory"
STATUS_SOURCE = "video-status"
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

#: Our field -> their column. Times are local text in TIME_FORMAT.
CASE_COLUMNS = {
    "source_id": "事项编号",
    "kind": "事项类型",
    "category": "纠纷类别",
    "grade": "案件等级",
    "state": "办理状态",
    "source_channel": "来源渠道",
    "occurred_at": "发生时间",
    "reported_at": "上报时间",
    "registered_at": "登记时间",
    "accepted_at": "受理时间",
    "assigned_at": "派单时间",
    "received_at": "签收时间",
    "resolved_at": "化解时间",
    "closed_at": "结案时间",
    "followed_up_at": "回访时间",
    "due_at": "办结时限",
    "grid_code": "网格编码",
    "lon": "经度",
    "lat": "纬度",
    "outcome": "化解结果",
    "resolution_method": "化解方式",
    "origin_level": "发现层级",
    "handling_level": "办理层级",
    "resolved_level": "化解层级",
    "satisfaction": "回访评价",
    "handling_org": "承办单位",
    "visit_count": "到访次数",
    "scale": "规模",
    "urgency": "紧急程度",
    "joint_type": "六联类型",
    "suspended_s": "挂起秒数",
    "source_updated_at": "更新时间",
}
EVENT_COLUMNS = {
    "source_id": "流转编号",
    "case_source_id": "事项编号",
    "type": "环节",
    "at": "时间",
    "org": "单位",
    "reason": "原因",
}
POINT_COLUMNS = {
    "point_id": "国标编码",
    "name": "点位名称",
    "civil_code": "行政区域",
    "lon": "经度",
    "lat": "纬度",
    "status": "设备状态",
    "status_at": "状态时间",
    "point_class": "点位类别",
    "position_type": "位置类型",
    "ptz_type": "摄像机类型",
    "industry": "行业编码",
    "should_network": "应联网",
    "networked": "已联网",
    "integrated": "已整合",
    "secrecy": "保密属性",
    "parent_id": "上级设备",
}
STATUS_COLUMNS = {"point_id": "国标编码", "at": "时间", "status": "状态", "cause": "原因"}
#: The layer whose grids say how many workers they have, in the column STAFF.
STAFFED_LAYER = "group"
GRID_COLUMNS = {
    "code": "GRID_CODE",
    "name": "NAME",
    "short_name": "SHORT_NAME",
    "parent": "P_CODE",
    "population": "POP",
}

ORG_COLUMNS = {
    "code": "单位名称",
    "name": "单位名称",
    "org_type": "单位类型",
    "level": "层级",
    "parent": "上级单位",
    "grid_code": "所在网格",
    "mediator_count": "调解员数",
}
FACT_COLUMNS = {
    "id": "指标编号",
    "grid_code": "网格编码",
    "period_from": "期间起",
    "period_to": "期间止（不含）",
    "numerator": "分子",
    "denominator": "分母",
    "as_of": "截至",
}

CASE_WORDS = {
    "kind": {"DISPUTE": "矛盾纠纷"},
    "category": {
        name: f"{name}纠纷"
        for name in (
            "婚姻家庭", "邻里", "房屋宅基地", "合同", "生产经营", "损害赔偿", "山林土地", "征地拆迁", "环境污染",
            "劳动争议", "消费", "医疗", "道路交通事故", "物业",
        )
    }
    | {"其它": "其它"},
    "grade": {"ORDINARY": "一般", "COMPLEX": "复杂", "MAJOR": "重大", "PETITION_BACKLOG": "信访积案"},
    "state": {
        "REPORTED": "待登记",
        "REGISTERED": "待受理",
        "ACCEPTED": "已受理",
        "TRIAGED": "已分流",
        "ASSIGNED": "待签收",
        "RECEIVED": "已签收",
        "IN_PROGRESS": "调处中",
        "SUSPENDED": "已挂起",
        "RESOLVED": "待核查",
        "CLOSED": "已办结",
        "FOLLOW_UP": "已回访",
        "ARCHIVED": "已归档",
        "TRANSFERRED": "已移送",
    },
    "source_channel": {
        "GRID": "网格上报",
        "PUBLIC_APP": "指尖报",
        "WINDOW": "窗口",
        "HOTLINE_12345": "12345",
        "POLICE_110": "110分流",
        "COURT": "法院委派",
        "DEPARTMENT": "部门移交",
        "PATROL": "巡查发现",
        "LETTERS_VISITS": "信访转办",
        "SUPERIOR": "上级交办",
    },
    "outcome": {"SUCCESS": "成功", "TRANSFERRED": "移送"},
    "resolution_method": {
        "PEOPLE": "人民调解",
        "ADMIN": "行政调解",
        "JUDICIAL": "司法调解",
        "PETITION": "访调对接",
        "LITIGATION": "诉调对接",
        "POLICE": "警调对接",
        "GOV": "政调对接",
        "JOINT": "联合调解",
        "ARBITRATION": "仲裁",
        "DIRECT": "现场办理",
    },
    "origin_level": {"grid": "网格", "village": "村级", "township": "乡级", "county": "县级", "above": "上级"},
    "handling_level": {"grid": "网格", "village": "村级", "township": "乡级", "county": "县级", "above": "上级"},
    "resolved_level": {"grid": "网格", "village": "村级", "township": "乡级", "county": "县级", "above": "上级"},
    "satisfaction": {
        "VERY_SATISFIED": "很满意",
        "SATISFIED": "满意",
        "BASIC": "基本满意",
        "DISSATISFIED": "不满意",
        "NO_ANSWER": "未接通",
    },
    "scale": {"01": "个体", "02": "一般群体", "03": "重大群体"},
    "urgency": {"01": "特急", "02": "急", "03": "平"},
    "joint_type": {
        "MEDIATION": "联调", "SECURITY": "联防", "EMERGENCY": "联勤", "PROBLEM": "联治", "SAFE": "联创",
        "SERVICE": "联动",
    },
}  # fmt: skip
EVENT_WORDS = {
    "type": {
        "REPORT": "上报",
        "REGISTER": "登记",
        "ACCEPT": "受理",
        "GRADE": "定级",
        "TRIAGE": "分流",
        "ASSIGN": "派单",
        "RETURN": "退单",
        "RECEIVE": "签收",
        "START": "开始调处",
        "REPORT_UP": "上报县级",
        "SUSPEND": "挂起",
        "RESUME": "恢复",
        "MEDIATE": "调解",
        "TRANSFER": "移送",
        "RESOLVE": "化解",
        "CLOSE": "结案",
        "FEEDBACK": "反馈",
        "FOLLOWUP": "回访",
        "ARCHIVE": "归档",
    },
    "reason": {
        "NOT_OURS": "非本单位职责",
        "APPRAISAL": "等待鉴定",
        "FAILED": "调解不成",
        "LAWSUIT": "转诉讼",
        "ARBITRATION": "转仲裁",
        "RECONSIDERATION": "转行政复议",
    },
}
POINT_WORDS = {
    "status": {"ON": "正常", "OFF": "离线", "VLOST": "无信号", "DEFECT": "损坏"},
    "point_class": {"CLASS1": "一类", "CLASS2": "二类", "CLASS3": "三类"},
}
STATUS_WORDS = {
    "status": POINT_WORDS["status"],
    "cause": {
        "NETWORK": "网络故障",
        "POWER": "停电",
        "DEVICE": "设备故障",
        "MAINTENANCE": "检修",
        "UNKNOWN": "不明",
    },
}
