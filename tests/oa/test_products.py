"""What each OA product has of its own: how it signs in, how it says no, what it would destroy if we were careless."""

import base64
from dataclasses import replace

import pytest

from hsdispute_plugin.adapters.oa_cipher import des_sealed, rsa_key
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, RulebookError
from tests.oa.conftest import connected
from tests.oa.hosts import PAYER, O2oaHost, SeeyonHost, WeaverHost
from tests.test_roundup import NEXT, RESULT

NO, WAIT, ASK = (DeliveryRefused, False), (DeliveryDelayed, False), (DeliveryDelayed, True)  # refused, again, look first
O2 = "com.x.base.core.project.exception."
DOCUMENTED = [
    (WeaverHost, {"code": "PARAM_ERROR", "errMsg": {"error_param_zbdw": PAYER[1]}}, NO, "参数不对：POST .*（字段 zbdw 不对）"),
    (WeaverHost, {"code": "NO_PERMISSION", "reqFailMsg": {"msgType": "NO_REQUEST_SUBMIT_PERMISSION"}}, NO,
     "机器人不是当前节点的操作者：POST .*（原因 NO_REQUEST_SUBMIT_PERMISSION）"),
    (WeaverHost, {"code": {"name": "NO_PERMISSION", "statusCode": 3}}, NO, "机器人没有权限"),
    (WeaverHost, {"code": 2}, NO, "参数不对"),
    (WeaverHost, {"code": "FAIL"}, NO, "没有办成"),
    (WeaverHost, {"code": "SYSTEM_INNER_ERROR", "errMsg": {}}, ASK, "泛微内部出错"),
    (WeaverHost, {"code": "USER_EXCEPTION"}, WAIT, "账号异常"),
    (WeaverHost, {"msg": "该账号存在异常,单点登录失败", "code": -1, "status": False}, WAIT, "不让机器人登录"),
    (WeaverHost, {"code": "SOMETHING_NEW"}, ASK, "不是泛微的格式"),
    (SeeyonHost, {"code": 1, "message": PAYER[0]}, NO, "致远不接受：POST .*batch-update（code 1）"),
    (SeeyonHost, {"code": 500, "message": PAYER[0]}, ASK, "致远内部出错"),
    (SeeyonHost, (500, {"code": "", "message": "NullPointer"}), ASK, "致远内部出错：.*HTTP 500"),
    (SeeyonHost, {"code": 0, "data": {"successIdList": []}}, NO, "没有更新数据 .*请核对 主表、权限"),
    (SeeyonHost, (403, {"message": "x"}), NO, "账号没有权限"),
    (O2oaHost, (500, {"type": "error", "prompt": O2 + "ExceptionAccessDenied", "message": PAYER[0]}), NO, "机器人没有权限"),
    (O2oaHost, (500, {"type": "error", "prompt": O2 + "ExceptionEntityNotExist", "message": PAYER[0]}), NO, "可能已办结或删除"),
    (O2oaHost, (500, {"type": "error", "prompt": O2 + "ExceptionEmptyData", "message": PAYER[0]}), NO,
     "不接受（ExceptionEmptyData）"),
    (O2oaHost, (500, {"type": "error", "message": "null"}), ASK, "O2OA 内部出错"),
    (O2oaHost, {"type": "connectFatal", "message": "x"}, ASK, "O2OA 内部出错"),
]


@pytest.mark.parametrize(("kind", "answer", "sort", "told"), DOCUMENTED)
def test_each_documented_no_is_sorted(mocked, kind, answer, sort, told):
    host = kind(mocked)
    host.fail["save"] = [answer if isinstance(answer, tuple) else (200, answer)]
    with pytest.raises(sort[0], match=told) as caught:
        connected(host).write_back(host.number, RESULT, None)
    assert getattr(caught.value, "outcome_unknown", False) is sort[1]
    assert not [word for word in PAYER if word in str(caught.value)]


