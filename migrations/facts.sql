-- 485a9a4f18bf0828
CREATE SCHEMA facts;
CREATE TABLE facts.stamps(
	"name" VARCHAR,
	stamp VARCHAR);
CREATE TABLE facts."views"(
	view_name VARCHAR);
CREATE TABLE facts.beside(
	table_name VARCHAR,
	column_name VARCHAR);
CREATE TABLE facts.badness_totals(
	event_id VARCHAR,
	candidate_no BIGINT,
	total_pages BIGINT,
	total_basis VARCHAR);
CREATE TABLE facts.cgroup_identity(
	event_id VARCHAR,
	cgroup_role VARCHAR,
	cgroup_path VARCHAR,
	slice VARCHAR,
	unit VARCHAR,
	user_id BIGINT,
	snap VARCHAR,
	pod_uid VARCHAR,
	qos_class VARCHAR,
	container_id VARCHAR,
	runtime VARCHAR,
	outer_container_id VARCHAR,
	is_same_cgroup BOOLEAN,
	limit_relation VARCHAR,
	limit_level VARCHAR,
	levels_up BIGINT);
CREATE TABLE facts.cgroup_memory_parts(
	event_id VARCHAR,
	part VARCHAR,
	size_kb BIGINT,
	basis VARCHAR,
	usage_kb BIGINT,
	limit_kb BIGINT,
	has_core BOOLEAN);
CREATE TABLE facts.event_places(
	event_id VARCHAR,
	place VARCHAR,
	host_id VARCHAR,
	occurred_at TIMESTAMP,
	uptime_s DOUBLE,
	occurred_epoch_s BIGINT,
	first_line BIGINT);
CREATE TABLE facts.unlisted_victims(
	event_id VARCHAR,
	victim_no BIGINT,
	pid BIGINT,
	comm VARCHAR,
	rss_kb BIGINT,
	page_tables_kb BIGINT);
CREATE TABLE facts.incident_events(
	incident_id VARCHAR,
	event_no BIGINT,
	event_id VARCHAR,
	host_id VARCHAR,
	hostname VARCHAR,
	grouped_by VARCHAR,
	occurred_at TIMESTAMP,
	uptime_s DOUBLE,
	gap_s BIGINT,
	kind VARCHAR,
	constraint_kind VARCHAR,
	oom_memcg VARCHAR,
	invoker_comm VARCHAR,
	victim_comm VARCHAR,
	kills BIGINT);
CREATE TABLE facts.machine_memory_parts(
	event_id VARCHAR,
	part VARCHAR,
	size_kb BIGINT,
	basis VARCHAR,
	ram_kb BIGINT,
	has_core BOOLEAN);
CREATE TABLE facts.node_memory_parts(
	event_id VARCHAR,
	node BIGINT,
	part VARCHAR,
	size_kb BIGINT,
	basis VARCHAR,
	present_kb BIGINT,
	has_core BOOLEAN);
CREATE TABLE facts.report_shape(
	event_id VARCHAR,
	has_wait_flag BOOLEAN,
	has_atomic_flag BOOLEAN,
	has_unstable BOOLEAN,
	has_zone_stacks BOOLEAN,
	has_invoker_uid BOOLEAN,
	is_rhel6 BOOLEAN);
CREATE TABLE facts.request_nodes(
	event_id VARCHAR,
	node BIGINT,
	is_in_nodemask BOOLEAN,
	is_in_cpuset BOOLEAN);
CREATE TABLE facts.incidents(
	incident_id VARCHAR,
	host_id VARCHAR,
	hostname VARCHAR,
	labels VARCHAR,
	grouped_by VARCHAR,
	first_at TIMESTAMP,
	last_at TIMESTAMP,
	duration_s BIGINT,
	events BIGINT,
	kills BIGINT,
	victim_names BIGINT,
	main_victim_comm VARCHAR,
	main_victim_kills BIGINT,
	constraint_kind VARCHAR,
	memcg_events BIGINT,
	limits BIGINT,
	main_oom_memcg VARCHAR,
	invoker_names BIGINT,
	no_victim_events BIGINT,
	panics BIGINT);
