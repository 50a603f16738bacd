BEGIN TRANSACTION;
CREATE TABLE cases (
	case_no VARCHAR(40) NOT NULL, 
	platform VARCHAR(60) NOT NULL, 
	ticket_no VARCHAR(120) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	decision JSON NOT NULL, 
	writes INTEGER NOT NULL, 
	edition VARCHAR(40) NOT NULL, 
	host_version VARCHAR(120) NOT NULL, 
	ticket JSON NOT NULL, 
	opened_at VARCHAR(32) NOT NULL, 
	updated_at VARCHAR(32) NOT NULL, 
	file TEXT NOT NULL, 
	accepting_unit VARCHAR(20) NOT NULL, 
	track VARCHAR(10) NOT NULL, 
	due_at VARCHAR(32), 
	PRIMARY KEY (case_no), 
	UNIQUE (platform, ticket_no)
);
INSERT INTO "cases" VALUES('HS-2026-000001','roundup','7','new','{"ticket_no": "7", "scope": "in", "compound": false, "insurance": ["pension_employee"], "topics": ["arrears"], "lead": "tax", "units": ["hr", "tax"], "track": "major", "matter": "major", "signals": ["group10", "petition"], "ticket_type": "complaint", "due": [{"key": "register", "what": "\u53d7\u7406\u767b\u8bb0", "due_at": "2026-11-25T18:00:00+08:00", "basis": "\u9996\u95ee\u8d23\u4efb\uff0c\u5f53\u65e5\u767b\u8bb0\uff08\u56db\u3001\u9996\u6bb5\uff1b\u5929\u6570\u53bf\u7ea7\u81ea\u5b9a\uff09", "confirmed": false, "provisional": false}, {"key": "major_submit", "what": "\u62a5\u9001\u4e13\u73ed\u529e\u516c\u5ba4", "due_at": "2026-11-26T18:00:00+08:00", "basis": "\u56db\uff08\u4e09\uff092\uff082\uff09", "confirmed": false, "provisional": false}, {"key": "chair_approval", "what": "\u4e13\u73ed\u4e3b\u4efb\u5ba1\u6279", "due_at": "2026-11-30T18:00:00+08:00", "basis": "\u56db\uff08\u4e09\uff092\uff082\uff09\u201c\u7ecf\u4e13\u73ed\u4e3b\u4efb\u540c\u610f\u201d\uff1b\u81ea\u4e13\u73ed\u529e\u516c\u5ba4\u6536\u4ef6\u8d77", "confirmed": false, "provisional": false}, {"key": "petition_reply", "what": "\u4fe1\u8bbf\u544a\u77e5\u53d7\u7406", "due_at": "2026-12-10T18:00:00+08:00", "basis": "\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b \u7b2c\u4e8c\u5341\u4e8c\u6761\u3001\u7b2c\u4e8c\u5341\u4e09\u6761", "confirmed": true, "provisional": false}, {"key": "major_opinion", "what": "\u4e13\u6848\u4e66\u9762\u610f\u89c1", "due_at": "2026-12-14T18:00:00+08:00", "basis": "\u56db\uff08\u4e09\uff092\uff083\uff09\u201c\u89c4\u5b9a\u65f6\u9650\u201d\uff1b\u81ea\u4e3b\u4efb\u540c\u610f\u8d77", "confirmed": false, "provisional": false}, {"key": "major_total", "what": "\u91cd\u5927\u7591\u96be\u529e\u7ed3", "due_at": "2027-01-07T18:00:00+08:00", "basis": "\u56db\uff08\u4e09\uff092\uff1b\u53c2\u7167\u4fe1\u8bbf\u516d\u5341\u65e5\u4e0a\u9650\u5185", "confirmed": false, "provisional": true}, {"key": "petition_total", "what": "\u4fe1\u8bbf\u4e8b\u9879\u529e\u7ed3", "due_at": "2027-01-25T18:00:00+08:00", "basis": "\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b \u7b2c\u4e09\u5341\u56db\u6761", "confirmed": true, "provisional": true}], "alerts": [{"key": "office", "what": "\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4\uff1a\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4\uff08\u8bbe\u5728\u53bf\u7a0e\u52a1\u5c40\uff09\u8ddf\u8e2a", "rule": "escalation.major"}], "reasons": [{"rule": "scope.employer", "clause": "\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u4e94\u5341\u516b\u6761\u3001\u7b2c\u516d\u5341\u6761\uff1b\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09", "because": "\u53cd\u6620\u7528\u4eba\u5355\u4f4d\u6ca1\u6709\u53c2\u4fdd\u3001\u6ca1\u6709\u7f34\u7eb3\u6216\u8005\u62d6\u6b20\u793e\u4f1a\u4fdd\u9669\u8d39", "evidence": [{"text": "\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39", "start": 8, "end": 22}]}, {"rule": "duty.hr-insurance", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\uff1b\u793e\u4f1a\u4fdd\u9669\u7ecf\u529e\u6761\u4f8b \u7b2c\u56db\u6761", "because": "\u517b\u8001\u3001\u5931\u4e1a\u3001\u5de5\u4f24\u4fdd\u9669\u7684\u767b\u8bb0\u3001\u8d39\u7387\u3001\u6743\u76ca\u8bb0\u5f55\u7531\u4eba\u793e\u5c40\u8d1f\u8d23", "evidence": [{"text": "\u793e\u4fdd", "start": 3, "end": 5}, {"text": "\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39", "start": 8, "end": 22}]}, {"rule": "duty.arrears", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\u53bf\u7a0e\u52a1\u5c40\uff1b\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u516d\u5341\u4e09\u6761\u3001\u7b2c\u516b\u5341\u516d\u6761", "because": "\u7528\u4eba\u5355\u4f4d\u6b20\u7f34\u3001\u6f0f\u7f34\u793e\u4f1a\u4fdd\u9669\u8d39\uff0c\u5c5e\u7a0e\u52a1\u5c40\u5f81\u6536\u804c\u8d23", "evidence": [{"text": "\u793e\u4fdd", "start": 3, "end": 5}, {"text": "\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39", "start": 8, "end": 22}]}, {"rule": "duty.registration", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\u53bf\u4eba\u793e\u5c40\uff1b\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u4e94\u5341\u4e03\u6761\u3001\u7b2c\u4e94\u5341\u516b\u6761", "because": "\u53c2\u4fdd\u767b\u8bb0\u3001\u589e\u51cf\u5458\u3001\u8d39\u7387\u3001\u6743\u76ca\u8bb0\u5f55\u548c\u8865\u7f34\u6838\u5b9a\u7531\u4eba\u793e\u5c40\u4e3b\u529e", "evidence": [{"text": "\u793e\u4fdd", "start": 3, "end": 5}, {"text": "\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39", "start": 8, "end": 22}]}, {"rule": "duty.never-registered", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\u3001\u56db\uff08\u4e00\uff09\uff1b\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u516b\u5341\u56db\u6761", "because": "\u5355\u4f4d\u4e0d\u529e\u7406\u53c2\u4fdd\u6216\u4e0d\u7f34\u7eb3\u7684\uff0c\u7531\u4eba\u793e\u5c40\u8d23\u4ee4\u767b\u8bb0\u3001\u52b3\u52a8\u76d1\u5bdf\uff0c\u7a0e\u52a1\u5c40\u5f81\u6536\uff1b\u5404\u5730\u505a\u6cd5\u4e0d\u4e00\uff0c\u5148\u767b\u8bb0\u5e76\u8054\u529e", "evidence": [{"text": "\u793e\u4fdd", "start": 3, "end": 5}, {"text": "\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39", "start": 8, "end": 22}]}, {"rule": "grounds.group10", "clause": "\u52b3\u52a8\u4e89\u8bae\u8c03\u89e3\u4ef2\u88c1\u6cd5 \u7b2c\u4e03\u6761", "because": "\u5341\u4eba\u4ee5\u4e0a\u63d0\u51fa\u540c\u4e00\u8bc9\u6c42\uff0c\u5c5e\u91cd\u5927\u3001\u590d\u6742\u4e8b\u9879", "evidence": [{"text": "\u4e09\u5341\u591a\u4e2a\u4eba", "start": 11, "end": 16}]}, {"rule": "grounds.petition", "clause": "\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b \u7b2c\u4e09\u5341\u4e00\u6761", "because": "\u5df2\u7ecf\u6216\u626c\u8a00\u4fe1\u8bbf", "evidence": [{"text": "\u96c6\u4f53\u53bb", "start": 30, "end": 33}]}, {"rule": "triage.lead-recent-arrears", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\u53bf\u7a0e\u52a1\u5c40\uff1b\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u516d\u5341\u4e09\u6761\u3001\u7b2c\u516b\u5341\u516d\u6761", "because": "\u4ee5\u524d\u7f34\u8fc7\u3001\u540e\u6765\u6b20\u4e0b\u53c8\u6ca1\u6709\u8de8\u591a\u5e74\u7684\uff0c\u8981\u6c42\u8865\u4e0a\u4e5f\u662f\u6e05\u6b20\uff0c\u7531\u7a0e\u52a1\u5c40\u4e3b\u529e", "evidence": [{"text": "\u793e\u4fdd", "start": 3, "end": 5}, {"text": "\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39", "start": 8, "end": 22}]}, {"rule": "triage.major", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u56db\uff08\u4e8c\uff09\u3001\u56db\uff08\u4e09\uff092", "because": "\u5efa\u8bae\u6309\u91cd\u5927\u7591\u96be\u4e8b\u9879\u62a5\u4e13\u73ed\u4e3b\u4efb\u540c\u610f\u540e\u4e13\u6848\u5904\u7406\uff1b\u662f\u5426\u5217\u4e3a\u91cd\u5927\u7591\u96be\u7531\u4eba\u51b3\u5b9a", "evidence": [{"text": "\u4e09\u5341\u591a\u4e2a\u4eba", "start": 11, "end": 16}]}, {"rule": "deadline.register", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u56db\u3001\u9996\u6bb5\uff08\u9996\u95ee\u8d23\u4efb\u5236\uff09", "because": "\u7b2c\u4e00\u4e2a\u63a5\u5f85\u7684\u4eba\u5458\u8d1f\u8d23\u767b\u8bb0", "evidence": []}, {"rule": "deadline.major", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u56db\uff08\u4e09\uff092", "because": "\u62a5\u9001\u4e13\u73ed\u529e\u516c\u5ba4\uff0c\u7ecf\u4e13\u73ed\u4e3b\u4efb\u540c\u610f\u540e\u4e13\u6848\u5904\u7406\uff0c\u5f62\u6210\u4f1a\u8bae\u7eaa\u8981\u540e\u4e66\u9762\u544a\u77e5", "evidence": []}, {"rule": "deadline.petition", "clause": "\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b \u7b2c\u4e8c\u5341\u4e8c\u6761\u3001\u7b2c\u4e09\u5341\u56db\u6761", "because": "\u5df2\u4f5c\u4e3a\u4fe1\u8bbf\u4e8b\u9879\u63d0\u51fa\u7684\uff0c\u544a\u77e5\u548c\u529e\u7ed3\u4e0d\u5f97\u8d85\u8fc7\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b\u7684\u671f\u9650", "evidence": [{"text": "\u96c6\u4f53\u53bb", "start": 30, "end": 33}]}, {"rule": "escalation.major", "clause": "\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u56db\uff08\u4e09\uff092\uff082\uff09", "because": "\u62df\u62a5\u4e13\u6848\u5904\u7406\u7684\u4e8b\u9879\u5148\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4", "evidence": []}], "edition": "a0ee1dc5a033", "engine": "durable"}',1,'a0ee1dc5a033','v1','{"ticket_no": "7", "title": "\u5de5\u8d44\u548c\u793e\u4fdd", "content": "\u5355\u4f4d\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39\uff0c\u518d\u4e0d\u89e3\u51b3\u6211\u4eec\u5c31\u96c6\u4f53\u53bb\u53bf\u653f\u5e9c\u95e8\u53e3\u8ba8\u8bf4\u6cd5\u3002", "received_at": "2026-11-25T01:02:00Z", "ticket_type": "", "channel": "", "area": "", "caller_name": "", "caller_phone": "", "respondent": "", "urgency": "", "host_due_at": null, "repeat_of": "", "extra": {}}','2026-11-25T01:02:00.000000','2026-11-25T01:02:00.000000','{"number":"HS-2026-000001","platform":"roundup","ticket_no":"7","state":"new","first_contact":{"person":"roundup 平台坐席","unit":"gov_office","at":"2026-11-25T01:02:00Z","channel":"roundup"},"decision":{"ticket_no":"7","scope":"in","compound":false,"insurance":["pension_employee"],"topics":["arrears"],"lead":"tax","units":["hr","tax"],"track":"major","matter":"major","signals":["group10","petition"],"ticket_type":"complaint","due":[{"key":"register","what":"受理登记","due_at":"2026-11-25T18:00:00+08:00","basis":"首问责任，当日登记（四、首段；天数县级自定）","confirmed":false,"provisional":false},{"key":"major_submit","what":"报送专班办公室","due_at":"2026-11-26T18:00:00+08:00","basis":"四（三）2（2）","confirmed":false,"provisional":false},{"key":"chair_approval","what":"专班主任审批","due_at":"2026-11-30T18:00:00+08:00","basis":"四（三）2（2）“经专班主任同意”；自专班办公室收件起","confirmed":false,"provisional":false},{"key":"petition_reply","what":"信访告知受理","due_at":"2026-12-10T18:00:00+08:00","basis":"信访工作条例 第二十二条、第二十三条","confirmed":true,"provisional":false},{"key":"major_opinion","what":"专案书面意见","due_at":"2026-12-14T18:00:00+08:00","basis":"四（三）2（3）“规定时限”；自主任同意起","confirmed":false,"provisional":false},{"key":"major_total","what":"重大疑难办结","due_at":"2027-01-07T18:00:00+08:00","basis":"四（三）2；参照信访六十日上限内","confirmed":false,"provisional":true},{"key":"petition_total","what":"信访事项办结","due_at":"2027-01-25T18:00:00+08:00","basis":"信访工作条例 第三十四条","confirmed":true,"provisional":true}],"reasons":[["scope.employer","受理范围","社会保险法 第五十八条、第六十条；合政办发〔2025〕30号 三（二）","反映用人单位没有参保、没有缴纳或者拖欠社会保险费",[["欠我们三十多个人的养老保险费",8,22]]],["duty.hr-insurance","职责认定","合政办发〔2025〕30号 三（二）；社会保险经办条例 第四条","养老、失业、工伤保险的登记、费率、权益记录由人社局负责",[["社保",3,5],["欠我们三十多个人的养老保险费",8,22]]],["duty.arrears","职责认定","合政办发〔2025〕30号 三（二）县税务局；社会保险法 第六十三条、第八十六条","用人单位欠缴、漏缴社会保险费，属税务局征收职责",[["社保",3,5],["欠我们三十多个人的养老保险费",8,22]]],["duty.registration","职责认定","合政办发〔2025〕30号 三（二）县人社局；社会保险法 第五十七条、第五十八条","参保登记、增减员、费率、权益记录和补缴核定由人社局主办",[["社保",3,5],["欠我们三十多个人的养老保险费",8,22]]],["duty.never-registered","职责认定","合政办发〔2025〕30号 三（二）、四（一）；社会保险法 第八十四条","单位不办理参保或不缴纳的，由人社局责令登记、劳动监察，税务局征收；各地做法不一，先登记并联办",[["社保",3,5],["欠我们三十多个人的养老保险费",8,22]]],["grounds.group10","事项分类","劳动争议调解仲裁法 第七条","十人以上提出同一诉求，属重大、复杂事项",[["三十多个人",11,16]]],["grounds.petition","事项分类","信访工作条例 第三十一条","已经或扬言信访",[["集体去",30,33]]],["triage.lead-recent-arrears","分类流转","合政办发〔2025〕30号 三（二）县税务局；社会保险法 第六十三条、第八十六条","以前缴过、后来欠下又没有跨多年的，要求补上也是清欠，由税务局主办",[["社保",3,5],["欠我们三十多个人的养老保险费",8,22]]],["triage.major","分类流转","合政办发〔2025〕30号 四（二）、四（三）2","建议按重大疑难事项报专班主任同意后专案处理；是否列为重大疑难由人决定",[["三十多个人",11,16]]],["deadline.register","时限","合政办发〔2025〕30号 四、首段（首问责任制）","第一个接待的人员负责登记",[]],["deadline.major","时限","合政办发〔2025〕30号 四（三）2","报送专班办公室，经专班主任同意后专案处理，形成会议纪要后书面告知",[]],["deadline.petition","时限","信访工作条例 第二十二条、第三十四条","已作为信访事项提出的，告知和办结不得超过信访工作条例的期限",[["集体去",30,33]]],["escalation.major","催办督办","合政办发〔2025〕30号 四（三）2（2）","拟报专案处理的事项先告知专班办公室",[]]],"edition":"a0ee1dc5a033","engine":"durable","alerts":[{"key":"office","what":"告知专班办公室：告知专班办公室（设在县税务局）跟踪","rule":"escalation.major"}]},"opened_at":"2026-11-25T01:02:00Z","accepting_unit":"gov_office","handling":{"started_at":"2026-11-25T01:02:00Z","track":null,"policy_issue":false,"classes":[],"referral":null,"refusal":null,"co_units":[],"tasks":[],"meeting_called_at":null,"consultations":[],"submission":null,"endorsement":null,"approval":null,"disapprovals":[],"meeting_approval":null,"minutes":null,"combined":null,"reply":null,"services":[],"objection":null,"follow_up":null,"remedies":[],"no_remedy_at":null,"demanded_at":null,"court":[],"escalations":[],"extensions":[],"withdrawal":null},"past":[],"handovers":[],"registration":null,"registrar":"","supplement":null,"reviewed":null,"dispatched":null,"returns":[],"dispute":null,"designations":[],"origin":null,"suspensions":[],"urges":[],"supervisions":[],"public_opinion":null,"danger":null,"recused":[],"confidential":false,"merged_into":"","absorbed":[],"archives":[]}','gov_office','major','2027-01-07T10:00:00.000000');
CREATE TABLE clocks (
	case_no VARCHAR(40) NOT NULL, 
	place INTEGER NOT NULL, 
	"key" VARCHAR(40) NOT NULL, 
	unit VARCHAR(20) NOT NULL, 
	due_at VARCHAR(32) NOT NULL, 
	running BOOLEAN NOT NULL, 
	next_at VARCHAR(32), 
	clock TEXT NOT NULL, 
	PRIMARY KEY (case_no, place)
);
INSERT INTO "clocks" VALUES('HS-2026-000001',0,'dispatch','gov_office','2026-11-26T10:00:00.000000',1,'2026-11-26T06:00:00.000000','{"key":"dispatch","what":"转办派发","unit":"gov_office","started_at":"2026-11-25T01:02:00Z","due_at":"2026-11-26T18:00:00+08:00","amount":1.0,"span":"工作日","basis":"三（二）县政府办“及时转交”、四（三）1（2）；天数县级自定","confirmed":false,"statutory":false,"provisional":false,"pauses":[],"extensions":[],"levels":[],"stopped_at":null}');
INSERT INTO "clocks" VALUES('HS-2026-000001',1,'major_total','gov_office','2027-01-07T10:00:00.000000',1,'2026-12-16T05:31:00.000000','{"key":"major_total","what":"重大疑难办结","unit":"gov_office","started_at":"2026-11-25T01:02:00Z","due_at":"2027-01-07T18:00:00+08:00","amount":30.0,"span":"工作日","basis":"四（三）2；参照信访六十日上限内","confirmed":false,"statutory":false,"provisional":true,"pauses":[],"extensions":[],"levels":[],"stopped_at":null}');
INSERT INTO "clocks" VALUES('HS-2026-000001',2,'petition_reply','gov_office','2026-12-10T10:00:00.000000',1,'2026-12-07T00:30:00.000000','{"key":"petition_reply","what":"信访告知受理","unit":"gov_office","started_at":"2026-11-25T01:02:00Z","due_at":"2026-12-10T18:00:00+08:00","amount":15.0,"span":"日","basis":"信访工作条例 第二十二条、第二十三条","confirmed":true,"statutory":true,"provisional":false,"pauses":[],"extensions":[],"levels":[],"stopped_at":null}');
INSERT INTO "clocks" VALUES('HS-2026-000001',3,'petition_total','gov_office','2027-01-25T10:00:00.000000',1,'2027-01-20T00:30:00.000000','{"key":"petition_total","what":"信访事项办结","unit":"gov_office","started_at":"2026-11-25T01:02:00Z","due_at":"2027-01-25T18:00:00+08:00","amount":60.0,"span":"日","basis":"信访工作条例 第三十四条","confirmed":true,"statutory":true,"provisional":true,"pauses":[],"extensions":[],"levels":[],"stopped_at":null}');
CREATE TABLE cursors (
	platform VARCHAR(60) NOT NULL, 
	cursor VARCHAR(200), 
	PRIMARY KEY (platform)
);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	platform VARCHAR(60) NOT NULL, 
	event_id VARCHAR(200) NOT NULL, 
	ticket_no VARCHAR(120) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_at VARCHAR(32) NOT NULL, 
	error TEXT, 
	received_at VARCHAR(32) NOT NULL, 
	lease_owner VARCHAR(80), 
	lease_until VARCHAR(32), 
	crashes INTEGER DEFAULT '0' NOT NULL, 
	ticket TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (platform, event_id)
);
CREATE TABLE journal (
	id INTEGER NOT NULL, 
	case_no VARCHAR(40) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	who VARCHAR(80) NOT NULL, 
	act VARCHAR(60) NOT NULL, 
	why TEXT NOT NULL, 
	clause VARCHAR(200) NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	seal VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "journal" VALUES(1,'HS-2026-000001','2026-11-25T01:02:00.000000','规则插件','收到工单','待首问人员登记；按规则册给出建议（规则册 a0ee1dc5a033）','四、首段；四（二）','','27ae96bdf65d93bec270751274f236337c73dbbc4eb9f528707b619d86054d08');
CREATE TABLE lanes (
	platform VARCHAR(60) NOT NULL, 
	paced_to VARCHAR(32) NOT NULL, 
	failures INTEGER NOT NULL, 
	closed_until VARCHAR(32), 
	PRIMARY KEY (platform)
);
CREATE TABLE library (
	id INTEGER NOT NULL, 
	case_no VARCHAR(40) NOT NULL, 
	title VARCHAR(120) NOT NULL, 
	track VARCHAR(10) NOT NULL, 
	topics VARCHAR(400) NOT NULL, 
	text TEXT NOT NULL, 
	added_by VARCHAR(80) NOT NULL, 
	added_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE meta (
	"key" VARCHAR(40) NOT NULL, 
	value VARCHAR(400), 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema','7');
INSERT INTO "meta" VALUES('journal-head','1 HS-2026-000001 27ae96bdf65d93bec270751274f236337c73dbbc4eb9f528707b619d86054d08');
INSERT INTO "meta" VALUES('series:case-2026','1');
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	"key" VARCHAR(80) NOT NULL, 
	case_no VARCHAR(40) NOT NULL, 
	platform VARCHAR(60) NOT NULL, 
	ticket_no VARCHAR(120) NOT NULL, 
	kind VARCHAR(10) DEFAULT 'result' NOT NULL, 
	payload JSON NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_at VARCHAR(32) NOT NULL, 
	lease_owner VARCHAR(80), 
	lease_until VARCHAR(32), 
	error TEXT, 
	created_at VARCHAR(32) NOT NULL, 
	done_at VARCHAR(32), 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
INSERT INTO "outbox" VALUES(1,'HS-2026-000001-1','HS-2026-000001','roundup','7','result','{"key": "HS-2026-000001-1", "lead": "\u5408\u6c34\u53bf\u7a0e\u52a1\u5c40", "helpers": ["\u5408\u6c34\u53bf\u4eba\u529b\u8d44\u6e90\u548c\u793e\u4f1a\u4fdd\u969c\u5c40"], "category": "\u5f81\u7f34", "handling": "\u91cd\u5927\u7591\u96be", "track": "major", "basis": "\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u4e94\u5341\u516b\u6761\u3001\u7b2c\u516d\u5341\u6761\uff0c\u7b2c\u516d\u5341\u4e09\u6761\u3001\u7b2c\u516b\u5341\u516d\u6761\uff0c\u7b2c\u4e94\u5341\u4e03\u6761\u3001\u7b2c\u4e94\u5341\u516b\u6761\uff0c\u7b2c\u516b\u5341\u56db\u6761\uff1b\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\uff0c\u4e09\uff08\u4e8c\uff09\u53bf\u7a0e\u52a1\u5c40\uff0c\u4e09\uff08\u4e8c\uff09\u53bf\u4eba\u793e\u5c40\uff0c\u4e09\uff08\u4e8c\uff09\u3001\u56db\uff08\u4e00\uff09\uff0c\u56db\uff08\u4e8c\uff09\u3001\u56db\uff08\u4e09\uff092\uff0c\u56db\u3001\u9996\u6bb5\uff08\u9996\u95ee\u8d23\u4efb\u5236\uff09\uff0c\u56db\uff08\u4e09\uff092\uff0c\u56db\uff08\u4e09\uff092\uff082\uff09\uff1b\u793e\u4f1a\u4fdd\u9669\u7ecf\u529e\u6761\u4f8b \u7b2c\u56db\u6761\uff1b\u52b3\u52a8\u4e89\u8bae\u8c03\u89e3\u4ef2\u88c1\u6cd5 \u7b2c\u4e03\u6761\uff1b\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b \u7b2c\u4e09\u5341\u4e00\u6761\uff0c\u7b2c\u4e8c\u5341\u4e8c\u6761\u3001\u7b2c\u4e09\u5341\u56db\u6761", "note": "\u3014hsdispute:HS-2026-000001-1\u3015\n\u3010\u901a\u62a5\u3011\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4\uff1a\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4\uff08\u8bbe\u5728\u53bf\u7a0e\u52a1\u5c40\uff09\u8ddf\u8e2a\n\u5efa\u8bae\uff1a\u5c5e\u4e8e\u672c\u673a\u5236\uff0c\u91cd\u5927\u7591\u96be\u3002\n\u4e3b\u529e\uff1a\u5408\u6c34\u53bf\u7a0e\u52a1\u5c40\u3002\u53c2\u52a0\uff1a\u5408\u6c34\u53bf\u4eba\u529b\u8d44\u6e90\u548c\u793e\u4f1a\u4fdd\u969c\u5c40\u3002\n\u9669\u79cd\uff1a\u4f01\u4e1a\u804c\u5de5\u517b\u8001\uff1b\u4e3b\u9898\uff1a\u6b20\u8d39\uff1b\u60c5\u5f62\uff1a\u5341\u4eba\u4ee5\u4e0a\u3001\u4fe1\u8bbf\u3002\n\u65f6\u9650\uff1a\n  \u00b7 \u53d7\u7406\u767b\u8bb0\uff1a2026\u5e7411\u670825\u65e5\uff08\u5468\u4e09\uff0918:00\u524d\uff08\u9996\u95ee\u8d23\u4efb\uff0c\u5f53\u65e5\u767b\u8bb0\uff08\u56db\u3001\u9996\u6bb5\uff1b\u5929\u6570\u53bf\u7ea7\u81ea\u5b9a\uff09\uff0c\u672a\u786e\u8ba4\uff09\n  \u00b7 \u62a5\u9001\u4e13\u73ed\u529e\u516c\u5ba4\uff1a2026\u5e7411\u670826\u65e5\uff08\u5468\u56db\uff0918:00\u524d\uff08\u56db\uff08\u4e09\uff092\uff082\uff09\uff0c\u672a\u786e\u8ba4\uff09\n  \u00b7 \u4e13\u73ed\u4e3b\u4efb\u5ba1\u6279\uff1a2026\u5e7411\u670830\u65e5\uff08\u5468\u4e00\uff0918:00\u524d\uff08\u56db\uff08\u4e09\uff092\uff082\uff09\u201c\u7ecf\u4e13\u73ed\u4e3b\u4efb\u540c\u610f\u201d\uff1b\u81ea\u4e13\u73ed\u529e\u516c\u5ba4\u6536\u4ef6\u8d77\uff0c\u672a\u786e\u8ba4\uff09\n  \u00b7 \u4fe1\u8bbf\u544a\u77e5\u53d7\u7406\uff1a2026\u5e7412\u670810\u65e5\uff08\u5468\u56db\uff0918:00\u524d\uff08\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b \u7b2c\u4e8c\u5341\u4e8c\u6761\u3001\u7b2c\u4e8c\u5341\u4e09\u6761\uff09\n  \u00b7 \u4e13\u6848\u4e66\u9762\u610f\u89c1\uff1a2026\u5e7412\u670814\u65e5\uff08\u5468\u4e00\uff0918:00\u524d\uff08\u56db\uff08\u4e09\uff092\uff083\uff09\u201c\u89c4\u5b9a\u65f6\u9650\u201d\uff1b\u81ea\u4e3b\u4efb\u540c\u610f\u8d77\uff0c\u672a\u786e\u8ba4\uff09\n  \u00b7 \u91cd\u5927\u7591\u96be\u529e\u7ed3\uff1a2027\u5e741\u67087\u65e5\uff08\u5468\u56db\uff0918:00\u524d\uff08\u56db\uff08\u4e09\uff092\uff1b\u53c2\u7167\u4fe1\u8bbf\u516d\u5341\u65e5\u4e0a\u9650\u5185\uff0c\u672a\u786e\u8ba4\uff0c\u6240\u8de8\u5e74\u4efd\u8282\u5047\u65e5\u5b89\u6392\u672a\u516c\u5e03\uff0c\u6682\u5b9a\uff09\n  \u00b7 \u4fe1\u8bbf\u4e8b\u9879\u529e\u7ed3\uff1a2027\u5e741\u670825\u65e5\uff08\u5468\u4e00\uff0918:00\u524d\uff08\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b \u7b2c\u4e09\u5341\u56db\u6761\uff0c\u6240\u8de8\u5e74\u4efd\u8282\u5047\u65e5\u5b89\u6392\u672a\u516c\u5e03\uff0c\u6682\u5b9a\uff09\n\u7406\u7531\uff1a\n  1. \u53cd\u6620\u7528\u4eba\u5355\u4f4d\u6ca1\u6709\u53c2\u4fdd\u3001\u6ca1\u6709\u7f34\u7eb3\u6216\u8005\u62d6\u6b20\u793e\u4f1a\u4fdd\u9669\u8d39\uff08\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u4e94\u5341\u516b\u6761\u3001\u7b2c\u516d\u5341\u6761\uff1b\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39\u201d [scope.employer]\n  2. \u517b\u8001\u3001\u5931\u4e1a\u3001\u5de5\u4f24\u4fdd\u9669\u7684\u767b\u8bb0\u3001\u8d39\u7387\u3001\u6743\u76ca\u8bb0\u5f55\u7531\u4eba\u793e\u5c40\u8d1f\u8d23\uff08\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\uff1b\u793e\u4f1a\u4fdd\u9669\u7ecf\u529e\u6761\u4f8b \u7b2c\u56db\u6761\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u793e\u4fdd\u201d\u3001\u201c\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39\u201d [duty.hr-insurance]\n  3. \u7528\u4eba\u5355\u4f4d\u6b20\u7f34\u3001\u6f0f\u7f34\u793e\u4f1a\u4fdd\u9669\u8d39\uff0c\u5c5e\u7a0e\u52a1\u5c40\u5f81\u6536\u804c\u8d23\uff08\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\u53bf\u7a0e\u52a1\u5c40\uff1b\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u516d\u5341\u4e09\u6761\u3001\u7b2c\u516b\u5341\u516d\u6761\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u793e\u4fdd\u201d\u3001\u201c\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39\u201d [duty.arrears]\n  4. \u53c2\u4fdd\u767b\u8bb0\u3001\u589e\u51cf\u5458\u3001\u8d39\u7387\u3001\u6743\u76ca\u8bb0\u5f55\u548c\u8865\u7f34\u6838\u5b9a\u7531\u4eba\u793e\u5c40\u4e3b\u529e\uff08\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\u53bf\u4eba\u793e\u5c40\uff1b\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u4e94\u5341\u4e03\u6761\u3001\u7b2c\u4e94\u5341\u516b\u6761\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u793e\u4fdd\u201d\u3001\u201c\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39\u201d [duty.registration]\n  5. \u5355\u4f4d\u4e0d\u529e\u7406\u53c2\u4fdd\u6216\u4e0d\u7f34\u7eb3\u7684\uff0c\u7531\u4eba\u793e\u5c40\u8d23\u4ee4\u767b\u8bb0\u3001\u52b3\u52a8\u76d1\u5bdf\uff0c\u7a0e\u52a1\u5c40\u5f81\u6536\uff1b\u5404\u5730\u505a\u6cd5\u4e0d\u4e00\uff0c\u5148\u767b\u8bb0\u5e76\u8054\u529e\uff08\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\u3001\u56db\uff08\u4e00\uff09\uff1b\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u516b\u5341\u56db\u6761\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u793e\u4fdd\u201d\u3001\u201c\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39\u201d [duty.never-registered]\n  6. \u5341\u4eba\u4ee5\u4e0a\u63d0\u51fa\u540c\u4e00\u8bc9\u6c42\uff0c\u5c5e\u91cd\u5927\u3001\u590d\u6742\u4e8b\u9879\uff08\u52b3\u52a8\u4e89\u8bae\u8c03\u89e3\u4ef2\u88c1\u6cd5 \u7b2c\u4e03\u6761\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u4e09\u5341\u591a\u4e2a\u4eba\u201d [grounds.group10]\n  7. \u5df2\u7ecf\u6216\u626c\u8a00\u4fe1\u8bbf\uff08\u4fe1\u8bbf\u5de5\u4f5c\u6761\u4f8b \u7b2c\u4e09\u5341\u4e00\u6761\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u96c6\u4f53\u53bb\u201d [grounds.petition]\n  8. \u4ee5\u524d\u7f34\u8fc7\u3001\u540e\u6765\u6b20\u4e0b\u53c8\u6ca1\u6709\u8de8\u591a\u5e74\u7684\uff0c\u8981\u6c42\u8865\u4e0a\u4e5f\u662f\u6e05\u6b20\uff0c\u7531\u7a0e\u52a1\u5c40\u4e3b\u529e\uff08\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u4e09\uff08\u4e8c\uff09\u53bf\u7a0e\u52a1\u5c40\uff1b\u793e\u4f1a\u4fdd\u9669\u6cd5 \u7b2c\u516d\u5341\u4e09\u6761\u3001\u7b2c\u516b\u5341\u516d\u6761\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u793e\u4fdd\u201d\u3001\u201c\u6b20\u6211\u4eec\u4e09\u5341\u591a\u4e2a\u4eba\u7684\u517b\u8001\u4fdd\u9669\u8d39\u201d [triage.lead-recent-arrears]\n  9. \u5efa\u8bae\u6309\u91cd\u5927\u7591\u96be\u4e8b\u9879\u62a5\u4e13\u73ed\u4e3b\u4efb\u540c\u610f\u540e\u4e13\u6848\u5904\u7406\uff1b\u662f\u5426\u5217\u4e3a\u91cd\u5927\u7591\u96be\u7531\u4eba\u51b3\u5b9a\uff08\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u56db\uff08\u4e8c\uff09\u3001\u56db\uff08\u4e09\uff092\uff09\u2014\u2014\u539f\u6587\uff1a\u201c\u4e09\u5341\u591a\u4e2a\u4eba\u201d [triage.major]\n  10. \u62df\u62a5\u4e13\u6848\u5904\u7406\u7684\u4e8b\u9879\u5148\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4\uff08\u5408\u653f\u529e\u53d1\u30142025\u301530\u53f7 \u56db\uff08\u4e09\uff092\uff082\uff09\uff09 [escalation.major]\n\u4ee5\u4e0a\u7531\u89c4\u5219\u518c a0ee1dc5a033 \u7248\u7ed9\u51fa\uff0c\u662f\u5426\u91c7\u7eb3\u7531\u53d7\u7406\u4eba\u51b3\u5b9a\u3002", "due_at": "2027-01-07T18:00:00+08:00", "submission_no": "", "papers": []}','queued',0,'2026-11-25T01:02:00.000000',NULL,NULL,NULL,'2026-11-25T01:02:00.000000',NULL);
INSERT INTO "outbox" VALUES(2,'HS-2026-000001-1-office-notice','HS-2026-000001','notices','7','notice','{"key": "HS-2026-000001-1-office-notice", "case_no": "HS-2026-000001", "platform": "roundup", "ticket_no": "7", "to": ["\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4"], "unit": "", "says": "\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4\uff1a\u544a\u77e5\u4e13\u73ed\u529e\u516c\u5ba4\uff08\u8bbe\u5728\u53bf\u7a0e\u52a1\u5c40\uff09\u8ddf\u8e2a", "due_at": null, "urgent": false}','queued',0,'2026-11-25T01:02:00.000000',NULL,NULL,NULL,'2026-11-25T01:02:00.000000',NULL);
CREATE TABLE papers (
	id INTEGER NOT NULL, 
	case_no VARCHAR(40) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	receiver VARCHAR(60) NOT NULL, 
	made_at VARCHAR(32) NOT NULL, 
	name VARCHAR(120) NOT NULL, 
	paper_values JSON NOT NULL, 
	content BLOB, 
	PRIMARY KEY (id)
);
CREATE TABLE parts (
	case_no VARCHAR(40) NOT NULL, 
	unit VARCHAR(20) NOT NULL, 
	due_at VARCHAR(32), 
	yellow_at VARCHAR(32), 
	orange_at VARCHAR(32), 
	PRIMARY KEY (case_no, unit)
);
INSERT INTO "parts" VALUES('HS-2026-000001','','2026-11-26T10:00:00.000000','2026-11-26T00:46:00.000000','2026-11-26T06:18:24.000000');
INSERT INTO "parts" VALUES('HS-2026-000001','gov_office','2026-11-26T10:00:00.000000','2026-11-26T00:46:00.000000','2026-11-26T06:18:24.000000');
CREATE TABLE sessions (
	token VARCHAR(64) NOT NULL, 
	login VARCHAR(40) NOT NULL, 
	began_at VARCHAR(32) NOT NULL, 
	seen_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (token)
);
CREATE TABLE shadow_tickets (
	shadow INTEGER NOT NULL, 
	case_no VARCHAR(40) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	live VARCHAR(40) NOT NULL, 
	decided_by VARCHAR(40) NOT NULL, 
	live_says TEXT NOT NULL, 
	says TEXT, 
	fault VARCHAR(200), 
	PRIMARY KEY (shadow, case_no)
);
CREATE TABLE shadows (
	id INTEGER NOT NULL, 
	running BOOLEAN, 
	candidate VARCHAR(40) NOT NULL, 
	live VARCHAR(40) NOT NULL, 
	share INTEGER NOT NULL, 
	units VARCHAR(400) NOT NULL, 
	towns VARCHAR(400) NOT NULL, 
	began_at VARCHAR(32) NOT NULL, 
	began_by VARCHAR(80) NOT NULL, 
	why TEXT NOT NULL, 
	ended_at VARCHAR(32), 
	ended_by VARCHAR(80), 
	ended_why TEXT, 
	outcome VARCHAR(10), 
	report TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (running)
);
CREATE TABLE traits (
	case_no VARCHAR(40) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	value VARCHAR(200) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (case_no, kind, value)
);
INSERT INTO "traits" VALUES('HS-2026-000001','topic','arrears','2026-11-25T01:02:00.000000');
CREATE TABLE tries (
	"key" VARCHAR(64) NOT NULL, 
	failures INTEGER NOT NULL, 
	last_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE users (
	login VARCHAR(40) NOT NULL, 
	person VARCHAR(40) NOT NULL, 
	unit VARCHAR(20) NOT NULL, 
	roles VARCHAR(200) NOT NULL, 
	password VARCHAR(200) NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	changed_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (login)
);
CREATE TABLE workers (
	owner VARCHAR(80) NOT NULL, 
	alive_until VARCHAR(32) NOT NULL, 
	PRIMARY KEY (owner)
);
CREATE INDEX events_due ON events (state, next_at);
CREATE INDEX events_lane ON events (platform, ticket_no);
CREATE INDEX cases_state ON cases (state, due_at);
CREATE INDEX clocks_due ON clocks (running, due_at);
CREATE INDEX clocks_next ON clocks (next_at);
CREATE INDEX ix_papers_case_no ON papers (case_no);
CREATE INDEX traits_common ON traits (kind, value, at);
CREATE INDEX ix_journal_case_no ON journal (case_no);
CREATE INDEX outbox_lane ON outbox (platform, ticket_no, id);
CREATE INDEX outbox_due ON outbox (state, next_at);
CREATE INDEX parts_due ON parts (unit, due_at);
CREATE INDEX ix_sessions_login ON sessions (login);
COMMIT;
