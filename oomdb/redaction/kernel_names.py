"""Names that kernels print in memory reports: counters, slab caches, modules, files.

A name that is not here is of a kernel that nobody has read yet, or was put there by damage: a
redacted copy has a hash in its place.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a list that is written as text."""
    return frozenset(text.split())


#: Counters of the Mem-Info block (mm/show_mem.c), and those that oomdb names for its trailer.
MEMORY_COUNTERS: frozenset[str] = words(
    """
active active_anon active_file anon_thp balloon bounce cma_reserved dirty dirty_pages file_thp
free free_cma free_pages free_pcp highmem hwpoisoned inactive inactive_anon inactive_file
isolated_anon isolated_file kernel_misc_reclaimable kernel_stack mapped mapped_pages non_shared
pagecache pagetable_cache pagetables pagetables_pages sec_pagetables shared shmem shmem_thp slab
slab_pages slab_reclaimable slab_unreclaimable swap_cache unevictable unstable writeback
writeback_pages
"""
)

#: Keys of memory.stat in cgroup v1 and v2 (mm/memcontrol.c, mm/memcontrol-v1.c).
CGROUP_STATISTICS: frozenset[str] = words(
    """
active_anon active_file anon anon_thp balloon cache dirty file file_dirty file_mapped file_thp
file_writeback hierarchical_memory_limit hierarchical_memsw_limit hugetlb inactive_anon
inactive_file kernel kernel_stack mapped_file numa_hint_faults numa_pages_migrated
numa_pte_updates numa_task_migrated numa_task_swapped pagetables percpu pgactivate pgdeactivate
pgdemote_direct pgdemote_khugepaged pgdemote_kswapd pgdemote_proactive pgfault pglazyfree
pglazyfreed pgmajfault pgpgin pgpgout pgpromote_success pgrefill pgscan pgscan_direct
pgscan_khugepaged pgscan_kswapd pgscan_proactive pgsteal pgsteal_direct pgsteal_khugepaged
pgsteal_kswapd pgsteal_proactive pswpin pswpout rss rss_huge sec_pagetables shmem shmem_thp slab
slab_reclaimable slab_unreclaimable sock swap swapcached swpin_zero swpout_zero thp_collapse_alloc
thp_fault_alloc thp_swpout thp_swpout_fallback total_active_anon total_active_file total_cache
total_dirty total_inactive_anon total_inactive_file total_mapped_file total_pgfault
total_pgmajfault total_pgpgin total_pgpgout total_rss total_rss_huge total_shmem total_swap
total_swapcached total_unevictable total_workingset_refault_anon total_workingset_refault_file
total_writeback unevictable vmalloc workingset_activate workingset_activate_anon
workingset_activate_file workingset_nodereclaim workingset_refault workingset_refault_anon
workingset_refault_file workingset_restore workingset_restore_anon workingset_restore_file
writeback zswap zswap_incomp zswapped zswpin zswpout zswpwb
"""
)

#: Keys of node and zone lines (mm/show_mem.c).
FIELDS: frozenset[str] = words(
    """
Balloon active active_anon active_file all_unreclaimable anon_thp balloon boost bounce dirty free
free_cma free_highatomic free_pcp gpu_active gpu_reclaim high inactive inactive_anon inactive_file
isolated(anon) isolated(file) kernel_stack local_pcp low managed mapped min mlocked pages_scanned
pagetables present reserved_highatomic sec_pagetables shadow_call_stack shmem shmem_pmdmapped
shmem_thp slab_reclaimable slab_unreclaimable unevictable unstable writeback writeback_tmp
writepending zspages
"""
)

#: Columns of the process table (mm/oom_kill.c).
TASK_TITLES: frozenset[str] = words(
    """
cpu name nr_pmds nr_ptes oom_adj oom_score_adj pgtables_bytes pid rss rss_anon rss_file rss_shmem
swapents tgid total_vm uid
"""
)

