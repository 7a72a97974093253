// Names of the kernel that are known well enough to doubt another: settings right below net.ipv4, and parameters of
// modules. Another name may still be there in a kernel of another build: only a note comes of it.
import { nearest } from '../../contract/findings/edits.ts'
import { isUnknown, type ConfigFinding } from '../../support/config-rule.ts'
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'

/**
 * Every `procname` that Linux 6.18.32 registers as net/ipv4: ctl_table of net/ipv4/{sysctl_net_ipv4,ip_fragment,
 * xfrm4_policy,devinet}.c. Those of 6.12.19 are among them.
 */
const IPV4 =
  `cipso_cache_bucket_size cipso_cache_enable cipso_rbm_optfmt cipso_rbm_strictvalid fib_multipath_hash_fields
fib_multipath_hash_policy fib_multipath_hash_seed fib_multipath_use_neigh fib_notify_on_flag_change fib_sync_mem
fwmark_reflect icmp_echo_enable_probe icmp_echo_ignore_all icmp_echo_ignore_broadcasts
icmp_errors_extension_mask icmp_errors_use_inbound_ifaddr icmp_ignore_bogus_error_responses icmp_msgs_burst
icmp_msgs_per_sec icmp_ratelimit icmp_ratemask igmp_link_local_mcast_reports igmp_max_memberships igmp_max_msf igmp_qrv
inet_peer_maxttl inet_peer_minttl inet_peer_threshold ip_autobind_reuse ip_default_ttl ip_dynaddr ip_early_demux
ip_forward ip_forward_update_priority ip_forward_use_pmtu ip_local_port_range
ip_local_reserved_ports ip_no_pmtu_disc ip_nonlocal_bind ip_unprivileged_port_start ipfrag_high_thresh ipfrag_low_thresh
ipfrag_max_dist ipfrag_secret_interval ipfrag_time nexthop_compat_mode ping_group_range raw_l3mdev_accept
tcp_abort_on_overflow tcp_adv_win_scale tcp_allowed_congestion_control tcp_app_win tcp_autocorking
tcp_available_congestion_control tcp_available_ulp tcp_backlog_ack_defer tcp_base_mss tcp_challenge_ack_limit
tcp_child_ehash_entries tcp_comp_sack_delay_ns tcp_comp_sack_nr tcp_comp_sack_rtt_percent tcp_comp_sack_slack_ns
tcp_congestion_control tcp_dsack tcp_early_demux tcp_early_retrans tcp_ecn tcp_ecn_fallback tcp_ecn_option
tcp_ecn_option_beacon tcp_ehash_entries tcp_fack tcp_fastopen tcp_fastopen_blackhole_timeout_sec tcp_fastopen_key
tcp_fin_timeout tcp_frto tcp_fwmark_accept tcp_invalid_ratelimit tcp_keepalive_intvl tcp_keepalive_probes
tcp_keepalive_time tcp_l3mdev_accept tcp_limit_output_bytes tcp_low_latency tcp_max_orphans tcp_max_reordering
tcp_max_syn_backlog tcp_max_tw_buckets tcp_mem tcp_migrate_req tcp_min_rtt_wlen tcp_min_snd_mss tcp_min_tso_segs
tcp_moderate_rcvbuf tcp_mtu_probe_floor tcp_mtu_probing tcp_no_metrics_save tcp_no_ssthresh_metrics_save
tcp_notsent_lowat tcp_orphan_retries tcp_pacing_ca_ratio tcp_pacing_ss_ratio tcp_pingpong_thresh tcp_plb_cong_thresh
tcp_plb_enabled tcp_plb_idle_rehash_rounds tcp_plb_rehash_rounds tcp_plb_suspend_rto_sec tcp_probe_interval
tcp_probe_threshold tcp_rcvbuf_low_rtt tcp_recovery tcp_reflect_tos tcp_reordering tcp_retrans_collapse tcp_retries1
tcp_retries2 tcp_rfc1337 tcp_rmem tcp_rto_max_ms tcp_rto_min_us tcp_sack tcp_shrink_window tcp_slow_start_after_idle
tcp_stdurg tcp_syn_linear_timeouts tcp_syn_retries tcp_synack_retries tcp_syncookies tcp_thin_linear_timeouts
tcp_timestamps tcp_tso_rtt_log tcp_tso_win_divisor tcp_tw_reuse tcp_tw_reuse_delay tcp_window_scaling
tcp_wmem tcp_workaround_signed_windows udp_child_hash_entries udp_early_demux udp_hash_entries udp_l3mdev_accept
udp_mem udp_rmem_min udp_wmem_min xfrm4_gc_thresh`.split(/\s+/)

/**
 * Module → its parameters, every `module_param…` of its sources: LINBIT/drbd drbd/drbd_main.c of drbd-9.2.14, 9.2.16, 9.3.1,
 * 9.3.2, and max_parallel_resyncs of 9.3.3; net/openvswitch of Linux 6.12.19 and 6.18.32, which has none.
 */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  drbd: `allow_oos disable_sendpage enable_faults fault_count fault_devs fault_rate max_parallel_resyncs minor_count
    protocol_version_min strict_names usermode_helper`.split(/\s+/),
  openvswitch: [],
}

export function doubtSettings({ node }: MachineConfigFacts): readonly ConfigFinding[] {
  return node.sysctls.flatMap(({ name, nameAt: at }): readonly ConfigFinding[] => {
    const [, setting] = /^net[./]ipv4[./]([^./]+)$/.exec(name) ?? []
    if (setting === undefined || isUnknown(name) || IPV4.includes(setting)) return []
    return [
      {
        at,
        message: `Linux 6.12 to 6.18 has no net.ipv4.${setting} that is known here${meaning(setting, IPV4, 'net.ipv4.')}: what is not there is tried again for ever`,
        kind: 'note',
      },
    ]
  })
}

export function doubtParameters({ modules }: MachineConfigFacts): readonly ConfigFinding[] {
  return modules.flatMap(({ name, parameters }) =>
    parameters.flatMap(({ value, at }): readonly ConfigFinding[] => {
      const known = PARAMETERS[name]
      const [parameter = ''] = value.split('=')
      if (known === undefined || isUnknown(value) || known.includes(parameter.replaceAll('-', '_'))) return []
      return [
        {
          at,
          message: `module ${name} has no parameter ${parameter} that is known here${meaning(parameter, known, '')}: the kernel ignores it`,
          kind: 'note',
        },
      ]
    }),
  )
}

function meaning(name: string, known: readonly string[], prefix: string): string {
  const near = nearest(name, known)
  return near === undefined ? '' : ` (did you mean ${prefix}${near}?)`
}