CREATE TABLE facts.memory_balance(
	event_id VARCHAR,
	"scope" VARCHAR,
	node BIGINT,
	part_no BIGINT,
	part VARCHAR,
	size_kb BIGINT,
	share_thousandths BIGINT,
	total_kb BIGINT,
	limit_kb BIGINT,
	basis VARCHAR,
	is_whole BOOLEAN);
CREATE TABLE facts.request_scope(
	event_id VARCHAR,
	trigger_kind VARCHAR,
	request_order BIGINT,
	highest_zone VARCHAR,
	highest_rank INTEGER,
	may_use_cma BOOLEAN,
	may_use_half_min BOOLEAN,
	is_harder BOOLEAN,
	may_use_highatomic BOOLEAN,
	ignores_boost BOOLEAN,
	is_bound_to_node BOOLEAN,
	has_wait_flag BOOLEAN);
CREATE TABLE facts.limits_hit(
	"scope" VARCHAR,
	host_id VARCHAR,
	hostname VARCHAR,
	labels VARCHAR,
	subject_kind VARCHAR,
	subject VARCHAR,
	oom_memcg VARCHAR,
	cgroups BIGINT,
	hosts BIGINT,
	events BIGINT,
	kills BIGINT,
	first_at TIMESTAMP,
	last_at TIMESTAMP,
	interval_s BIGINT,
	limited VARCHAR,
	usage_kb BIGINT,
	limit_kb BIGINT,
	lowest_limit_kb BIGINT,
	highest_limit_kb BIGINT);
CREATE TABLE facts.host_daily(
	"day" DATE,
	host_id VARCHAR,
	hostname VARCHAR,
	labels VARCHAR,
	events BIGINT,
	oom_kills BIGINT,
	no_victims BIGINT,
	panics BIGINT,
	allocation_failures BIGINT,
	memory_dumps BIGINT,
	memcg_events BIGINT,
	kills BIGINT,
	units BIGINT,
	incidents BIGINT,
	damaged BIGINT);
CREATE TABLE facts.recurrent_victims(
	"scope" VARCHAR,
	host_id VARCHAR,
	hostname VARCHAR,
	labels VARCHAR,
	subject_kind VARCHAR,
	subject VARCHAR,
	kills BIGINT,
	events BIGINT,
	incidents BIGINT,
	hosts BIGINT,
	first_at TIMESTAMP,
	last_at TIMESTAMP,
	interval_s BIGINT,
	typical_interval_s BIGINT,
	typical_incident_interval_s BIGINT,
	is_ongoing BOOLEAN);
CREATE TABLE facts.repeat_offenders(
	"scope" VARCHAR,
	host_id VARCHAR,
	hostname VARCHAR,
	invoker_comm VARCHAR,
	events BIGINT,
	incidents BIGINT,
	hosts BIGINT,
	kills BIGINT,
	own_kills BIGINT,
	memcg_events BIGINT,
	high_order_events BIGINT,
	first_at TIMESTAMP,
	last_at TIMESTAMP,
	interval_s BIGINT);
CREATE TABLE facts.request_watermarks(
	event_id VARCHAR,
	node BIGINT,
	"zone" VARCHAR,
	min_kb BIGINT,
	mark_min_kb BIGINT);
CREATE TABLE facts.zone_type_indexes(
	event_id VARCHAR,
	class_count BIGINT,
	dma_index INTEGER,
	dma32_index BIGINT,
	normal_index BIGINT,
	highmem_index BIGINT,
	movable_index BIGINT);
CREATE TABLE facts.fleet_daily(
	"day" DATE,
	events BIGINT,
	oom_kills BIGINT,
	no_victims BIGINT,
	panics BIGINT,
	allocation_failures BIGINT,
	memory_dumps BIGINT,
	memcg_events BIGINT,
	kills BIGINT,
	hosts BIGINT,
	unknown_host_events BIGINT,
	units BIGINT,
	incidents BIGINT,
	damaged BIGINT);
CREATE TABLE facts.zone_blocks(
	event_id VARCHAR,
	node BIGINT,
	"zone" VARCHAR,
	large_blocks BIGINT,
	highatomic_list_kb BIGINT,
	has_block BOOLEAN,
	has_block_at_high BOOLEAN);
CREATE TABLE facts.dying_processes(
	event_id VARCHAR,
	row_no BIGINT,
	is_top BOOLEAN);
