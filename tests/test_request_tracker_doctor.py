"""What `hsdispute doctor` says of a real Request Tracker: the token, the rights, the fields; whether a write arrives."""

import shutil

import pytest
from typer.testing import CliRunner

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.errors import DeliveryDelayed
from tests.hosts.request_tracker.settings import connect
from tests.hosts.request_tracker.tracker import ELSEWHERE, INTAKE, MEDICAL, ROBOT, TAX, Desk
from tests.test_request_tracker import BY_QUEUE
from tests.test_roundup import RESULT

FILE = "config/platforms/request_tracker.yaml"
UNKNOWN = ("工单 {number} 没有自定义字段 “{field}”，或机器人账号看不到它（要 SeeCustomField）：请在平台里补上并用于队列 "
           "“12345受理”，或改 config/platforms/request_tracker.yaml 的 {label}")


@pytest.fixture(scope="module")
def tracker(served_request_tracker):
    return served_request_tracker


@pytest.fixture(scope="module")
def number(tracker):
    filed = {"主办单位": "合水县税务局", "协办单位": ["合水县司法局"], "Due": "2026-11-30 10:00:00", "办理依据": "经办人写的"}
    return Desk(tracker).file_ticket("自检", "这张工单只用来自检", **filed)


def tried(platform):
    return [sentence for _, wrong in platform.steps(writing=True) for sentence in wrong]


def rights(tracker, act, right, on):
    is_queue = on in (INTAKE, TAX, MEDICAL)
    kind, load = ("Queue", "Load") if is_queue else ("CustomField", "LoadByName")
    named = f"'{on}'" if is_queue else f"Name => '{on}', LookupType => 'RT::Queue-RT::Ticket', IncludeGlobal => 1"
    tracker.perl(f"my $u = RT::User->new($root); $u->Load('{ROBOT}'); my $o = RT::{kind}->new($root); $o->{load}({named}); "
                 f"my ($ok, $m) = $u->PrincipalObj->{act}Right(Right => '{right}', Object => $o); die $m unless $ok;")


@pytest.fixture
def without(tracker):
    """Take a right from the robot until the test is over."""
    taken = []

    def take(right, on):
        taken.append((right, on))
        rights(tracker, "Revoke", right, on)

    yield take
    for right, on in taken:
        rights(tracker, "Grant", right, on)


def test_all_is_well_as_the_setup_script_leaves_it(tracker, number):
    assert connect(tracker).check() == ()
    assert connect(tracker, **BY_QUEUE).check() == ()


def test_a_trial_writes_every_field_and_puts_back_what_stood_there(tracker, number):
    desk = Desk(tracker)
    before, acts = desk.read(number), len(desk.acts(number))
    (signed_in, _), *further = connect(tracker, 试写工单=number).steps(writing=True)
    assert signed_in.startswith("登录，Request Tracker 5.") and further == [
        (f"读工单 {number}", ()), ("核对字段和权限", ()), (f"试写：把工单 {number} 的每个字段写一遍再改回", ())]
    assert desk.read(number) == before
    assert desk.acts(number)[acts:].count(("CustomField", ROBOT)) >= 8, "and back again"


def test_a_check_without_a_trial_writes_nothing(tracker, number):
    acts = Desk(tracker).acts(number)
    connect(tracker, 试写工单=number).check()
    assert list(connect(tracker).steps(writing=True))[-1] == ("没有写 试写工单，字段的写权限没有试", ())
    assert Desk(tracker).acts(number) == acts


def test_a_wrong_token_and_a_wrong_address_are_told(tracker, number):
    assert connect(tracker, token="1-14-" + "0" * 32).check() == ("账号或口令不对：GET /rt 回答 HTTP 401",)
    assert connect(tracker, 地址=tracker.url + "/REST/2.0").check() == ("没有这张工单或接口地址不对：GET /rt 回答 HTTP 404",)


def test_a_token_of_somebody_else_is_told_before_anything_is_written(tracker, number):
    """By its account's name the adapter knows its own acts: with another name it would answer itself, and write twice."""
    acts, platform = Desk(tracker).acts(number), connect(tracker, 账号="hsdispute")
    told = "令牌是账号 “hsdispute-robot” 的，平台文件里的 账号 是 “hsdispute”，请改成一致"
    assert platform.check() == (told,)
    for asked in (lambda: platform.changed(""), lambda: platform.write_back(number, RESULT, None)):
        with pytest.raises(DeliveryDelayed, match=told):
            asked()
    assert Desk(tracker).acts(number) == acts