class TestWeaver:
    @pytest.fixture
    def host(self, mocked):
        return WeaverHost(mocked)

    @pytest.mark.parametrize("answer", [WeaverHost.no_token, {"msg": "登录信息超时", "errorCode": "002", "status": False}])
    def test_it_says_in_two_ways_that_a_token_is_old(self, host, answer):
        host.fail["save"] = [(200, dict(answer))]
        connected(host).write_back(host.number, RESULT, None)
        assert (host.calls["token"], host.calls["save"]) == (2, 1)

    def test_only_the_flows_of_the_file_are_ours(self, host):
        host.times["77"] = "2026-11-25 09:30:00"
        assert len(connected(host).changed("")[0]) == 2
        assert [e.ticket_no for e in connected(host, 流程=["102"]).changed("")[0]] == [host.number]

    def test_without_a_field_the_note_is_the_robots_opinion_after_its_earlier_ones(self, host):
        fields = {label: name for label, name in host.at.items() if label != "说明"}
        platform = connected(host, 字段=fields)
        for result, before in ((RESULT, None), (RESULT, None), (NEXT, RESULT), (NEXT, RESULT)):
            platform.write_back(host.number, result, before)
        assert host.calls["say"] == 2 and host.opinion.count("〔hsdispute:") == 2 and "<br>" in host.opinion

    def test_an_opinion_that_was_submitted_since_is_not_said_again(self, host):
        platform = connected(host, 字段={"主办": "zbdw"})
        platform.write_back(host.number, RESULT, None)
        host.opinion, host.log = "", [{"remark": host.opinion, "operateType": "提交"}]
        platform.write_back(host.number, RESULT, None)
        assert host.calls["say"] == 1

    def test_an_opinion_whose_answer_is_lost_is_said_once(self, host):
        platform = connected(host, 字段={"主办": "zbdw"})
        host.fail["say"] = ["lost"]
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back(host.number, RESULT, None)
        platform.write_back(host.number, RESULT, None)
        assert caught.value.outcome_unknown and host.calls["say"] == 1

    def test_a_field_that_the_robot_may_not_edit_is_told_before_anything_is_sent(self, host):
        host.closed = {"zbdw", "blyj"}
        with pytest.raises(DeliveryRefused, match="机器人现在不能写：zbdw、blyj。请在泛微流程的节点设置"):
            connected(host).write_back(host.number, RESULT, None)
        assert host.calls["save"] == 0

    def test_papers_of_an_earlier_result_stay_attached(self, host):
        platform = connected(host, with_files=True)
        platform.write_back(host.number, RESULT, None)
        platform.write_back(host.number, replace(NEXT, files={"督办单〔2026〕2号.docx": b"PK2"}), RESULT)
        assert sorted(host.files[host.number].values()) == [b"PK-not-a-real-paper", b"PK2"]
        assert host.forms[host.number]["clfj"] == "501,502"

    def test_html_of_a_field_is_read_as_text(self, host):
        host.forms[host.number]["gdnr"] = "<p>欠缴&nbsp;三个月</p>请查<br/>谢谢 a&lt;b"
        assert connected(host).fetch(host.number).ticket.content == "欠缴\xa0三个月\n请查\n谢谢 a<b"

    def test_the_public_key_may_come_with_or_without_its_lines(self):
        spk = WeaverHost.secrets["SPK"]
        lines = "\n".join(spk[n:n + 64] for n in range(0, len(spk), 64))
        pem = f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
        assert rsa_key(spk).public_numbers() == rsa_key(pem).public_numbers() == rsa_key(lines).public_numbers()
        assert rsa_key(spk[:-9]) is None and rsa_key("") is None and rsa_key("不是") is None


class TestSeeyon:
    @pytest.fixture
    def host(self, mocked):
        return SeeyonHost(mocked)

    def test_data_may_come_as_a_json_string(self, host):
        host.as_text = True
        platform = connected(host)
        platform.write_back(host.number, RESULT, None)
        assert platform.fetch(host.number).ticket.area == "固城镇" and host.forms[host.number]["field0011"] == RESULT.lead

    def test_rows_changed_within_the_days_that_are_looked_back_are_found(self, host):
        platform = connected(host, 回看天="3")
        host.new("11", "2026-11-24 09:00:00")
        host.new("12", "2026-11-10 09:00:00")
        _, cursor = platform.changed("")
        host.times |= {"11": "2026-11-26 09:00:00", "12": "2026-11-26 09:00:00"}
        assert [e.ticket_no for e in platform.changed(cursor)[0]] == ["11"], "12 was filed too long ago, as the guide says"

    def test_a_version_that_knows_no_pages_is_asked_no_further(self, host):
        for n in range(300):
            host.new(str(n + 100))
        host._rows = lambda request: host._export(list(host.times))
        assert len(connected(host).changed("")[0]) == 301

    def test_fields_may_be_named_by_their_codes(self, host):
        platform = connected(host, 字段=dict(host.at), 读取={"标题": "field0001", "内容": "field0002"})
        platform.write_back(host.number, RESULT, None)
        assert host.forms[host.number]["field0011"] == RESULT.lead

    def test_rows_without_a_number_are_told(self, host):
        row = host._row
        host._row = lambda n: {"masterData": {k: v for k, v in row(n)["masterData"].items() if k != "id"}}
        with pytest.raises(DeliveryDelayed, match=r"没有数据编号（masterData\.id）：请核对版本"):
            connected(host).changed("")

    def test_a_trigger_runs_only_where_the_file_says_so(self, host):
        connected(host, 执行触发="是").write_back(host.number, RESULT, None)
        assert host.moved == 1

    @pytest.mark.parametrize("number", ["1 or 1", "GD-1", "123456789012345678901"])
    def test_a_number_that_is_none_is_not_sent(self, host, number):
        with pytest.raises(DeliveryRefused, match="不是致远的数据编号"):
            connected(host).fetch(number)


