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
	PRIMARY KEY (id), 
	UNIQUE (platform, event_id)
);
INSERT INTO "events" VALUES(1,'roundup','e1','7','created','waiting',0,'2026-11-25T01:02:00.000000',NULL,'2026-11-25T01:02:00.000000',NULL,NULL,0);
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
INSERT INTO "meta" VALUES('schema','5');
INSERT INTO "meta" VALUES('journal-head','');
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
CREATE TABLE sessions (
	token VARCHAR(64) NOT NULL, 
	login VARCHAR(40) NOT NULL, 
	began_at VARCHAR(32) NOT NULL, 
	seen_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (token)
);
CREATE TABLE traits (
	case_no VARCHAR(40) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	value VARCHAR(200) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (case_no, kind, value)
);
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
CREATE INDEX cases_state ON cases (state, due_at);
CREATE INDEX clocks_next ON clocks (next_at);
CREATE INDEX clocks_due ON clocks (running, due_at);
CREATE INDEX ix_papers_case_no ON papers (case_no);
CREATE INDEX traits_common ON traits (kind, value, at);
CREATE INDEX ix_journal_case_no ON journal (case_no);
CREATE INDEX outbox_due ON outbox (state, next_at);
CREATE INDEX outbox_lane ON outbox (platform, ticket_no, id);
CREATE INDEX parts_due ON parts (unit, due_at);
CREATE INDEX ix_sessions_login ON sessions (login);
COMMIT;