CREATE TABLE facts.fragmentation(
	event_id VARCHAR,
	node BIGINT,
	"zone" VARCHAR,
	alloc_order BIGINT,
	block_kb BIGINT,
	free_blocks BIGINT,
	migratetypes VARCHAR,
	free_kb BIGINT,
	free_thousandths BIGINT,
	zone_free_kb BIGINT,
	largest_block_kb BIGINT,
	request_order BIGINT,
	request_kb BIGINT,
	is_large_enough BOOLEAN,
	is_order_met BOOLEAN,
	too_small_kb BIGINT,
	too_small_thousandths BIGINT);
CREATE TABLE facts.zone_fallbacks(
	event_id VARCHAR,
	fallback_no BIGINT,
	node BIGINT,
	"zone" VARCHAR,
	trigger_kind VARCHAR,
	zone_index BIGINT,
	class_index BIGINT,
	free_kb BIGINT,
	order_kb BIGINT,
	cma_kb BIGINT,
	highatomic_kb BIGINT,
	highatomic_basis VARCHAR,
	usable_free_kb BIGINT,
	printed_min_kb BIGINT,
	min_kb BIGINT,
	low_kb BIGINT,
	high_kb BIGINT,
	reserve_kb BIGINT,
	needed_min_kb BIGINT,
	needed_low_kb BIGINT,
	needed_high_kb BIGINT,
	short_min_kb BIGINT,
	short_low_kb BIGINT,
	short_high_kb BIGINT,
	has_block BOOLEAN,
	has_block_at_high BOOLEAN,
	verdict VARCHAR,
	usable_reason VARCHAR);
CREATE TABLE facts.memory_suspects(
	event_id VARCHAR,
	suspect_no BIGINT,
	suspect VARCHAR,
	"scope" VARCHAR,
	node BIGINT,
	subject VARCHAR,
	pid BIGINT,
	figure_kb BIGINT,
	threshold_kb BIGINT,
	share_thousandths BIGINT);
CREATE TABLE facts.watermark_tuning(
	event_id VARCHAR,
	node BIGINT,
	"zone" VARCHAR,
	managed_kb BIGINT,
	min_kb BIGINT,
	low_kb BIGINT,
	high_kb BIGINT,
	boost_kb BIGINT,
	boost_basis VARCHAR,
	low_gap_kb BIGINT,
	high_gap_kb BIGINT,
	gap_rule VARCHAR,
	scale_factor BIGINT,
	extra_kb BIGINT,
	reserve_ratio BIGINT,
	is_default_ratio BOOLEAN,
	reserve_kb BIGINT,
	locked_kb BIGINT,
	is_whole_machine BOOLEAN,
	min_free_kb BIGINT,
	min_free_most_kb BIGINT);
CREATE TABLE facts.hosts_at_risk(
	rank_no BIGINT,
	host_id VARCHAR,
	hostname VARCHAR,
	labels VARCHAR,
	recent_kills BIGINT,
	earlier_kills BIGINT,
	trend VARCHAR,
	recent_incidents BIGINT,
	recent_events BIGINT,
	global_events BIGINT,
	unanswered_events BIGINT,
	allocation_failures BIGINT,
	reserve_blocked_events BIGINT,
	swap_exhausted_events BIGINT,
	lowest_swap_free_kb BIGINT,
	last_at TIMESTAMP);