def test_every_field_and_value_that_the_tracker_lacks_is_told(tracker, number):
    platform = connect(
        tracker, 字段={"主办": "主办单位", "协办": "争议类别", "办理": "协办单位", "依据": "没有的"}, 读取={"来电人": "谁"},
        单位名称={"合水县税务局": "县税务局"}, 办理类型={"单办": "一般", "联办": "一般"}, 试写工单=number)
    assert platform.check() == (
        UNKNOWN.format(number=number, field="没有的", label="依据"), UNKNOWN.format(number=number, field="谁", label="来电人"),
        "自定义字段 “争议类别” 应能填多个值，现在只能填一个：请在平台里改成多选",
        "自定义字段 “协办单位” 应只填一个值，现在能填多个：请在平台里改成单选",
        f"自定义字段 “主办单位” 没有取值 “县税务局”：请在平台里加上，或改 {FILE}",
        f"自定义字段 “争议类别” 没有取值 “县税务局”：请在平台里加上，或改 {FILE}",
        f"自定义字段 “协办单位” 没有取值 “一般”：请在平台里加上，或改 {FILE}",
    )


def test_a_queue_that_is_not_there_is_told(tracker, number):
    assert connect(tracker, **{**BY_QUEUE, "单位名称": {"合水县税务局": "没有的队列"}}).check() == (
        f"没有队列 “没有的队列”，或机器人账号看不到它（要 SeeQueue）：请在平台里补上，或改 {FILE} 的 单位名称",)


@pytest.mark.parametrize(("right", "on", "told"), [
    ("CommentOnTicket", INTAKE, "机器人账号不能在工单 {number} 写说明：请在队列 “12345受理” 上给它 CommentOnTicket 权限"),
    ("ShowTicket", INTAKE, "账号没有权限：GET /ticket/{number} 回答 HTTP 403"),
    ("SeeCustomField", "办理依据", UNKNOWN.replace("{field}", "办理依据").replace("{label}", "依据")),
    ("ModifyCustomField", "办理依据",
     "试写工单 {number} 的 “办理依据” 没有写进去：请给机器人账号 ModifyCustomField 权限。平台说："
     "Could not add a new value to custom field '办理依据': Permission Denied"),
    ("ModifyTicket", INTAKE,
     "试写工单 {number} 的 “Due” 没有写进去：请给机器人账号 ModifyTicket 权限。平台说：Ticket {number}: Permission Denied"),
])
def test_a_right_that_is_missing_is_told_by_its_name(tracker, number, without, right, on, told):
    before = Desk(tracker).read(number)
    without(right, on)
    assert told.format(number=number) in tried(connect(tracker, 试写工单=number))
    assert Desk(tracker).read(number) == before


def test_a_robot_that_sees_nothing_is_told(tracker, without, number):
    for queue in (INTAKE, TAX, MEDICAL):
        without("ShowTicket", queue)
    (told,) = connect(tracker).check()
    assert told.startswith("机器人账号看不到任何工单")


def test_the_command_names_the_platform_and_what_is_wrong(tracker, number, tmp_path, monkeypatch):
    config = tmp_path / "config"
    shutil.copytree(shipped_config(), config)
    path = config / "platforms" / "request_tracker.yaml"
    path.write_text(path.read_text("utf-8").replace("http://127.0.0.1:8085", tracker.url) + "\n", "utf-8")
    monkeypatch.setenv("HSDISPUTE_REQUEST_TRACKER_TOKEN", tracker.token())
    asked = ["doctor", "--platform", "request_tracker", "--config", str(config)]
    done = CliRunner().invoke(commands, asked)
    assert done.exit_code == 0 and "✓ 平台 request_tracker：核对字段和权限" in done.output
    monkeypatch.setenv("HSDISPUTE_REQUEST_TRACKER_TOKEN", "1-14-" + "0" * 32)
    done = CliRunner().invoke(commands, asked)
    assert done.exit_code == 1 and "✗ 平台 request_tracker：登录：账号或口令不对" in done.output


def test_the_robot_may_do_no_more_than_it_needs(tracker, number):
    """Its rights are those that the setup script gives: it can neither file nor delete, nor see another queue."""
    robot, hotline = Desk(tracker, ROBOT), Desk(tracker)
    with pytest.raises(RuntimeError, match="403"):
        robot.file_ticket("x", "x")
    with pytest.raises(RuntimeError, match="403"):
        robot.read(hotline.file_ticket("别的事", "别的队列", queue=ELSEWHERE))
    assert robot.change(number, Status="deleted") == [f"Ticket {number}: Permission Denied"]
