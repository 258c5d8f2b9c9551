BEGIN TRANSACTION;
CREATE TABLE audit (
	seq INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	who TEXT NOT NULL, 
	action TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	old TEXT NOT NULL, 
	new TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	software TEXT NOT NULL, 
	previous_sha256 TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
 STRICT

;
INSERT INTO "audit" VALUES(1,'2026-11-28T18:22:15.548248+00:00','labproc','file done','day 1/a.fcs abababababababababababababababababababababababababababababababab:1:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','','payload sha256 f3c7807d475073ba009bf4801b2d934e9f0126cb96dd19a27dbffcae23a7f5a3','','labproc 0.1.0','','14f8c90bcf2b95611b326ab966da98e25b8c9b7f5ebd6760c323cd39e85c11c4');
INSERT INTO "audit" VALUES(2,'2026-11-28T18:22:15.624572+00:00','ann','gate moved','abababababababababababababababababababababababababababababababab gate CAR+','automatic','[[1234.5]]','tail','labproc 0.1.0','14f8c90bcf2b95611b326ab966da98e25b8c9b7f5ebd6760c323cd39e85c11c4','088f4d4ccba335207df57ee0c51088e35251a2b8dc910098a3f1f8151d46101c');
INSERT INTO "audit" VALUES(3,'2026-11-28T18:22:15.661738+00:00','bob','reviewed','abababababababababababababababababababababababababababababababab','','approved','fine','labproc 0.1.0','088f4d4ccba335207df57ee0c51088e35251a2b8dc910098a3f1f8151d46101c','b15c5a9297ea575eb7494489c24da651f2799f0e7474125d2f8965af9aba4744');
CREATE TABLE comparisons (
	"row" INTEGER NOT NULL, 
	outcome TEXT, 
	contrast TEXT, 
	day INTEGER, 
	effect TEXT, 
	estimate REAL, 
	ci_low REAL, 
	ci_high REAL, 
	unit TEXT, 
	p_value REAL, 
	p_adjusted REAL, 
	n_control INTEGER, 
	n_treated INTEGER, 
	unit_of_replication TEXT, 
	test TEXT, 
	planned INTEGER, 
	assumptions TEXT, 
	holds_in_draws INTEGER, 
	n_draws INTEGER, 
	draws_low REAL, 
	draws_high REAL, 
	sentence TEXT, 
	flags TEXT, 
	sha256 TEXT, 
	PRIMARY KEY ("row")
)
 STRICT

;
CREATE TABLE copies (
	"row" INTEGER NOT NULL, 
	plate TEXT, 
	sample TEXT, 
	target TEXT, 
	task TEXT, 
	wells TEXT, 
	n_wells INTEGER, 
	n_detected INTEGER, 
	copies_per_well REAL, 
	ci_low REAL, 
	ci_high REAL, 
	method TEXT, 
	status TEXT, 
	reported_copies REAL, 
	flags TEXT, 
	file TEXT, 
	sha256 TEXT, 
	PRIMARY KEY ("row")
)
 STRICT

;
CREATE TABLE counts (
	"row" INTEGER NOT NULL, 
	donor TEXT, 
	experiment TEXT, 
	arm TEXT, 
	day INTEGER, 
	replicate TEXT, 
	panel TEXT, 
	metric TEXT, 
	value REAL, 
	ci_low REAL, 
	ci_high REAL, 
	interval_of TEXT, 
	unit TEXT, 
	n_events_or_wells INTEGER, 
	parent TEXT, 
	status TEXT, 
	flags TEXT, 
	file TEXT, 
	sha256 TEXT, 
	version_of_gate_or_curve TEXT, 
	control_file TEXT, 
	parameters TEXT, 
	PRIMARY KEY ("row")
)
 STRICT

;
CREATE TABLE curves (
	"row" INTEGER NOT NULL, 
	plate TEXT, 
	target TEXT, 
	slope REAL, 
	slope_ci_low REAL, 
	slope_ci_high REAL, 
	intercept REAL, 
	residual_sd REAL, 
	r_squared REAL, 
	efficiency REAL, 
	efficiency_ci_low REAL, 
	efficiency_ci_high REAL, 
	lack_of_fit_p REAL, 
	n_points INTEGER, 
	n_levels INTEGER, 
	reported_slope REAL, 
	reported_intercept REAL, 
	flags TEXT, 
	file TEXT, 
	sha256 TEXT, 
	PRIMARY KEY ("row")
)
 STRICT

;
CREATE TABLE decisions (
	seq INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	who TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	decided_at TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
 STRICT

;
INSERT INTO "decisions" VALUES(1,'abababababababababababababababababababababababababababababababab','approved','bob','fine','2026-11-28T18:22:15.651433+00:00');
CREATE TABLE files (
	"row" INTEGER NOT NULL, 
	file TEXT, 
	sha256 TEXT, 
	kind TEXT, 
	state TEXT, 
	reason TEXT, 
	donor TEXT, 
	experiment TEXT, 
	arm TEXT, 
	day INTEGER, 
	replicate TEXT, 
	panel TEXT, 
	well TEXT, 
	role TEXT, 
	instrument TEXT, 
	flags TEXT, 
	PRIMARY KEY ("row")
)
 STRICT

;
CREATE TABLE gates (
	seq INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	population TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	points TEXT, 
	who TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	saved_at TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (sha256, population, version)
)
 STRICT

;
INSERT INTO "gates" VALUES(1,'abababababababababababababababababababababababababababababababab','CAR+',1,'[[1234.5]]','ann','tail','2026-11-28T18:22:15.622815+00:00');
CREATE TABLE leases (
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	until_ms INTEGER NOT NULL, 
	PRIMARY KEY (name)
)
 STRICT

;
CREATE TABLE measurements (
	"row" INTEGER NOT NULL, 
	donor TEXT, 
	experiment TEXT, 
	arm TEXT, 
	day INTEGER, 
	replicate TEXT, 
	panel TEXT, 
	metric TEXT, 
	value REAL, 
	ci_low REAL, 
	ci_high REAL, 
	interval_of TEXT, 
	unit TEXT, 
	n_events_or_wells INTEGER, 
	parent TEXT, 
	status TEXT, 
	flags TEXT, 
	file TEXT, 
	sha256 TEXT, 
	version_of_gate_or_curve TEXT, 
	control_file TEXT, 
	parameters TEXT, 
	PRIMARY KEY ("row")
)
 STRICT

;
INSERT INTO "measurements" VALUES(1,'D1',NULL,'C',7,NULL,NULL,'car_fraction',0.25,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
)
 STRICT

;
INSERT INTO "meta" VALUES('schema','2');
INSERT INTO "meta" VALUES('audit_head','b15c5a9297ea575eb7494489c24da651f2799f0e7474125d2f8965af9aba4744');
INSERT INTO "meta" VALUES('fingerprint','f');
CREATE TABLE observations (
	seq INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	mtime_ns INTEGER NOT NULL, 
	inode INTEGER NOT NULL, 
	facts TEXT NOT NULL, 
	state TEXT NOT NULL, 
	first_seen_at TEXT NOT NULL, 
	last_seen_at TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (path, sha256)
)
 STRICT

;
INSERT INTO "observations" VALUES(1,'day 1/a.fcs','abababababababababababababababababababababababababababababababab',10,20,30,'{"kind": "fcs"}','current','2026-11-28T18:22:15.517156+00:00','2026-11-28T18:22:15.517156+00:00');
CREATE TABLE populations (
	"row" INTEGER NOT NULL, 
	donor TEXT, 
	experiment TEXT, 
	arm TEXT, 
	day INTEGER, 
	replicate TEXT, 
	panel TEXT, 
	well TEXT, 
	role TEXT, 
	population TEXT, 
	parent TEXT, 
	n_events INTEGER, 
	n_parent INTEGER, 
	fraction_of_parent REAL, 
	estimate REAL, 
	ci_low REAL, 
	ci_high REAL, 
	method TEXT, 
	median_fluorescence REAL, 
	version_of_gate TEXT, 
	control_file TEXT, 
	parameters TEXT, 
	flags TEXT, 
	file TEXT, 
	sha256 TEXT, 
	PRIMARY KEY ("row")
)
 STRICT

;
CREATE TABLE results (
	seq INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	pipeline_version TEXT NOT NULL, 
	parameter_hash TEXT NOT NULL, 
	path TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	status TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	payload BLOB, 
	is_current INTEGER NOT NULL, 
	done_at TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (sha256, pipeline_version, parameter_hash)
)
 STRICT

;
INSERT INTO "results" VALUES(1,'abababababababababababababababababababababababababababababababab','1','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','day 1/a.fcs','fcs','done','',X'6E756D62657273',1,'2026-11-28T18:22:15.539480+00:00');
CREATE TABLE signatures (
	seq INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	meaning TEXT NOT NULL, 
	who TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	content_sha256 TEXT NOT NULL, 
	signed_at TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
 STRICT

;
CREATE TABLE trends (
	"row" INTEGER NOT NULL, 
	donor TEXT, 
	experiment TEXT, 
	arm TEXT, 
	replicate TEXT, 
	kind TEXT, 
	metric TEXT, 
	estimate REAL, 
	ci_low REAL, 
	ci_high REAL, 
	unit TEXT, 
	n_days INTEGER, 
	window_from_day REAL, 
	window_to_day REAL, 
	method TEXT, 
	flags TEXT, 
	sha256 TEXT, 
	PRIMARY KEY ("row")
)
 STRICT

;
CREATE TABLE tries (
	sha256 TEXT NOT NULL, 
	parameter_hash TEXT NOT NULL, 
	n INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (sha256, parameter_hash)
)
 STRICT

;
INSERT INTO "tries" VALUES('efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd',1,'died');
CREATE TABLE users (
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	is_active INTEGER NOT NULL, 
	n_failures INTEGER NOT NULL, 
	failed_ms INTEGER NOT NULL, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (name)
)
 STRICT

;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
COMMIT;