class TestO2oa:
    @pytest.fixture
    def host(self, mocked):
        return O2oaHost(mocked)

    def test_its_title_is_not_emptied_by_our_write(self, host):
        host.titles[host.number] = "某厂欠缴"
        connected(host).write_back(host.number, RESULT, None)
        assert host.titles[host.number] == "某厂欠缴"
        host.forms[host.number]["subject"] = "某厂欠缴（改）"
        connected(host).write_back(host.number, NEXT, RESULT)
        assert host.titles[host.number] == "某厂欠缴（改）"

    def test_fields_may_lie_in_several_places_and_then_the_whole_data_goes_back(self, host):
        fields = {"主办": "unit", "依据": "mine.basis", "说明": "suggestion"}
        before = dict(host.forms[host.number])
        connected(host, 字段=fields).write_back(host.number, RESULT, None)
        assert host.forms[host.number] == {**before, "unit": RESULT.lead, "suggestion": RESULT.note,
                                           "mine": {"of": "经办", "basis": "四（一）"}}
        assert host.titles[host.number] == "某厂欠缴"

    def test_persons_and_units_are_read_by_their_names(self, host):
        platform = connected(host, 读取={"标题": "流程.标题", "来电人": "clerk", "被反映单位": "流程.创建人"})
        ticket = platform.fetch(host.number).ticket
        assert (ticket.caller_name, ticket.respondent) == ("经办乙", "话务丙")

    def test_only_the_processes_of_the_file_are_ours(self, host):
        host.times["77"] = "2026-11-25 09:30:00"
        assert [e.ticket_no for e in connected(host, 流程=["工单办理"]).changed("")[0]] == [host.number]

    @pytest.mark.parametrize(("name", "told"), [
        ("ExceptionTokenExpired", "时钟相差超过 60 秒"), ("ExceptionReadToken", "密钥不对"),
        ("ExceptionClientNotExist", "没有这个应用"), ("ExceptionPersonNotExist", "没有这个用户"),
        ("ExceptionAdmin", "不能用 xadmin"), ("ExceptionOther", "请核对应用、用户和密钥")])
    def test_why_it_gives_no_token_is_told(self, host, name, told):
        host.fail["token"] = [(500, {"type": "error", "prompt": f"x.jaxrs.sso.{name}", "message": "hsrobot"})]
        with pytest.raises(DeliveryDelayed, match=told):
            connected(host).fetch(host.number)

    def test_des_is_the_one_of_java(self):
        # The known answer of DES/ECB with this key for one block, then one block of PKCS#5 padding.
        sealed = des_sealed("12345678", "abcdefgh")
        assert base64.urlsafe_b64decode(sealed + "==").hex().startswith("94d4436bc3b5b693") and len(sealed) == 22
        assert des_sealed("12345678-longer", "abcdefgh") == sealed
        with pytest.raises(ValueError, match="eight"):
            des_sealed("short", "x")


@pytest.mark.parametrize(("kind", "changed", "told"), [
    (WeaverHost, {"应用": " "}, "缺少 “应用”"), (WeaverHost, {"读取": {"来电人": "ldr"}}, "要写明 标题 或 内容"),
    (WeaverHost, {"字段": {"附件": "clfj"}}, "缺少 “附件目录”"), (WeaverHost, {"字段": {"颜色": "x"}}, "不认识的 “颜色”"),
    (WeaverHost, {"码表": {"颜色": {}}}, "不认识的 “颜色”"), (WeaverHost, {"地址": "oa"}, "不是网址"),
    (SeeyonHost, {"权限": "123"}, "不是 视图.权限 两个数"), (SeeyonHost, {"回看天": "很久"}, "不是天数"),
    (SeeyonHost, {"字段": {"主办": "主办单位"}}, "没有地方写说明"), (SeeyonHost, {"执行触发": "也许"}, "不在可用的里面"),
    (O2oaHost, {"字段": {"主办": "a"}}, "没有地方写说明"), (O2oaHost, {"协办写法": "列表"}, "不在可用的里面"),
    (O2oaHost, {"字段": {"主办": "a", "协办": "a", "说明": "b"}}, "用了两次"),
])
def test_a_file_that_cannot_work_is_refused_at_the_start(mocked, kind, changed, told):
    with pytest.raises(RulebookError, match=told):
        connected(kind(mocked), **changed)
