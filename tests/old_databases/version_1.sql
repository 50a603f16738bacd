-- A database as version 1 of the schema left it: one case whose ticket came in two versions.
BEGIN TRANSACTION;
CREATE TABLE cases (
	case_no VARCHAR(40) NOT NULL, 
	platform VARCHAR(60) NOT NULL, 
	ticket_no VARCHAR(120) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	decision JSON NOT NULL, 
	decisions INTEGER NOT NULL, 
	edition VARCHAR(40) NOT NULL, 
	ticket JSON NOT NULL, 
	opened_at VARCHAR(32) NOT NULL, 
	updated_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (case_no), 
	UNIQUE (platform, ticket_no)
);
INSERT INTO "cases" VALUES('HS-2026-000001','roundup','7','REG','{"scope": "in"}',1,'eeeeeeeeeeee','{"ticket_no": "7", "content": "\u6b20\u8d39"}','2026-11-20T01:00:00.000000','2026-11-20T01:00:00.000000');
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
	PRIMARY KEY (id), 
	UNIQUE (platform, event_id)
);
CREATE TABLE intake (
	platform VARCHAR(60) NOT NULL, 
	ticket_no VARCHAR(120) NOT NULL, 
	host_version VARCHAR(120) NOT NULL, 
	case_no VARCHAR(40) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (platform, ticket_no, host_version)
);
INSERT INTO "intake" VALUES('roundup','7','v1','HS-2026-000001','2026-11-20T01:00:00.000000');
INSERT INTO "intake" VALUES('roundup','7','v2','HS-2026-000001','2026-11-20T01:01:00.000000');
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
INSERT INTO "journal" VALUES(1,'HS-2026-000001','2026-11-20T01:00:00.000000','规则插件','受理登记','工单到达','四、首段','','886d076cfab0c2239df6ace015ac87a49ae28c409bf068691b82613e8fa3cc97');
CREATE TABLE meta (
	"key" VARCHAR(40) NOT NULL, 
	value VARCHAR(80), 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema','1');
INSERT INTO "meta" VALUES('series:case-2026','1');
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	"key" VARCHAR(80) NOT NULL, 
	case_no VARCHAR(40) NOT NULL, 
	platform VARCHAR(60) NOT NULL, 
	ticket_no VARCHAR(120) NOT NULL, 
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
CREATE INDEX events_due ON events (state, next_at);
CREATE INDEX ix_journal_case_no ON journal (case_no);
CREATE INDEX outbox_due ON outbox (state, next_at);
CREATE INDEX outbox_lane ON outbox (platform, ticket_no, id);
COMMIT;
