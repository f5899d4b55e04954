# ruff: noqa: E501 (facts of the kernel)
"""Settings below /proc/sys that distributions leave as Linux 5.10 to 6.8 has them (Documentation/admin-guide/sysctl)."""

from __future__ import annotations

GENERAL = """
abi.vsyscall32=1 dev.hpet.max-user-freq=64 dev.scsi.logging_level=0 dev.tty.ldisc_autoload=1 dev.cdrom.debug=0 dev.cdrom.lock=0 dev.cdrom.autoeject=0
fs.dir-notify-enable=1 fs.inotify.max_queued_events=16384 fs.lease-break-time=45 fs.leases-enable=1 fs.mount-max=100000 fs.mqueue.msg_default=10
fs.mqueue.msg_max=10 fs.mqueue.msgsize_default=8192 fs.mqueue.msgsize_max=8192 fs.mqueue.queues_max=256 fs.overflowgid=65534 fs.overflowuid=65534
fs.pipe-max-size=1048576 fs.pipe-user-pages-hard=0 fs.pipe-user-pages-soft=16384 fs.binfmt_misc.status=enabled fs.fanotify.max_queued_events=16384
fs.fanotify.max_user_groups=128 fs.quota.warnings=1 kernel.acpi_video_flags=0 kernel.auto_msgmni=0 kernel.bootloader_type=114 kernel.bootloader_version=2
kernel.bpf_stats_enabled=0 kernel.cad_pid=1 kernel.cap_last_cap=40 kernel.core_pipe_limit=0 kernel.ftrace_dump_on_oops=0 kernel.ftrace_enabled=1
kernel.hardlockup_all_cpu_backtrace=0 kernel.hardlockup_panic=0 kernel.hung_task_check_count=4194304 kernel.hung_task_check_interval_secs=0
kernel.hung_task_panic=0 kernel.hung_task_timeout_secs=120 kernel.hung_task_warnings=10 kernel.io_delay_type=1 kernel.kexec_load_disabled=0
kernel.keys.gc_delay=300 kernel.keys.maxbytes=20000 kernel.keys.maxkeys=200 kernel.keys.persistent_keyring_expiry=259200 kernel.keys.root_maxbytes=25000000
kernel.keys.root_maxkeys=1000000 kernel.max_lock_depth=1024 kernel.modprobe=/sbin/modprobe kernel.msg_next_id=-1 kernel.numa_balancing=0 kernel.overflowgid=65534
kernel.overflowuid=65534 kernel.panic_on_io_nmi=0 kernel.panic_on_rcu_stall=0 kernel.panic_on_unrecovered_nmi=0 kernel.panic_on_warn=0 kernel.panic_print=0
kernel.perf_cpu_time_max_percent=25 kernel.perf_event_max_contexts_per_stack=8 kernel.perf_event_max_sample_rate=100000 kernel.perf_event_max_stack=127
kernel.perf_event_mlock_kb=516 kernel.poweroff_cmd=/sbin/poweroff kernel.print-fatal-signals=0 kernel.printk_delay=0 kernel.printk_devkmsg=on
kernel.printk_ratelimit=5 kernel.printk_ratelimit_burst=10 kernel.pty.max=4096 kernel.pty.reserve=1024 kernel.random.urandom_min_reseed_secs=60
kernel.random.write_wakeup_threshold=256 kernel.real-root-dev=0 kernel.sched_child_runs_first=0 kernel.sched_cfs_bandwidth_slice_us=5000
kernel.sched_deadline_period_max_us=4194304 kernel.sched_deadline_period_min_us=100 kernel.sched_rr_timeslice_ms=100 kernel.sched_rt_period_us=1000000
kernel.sched_rt_runtime_us=950000 kernel.sched_schedstats=0 kernel.sem_next_id=-1 kernel.shm_next_id=-1 kernel.shm_rmid_forced=0 kernel.soft_watchdog=1
kernel.softlockup_all_cpu_backtrace=0 kernel.softlockup_panic=0 kernel.stack_tracer_enabled=0 kernel.sysctl_writes_strict=1 kernel.timer_migration=1
kernel.traceoff_on_warning=0 kernel.tracepoint_printk=0 kernel.unknown_nmi_panic=0 kernel.watchdog=1 kernel.watchdog_thresh=10
vm.admin_reserve_kbytes=8192 vm.compaction_proactiveness=20 vm.compact_unevictable_allowed=1 vm.dirty_background_bytes=0 vm.dirty_bytes=0
vm.dirty_writeback_centisecs=500 vm.dirtytime_expire_seconds=43200 vm.extfrag_threshold=500 vm.hugetlb_shm_group=0 vm.laptop_mode=0 vm.legacy_va_layout=0
vm.memory_failure_early_kill=0 vm.memory_failure_recovery=1 vm.min_slab_ratio=5 vm.min_unmapped_ratio=1 vm.mmap_rnd_bits=28 vm.mmap_rnd_compat_bits=8
vm.nr_hugepages_mempolicy=0 vm.nr_overcommit_hugepages=0 vm.numa_stat=1 vm.numa_zonelist_order=Node vm.oom_dump_tasks=1 vm.oom_kill_allocating_task=0
vm.overcommit_kbytes=0 vm.page-cluster=3 vm.page_lock_unfairness=5 vm.percpu_pagelist_high_fraction=0 vm.stat_interval=1 vm.unprivileged_userfaultfd=0
vm.watermark_boost_factor=15000 vm.watermark_scale_factor=10 vm.zone_reclaim_mode=0
net.core.bpf_jit_enable=1 net.core.bpf_jit_harden=0 net.core.bpf_jit_kallsyms=1 net.core.bpf_jit_limit=528482304 net.core.busy_poll=0 net.core.busy_read=0
net.core.dev_weight=64 net.core.dev_weight_rx_bias=1 net.core.dev_weight_tx_bias=1 net.core.devconf_inherit_init_net=0 net.core.fb_tunnels_only_for_init_net=0
net.core.flow_limit_table_len=4096 net.core.gro_normal_batch=8 net.core.high_order_alloc_disable=0 net.core.max_skb_frags=17 net.core.message_burst=10
net.core.message_cost=5 net.core.netdev_budget=300 net.core.netdev_budget_usecs=8000 net.core.netdev_tstamp_prequeue=1 net.core.netdev_unregister_timeout_secs=10
net.core.optmem_max=20480 net.core.rps_sock_flow_entries=0 net.core.tstamp_allow_data=1 net.core.warnings=0 net.core.xfrm_acq_expires=30
net.core.xfrm_aevent_etime=10 net.core.xfrm_aevent_rseqth=2 net.core.xfrm_larval_drop=1 net.unix.max_dgram_qlen=512
net.ipv4.fib_multipath_hash_policy=0 net.ipv4.fib_multipath_use_neigh=0 net.ipv4.fib_sync_mem=524288 net.ipv4.fwmark_reflect=0 net.ipv4.icmp_echo_enable_probe=0
net.ipv4.icmp_errors_use_inbound_ifaddr=0 net.ipv4.icmp_ignore_bogus_error_responses=1 net.ipv4.icmp_msgs_burst=50 net.ipv4.icmp_msgs_per_sec=1000
net.ipv4.icmp_ratelimit=1000 net.ipv4.icmp_ratemask=6168 net.ipv4.igmp_link_local_mcast_reports=1 net.ipv4.igmp_max_memberships=20 net.ipv4.igmp_max_msf=10
net.ipv4.igmp_qrv=2 net.ipv4.inet_peer_maxttl=600 net.ipv4.inet_peer_minttl=120 net.ipv4.inet_peer_threshold=65664 net.ipv4.ip_autobind_reuse=0
net.ipv4.ip_dynaddr=0 net.ipv4.ip_early_demux=1 net.ipv4.ip_forward_update_priority=1 net.ipv4.ip_forward_use_pmtu=0 net.ipv4.ip_no_pmtu_disc=0
net.ipv4.ip_unprivileged_port_start=1024 net.ipv4.ipfrag_high_thresh=4194304 net.ipv4.ipfrag_low_thresh=3145728 net.ipv4.ipfrag_max_dist=64
net.ipv4.ipfrag_secret_interval=0 net.ipv4.ipfrag_time=30 net.ipv4.nexthop_compat_mode=1 net.ipv4.route.error_burst=1250 net.ipv4.route.error_cost=250
net.ipv4.route.gc_elasticity=8 net.ipv4.route.gc_interval=60 net.ipv4.route.gc_min_interval=0 net.ipv4.route.gc_min_interval_ms=500 net.ipv4.route.gc_thresh=-1
net.ipv4.route.gc_timeout=300 net.ipv4.route.max_size=2147483647 net.ipv4.route.min_adv_mss=256 net.ipv4.route.min_pmtu=552 net.ipv4.route.mtu_expires=600
net.ipv4.route.redirect_load=5 net.ipv4.route.redirect_number=9 net.ipv4.route.redirect_silence=5120 net.ipv4.tcp_abort_on_overflow=0
net.ipv4.tcp_adv_win_scale=1 net.ipv4.tcp_app_win=31 net.ipv4.tcp_autocorking=1 net.ipv4.tcp_base_mss=1024 net.ipv4.tcp_challenge_ack_limit=1000
net.ipv4.tcp_comp_sack_delay_ns=1000000 net.ipv4.tcp_comp_sack_nr=44 net.ipv4.tcp_comp_sack_slack_ns=100000 net.ipv4.tcp_dsack=1 net.ipv4.tcp_early_demux=1
net.ipv4.tcp_early_retrans=3 net.ipv4.tcp_ecn=2 net.ipv4.tcp_ecn_fallback=1 net.ipv4.tcp_fack=0 net.ipv4.tcp_fastopen=1
net.ipv4.tcp_fastopen_blackhole_timeout_sec=0 net.ipv4.tcp_frto=2 net.ipv4.tcp_fwmark_accept=0 net.ipv4.tcp_invalid_ratelimit=500 net.ipv4.tcp_l3mdev_accept=0
net.ipv4.tcp_limit_output_bytes=1048576 net.ipv4.tcp_low_latency=0 net.ipv4.tcp_max_orphans=32768 net.ipv4.tcp_max_reordering=300 net.ipv4.tcp_max_tw_buckets=32768
net.ipv4.tcp_migrate_req=0 net.ipv4.tcp_min_rtt_wlen=300 net.ipv4.tcp_min_snd_mss=48 net.ipv4.tcp_min_tso_segs=2 net.ipv4.tcp_moderate_rcvbuf=1
net.ipv4.tcp_mtu_probe_floor=48 net.ipv4.tcp_mtu_probing=0 net.ipv4.tcp_no_metrics_save=0 net.ipv4.tcp_no_ssthresh_metrics_save=1 net.ipv4.tcp_notsent_lowat=4294967295
net.ipv4.tcp_orphan_retries=0 net.ipv4.tcp_pacing_ca_ratio=120 net.ipv4.tcp_pacing_ss_ratio=200 net.ipv4.tcp_probe_interval=600 net.ipv4.tcp_probe_threshold=8
net.ipv4.tcp_recovery=1 net.ipv4.tcp_reflect_tos=0 net.ipv4.tcp_reordering=3 net.ipv4.tcp_retrans_collapse=1 net.ipv4.tcp_retries1=3 net.ipv4.tcp_retries2=15
net.ipv4.tcp_rfc1337=0 net.ipv4.tcp_slow_start_after_idle=1 net.ipv4.tcp_stdurg=0 net.ipv4.tcp_syn_retries=6 net.ipv4.tcp_synack_retries=5
net.ipv4.tcp_thin_linear_timeouts=0 net.ipv4.tcp_tso_rtt_log=9 net.ipv4.tcp_tso_win_divisor=3 net.ipv4.tcp_workaround_signed_windows=0 net.ipv4.udp_early_demux=1
net.ipv4.udp_l3mdev_accept=0 net.ipv4.udp_rmem_min=4096 net.ipv4.udp_wmem_min=4096 net.ipv4.xfrm4_gc_thresh=32768
net.ipv6.anycast_src_echo_reply=0 net.ipv6.auto_flowlabels=1 net.ipv6.fib_multipath_hash_policy=0 net.ipv6.flowlabel_consistency=1 net.ipv6.flowlabel_reflect=0
net.ipv6.fwmark_reflect=0 net.ipv6.icmp.echo_ignore_all=0 net.ipv6.icmp.echo_ignore_anycast=0 net.ipv6.icmp.echo_ignore_multicast=0 net.ipv6.icmp.ratelimit=1000
net.ipv6.idgen_delay=1 net.ipv6.idgen_retries=3 net.ipv6.ip6frag_high_thresh=4194304 net.ipv6.ip6frag_low_thresh=3145728 net.ipv6.ip6frag_time=60
net.ipv6.ip_nonlocal_bind=0 net.ipv6.mld_max_msf=64 net.ipv6.mld_qrv=2 net.ipv6.route.gc_elasticity=9 net.ipv6.route.gc_interval=30 net.ipv6.route.gc_thresh=1024
net.ipv6.route.gc_timeout=60 net.ipv6.route.max_size=4096 net.ipv6.route.min_adv_mss=1220 net.ipv6.route.mtu_expires=600 net.ipv6.xfrm6_gc_thresh=32768
"""
OF_CARDS_4 = """accept_local=0 accept_redirects=1 accept_source_route=0 arp_accept=0 arp_announce=0 arp_filter=0 arp_ignore=0 arp_notify=0 bootp_relay=0
disable_policy=0 disable_xfrm=0 drop_gratuitous_arp=0 drop_unicast_in_l2_multicast=0 force_igmp_version=0 forwarding=0 log_martians=0 mc_forwarding=0
promote_secondaries=1 proxy_arp=0 proxy_arp_pvlan=0 route_localnet=0 rp_filter=0 secure_redirects=1 send_redirects=1 shared_media=1 src_valid_mark=0 tag=0"""
"""net.ipv4.conf.CARD."""
OF_CARDS_6 = """accept_dad=1 accept_ra=1 accept_ra_defrtr=1 accept_ra_min_hop_limit=1 accept_ra_mtu=1 accept_ra_pinfo=1 accept_ra_rtr_pref=1 accept_redirects=1
accept_source_route=0 addr_gen_mode=0 autoconf=1 dad_transmits=1 disable_ipv6=0 disable_policy=0 enhanced_dad=1 force_mld_version=0 forwarding=0 hop_limit=64
max_addresses=16 mtu=1500 proxy_ndp=0 regen_max_retry=3 router_solicitation_delay=1 router_solicitation_interval=4 router_solicitations=-1
temp_prefered_lft=86400 temp_valid_lft=604800 use_tempaddr=0"""
"""net.ipv6.conf.CARD."""


def defaults(card: str) -> dict[str, str]:
    """Names and values, with those of each interface."""
    values = dict(each.split("=", 1) for each in GENERAL.split())
    for kind, settings in (("ipv4", OF_CARDS_4), ("ipv6", OF_CARDS_6)):
        for name in ("all", "default", card, "lo"):
            values |= {
                f"net.{kind}.conf.{name}.{row.partition('=')[0]}": row.partition("=")[2]
                for row in settings.split()
            }
    values["net.ipv6.conf.lo.mtu"] = "65536"
    values["kernel.usermodehelper.bset"] = values["kernel.usermodehelper.inheritable"] = "4294967295\t511"
    values["net.ipv4.ping_group_range"] = "0\t2147483647"
    values["net.ipv4.tcp_allowed_congestion_control"] = "reno cubic"
    values["net.ipv4.ip_local_reserved_ports"] = ""
    return values | {"vm.lowmem_reserve_ratio": "256\t256\t32\t0\t0"}