#: Slab caches whose names hold no number.
SLAB_CACHES: frozenset[str] = words(
    """
AF_VSOCK Acpi-Namespace Acpi-Operand Acpi-Parse Acpi-ParseExt Acpi-State DCCP MPTCP MPTCPv6
NETLINK PACKET PING RAW RAWv6 SCTP SCTPv6 TCP TCPv6 UDP UDP-Lite UDPLITEv6 UDPv6 UNIX UNIX-STREAM
abd_t aio_kiocb amd_iommu_cmd amd_sched_fence amdgpu_fence anon_vma anon_vma_chain
arc_buf_hdr_t_full arc_buf_t arp_cache audit_buffer audit_tree_mark avc_node avc_xperms_data
avc_xperms_node avtab_node bdev_cache bfilp bfq_io_cq bfq_queue bio_crypt_ctx
bio_integrity_payload bio_post_read_ctx blkdev_ioc blkdev_queue blkdev_requests bpf_ksym br_fdb
bridge_fdb_cache btrfs_delayed_extent_op btrfs_delayed_node btrfs_delayed_ref_head
btrfs_delayed_ref_node btrfs_extent_buffer btrfs_extent_map btrfs_extent_state btrfs_free_space
btrfs_free_space_bitmap btrfs_inode btrfs_ordered_extent btrfs_path buffer_head ceph_cap
ceph_dentry_info ceph_inode_info cfq_io_cq cfq_queue cgroup_file cifs_inode_cache cifs_request
cifs_small_rq cred cred_jar crypt_info dax_cache debug_objects_cache debugfs_inode_cache dentry
dm_io dm_mpath_io dm_rq_clone_bio_info dm_rq_target_io dmu_buf_impl_t dnode_t dnotify_mark
dnotify_struct dquot drm_buddy_block drm_i915_gem_object drm_sched_fence ebitmap_node ep_head
erofs_inode eventpoll_epi eventpoll_pwq ext2_inode_cache ext3_inode_cache ext4_allocation_context
ext4_extent_status ext4_free_data ext4_groupinfo_1k ext4_groupinfo_4k ext4_inode_cache ext4_io_end
ext4_io_end_vec ext4_pending_reservation ext4_prealloc_space ext4_system_zone extent_status
f2fs_inode_cache fanotify_event_info fanotify_perm_event fasync_cache fat_cache fat_inode_cache
fib6_node fib6_nodes file_lease_cache file_lock_cache file_lock_ctx files_cache filp fs_cache
fscrypt_ctx fscrypt_info fscrypt_inode_info fsnotify_mark fsnotify_mark_connector fsverity_info
ftrace_event_field fuse_inode fuse_request hugepte_cache hugetlbfs_inode_cache i915_dependency
i915_gem_object i915_priolist i915_request i915_vma ib_mad idr_layer_cache inet_peer_cache
inode_cache inotify_inode_mark io io_kiocb ioat iommu_devinfo iommu_domain iommu_iova
iommu_iova_magazine ip4-frags ip6_dst_cache ip6_mrt_cache ip_dst_cache ip_fib_alias ip_fib_trie
ip_mrt_cache ipc_namespace isofs_inode_cache jbd2_inode jbd2_journal_handle jbd2_journal_head
jbd2_revoke_record_s jbd2_revoke_table_s jbd2_transaction_s jfs_ip journal_head kcopyd_job
kernfs_iattrs_cache kernfs_node_cache key_jar khugepaged_mm_slot kioctx kmalloc_buckets kmem_cache
kmem_cache_node kmemleak_object kmemleak_scan_area ksm_mm_slot ksm_rmap_item ksm_stable_node
kvm_async_pf kvm_mmu_page_header kvm_vcpu lsm_file_cache lsm_inode_cache maple_node mb_cache_entry
mem_cgroup memcg memcg_pn minix_inode_cache mm_slot mm_struct mnt_cache mqueue_inode_cache
names_cache ndisc_cache net_namespace netfs_request netfs_subrequest nf_conntrack
nf_conntrack_expect nfs_direct_cache nfs_inode_cache nfs_page nfs_read_data nfs_write_data
nfsd4_delegations nfsd4_files nfsd4_lockowners nfsd4_openowners nfsd4_stateids nfsd_drc nsproxy
ntfs_inode_cache numa_policy nvme-queue overlayfs_inode ovl_inode p9_req_t page->ptl page_counter
pde_opener pending_reservation perf_event pgd_cache pgtable-2^10 pgtable-2^11 pgtable-2^12
pgtable-2^9 pid pid_2 pid_namespace pidfs_attr_cache pidfs_xattr_cache pmd_cache pool_workqueue
posix_timers_cache proc_dir_entry proc_inode_cache pte_list_desc pud_cache radix_tree_node
reiser_inode_cache request_queue request_sock_TCP request_sock_TCPv6 request_sock_subflow_v4
request_sock_subflow_v6 rpc_buffers rpc_inode_cache rpc_tasks rtable scsi_cmd_cache
scsi_data_buffer scsi_sense_cache sctp_bind_bucket sctp_chunk sd_ext_cdb secpath_cache
selinux_file_security selinux_inode_security seq_file shared_policy_node shmem_inode_cache
sighand_cache signal_cache sigqueue skbuff_ext_cache skbuff_fclone_cache skbuff_head_cache
skbuff_small_head smb3_mid sock_inode sock_inode_cache squashfs_inode_cache sw_flow
sysfs_dir_cache task_delay_info task_group task_struct taskstats tcp_bind2_bucket tcp_bind_bucket
thread_info thread_stack trace_event_file tracefs_inode_cache ttm_bo tw_sock_TCP tw_sock_TCPv6
ubifs_inode_slab udf_inode_cache uid_cache user_namespace userfaultfd_ctx_cache uts_namespace
vm_area_struct vma_lock vmap_area x86_emulator xarray_node xfrm_dst xfrm_dst_cache xfrm_state
xfs_attrd_item xfs_attri_item xfs_bmap_free xfs_bmap_free_item xfs_bmbt_cur xfs_bnobt_cur
xfs_btree_cur xfs_bud_item xfs_buf xfs_buf_item xfs_bui_item xfs_cud_item xfs_cui_item
xfs_da_state xfs_dqtrx xfs_dquot xfs_efd_item xfs_efi_item xfs_icr xfs_ifork xfs_ili xfs_inobt_cur
xfs_inode xfs_ioend xfs_iul_item xfs_log_item_desc xfs_log_ticket xfs_rmapbt_cur xfs_rtrmapbt_cur
xfs_rud_item xfs_rui_item xfs_trans xfs_xmi_item xt_hashlimit zfs_znode_cache zil_lwb_cache
zio_buf_512 zio_cache zs_handle zspage zswap_entry
"""
)

