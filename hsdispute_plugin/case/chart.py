"""Draws docs/case.md from the tables of acts, guards and periods: ``python -m hsdispute_plugin.case.chart > docs/case.md``."""

from __future__ import annotations

from collections.abc import Iterable

from hsdispute_plugin.case.acts import ACTS, ActRow, Whose
from hsdispute_plugin.case.periods import PERIODS
from hsdispute_plugin.case.states import ROLE_LABELS, State

_HEAD = """# 案件的一生 / The life of a case

本页由程序写成，不要手改：`python -m hsdispute_plugin.case.chart > docs/case.md`。改流程改 `hsdispute_plugin/case/acts.py` 的表，
改前提改 `guards.py`，改时钟的起止改 `periods.py`，改天数改 `config/deadlines.yaml`。

任何一步都记下：谁（姓名、单位、身份）、何时、为何、依据。办不了的说明缺什么、怎样补、依据哪一条，案件不变。

## 状态图

"""


def moves() -> dict[tuple[State, State], list[ActRow]]:
    """Return every move between two states with the acts that make it, in the order of chapter four."""
    found: dict[tuple[State, State], list[ActRow]] = {}
    for row in ACTS.values():
        for before in State:
            for after in row.targets:
                if before in row.sources and before is not after:
                    found.setdefault((before, after), []).append(row)
    return found


def page() -> str:
    """Return docs/case.md: the diagram, the states, the acts with guards, the clocks."""
    return "\n".join([_HEAD + _diagram(), _states(), _acts(), _guards(), _clocks()]).rstrip("\n") + "\n"


def _diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    direction TB"]
    lines += [f'    state "{state.label}" as {state}' for state in State]
    lines.append("    [*] --> new: 收到")
    lines += [f"    {a} --> {b}: {'、'.join(row.label for row in rows)}" for (a, b), rows in moves().items()]
    lines += [f"    {state} --> [*]" for state in (State.ARCHIVED, State.MERGED)]
    return "\n".join([*lines, "```", ""])


def _states() -> str:
    rows = [(state.label, f"`{state}`", "、".join(r.label for r in ACTS.values() if state in r.sources and r.targets))
            for state in State]
    return "## 状态\n\n" + _table(("状态", "代号", "从这里可以走的步骤"), rows)


def _acts() -> str:
    rows = []
    for row in ACTS.values():
        who = "、".join(ROLE_LABELS[r] for r in row.roles) + ("（受理部门）" if row.whose is Whose.ACCEPTING else "")
        if row.leaders:
            who += "；" + "、".join(ROLE_LABELS[r] for r in row.leaders if r not in row.roles)
        rows.append((row.label, f"`{row.code}`", _where(row.sources), "、".join(s.label for s in row.targets) or "不变", who,
                     "；".join(g.says for g in row.guards), "是" if row.why else "", "是" if row.suspended else "",
                     "、".join(row.papers), "、".join(row.tell), row.clause))
    head = ("步骤", "代号", "在何状态", "到何状态", "谁办", "前提", "写理由", "中止时可办", "文书", "告知", "依据")
    return "## 步骤\n\n“并入”是并案时主案一侧的记录，不单独办理。系统时钟只能催办，其余都由人办。\n\n" + _table(head, rows)


def _where(states: frozenset[State]) -> str:
    missing = [s for s in State if s not in states]
    if len(missing) <= 3:
        return "任何状态" + (f"（{'、'.join(s.label for s in missing)}除外）" if missing else "")
    return "、".join(s.label for s in State if s in states)


def _guards() -> str:
    found = {guard.says: guard for row in ACTS.values() for guard in row.guards}
    rows = [(g.says, g.mend, g.clause) for g in found.values()]
    return "## 前提\n\n" + _table(("须", "否则", "依据"), rows)


def _clocks() -> str:
    rows = [(f"`{p.key}`", p.says, _where(p.states), "可办的时间" if p.window else "该办的事", "停" if p.pausable else "不停")
            for p in PERIODS]
    rows.append(("`host`", "收到至送达双方，时刻由平台给定", "同办结时限", "该办的事", "不停"))
    rows.append(("`feedback`", "报送、移送至承办反馈，日期写在文书上", "已告知移送；报送至纪要签发", "该办的事", "不停"))
    return ("## 时钟\n\n案件处于“运行的状态”且该办的人未办时，时钟就在走；办了、离开了就停。县里在规则中自加的时限，"
            "从收到走到答复送达双方。办结以平台、法定、县定三者中最早的为准。\n\n"
            + _table(("时限", "从何时到何时", "运行的状态", "性质", "中止时"), rows))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