ALTER TABLE processes ADD COLUMN page_size_kb BIGINT;
ALTER TABLE processes ADD COLUMN victim_no BIGINT;
ALTER TABLE processes ADD COLUMN total_pages BIGINT;
ALTER TABLE processes ADD COLUMN other_total_pages BIGINT;
ALTER TABLE processes ADD COLUMN has_floor BOOLEAN;
ALTER TABLE processes ADD COLUMN may_have_bonus BOOLEAN;
ALTER TABLE processes ADD COLUMN audit_pages BIGINT;
ALTER TABLE processes ADD COLUMN total_basis VARCHAR;
ALTER TABLE processes ADD COLUMN points BIGINT;
ALTER TABLE processes ADD COLUMN points_root BIGINT;
ALTER TABLE processes ADD COLUMN thousandths BIGINT;
ALTER TABLE processes ADD COLUMN thousandths_root BIGINT;
ALTER TABLE processes ADD COLUMN score_printed BIGINT;
ALTER TABLE processes ADD COLUMN score_rule VARCHAR;
ALTER TABLE processes ADD COLUMN score_difference BIGINT;
ALTER TABLE processes ADD COLUMN mismatch_reason VARCHAR;
ALTER TABLE processes ADD COLUMN badness_rank BIGINT;
ALTER TABLE processes ADD COLUMN is_chosen BOOLEAN;
ALTER TABLE processes ADD COLUMN lone_reason VARCHAR;
ALTER TABLE processes ADD COLUMN lone_spared_reason VARCHAR;
ALTER TABLE processes ADD COLUMN asks_others BOOLEAN;
INSERT INTO facts.beside VALUES
	('processes', 'page_size_kb'),
	('processes', 'victim_no'),
	('processes', 'total_pages'),
	('processes', 'other_total_pages'),
	('processes', 'has_floor'),
	('processes', 'may_have_bonus'),
	('processes', 'audit_pages'),
	('processes', 'total_basis'),
	('processes', 'points'),
	('processes', 'points_root'),
	('processes', 'thousandths'),
	('processes', 'thousandths_root'),
	('processes', 'score_printed'),
	('processes', 'score_rule'),
	('processes', 'score_difference'),
	('processes', 'mismatch_reason'),
	('processes', 'badness_rank'),
	('processes', 'is_chosen'),
	('processes', 'lone_reason'),
	('processes', 'lone_spared_reason'),
	('processes', 'asks_others');