#: Modules that come with the kernel or a distribution.
MODULES: frozenset[str] = words(
    """
aesni_intel ahci amdgpu async_tx ata_piix bcache binfmt_misc bluetooth bnx2 bnx2x bnxt_en bonding
br_netfilter bridge btrfs ceph cfg80211 cifs configfs dm_bufio dm_cache dm_crypt dm_log dm_mirror
dm_mod dm_multipath dm_region_hash dm_snapshot dm_thin_pool dm_zero drbd drm drm_kms_helper
drm_vram_helper e1000 e1000e ena erofs ext2 ext3 ext4 f2fs fat fscache fuse gfs2 gve hid hv_netvsc
hv_storvsc hv_vmbus i2c_core i40e i915 iavf ib_core ib_iser ib_uverbs ice igb iomemory ip6_tables
ip6table_filter ip_tables ip_vs ipmi_si ipt_REJECT iptable_filter iptable_nat ipv6 iscsi_tcp isofs
iwlmvm iwlwifi ixgbe ixgbevf jbd jbd2 kvm kvm_amd kvm_intel l2tp_core libata libceph libcrc32c
libfc libfcoe libiscsi lockd loop lpfc mac80211 macvlan md_mod megaraid_sas mlx4_core mlx4_en
mlx5_core mlx5_ib mpt2sas mpt3sas nbd net_failover netfs nf_conntrack nf_nat nf_tables nfnetlink
nfs nfs_acl nfsd nfsv3 nfsv4 nouveau nvme nvme_core nvme_fabrics nvme_tcp ocfs2 openvswitch
overlay padlock_aes psmouse ptp qed qede qla2xxx qxl r8169 radeon raid0 raid1 raid10 raid456 rbd
rdma_cm rpcrdma scsi_debug scsi_mod scsi_transport_iscsi sctp sd_mod serio sg snd snd_hda_codec
snd_hda_intel snd_pcm spl squashfs sr_mod sunrpc target_core_mod tcp_bbr tg3 ttm tun udf
usb_storage usbcore usbhid usbnet veth vfat vfio vfio_pci vhost vhost_net virtio virtio_balloon
virtio_blk virtio_gpu virtio_net virtio_pci virtio_ring virtio_scsi vmw_balloon vmw_pvscsi vmwgfx
vmxnet3 vsock vxlan wireguard x_tables xen_blkfront xen_netback xen_netfront xfs xhci_hcd xhci_pci
zfs zram zsmalloc zstd
"""
)

