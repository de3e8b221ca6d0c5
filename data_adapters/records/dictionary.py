"""The closed dictionaries of the domain: code -> Chinese label (domain dictionary, sections 2.2 to 2.7)."""

from __future__ import annotations

KIND = {
    "DISPUTE": "矛盾纠纷",
    "PETITION_AGG": "信访",
    "INCIDENT": "治安事件",
    "HAZARD": "隐患",
    "SERVICE": "民生诉求",
    "CONSULTATION": "议事",
}
GRADE = {"ORDINARY": "普通", "COMPLEX": "复杂", "MAJOR": "重大", "PETITION_BACKLOG": "信访积案"}
STATE = {
    "REPORTED": "已上报",
    "REGISTERED": "已登记",
    "NOT_ACCEPTED": "不予受理",
    "ACCEPTED": "已受理",
    "TRIAGED": "已研判",
    "ASSIGNED": "已派单",
    "RECEIVED": "已签收",
    "IN_PROGRESS": "办理中",
    "ESCALATED": "提级办理",
    "SUSPENDED": "挂起",
    "RESOLVED": "办结待核",
    "CLOSED": "已结案",
    "FOLLOW_UP": "回访中",
    "ARCHIVED": "已归档",
    "TRANSFERRED": "已移送",
    "MERGED": "已并案",
    "CANCELLED": "已作废",
}
SOURCE_CHANNEL = {
    "GRID": "网格员上报",
    "PUBLIC_APP": "群众指尖报",
    "WINDOW": "窗口来访",
    "HOTLINE_12345": "12345热线",
    "LETTERS_VISITS": "信访",
    "POLICE_110": "110非警务分流",
    "COURT": "诉前委派",
    "PROCURATORATE": "检察院",
    "DEPARTMENT": "部门移交",
    "SUPERIOR": "上级交办",
    "PATROL": "巡查",
    "VIDEO": "视频巡查",
    "IOT": "物联感知",
}
LEVEL = {"grid": "网格", "village": "村社区", "township": "乡镇", "county": "县", "above": "县外"}
#: Where a case was handed over to (移送).
TRANSFER_TO = {
    "LAWSUIT": "诉讼",
    "ARBITRATION": "仲裁",
    "RECONSIDERATION": "行政复议",
    "OTHER_COUNTY": "其他县区",
    "OTHER": "其他去向",
}
RESOLUTION_METHOD = {
    "PEOPLE": "人民调解",
    "ADMIN": "行政调解",
    "JUDICIAL": "司法调解",
    "PETITION": "访调",
    "LITIGATION": "诉调",
    "PROCURATORIAL": "检调",
    "POLICE": "警调",
    "GOV": "政调",
    "JOINT": "联调",
    "ARBITRATION": "仲裁",
    "ADJUDICATION": "行政裁决",
    "RECONSIDERATION": "行政复议",
    "NOTARY": "公证",
    "LAWSUIT": "诉讼",
    "DIRECT": "直接办理",
}
OUTCOME = {
    "SUCCESS": "化解成功",
    "FAIL": "调解不成",
    "PARTIAL": "部分化解",
    "TRANSFERRED": "移送",
    "WITHDRAWN": "撤回",
    "NOT_ACCEPTED": "未受理",
    "PENDING": "待定",
}
SATISFACTION = {
    "VERY_SATISFIED": "非常满意",
    "SATISFIED": "满意",
    "BASIC": "基本满意",
    "DISSATISFIED": "不满意",
    "NO_ANSWER": "未应答",
}
SCALE = {"01": "个体性事件", "02": "一般群体性事件", "03": "重大群体性事件"}
EVENT_LEVEL = {"01": "特别重大", "02": "重大", "03": "较大", "04": "一般"}
URGENCY = {"01": "高", "02": "中", "03": "低"}
JOINT_TYPE = {
    "MEDIATION": "矛盾联调",
    "SECURITY": "治安联防",
    "EMERGENCY": "应急联勤",
    "PROBLEM": "问题联治",
    "SAFE": "平安联创",
    "SERVICE": "服务联动",
}
SUPERVISION_CARD = {"NONE": "无", "YELLOW": "黄牌", "RED": "红牌", "BLACK": "黑牌"}
EVENT_TYPE = {
    "REPORT": "上报",
    "REGISTER": "登记",
    "ACCEPT": "受理",
    "REJECT_ACCEPT": "不予受理",
    "GRADE": "定级",
    "TRIAGE": "研判分流",
    "ASSIGN": "派单",
    "RETURN": "退回",
    "RECEIVE": "签收",
    "START": "开始办理",
    "PROGRESS": "进展",
    "WHISTLE": "吹哨",
    "RESPOND": "报到",
    "ESCALATE": "提级",
    "DELEGATE": "下交",
    "SUSPEND": "挂起",
    "RESUME": "恢复",
    "EXTEND_REQUEST": "延期申请",
    "EXTEND_APPROVE": "延期批准",
    "SUPERVISE": "督办",
    "MEDIATE": "调解",
    "AGREEMENT": "达成协议",
    "CONFIRM_APPLY": "申请司法确认",
    "CONFIRM_RULE": "确认裁定",
    "TRANSFER": "移送",
    "RESOLVE": "办结",
    "VERIFY": "核查",
    "CLOSE": "结案",
    "FOLLOWUP": "回访",
    "RATE": "评价",
    "REOPEN": "重办",
    "MERGE": "并案",
    "CANCEL": "作废",
    "ARCHIVE": "归档",
    "FEEDBACK": "反馈上报人",
    "REPORT_UP": "逐级上报",
    "ASSIGN_DOWN": "逐级交办",
}
DIRECTION = {"UP": "上报", "DOWN": "交办", "LATERAL": "平级"}
ORG_TYPE = {
    "ZZ_CENTRE": "综治中心",
    "SUBCENTRE": "分中心",
    "DEPARTMENT": "部门",
    "TOWNSHIP": "乡镇街道",
    "VILLAGE": "村社区",
    "MEDIATION_GENERAL": "人民调解委员会",
    "MEDIATION_INDUSTRY": "行业性专业性调委会",
    "MEDIATION_BRAND": "品牌调解室",
    "COURT": "法院",
    "PROCURATORATE": "检察院",
    "POLICE": "公安",
    "JUSTICE": "司法行政",
    "LETTERS_VISITS": "信访",
    "ARBITRATION": "仲裁",
    "NOTARY": "公证",
    "LEGAL_AID": "法律援助",
    "PSYCH": "心理服务",
    "SOCIAL_ORG": "社会组织",
    "UTILITY": "公用事业",
}
ORG_LEVEL = {level: LEVEL[level] for level in ("county", "township", "village")}
CODE_SCHEME = {
    "VILLAGE12_SEQ": "12位区划代码加序号",
    "DB6101_T3185": "DB6101/T 3185",
    "CJT349": "CJ/T 349",
    "GBT30428": "GB/T 30428",
    "LOCAL": "本地编码",
}
GRID_TYPE = {"BASIC": "基础网格", "DEDICATED": "专属网格", "MICRO": "微网格"}
VIDEO_STATUS = {"ON": "在线", "OFF": "离线", "VLOST": "视频丢失", "DEFECT": "故障"}
VIDEO_CAUSE = {
    "NETWORK": "网络",
    "POWER": "供电",
    "DEVICE": "设备",
    "PLATFORM": "平台",
    "MAINTENANCE": "检修",
    "UNKNOWN": "未知",
}
POINT_CLASS = {"CLASS1": "一类点", "CLASS2": "二类点", "CLASS3": "三类点"}

#: List A of the judicial-administration statistics (section 2.4.1); categories are open, others are kept as sent.
CATEGORY_LIST_A = (
    "婚姻家庭",
    "邻里",
    "房屋宅基地",
    "合同",
    "生产经营",
    "损害赔偿",
    "山林土地",
    "征地拆迁",
    "环境污染",
    "劳动争议",
    "消费",
    "医疗",
    "道路交通事故",
    "物业",
    "其它",
)
#: Never drawn as a point, cells of 1 to 4 are suppressed (section 2.4.1).
SENSITIVE_CATEGORIES = frozenset({"婚姻家庭", "婚恋家庭", "人格权", "医疗"})
#: Never shown on a wall at all (section 2.4.1).
HIDDEN_CATEGORIES = frozenset({"涉民族宗教", "涉组织涉纪检"})


def graver(grade: str | None, other: str) -> str:
    """The graver of two grades; the other one where there is none."""
    return max(grade or other, other, key=list(GRADE).index)