CREATE VIEW badness_totals AS SELECT event_id, candidate_no, total_pages, total_basis FROM facts.badness_totals;
CREATE VIEW cgroup_identity AS SELECT event_id, cgroup_role, cgroup_path, slice, unit, user_id, snap, pod_uid, qos_class, container_id, runtime, outer_container_id, is_same_cgroup, limit_relation, limit_level, levels_up FROM facts.cgroup_identity;
CREATE VIEW cgroup_memory_parts AS SELECT event_id, part, size_kb, basis, usage_kb, limit_kb, has_core FROM facts.cgroup_memory_parts;
CREATE VIEW event_places AS SELECT event_id, place, host_id, occurred_at, uptime_s, occurred_epoch_s, first_line FROM facts.event_places;
CREATE VIEW unlisted_victims AS SELECT event_id, victim_no, pid, comm, rss_kb, page_tables_kb FROM facts.unlisted_victims;
CREATE VIEW incident_events AS SELECT incident_id, event_no, event_id, host_id, hostname, grouped_by, occurred_at, uptime_s, gap_s, kind, constraint_kind, oom_memcg, invoker_comm, victim_comm, kills FROM facts.incident_events;
CREATE VIEW machine_memory_parts AS SELECT event_id, part, size_kb, basis, ram_kb, has_core FROM facts.machine_memory_parts;
CREATE VIEW node_memory_parts AS SELECT event_id, node, part, size_kb, basis, present_kb, has_core FROM facts.node_memory_parts;
CREATE VIEW report_shape AS SELECT event_id, has_wait_flag, has_atomic_flag, has_unstable, has_zone_stacks, has_invoker_uid, is_rhel6 FROM facts.report_shape;
CREATE VIEW request_nodes AS SELECT event_id, node, is_in_nodemask, is_in_cpuset FROM facts.request_nodes;
CREATE VIEW process_measures AS SELECT event_id, row_no, pid, uid, comm, total_vm_pages, rss_pages, rss_anon_pages, rss_file_pages, rss_shmem_pages, nr_ptes, nr_pmds, pgtables_bytes, swapents, oom_score_adj, page_size_kb, victim_no, total_pages, other_total_pages, has_floor, may_have_bonus FROM processes;
CREATE VIEW incidents AS SELECT incident_id, host_id, hostname, labels, grouped_by, first_at, last_at, duration_s, events, kills, victim_names, main_victim_comm, main_victim_kills, constraint_kind, memcg_events, limits, main_oom_memcg, invoker_names, no_victim_events, panics FROM facts.incidents;
CREATE VIEW memory_balance AS SELECT event_id, scope, node, part_no, part, size_kb, share_thousandths, total_kb, limit_kb, basis, is_whole FROM facts.memory_balance;
CREATE VIEW request_scope AS SELECT event_id, trigger_kind, request_order, highest_zone, highest_rank, may_use_cma, may_use_half_min, is_harder, may_use_highatomic, ignores_boost, is_bound_to_node, has_wait_flag FROM facts.request_scope;
CREATE VIEW limits_hit AS SELECT scope, host_id, hostname, labels, subject_kind, subject, oom_memcg, cgroups, hosts, events, kills, first_at, last_at, interval_s, limited, usage_kb, limit_kb, lowest_limit_kb, highest_limit_kb FROM facts.limits_hit;
CREATE VIEW host_daily AS SELECT day, host_id, hostname, labels, events, oom_kills, no_victims, panics, allocation_failures, memory_dumps, memcg_events, kills, units, incidents, damaged FROM facts.host_daily;
CREATE VIEW recurrent_victims AS SELECT scope, host_id, hostname, labels, subject_kind, subject, kills, events, incidents, hosts, first_at, last_at, interval_s, typical_interval_s, typical_incident_interval_s, is_ongoing FROM facts.recurrent_victims;
CREATE VIEW repeat_offenders AS SELECT scope, host_id, hostname, invoker_comm, events, incidents, hosts, kills, own_kills, memcg_events, high_order_events, first_at, last_at, interval_s FROM facts.repeat_offenders;
CREATE VIEW request_watermarks AS SELECT event_id, node, zone, min_kb, mark_min_kb FROM facts.request_watermarks;
CREATE VIEW zone_type_indexes AS SELECT event_id, class_count, dma_index, dma32_index, normal_index, highmem_index, movable_index FROM facts.zone_type_indexes;
CREATE VIEW process_verdicts AS SELECT event_id, row_no, pid, comm, uid, oom_score_adj, rss_pages, swapents, nr_ptes, nr_pmds, pgtables_bytes, page_size_kb, victim_no, audit_pages, total_basis, points, points_root, thousandths, thousandths_root, score_printed, score_rule, score_difference, mismatch_reason, badness_rank, is_chosen, lone_reason, lone_spared_reason, asks_others FROM processes;
CREATE VIEW fleet_daily AS SELECT day, events, oom_kills, no_victims, panics, allocation_failures, memory_dumps, memcg_events, kills, hosts, unknown_host_events, units, incidents, damaged FROM facts.fleet_daily;
CREATE VIEW zone_blocks AS SELECT event_id, node, zone, large_blocks, highatomic_list_kb, has_block, has_block_at_high FROM facts.zone_blocks;
CREATE VIEW dying_processes AS SELECT event_id, row_no, is_top FROM facts.dying_processes;
CREATE VIEW fragmentation AS SELECT event_id, node, zone, alloc_order, block_kb, free_blocks, migratetypes, free_kb, free_thousandths, zone_free_kb, largest_block_kb, request_order, request_kb, is_large_enough, is_order_met, too_small_kb, too_small_thousandths FROM facts.fragmentation;
CREATE VIEW zone_fallbacks AS SELECT event_id, fallback_no, node, zone, trigger_kind, zone_index, class_index, free_kb, order_kb, cma_kb, highatomic_kb, highatomic_basis, usable_free_kb, printed_min_kb, min_kb, low_kb, high_kb, reserve_kb, needed_min_kb, needed_low_kb, needed_high_kb, short_min_kb, short_low_kb, short_high_kb, has_block, has_block_at_high, verdict, usable_reason FROM facts.zone_fallbacks;
CREATE VIEW memory_suspects AS SELECT event_id, suspect_no, suspect, scope, node, subject, pid, figure_kb, threshold_kb, share_thousandths FROM facts.memory_suspects;
CREATE VIEW watermark_tuning AS SELECT event_id, node, zone, managed_kb, min_kb, low_kb, high_kb, boost_kb, boost_basis, low_gap_kb, high_gap_kb, gap_rule, scale_factor, extra_kb, reserve_ratio, is_default_ratio, reserve_kb, locked_kb, is_whole_machine, min_free_kb, min_free_most_kb FROM facts.watermark_tuning;
CREATE VIEW hosts_at_risk AS SELECT rank_no, host_id, hostname, labels, recent_kills, earlier_kills, trend, recent_incidents, recent_events, global_events, unanswered_events, allocation_failures, reserve_blocked_events, swap_exhausted_events, lowest_swap_free_kb, last_at FROM facts.hosts_at_risk;