#: What releases are called by: architectures, distributions, flavours; numbers may follow.
RELEASE_WORDS: frozenset[str] = words(
    """
16k 64k 686 aarch64 alma amazon amd64 amzn android arch arm arm64 armmp armv6l armv7 armv7hl
armv7l aws axs azl azure bigmem bpo centos chromeos ck clear client cloud cm coreos cos custom dbg
deb debug debug_64k default desktop dirty edge eks el elrepo enterprise fc flatcar fsgsbase gcp
generic gentoo git gke gkeop grsec hardened hwe i386 i586 i686 ia64 ibm intel intelclear iot kali
kdump kvm laptop large largemem lfs libre liquorix longterm loongarch64 loongson lowlatency lp
lpae lqx lts mainline manjaro microsoft mips mips64 mips64el mipsel ml next nvidia octeon oem
oracle orig os pae parisc pf pi plus powerpc powerpc64 powerpc64le ppc ppc64 ppc64le preempt pve
raspi rc realtime rockchip rocky rpi rpt rt s390 s390x server slack sles smp snapdragon stable
standard starfive sunxi superh tegra tkg trunk ubuntu uek ultra un v6 v7 v7l v8 vanilla virtual vm
wsl x64 x86 xanmod xen zabbly zen
"""
)

#: Folders of the kernel's sources.
SOURCE_FOLDERS: frozenset[str] = words(
    """
amd apparmor arch arm arm64 asm base block boot bpf btrfs ceph certs cgroup char cifs core crypto
dma drivers drm entry ethernet events ext4 f2fs fork fs fuse gpu hid host i2c i915 include init
intel io_uring iommu ipc ipv4 ipv6 jbd2 kasan kernel lib linux locking loongarch md media mellanox
message mips misc mlx5 mm mmc net netfilter nfs nfsd nvme overlayfs pci platform powerpc printk
proc riscv rust s390 samples sched scripts scsi security selinux smb sound squashfs staging sunrpc
time tools trace tty unix usb usr vfio vhost video virt virtio wireless x86 xen xfs
"""
)

#: Files that allocate much, without their endings.
SOURCE_FILES: frozenset[str] = words(
    """
backing-dev bio blk-mq buffer cma compaction compression dcache debug deferred exec execmem
extent_io file file_table filemap fork gup huge_memory hugetlb inode io_uring iomap kernfs ksm
list_lru lsm maple_tree memblock memcontrol memory mempolicy mempool migrate mm mm_init mmap
mprotect namei namespace oom_kill open page_alloc page_ext page_table_check percpu pgtable pid
pipe process radix-tree readahead request_sock rmap scatterlist secretmem security seq_file shmem
signal skbuff slab slab_common slub sock socket sparse sparse-vmemmap splice super swap_cgroup
swap_state swapfile task_mmu tcp tcp_output util vma vmalloc vmscan workqueue xarray xattr xfs_buf
xfs_icache xfs_inode xfs_inode_item xfs_log xfs_log_priv zsmalloc zswap
"""
)
