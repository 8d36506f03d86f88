CREATE TABLE hosts (
	host_id VARCHAR NOT NULL,
	hostname VARCHAR NOT NULL,
	labels VARCHAR,
	CONSTRAINT hosts_pkey PRIMARY KEY (host_id)
);
COMMENT ON TABLE hosts IS 'A machine.';
COMMENT ON COLUMN hosts.host_id IS 'Derived from the host name.';
COMMENT ON COLUMN hosts.hostname IS 'Its fullest printed name.';
COMMENT ON COLUMN hosts.labels IS 'Its labels as `role=db, site=eu`, by name; NULL for none.';
CREATE TABLE host_names (
	host_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL
);
COMMENT ON TABLE host_names IS 'A name under which logs print a machine.';
COMMENT ON COLUMN host_names.host_id IS 'The machine.';
COMMENT ON COLUMN host_names.name IS 'The name as printed.';
CREATE TABLE host_labels (
	host_id VARCHAR NOT NULL,
	label VARCHAR NOT NULL,
	value VARCHAR NOT NULL
);
COMMENT ON TABLE host_labels IS 'A label of a machine, as the rules in `host_rules` give it.';
COMMENT ON COLUMN host_labels.host_id IS 'The machine.';
COMMENT ON COLUMN host_labels.label IS 'Name of the label, such as role, cluster, owner.';
COMMENT ON COLUMN host_labels.value IS 'What it says of this machine.';
CREATE TABLE host_rules (
	rule_no BIGINT,
	host_pattern VARCHAR NOT NULL,
	label VARCHAR NOT NULL,
	value VARCHAR NOT NULL
);
COMMENT ON TABLE host_rules IS 'One label that a line of an imported CSV file gives to hosts.';
COMMENT ON COLUMN host_rules.rule_no IS 'Order of the lines, from 1; of those that fit the last counts.';
COMMENT ON COLUMN host_rules.host_pattern IS 'Shell pattern of the host names that it is for.';
COMMENT ON COLUMN host_rules.label IS 'Name of the label.';
COMMENT ON COLUMN host_rules.value IS 'Its value for those hosts.';
CREATE TABLE budgets (
	budget_no BIGINT,
	host_pattern VARCHAR,
	label VARCHAR,
	label_pattern VARCHAR,
	comm_pattern VARCHAR,
	unit_pattern VARCHAR,
	comm_like VARCHAR,
	unit_like VARCHAR,
	budget_kb BIGINT NOT NULL,
	note VARCHAR
);
COMMENT ON TABLE budgets IS 'How much memory processes may hold: one line of an imported CSV file.';
COMMENT ON COLUMN budgets.budget_no IS 'Order of the lines, from 1; of those that fit the last counts.';
COMMENT ON COLUMN budgets.host_pattern IS 'Shell pattern of the hosts that it is for; NULL for all hosts.';
COMMENT ON COLUMN budgets.label IS 'A label that those hosts must have; NULL for no such condition.';
COMMENT ON COLUMN budgets.label_pattern IS 'Shell pattern of that label''s value.';
COMMENT ON COLUMN budgets.comm_pattern IS 'Pattern of process names as given; NULL for all names.';
COMMENT ON COLUMN budgets.unit_pattern IS 'Pattern of systemd units as given; NULL for all processes.';
COMMENT ON COLUMN budgets.comm_like IS 'comm_pattern for LIKE ... ESCAPE ''!'', cut as the kernel cuts names.';
COMMENT ON COLUMN budgets.unit_like IS 'unit_pattern for LIKE ... ESCAPE ''!''.';
COMMENT ON COLUMN budgets.budget_kb IS 'What a process may hold at most [kB].';
COMMENT ON COLUMN budgets.note IS 'What the file says about it.';
CREATE TABLE budget_hosts (
	budget_no BIGINT NOT NULL,
	host_id VARCHAR NOT NULL
);
COMMENT ON TABLE budget_hosts IS 'A host that a budget for certain hosts is for.';
COMMENT ON COLUMN budget_hosts.budget_no IS 'The budget.';
COMMENT ON COLUMN budget_hosts.host_id IS 'The machine.';
CREATE TABLE sources (
	source_id VARCHAR NOT NULL,
	path VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	size_bytes BIGINT NOT NULL,
	head_digest VARCHAR,
	reading VARCHAR,
	problem VARCHAR,
	carrier VARCHAR,
	event_count BIGINT,
	unparsed_line_count BIGINT,
	evidence_digest VARCHAR,
	ingested_at TIMESTAMP WITHOUT TIME ZONE,
	CONSTRAINT sources_pkey PRIMARY KEY (source_id)
);
COMMENT ON TABLE sources IS 'A file or stream that was read.';
COMMENT ON COLUMN sources.source_id IS 'Derived from path and content.';
COMMENT ON COLUMN sources.path IS 'Absolute path; `!/` before a member of an archive.';
COMMENT ON COLUMN sources.sha256 IS 'SHA-256 of the content, hexadecimal.';
COMMENT ON COLUMN sources.size_bytes IS 'Size of the content [bytes].';
COMMENT ON COLUMN sources.head_digest IS 'SHA-256 of its first 1024 bytes; NULL when it is shorter.';
COMMENT ON COLUMN sources.reading IS 'Digest of the options and the evidence that it was read with.';
COMMENT ON COLUMN sources.problem IS 'Why it could not be read to its end; NULL when it was.';
COMMENT ON COLUMN sources.carrier IS 'How the log was written: syslog, dmesg, console, bare, and so on.';
COMMENT ON COLUMN sources.event_count IS 'Reports found in it, of any kind.';
COMMENT ON COLUMN sources.unparsed_line_count IS 'Lines of those reports that no LineKind took.';
COMMENT ON COLUMN sources.evidence_digest IS 'SHA-256 over what its sightings keep: the hashes of their evidence, and what the log told of place, host and time; NULL without any.';
COMMENT ON COLUMN sources.ingested_at IS 'When it was first read (UTC).';
CREATE TABLE inputs (
	machine VARCHAR NOT NULL,
	path VARCHAR NOT NULL,
	size_bytes BIGINT NOT NULL,
	mtime_ns BIGINT NOT NULL,
	inode BIGINT NOT NULL,
	device BIGINT NOT NULL,
	options VARCHAR NOT NULL,
	CONSTRAINT inputs_pkey PRIMARY KEY (machine, path)
);
COMMENT ON TABLE inputs IS 'A file as it was when it was read to its end, so that it is known when unchanged.';
COMMENT ON COLUMN inputs.machine IS 'Stands for the machine that read it, a hash of its machine-id; empty without one.';
COMMENT ON COLUMN inputs.path IS 'Absolute path there; it may hold several sources.';
COMMENT ON COLUMN inputs.size_bytes IS 'Size of the file [bytes].';
COMMENT ON COLUMN inputs.mtime_ns IS 'Time of its last change since 1970 [ns].';
COMMENT ON COLUMN inputs.inode IS 'Its inode number.';
COMMENT ON COLUMN inputs.device IS 'Its device number.';
COMMENT ON COLUMN inputs.options IS 'Digest of the options that it was read with.';
CREATE TABLE events (
	event_id VARCHAR NOT NULL,
	copy_digest VARCHAR NOT NULL,
	host_id VARCHAR,
	printed_hostname VARCHAR,
	kind VARCHAR NOT NULL,
	constraint_kind VARCHAR,
	constraint_basis VARCHAR,
	constraint_printed VARCHAR,
	occurred_at TIMESTAMP WITHOUT TIME ZONE,
	occurred_epoch_s BIGINT,
	time_basis VARCHAR,
	printed_time VARCHAR,
	uptime_s DOUBLE PRECISION,
	kernel_release VARCHAR,
	kernel_build VARCHAR,
	page_size_kb BIGINT,
	page_size_basis VARCHAR,
	invoker_comm VARCHAR,
	invoker_comm_bytes BYTEA,
	invoker_pid BIGINT,
	invoker_uid BIGINT,
	invoker_cpu BIGINT,
	gfp_mask BIGINT,
	gfp_names VARCHAR,
	gfp_layout VARCHAR,
	gfp_layout_basis VARCHAR,
	alloc_order BIGINT,
	invoker_oom_adj BIGINT,
	invoker_oom_score_adj BIGINT,
	nodemask VARCHAR,
	cpuset VARCHAR,
	mems_allowed VARCHAR,
	oom_memcg VARCHAR,
	task_memcg VARCHAR,
	kill_message VARCHAR,
	chosen_pid BIGINT,
	chosen_comm VARCHAR,
	chosen_uid BIGINT,
	chosen_score BIGINT,
	oom_group_memcg VARCHAR,
	panic_message VARCHAR,
	failure_message VARCHAR,
	suppressed_callbacks BIGINT,
	taint VARCHAR,
	hardware_name VARCHAR,
	workqueue VARCHAR,
	ram_pages BIGINT,
	reserved_pages BIGINT,
	swap_free_kb BIGINT,
	swap_total_kb BIGINT,
	swap_cache_add BIGINT,
	swap_cache_delete BIGINT,
	swap_cache_find_success BIGINT,
	swap_cache_find_total BIGINT,
	swap_cache_race VARCHAR,
	memory_min_kb BIGINT,
	memory_low_kb BIGINT,
	task_table_header VARCHAR,
	damage VARCHAR,
	CONSTRAINT events_pkey PRIMARY KEY (event_id)
);
COMMENT ON TABLE events IS 'One report of the kernel about memory: an OOM kill or a look-alike.';
COMMENT ON COLUMN events.event_id IS 'Derived from the report''s numbers.';
COMMENT ON COLUMN events.copy_digest IS 'The sighting that these rows were read from.';
COMMENT ON COLUMN events.host_id IS 'The machine; NULL when nothing tells.';
COMMENT ON COLUMN events.printed_hostname IS 'The fullest name of it that the copies print.';
COMMENT ON COLUMN events.kind IS 'oom_kill, no_victim, panic, allocation_failure or memory_dump.';
COMMENT ON COLUMN events.constraint_kind IS 'none, memcg, cpuset, memory_policy; NULL when not printed.';
COMMENT ON COLUMN events.constraint_basis IS 'printed, or memcg_lines where only those tell.';
COMMENT ON COLUMN events.constraint_printed IS 'The constraint''s name as printed, CONSTRAINT_ and all.';
COMMENT ON COLUMN events.occurred_at IS 'When it happened (UTC); NULL when unknowable.';
COMMENT ON COLUMN events.occurred_epoch_s IS 'occurred_at as seconds since 1970 (UTC) [s].';
COMMENT ON COLUMN events.time_basis IS 'How occurred_at was found, or why it could not be.';
COMMENT ON COLUMN events.printed_time IS 'The wall-clock stamp of the first line as printed.';
COMMENT ON COLUMN events.uptime_s IS 'Stamp of the first line, seconds since boot [s].';
COMMENT ON COLUMN events.kernel_release IS 'As on the CPU line, such as 6.1.0-50-amd64.';
COMMENT ON COLUMN events.kernel_build IS 'What follows the release on the CPU line, from # on.';
COMMENT ON COLUMN events.page_size_kb IS 'Size of a page [kB].';
COMMENT ON COLUMN events.page_size_basis IS 'Where page_size_kb comes from: buddy, victim or present.';
COMMENT ON COLUMN events.invoker_comm IS 'Name of the task that asked for memory, as stored text.';
COMMENT ON COLUMN events.invoker_comm_bytes IS 'Its bytes, where the text cannot give them back.';
COMMENT ON COLUMN events.invoker_pid IS 'Its process id, from the CPU line.';
COMMENT ON COLUMN events.invoker_uid IS 'Its effective user id (Linux 6.11 and later).';
COMMENT ON COLUMN events.invoker_cpu IS 'The processor it ran on.';
COMMENT ON COLUMN events.gfp_mask IS 'Allocation flags as a number.';
COMMENT ON COLUMN events.gfp_names IS 'The flags as the kernel named them; NULL before Linux 4.6.';
COMMENT ON COLUMN events.gfp_layout IS 'Which gfp_bits.layout explains gfp_mask.';
COMMENT ON COLUMN events.gfp_layout_basis IS 'names, mask or kernel_shape: why that layout.';
COMMENT ON COLUMN events.alloc_order IS 'The request was for 2^alloc_order pages; -1 for SysRq-f.';
COMMENT ON COLUMN events.invoker_oom_adj IS 'oom_adj of the invoker (up to Linux 3.6).';
COMMENT ON COLUMN events.invoker_oom_score_adj IS 'oom_score_adj of the invoker.';
COMMENT ON COLUMN events.nodemask IS 'Memory-policy nodes of the request as printed; (null) when none.';
COMMENT ON COLUMN events.cpuset IS 'Last path component of the invoker''s cpuset.';
COMMENT ON COLUMN events.mems_allowed IS 'NUMA nodes that the cpuset allows, as printed.';
COMMENT ON COLUMN events.oom_memcg IS 'The cgroup whose limit was hit; NULL for a global kill.';
COMMENT ON COLUMN events.task_memcg IS 'The cgroup that the victim lived in.';
COMMENT ON COLUMN events.kill_message IS 'What the kill line says before its colon, such as Out of memory.';
COMMENT ON COLUMN events.chosen_pid IS 'Process picked by badness (up to Linux 5.0: a child may die).';
COMMENT ON COLUMN events.chosen_comm IS 'Name of the chosen process.';
COMMENT ON COLUMN events.chosen_uid IS 'User id of the chosen process, from the summary line.';
COMMENT ON COLUMN events.chosen_score IS 'Printed score of the chosen process; not printed since 5.1.';
COMMENT ON COLUMN events.oom_group_memcg IS 'The cgroup killed as a whole (memory.oom.group).';
COMMENT ON COLUMN events.panic_message IS 'Text after `Kernel panic - not syncing:`.';
COMMENT ON COLUMN events.failure_message IS 'What failed, for allocation failures and SysRq.';
COMMENT ON COLUMN events.suppressed_callbacks IS 'Reports that the rate limit kept back before this one.';
COMMENT ON COLUMN events.taint IS 'Taint flags as printed; NULL when `Not tainted`.';
COMMENT ON COLUMN events.hardware_name IS 'Machine and firmware as printed.';
COMMENT ON COLUMN events.workqueue IS 'Workqueue line of the invoker, such as events moom_callback.';
COMMENT ON COLUMN events.ram_pages IS 'All memory, from the trailer [pages]';
COMMENT ON COLUMN events.reserved_pages IS 'Memory the kernel keeps out of the allocator, as printed [pages]';
COMMENT ON COLUMN events.swap_free_kb IS 'Free swap [kB].';
COMMENT ON COLUMN events.swap_total_kb IS 'Total swap [kB].';
COMMENT ON COLUMN events.swap_cache_add IS 'Swap cache statistics: pages added since boot.';
COMMENT ON COLUMN events.swap_cache_delete IS 'Swap cache statistics: pages deleted since boot.';
COMMENT ON COLUMN events.swap_cache_find_success IS 'Swap cache statistics: lookups that hit.';
COMMENT ON COLUMN events.swap_cache_find_total IS 'Swap cache statistics: all lookups.';
COMMENT ON COLUMN events.swap_cache_race IS 'Swap cache statistics: races, as printed (up to 2.6.2x).';
COMMENT ON COLUMN events.memory_min_kb IS 'memory.min in force (6.19) [kB].';
COMMENT ON COLUMN events.memory_low_kb IS 'memory.low in force (6.19) [kB].';
COMMENT ON COLUMN events.task_table_header IS 'Column names of the process table as printed.';
COMMENT ON COLUMN events.damage IS 'What is wrong with the report, sorted words; NULL when whole.';
CREATE TABLE sightings (
	event_id VARCHAR NOT NULL,
	source_id VARCHAR NOT NULL,
	first_line BIGINT,
	last_line BIGINT,
	first_byte BIGINT,
	last_byte BIGINT,
	copy_carrier VARCHAR,
	copy_json_fields VARCHAR,
	copy_damage VARCHAR,
	copy_digest VARCHAR NOT NULL,
	victim_key VARCHAR,
	body_key VARCHAR,
	head_uptime_key VARCHAR,
	head_wall_key VARCHAR,
	is_sized BOOLEAN,
	lines_taken BIGINT,
	copy_hostname VARCHAR,
	boot_id VARCHAR,
	copy_uptime_s DOUBLE PRECISION,
	copy_printed_time VARCHAR,
	copy_occurred_at TIMESTAMP WITHOUT TIME ZONE,
	copy_time_basis VARCHAR,
	moment_s DOUBLE PRECISION,
	moment_has_year BOOLEAN,
	moment_has_zone BOOLEAN,
	evidence BYTEA USING COMPRESSION uncompressed,
	evidence_sha256 BYTEA NOT NULL
);
COMMENT ON TABLE sightings IS 'One place where an event was seen; `copy_` is what this place alone tells.';
COMMENT ON COLUMN sightings.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN sightings.source_id IS 'The source it was seen in.';
COMMENT ON COLUMN sightings.first_line IS 'Number of its first line, from 1.';
COMMENT ON COLUMN sightings.last_line IS 'Number of its last line.';
COMMENT ON COLUMN sightings.first_byte IS 'Offset of its first byte in the content, from 0.';
COMMENT ON COLUMN sightings.last_byte IS 'Offset just past its last byte.';
COMMENT ON COLUMN sightings.copy_carrier IS 'How this part of the source was written.';
COMMENT ON COLUMN sightings.copy_json_fields IS 'The fields of JSON that the user named for it, one a line.';
COMMENT ON COLUMN sightings.copy_damage IS 'What is wrong with this copy; NULL when whole.';
COMMENT ON COLUMN sightings.copy_digest IS 'Names this copy by its own lines.';
COMMENT ON COLUMN sightings.victim_key IS 'Stands for the numbers of the first kill; NULL without one.';
COMMENT ON COLUMN sightings.body_key IS 'Stands for the numbers of the memory dump; NULL without one.';
COMMENT ON COLUMN sightings.head_uptime_key IS 'Stands for the first line and its stamp since boot.';
COMMENT ON COLUMN sightings.head_wall_key IS 'Stands for the first line and its wall-clock stamp.';
COMMENT ON COLUMN sightings.is_sized IS 'Whether the kill line held sizes.';
COMMENT ON COLUMN sightings.lines_taken IS 'Lines of the report that were understood.';
COMMENT ON COLUMN sightings.copy_hostname IS 'The host as this copy tells it; NULL when it does not.';
COMMENT ON COLUMN sightings.boot_id IS 'The boot as this copy tells it (journal); NULL when it does not.';
COMMENT ON COLUMN sightings.copy_uptime_s IS 'Stamp of the first line since boot [s].';
COMMENT ON COLUMN sightings.copy_printed_time IS 'The wall-clock stamp of the first line as printed.';
COMMENT ON COLUMN sightings.copy_occurred_at IS 'When it happened by this copy (UTC).';
COMMENT ON COLUMN sightings.copy_time_basis IS 'How occurred_at was found, or why it could not be.';
COMMENT ON COLUMN sightings.moment_s IS 'The stamp in seconds: from 1970, or from the year''s start [s].';
COMMENT ON COLUMN sightings.moment_has_year IS 'Whether moment_s counts from 1970.';
COMMENT ON COLUMN sightings.moment_has_zone IS 'Whether moment_s is in UTC.';
COMMENT ON COLUMN sightings.evidence IS 'The report''s own lines, zstd-compressed.';
COMMENT ON COLUMN sightings.evidence_sha256 IS 'SHA-256 of those lines.';
CREATE TABLE victims (
	event_id VARCHAR NOT NULL,
	victim_no BIGINT NOT NULL,
	role VARCHAR,
	pid BIGINT,
	comm VARCHAR,
	comm_bytes BYTEA,
	uid BIGINT,
	score BIGINT,
	total_vm_kb BIGINT,
	anon_rss_kb BIGINT,
	file_rss_kb BIGINT,
	shmem_rss_kb BIGINT,
	pgtables_kb BIGINT,
	oom_score_adj BIGINT,
	reaped_anon_rss_kb BIGINT,
	reaped_file_rss_kb BIGINT,
	reaped_shmem_rss_kb BIGINT,
	reaped_uptime_s DOUBLE PRECISION,
	reaper_outcome VARCHAR
);
COMMENT ON TABLE victims IS 'One killed process of an event.';
COMMENT ON COLUMN victims.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN victims.victim_no IS 'Order of death, from 1.';
COMMENT ON COLUMN victims.role IS 'victim, group (memory.oom.group) or sharing_mm (died with the victim).';
COMMENT ON COLUMN victims.pid IS 'Process id.';
COMMENT ON COLUMN victims.comm IS 'Name, at most 15 bytes in the kernel.';
COMMENT ON COLUMN victims.comm_bytes IS 'Its bytes, where the text cannot give them back.';
COMMENT ON COLUMN victims.uid IS 'User id.';
COMMENT ON COLUMN victims.score IS 'Printed badness; NULL when it was printed for another process or never.';
COMMENT ON COLUMN victims.total_vm_kb IS 'Mapped address space [kB].';
COMMENT ON COLUMN victims.anon_rss_kb IS 'Resident anonymous memory [kB]';
COMMENT ON COLUMN victims.file_rss_kb IS 'Resident file-backed memory [kB]';
COMMENT ON COLUMN victims.shmem_rss_kb IS 'Resident shared memory [kB]';
COMMENT ON COLUMN victims.pgtables_kb IS 'Page tables [kB]';
COMMENT ON COLUMN victims.oom_score_adj IS 'oom_score_adj of the victim.';
COMMENT ON COLUMN victims.reaped_anon_rss_kb IS 'Anonymous memory left after the OOM reaper [kB]';
COMMENT ON COLUMN victims.reaped_file_rss_kb IS 'File-backed memory left after the OOM reaper [kB]';
COMMENT ON COLUMN victims.reaped_shmem_rss_kb IS 'Shared memory left after the OOM reaper [kB]';
COMMENT ON COLUMN victims.reaped_uptime_s IS 'Stamp of the oom_reaper line [s].';
COMMENT ON COLUMN victims.reaper_outcome IS 'reaped, or the reason why it could not; NULL when not printed.';
CREATE TABLE processes (
	event_id VARCHAR NOT NULL,
	row_no BIGINT NOT NULL,
	pid BIGINT,
	uid BIGINT,
	tgid BIGINT,
	total_vm_pages BIGINT,
	rss_pages BIGINT,
	rss_anon_pages BIGINT,
	rss_file_pages BIGINT,
	rss_shmem_pages BIGINT,
	nr_ptes BIGINT,
	nr_pmds BIGINT,
	pgtables_bytes BIGINT,
	swapents BIGINT,
	cpu BIGINT,
	oom_adj BIGINT,
	oom_score_adj BIGINT,
	comm VARCHAR,
	comm_bytes BYTEA
);
COMMENT ON TABLE processes IS 'One row of the process table.';
COMMENT ON COLUMN processes.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN processes.row_no IS 'Position in the table, from 1.';
COMMENT ON COLUMN processes.pid IS 'Process id.';
COMMENT ON COLUMN processes.uid IS 'User id in the initial namespace.';
COMMENT ON COLUMN processes.tgid IS 'Thread group id; differs from pid when the leader has exited.';
COMMENT ON COLUMN processes.total_vm_pages IS 'Address space [pages].';
COMMENT ON COLUMN processes.rss_pages IS 'Resident memory [pages]';
COMMENT ON COLUMN processes.rss_anon_pages IS 'Resident anonymous memory (Linux 6.8 and later) [pages]';
COMMENT ON COLUMN processes.rss_file_pages IS 'Resident file-backed memory (Linux 6.8 and later) [pages]';
COMMENT ON COLUMN processes.rss_shmem_pages IS 'Resident shared memory (Linux 6.8 and later) [pages]';
COMMENT ON COLUMN processes.nr_ptes IS 'Last-level page-table pages [pages].';
COMMENT ON COLUMN processes.nr_pmds IS 'Middle-level page-table pages [pages].';
COMMENT ON COLUMN processes.pgtables_bytes IS 'Page tables [bytes].';
COMMENT ON COLUMN processes.swapents IS 'Pages in swap [pages].';
COMMENT ON COLUMN processes.cpu IS 'Processor it last ran on (up to Linux 3.5).';
COMMENT ON COLUMN processes.oom_adj IS '-17 to 15 (up to Linux 3.5).';
COMMENT ON COLUMN processes.oom_score_adj IS '-1000 to 1000.';
COMMENT ON COLUMN processes.comm IS 'Name, at most 15 bytes in the kernel.';
COMMENT ON COLUMN processes.comm_bytes IS 'Its bytes, where the text cannot give them back.';
CREATE TABLE nodes (
	event_id VARCHAR NOT NULL,
	node BIGINT,
	active_anon_kb BIGINT,
	inactive_anon_kb BIGINT,
	active_file_kb BIGINT,
	inactive_file_kb BIGINT,
	unevictable_kb BIGINT,
	isolated_anon_kb BIGINT,
	isolated_file_kb BIGINT,
	mapped_kb BIGINT,
	dirty_kb BIGINT,
	writeback_kb BIGINT,
	shmem_kb BIGINT,
	kernel_stack_kb BIGINT,
	shadow_call_stack_kb BIGINT,
	pagetables_kb BIGINT,
	unstable_kb BIGINT,
	writeback_tmp_kb BIGINT,
	pages_scanned BIGINT,
	all_unreclaimable BOOLEAN,
	shmem_thp_kb BIGINT,
	shmem_pmdmapped_kb BIGINT,
	anon_thp_kb BIGINT,
	sec_pagetables_kb BIGINT,
	balloon_kb BIGINT,
	gpu_active_kb BIGINT,
	gpu_reclaim_kb BIGINT
);
COMMENT ON TABLE nodes IS 'One NUMA node''s counters (Linux 4.8 and later).';
COMMENT ON COLUMN nodes.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN nodes.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN nodes.active_anon_kb IS 'Anonymous memory used lately [kB]';
COMMENT ON COLUMN nodes.inactive_anon_kb IS 'Anonymous memory not used lately [kB]';
COMMENT ON COLUMN nodes.active_file_kb IS 'File cache used lately [kB]';
COMMENT ON COLUMN nodes.inactive_file_kb IS 'File cache not used lately [kB]';
COMMENT ON COLUMN nodes.unevictable_kb IS 'Memory that cannot be reclaimed [kB]';
COMMENT ON COLUMN nodes.isolated_anon_kb IS 'Anonymous memory off the lists, being reclaimed [kB]';
COMMENT ON COLUMN nodes.isolated_file_kb IS 'File cache off the lists, being reclaimed [kB]';
COMMENT ON COLUMN nodes.mapped_kb IS 'File cache mapped into processes [kB]';
COMMENT ON COLUMN nodes.dirty_kb IS 'File cache waiting to be written [kB]';
COMMENT ON COLUMN nodes.writeback_kb IS 'File cache being written [kB]';
COMMENT ON COLUMN nodes.shmem_kb IS 'Shared memory and tmpfs [kB]';
COMMENT ON COLUMN nodes.kernel_stack_kb IS 'Kernel stacks [kB]';
COMMENT ON COLUMN nodes.shadow_call_stack_kb IS 'Shadow call stacks (arm64) [kB]';
COMMENT ON COLUMN nodes.pagetables_kb IS 'Page tables [kB]';
COMMENT ON COLUMN nodes.unstable_kb IS 'NFS pages not yet committed [kB]';
COMMENT ON COLUMN nodes.writeback_tmp_kb IS 'FUSE writeback buffers [kB]';
COMMENT ON COLUMN nodes.pages_scanned IS 'Pages scanned since the last one was freed [pages].';
COMMENT ON COLUMN nodes.all_unreclaimable IS 'Whether the kernel gave up reclaiming here.';
COMMENT ON COLUMN nodes.shmem_thp_kb IS 'Shared memory in huge pages [kB]';
COMMENT ON COLUMN nodes.shmem_pmdmapped_kb IS 'Shared memory mapped by huge entries [kB]';
COMMENT ON COLUMN nodes.anon_thp_kb IS 'Anonymous memory in transparent huge pages [kB]';
COMMENT ON COLUMN nodes.sec_pagetables_kb IS 'Secondary page tables (KVM, IOMMU) [kB]';
COMMENT ON COLUMN nodes.balloon_kb IS 'Memory given back to the hypervisor [kB]';
COMMENT ON COLUMN nodes.gpu_active_kb IS 'Memory in use by graphics drivers (Linux 7.1 and later) [kB]';
COMMENT ON COLUMN nodes.gpu_reclaim_kb IS 'Memory that graphics drivers could give back [kB]';
CREATE TABLE zones (
	event_id VARCHAR NOT NULL,
	node BIGINT,
	node_basis VARCHAR,
	zone VARCHAR,
	zone_no BIGINT,
	free_kb BIGINT,
	present_kb BIGINT,
	managed_kb BIGINT,
	reserved_highatomic_kb BIGINT,
	free_highatomic_kb BIGINT,
	active_anon_kb BIGINT,
	inactive_anon_kb BIGINT,
	active_file_kb BIGINT,
	inactive_file_kb BIGINT,
	unevictable_kb BIGINT,
	isolated_anon_kb BIGINT,
	isolated_file_kb BIGINT,
	mapped_kb BIGINT,
	dirty_kb BIGINT,
	writeback_kb BIGINT,
	shmem_kb BIGINT,
	kernel_stack_kb BIGINT,
	shadow_call_stack_kb BIGINT,
	pagetables_kb BIGINT,
	unstable_kb BIGINT,
	writeback_tmp_kb BIGINT,
	pages_scanned BIGINT,
	all_unreclaimable BOOLEAN,
	active_kb BIGINT,
	inactive_kb BIGINT,
	writepending_kb BIGINT,
	zspages_kb BIGINT,
	mlocked_kb BIGINT,
	slab_reclaimable_kb BIGINT,
	slab_unreclaimable_kb BIGINT,
	bounce_kb BIGINT,
	free_pcp_kb BIGINT,
	local_pcp_kb BIGINT,
	free_cma_kb BIGINT
);
COMMENT ON TABLE zones IS 'One memory zone.';
COMMENT ON COLUMN zones.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN zones.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN zones.node_basis IS '`printed`, or `no_numa` where the line carried no node number.';
COMMENT ON COLUMN zones.zone IS 'Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.';
COMMENT ON COLUMN zones.zone_no IS 'Position among the report''s zone lines, from 1.';
COMMENT ON COLUMN zones.free_kb IS 'Free memory [kB]';
COMMENT ON COLUMN zones.present_kb IS 'Memory that exists in the zone [kB]';
COMMENT ON COLUMN zones.managed_kb IS 'Memory that the allocator manages (Linux 3.8 and later) [kB]';
COMMENT ON COLUMN zones.reserved_highatomic_kb IS 'Page blocks reserved for high-order atomic requests [kB]';
COMMENT ON COLUMN zones.free_highatomic_kb IS 'Free memory inside those [kB]';
COMMENT ON COLUMN zones.active_anon_kb IS 'Anonymous memory used lately [kB]';
COMMENT ON COLUMN zones.inactive_anon_kb IS 'Anonymous memory not used lately [kB]';
COMMENT ON COLUMN zones.active_file_kb IS 'File cache used lately [kB]';
COMMENT ON COLUMN zones.inactive_file_kb IS 'File cache not used lately [kB]';
COMMENT ON COLUMN zones.unevictable_kb IS 'Memory that cannot be reclaimed [kB]';
COMMENT ON COLUMN zones.isolated_anon_kb IS 'Anonymous memory off the lists, being reclaimed [kB]';
COMMENT ON COLUMN zones.isolated_file_kb IS 'File cache off the lists, being reclaimed [kB]';
COMMENT ON COLUMN zones.mapped_kb IS 'File cache mapped into processes [kB]';
COMMENT ON COLUMN zones.dirty_kb IS 'File cache waiting to be written [kB]';
COMMENT ON COLUMN zones.writeback_kb IS 'File cache being written [kB]';
COMMENT ON COLUMN zones.shmem_kb IS 'Shared memory and tmpfs [kB]';
COMMENT ON COLUMN zones.kernel_stack_kb IS 'Kernel stacks [kB]';
COMMENT ON COLUMN zones.shadow_call_stack_kb IS 'Shadow call stacks (arm64) [kB]';
COMMENT ON COLUMN zones.pagetables_kb IS 'Page tables [kB]';
COMMENT ON COLUMN zones.unstable_kb IS 'NFS pages not yet committed [kB]';
COMMENT ON COLUMN zones.writeback_tmp_kb IS 'FUSE writeback buffers [kB]';
COMMENT ON COLUMN zones.pages_scanned IS 'Pages scanned since the last one was freed [pages].';
COMMENT ON COLUMN zones.all_unreclaimable IS 'Whether the kernel gave up reclaiming here.';
COMMENT ON COLUMN zones.active_kb IS 'Memory used lately (up to Linux 2.6.27) [kB]';
COMMENT ON COLUMN zones.inactive_kb IS 'Memory not used lately (up to Linux 2.6.27) [kB]';
COMMENT ON COLUMN zones.writepending_kb IS 'File cache dirty or being written [kB]';
COMMENT ON COLUMN zones.zspages_kb IS 'Memory of compressed swap pages [kB]';
COMMENT ON COLUMN zones.mlocked_kb IS 'Locked memory [kB]';
COMMENT ON COLUMN zones.slab_reclaimable_kb IS 'Slab that can be reclaimed [kB]';
COMMENT ON COLUMN zones.slab_unreclaimable_kb IS 'Slab that cannot [kB]';
COMMENT ON COLUMN zones.bounce_kb IS 'Bounce buffers [kB]';
COMMENT ON COLUMN zones.free_pcp_kb IS 'Free pages held in per-CPU lists, not in free_kb [kB]';
COMMENT ON COLUMN zones.local_pcp_kb IS 'Those of the printing CPU [kB]';
COMMENT ON COLUMN zones.free_cma_kb IS 'Free memory in contiguous-allocation areas [kB]';
CREATE TABLE watermarks (
	event_id VARCHAR NOT NULL,
	node BIGINT,
	zone VARCHAR,
	min_kb BIGINT,
	low_kb BIGINT,
	high_kb BIGINT,
	boost_kb BIGINT
);
COMMENT ON TABLE watermarks IS 'One zone''s watermarks.';
COMMENT ON COLUMN watermarks.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN watermarks.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN watermarks.zone IS 'Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.';
COMMENT ON COLUMN watermarks.min_kb IS 'Below it only emergencies allocate; includes boost [kB]';
COMMENT ON COLUMN watermarks.low_kb IS 'Below it kswapd wakes; includes boost [kB]';
COMMENT ON COLUMN watermarks.high_kb IS 'Above it kswapd sleeps; includes boost [kB]';
COMMENT ON COLUMN watermarks.boost_kb IS 'Temporary raise after fragmentation (printed since 5.16) [kB]';
CREATE TABLE lowmem_reserves (
	event_id VARCHAR NOT NULL,
	node BIGINT,
	zone VARCHAR,
	class_index BIGINT NOT NULL,
	reserve_pages BIGINT
);
COMMENT ON TABLE lowmem_reserves IS 'One entry of a zone''s lowmem_reserve[].';
COMMENT ON COLUMN lowmem_reserves.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN lowmem_reserves.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN lowmem_reserves.zone IS 'Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.';
COMMENT ON COLUMN lowmem_reserves.class_index IS 'Highest zone type the request may use, from 0.';
COMMENT ON COLUMN lowmem_reserves.reserve_pages IS 'Kept back from requests of that class [pages]';
CREATE TABLE buddy_orders (
	event_id VARCHAR NOT NULL,
	node BIGINT,
	zone VARCHAR,
	alloc_order BIGINT NOT NULL,
	block_kb BIGINT,
	free_blocks BIGINT,
	migratetypes VARCHAR
);
COMMENT ON TABLE buddy_orders IS 'One order of one zone''s free lists.';
COMMENT ON COLUMN buddy_orders.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN buddy_orders.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN buddy_orders.zone IS 'Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.';
COMMENT ON COLUMN buddy_orders.alloc_order IS 'Blocks of 2^alloc_order pages.';
COMMENT ON COLUMN buddy_orders.block_kb IS 'Size of a block [kB].';
COMMENT ON COLUMN buddy_orders.free_blocks IS 'Free blocks of that size.';
COMMENT ON COLUMN buddy_orders.migratetypes IS 'Letters of the lists that are not empty: U M E H C I R.';
CREATE TABLE buddy_totals (
	event_id VARCHAR NOT NULL,
	node BIGINT,
	zone VARCHAR,
	total_kb BIGINT
);
COMMENT ON TABLE buddy_totals IS 'The sum that the kernel printed at the end of a zone''s free lists.';
COMMENT ON COLUMN buddy_totals.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN buddy_totals.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN buddy_totals.zone IS 'Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.';
COMMENT ON COLUMN buddy_totals.total_kb IS 'Sum over all orders [kB]';
CREATE TABLE memory_counters (
	event_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	pages BIGINT
);
COMMENT ON TABLE memory_counters IS 'One counter of the Mem-Info block or its trailer.';
COMMENT ON COLUMN memory_counters.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN memory_counters.name IS 'The kernel''s name of the counter.';
COMMENT ON COLUMN memory_counters.pages IS 'Its value [pages].';
CREATE TABLE per_cpu_pages (
	event_id VARCHAR NOT NULL,
	node BIGINT,
	zone VARCHAR,
	cpu BIGINT,
	temperature VARCHAR,
	high_pages BIGINT,
	batch_pages BIGINT,
	used_pages BIGINT
);
COMMENT ON TABLE per_cpu_pages IS 'One CPU''s page lists of one zone (up to Linux 4.0).';
COMMENT ON COLUMN per_cpu_pages.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN per_cpu_pages.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN per_cpu_pages.zone IS 'Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.';
COMMENT ON COLUMN per_cpu_pages.cpu IS 'Processor number.';
COMMENT ON COLUMN per_cpu_pages.temperature IS 'Hot or Cold as printed (up to 2.6.24); NULL for the single list.';
COMMENT ON COLUMN per_cpu_pages.high_pages IS 'Above it the list is drained [pages].';
COMMENT ON COLUMN per_cpu_pages.batch_pages IS 'Pages moved at once [pages].';
COMMENT ON COLUMN per_cpu_pages.used_pages IS 'Pages in the list [pages].';
CREATE TABLE hugepages (
	event_id VARCHAR NOT NULL,
	node BIGINT,
	size_kb BIGINT,
	total_count BIGINT,
	free_count BIGINT,
	surplus_count BIGINT
);
COMMENT ON TABLE hugepages IS 'One hugetlb pool of one node.';
COMMENT ON COLUMN hugepages.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN hugepages.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN hugepages.size_kb IS 'Size of a huge page [kB].';
COMMENT ON COLUMN hugepages.total_count IS 'Huge pages in the pool.';
COMMENT ON COLUMN hugepages.free_count IS 'Of those, free.';
COMMENT ON COLUMN hugepages.surplus_count IS 'Of those, above the configured number.';
CREATE TABLE cgroup_counters (
	event_id VARCHAR NOT NULL,
	cgroup VARCHAR,
	name VARCHAR NOT NULL,
	value BIGINT,
	unit VARCHAR NOT NULL,
	printed VARCHAR
);
COMMENT ON TABLE cgroup_counters IS 'One usage, limit or statistic of a memory cgroup.';
COMMENT ON COLUMN cgroup_counters.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN cgroup_counters.cgroup IS 'Path of the cgroup; NULL where the line does not tell.';
COMMENT ON COLUMN cgroup_counters.name IS 'Kernel''s name, such as memory.usage, swap.limit or anon.';
COMMENT ON COLUMN cgroup_counters.value IS 'As printed; NULL when unlimited or nonsense.';
COMMENT ON COLUMN cgroup_counters.unit IS 'kB, bytes or count.';
COMMENT ON COLUMN cgroup_counters.printed IS 'The printed number where value is NULL.';
CREATE TABLE slab_caches (
	event_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	used_kb BIGINT,
	total_kb BIGINT
);
COMMENT ON TABLE slab_caches IS 'One unreclaimable slab.';
COMMENT ON COLUMN slab_caches.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN slab_caches.name IS 'Name of the cache.';
COMMENT ON COLUMN slab_caches.used_kb IS 'Memory in objects in use [kB]';
COMMENT ON COLUMN slab_caches.total_kb IS 'Memory of the cache [kB]';
CREATE TABLE allocation_sites (
	event_id VARCHAR NOT NULL,
	position BIGINT,
	size_bytes BIGINT,
	size_printed VARCHAR,
	calls BIGINT,
	site VARCHAR,
	module VARCHAR,
	function VARCHAR
);
COMMENT ON TABLE allocation_sites IS 'One line of the memory-allocation profile (Linux 6.10 and later).';
COMMENT ON COLUMN allocation_sites.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN allocation_sites.position IS 'Rank as printed, from 1.';
COMMENT ON COLUMN allocation_sites.size_bytes IS 'Allocated [bytes]; NULL when printed rounded.';
COMMENT ON COLUMN allocation_sites.size_printed IS 'The size as printed, such as 1.23 GiB.';
COMMENT ON COLUMN allocation_sites.calls IS 'Number of allocations.';
COMMENT ON COLUMN allocation_sites.site IS 'file:line as printed.';
COMMENT ON COLUMN allocation_sites.module IS 'Kernel module; NULL for built-in code.';
COMMENT ON COLUMN allocation_sites.function IS 'Function name.';
CREATE TABLE stack_frames (
	event_id VARCHAR NOT NULL,
	trace_no BIGINT,
	position BIGINT NOT NULL,
	symbol VARCHAR NOT NULL,
	frame_offset VARCHAR,
	module VARCHAR,
	module_build_id VARCHAR,
	address VARCHAR,
	called_from VARCHAR,
	source VARCHAR,
	inlined BOOLEAN,
	reliable BOOLEAN,
	context VARCHAR
);
COMMENT ON TABLE stack_frames IS 'One call-trace frame.';
COMMENT ON COLUMN stack_frames.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN stack_frames.trace_no IS '1 for the invoker''s trace, 2 and up for later ones (a panic''s).';
COMMENT ON COLUMN stack_frames.position IS 'From the top, from 1.';
COMMENT ON COLUMN stack_frames.symbol IS 'Function name, or an address that has none.';
COMMENT ON COLUMN stack_frames.frame_offset IS 'Offset and size, such as 0x1a/0x30.';
COMMENT ON COLUMN stack_frames.module IS 'Kernel module; NULL for built-in code.';
COMMENT ON COLUMN stack_frames.module_build_id IS 'Build id of the module, hexadecimal (since 5.14 where set).';
COMMENT ON COLUMN stack_frames.address IS 'Printed addresses; NULL on kernels that print none.';
COMMENT ON COLUMN stack_frames.called_from IS 'The caller as printed, on 32-bit ARM; NULL elsewhere.';
COMMENT ON COLUMN stack_frames.source IS 'File and line, where a script looked them up; NULL elsewhere.';
COMMENT ON COLUMN stack_frames.inlined IS 'Whether it is an inlined call; NULL where unknown.';
COMMENT ON COLUMN stack_frames.reliable IS 'False for frames marked ? or (unreliable).';
COMMENT ON COLUMN stack_frames.context IS 'Marker above the frame, such as IRQ or TASK.';
CREATE TABLE trace_lines (
	event_id VARCHAR NOT NULL,
	trace_no BIGINT,
	line_no BIGINT,
	name VARCHAR,
	text VARCHAR
);
COMMENT ON TABLE trace_lines IS 'A line of a trace that is not a frame: registers, code bytes, raw stack words.';
COMMENT ON COLUMN trace_lines.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN trace_lines.trace_no IS '1 for the invoker''s trace, 2 and up for later ones.';
COMMENT ON COLUMN trace_lines.line_no IS 'Line of the report, from 1.';
COMMENT ON COLUMN trace_lines.name IS 'registers, code, stack_words, interrupt, panic, and so on.';
COMMENT ON COLUMN trace_lines.text IS 'The line as printed.';
CREATE TABLE extra_fields (
	event_id VARCHAR NOT NULL,
	line_no BIGINT,
	scope VARCHAR,
	node BIGINT,
	zone VARCHAR,
	row_no BIGINT,
	name VARCHAR NOT NULL,
	value VARCHAR,
	unit VARCHAR,
	reason VARCHAR NOT NULL
);
COMMENT ON TABLE extra_fields IS 'A printed value that has no column of its own, or that cannot be true.';
COMMENT ON COLUMN extra_fields.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN extra_fields.line_no IS 'Line of the report, from 1.';
COMMENT ON COLUMN extra_fields.scope IS 'Table that the line feeds.';
COMMENT ON COLUMN extra_fields.node IS 'NUMA node number; 0 on kernels without NUMA, which print none.';
COMMENT ON COLUMN extra_fields.zone IS 'Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.';
COMMENT ON COLUMN extra_fields.row_no IS 'Row of the process table, where it is one of its columns.';
COMMENT ON COLUMN extra_fields.name IS 'Key as printed; a nonsense value''s column.';
COMMENT ON COLUMN extra_fields.value IS 'Value as printed, without its unit.';
COMMENT ON COLUMN extra_fields.unit IS 'kB, KB, pages, bytes or NULL, as printed.';
COMMENT ON COLUMN extra_fields.reason IS 'unknown_key or nonsense_value.';
CREATE TABLE unparsed_lines (
	event_id VARCHAR NOT NULL,
	line_no BIGINT,
	text VARCHAR,
	reason VARCHAR
);
COMMENT ON TABLE unparsed_lines IS 'One line of a report that no LineKind took.';
COMMENT ON COLUMN unparsed_lines.event_id IS 'The event this row belongs to.';
COMMENT ON COLUMN unparsed_lines.line_no IS 'Line of the report, from 1.';
COMMENT ON COLUMN unparsed_lines.text IS 'Its text without the carrier''s prefix.';
COMMENT ON COLUMN unparsed_lines.reason IS 'unknown, clipped, spliced or not_understood_rest.';
CREATE TABLE gfp_bits (
	layout VARCHAR NOT NULL,
	bit BIGINT NOT NULL,
	flag VARCHAR NOT NULL,
	meaning VARCHAR
);
COMMENT ON TABLE gfp_bits IS 'Reference: the name of one bit of gfp_mask in one layout.';
COMMENT ON COLUMN gfp_bits.layout IS 'Name of the layout: the kernel versions that use it.';
COMMENT ON COLUMN gfp_bits.bit IS 'The bit''s value.';
COMMENT ON COLUMN gfp_bits.flag IS 'Name without __GFP_.';
COMMENT ON COLUMN gfp_bits.meaning IS 'What it asks for, in a few words.';
CREATE TABLE custody (
	entry_no BIGINT NOT NULL,
	happened_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	action VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	login VARCHAR,
	machine VARCHAR NOT NULL,
	oomdb_version VARCHAR NOT NULL,
	options VARCHAR NOT NULL,
	sources_sha256 VARCHAR NOT NULL,
	previous_sha256 VARCHAR,
	entry_sha256 VARCHAR NOT NULL,
	CONSTRAINT custody_pkey PRIMARY KEY (entry_no)
);
COMMENT ON TABLE custody IS 'One act that changed what the database holds; each is chained to the one before.';
COMMENT ON COLUMN custody.entry_no IS 'Order of the acts, from 1.';
COMMENT ON COLUMN custody.happened_at IS 'When it was done (UTC).';
COMMENT ON COLUMN custody.action IS 'ingest, reparse, rebuild, upgrade, hosts import and so on.';
COMMENT ON COLUMN custody.actor IS 'Name of the user whose process did it, or the number.';
COMMENT ON COLUMN custody.login IS 'Name of the user who had logged in, before sudo; NULL when unknown.';
COMMENT ON COLUMN custody.machine IS 'Name of the machine that it was done on.';
COMMENT ON COLUMN custody.oomdb_version IS 'The oomdb that did it.';
COMMENT ON COLUMN custody.options IS 'What was asked for, as a JSON object.';
COMMENT ON COLUMN custody.sources_sha256 IS 'SHA-256 over its rows of custody_sources.';
COMMENT ON COLUMN custody.previous_sha256 IS 'entry_sha256 of the entry before; NULL in the first.';
COMMENT ON COLUMN custody.entry_sha256 IS 'SHA-256 over all columns before this.';
CREATE TABLE custody_sources (
	entry_no BIGINT NOT NULL,
	change_no BIGINT NOT NULL,
	change VARCHAR NOT NULL,
	path VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	size_bytes BIGINT NOT NULL,
	evidence_digest VARCHAR
);
COMMENT ON TABLE custody_sources IS 'A source that an act added to the database or took out of it.';
COMMENT ON COLUMN custody_sources.entry_no IS 'The entry of custody.';
COMMENT ON COLUMN custody_sources.change_no IS 'Order of the changes of an entry, from 1.';
COMMENT ON COLUMN custody_sources.change IS 'added or removed.';
COMMENT ON COLUMN custody_sources.path IS 'As in sources.';
COMMENT ON COLUMN custody_sources.sha256 IS 'As in sources.';
COMMENT ON COLUMN custody_sources.size_bytes IS 'As in sources [bytes].';
COMMENT ON COLUMN custody_sources.evidence_digest IS 'As in sources.';
CREATE TABLE properties (
	name VARCHAR NOT NULL,
	value VARCHAR NOT NULL
);
COMMENT ON TABLE properties IS 'A fact about the database itself.';
COMMENT ON COLUMN properties.name IS 'What it is.';
COMMENT ON COLUMN properties.value IS 'Its value.';
