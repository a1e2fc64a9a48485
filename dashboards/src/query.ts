// SPDX-License-Identifier: Apache-2.0
// Expressions over the selected hosts.

export interface Query {
  expr: string;
  legend?: string;
  colour?: string; // of all its series
  explains?: boolean; // has no values; its legend says why a figure is not available
}

const HOSTS = 'job=~"$job",instance=~"$instance"';

// A metric of the selected hosts: of('docker_up'), of('docker_volumes', 'state="idle"').
export function of(metric: string, ...matchers: string[]): string {
  return `${metric}{${[HOSTS, ...matchers].join(',')}}`;
}

export function rate(metric: string, ...matchers: string[]): string {
  return `rate(${of(metric, ...matchers)}[$__rate_interval])`;
}

// by('sum', 'volume', x) is one sum per host and volume, by('sum', '', x) one per host.
export function by(operation: string, labels: string, expr: string): string {
  return `${operation} by(${['job, instance', labels].filter(Boolean).join(', ')}) (${expr})`;
}

// A share or a mean; absent where the denominator is 0.
export const ratio = (part: string, whole: string) => `${part} / (${whole} > 0)`;

export const top = (expr: string) => `topk(10, ${expr})`;

// Bytes read and written per second: throughput('docker_volume').
export const throughput = (subject: string) =>
  `${rate(`${subject}_read_bytes_total`)} + ${rate(`${subject}_written_bytes_total`)}`;

// Restricts a metric that other programs export as well to agents.
export function ofAgents(expr: string): string {
  return `${expr} and on(job, instance) ${of('volumeter_build_info')}`;
}

// All targets of jobs that have, or had within a day, an agent; includes those that are down.
const wereAgents = `group by(job) (last_over_time(${of('volumeter_build_info')}[1d]))`;
export const AGENTS_UP = `(${of('up')} and on(job) ${wereAgents})`;

export const FILESYSTEM = 'job, instance, device, mountpoint, fstype';
// As in the alerts: read-only filesystems cannot fill up, and tmpfs is covered by volume limits.
const unlessReadOnly = `unless on(${FILESYSTEM}) ${of('docker_filesystem_readonly')} == 1`;
const usedOf = (left: string, all: string) =>
  `(1 - ${ratio(of(left, 'fstype!="tmpfs"'), of(all))} ${unlessReadOnly})`;
export const USED = usedOf('docker_filesystem_avail_bytes', 'docker_filesystem_size_bytes');
export const INODES_USED = usedOf('docker_filesystem_files_free', 'docker_filesystem_files');

// Seconds until nothing is left at the rate of the last hour; absent if that is more than 90 days
// or the metric does not decrease.
export function timeUntilGone(metric: string): string {
  const left = of(metric, 'fstype!="tmpfs"');
  return `${left} / (-deriv(${left}[1h]) > 0) < 90 * 86400`;
}

// Bytes per day over the selected time range.
export function growthPerDay(metric: string, ...matchers: string[]): string {
  return `deriv(${of(metric, ...matchers)}[$__range]) * 86400`;
}

export function inProject(expr: string): string {
  const project = of('docker_volume_info', 'compose_project=~"$compose_project"');
  return `(${expr}) and on(job, instance, volume) ${project}`;
}

// One value per volume, with the labels by which tables are merged.
export const perVolume = (expr: string) => by('max', 'volume', expr);

// Reasons for figures that are not available; the same words in every legend and empty panel.
export const NO_EBPF = 'not available: no eBPF';
export const NO_CGROUP_IO = 'not available: no cgroup I/O counters';
export const NO_IO_PRESSURE = 'not available: no io.pressure';
export const NO_NFS = 'not available: no NFS volume';
export const NO_SCAN = 'not available: no full scan';

// For an empty panel, which shows the reason alone.
export const sentence = (reason: string) => reason[0].toUpperCase() + reason.slice(1);

// A legend entry for each host without this metric, with the reason.
export function whyMissing(metric: string, reason: string): Query {
  return explain(of('docker_up'), of(metric), reason);
}

// The same for each host that has the first metric but not the second.
export function explain(expected: string, found: string, reason: string): Query {
  return {
    explains: true,
    expr: `${expected} * NaN unless on(job, instance) ${found}`,
    legend: `{{instance}}: ${reason}`,
  };
}

// One series for each host and value of these labels, for tables that show only labels.
export const only = (labels: string, expr: string) => by('group', labels, expr);

// quantile(0.99, 'docker_volume_io_latency_seconds', 'volume') is one value per volume.
export function quantile(share: number, histogram: string, labels: string, ...matchers: string[]) {
  const each = labels ? `${labels}, le` : 'le';
  const buckets = by('sum', each, rate(`${histogram}_bucket`, ...matchers));
  return `histogram_quantile(${share}, ${buckets})`;
}

export const firing = of('ALERTS', 'alertstate="firing"');

// 0 idle, 1 in use, 2 orphaned; see STATE.
export function stateOf(...matchers: string[]): string {
  const running = of('docker_volume_containers', 'state="running"', ...matchers);
  const orphaned = of('docker_volume_orphaned', ...matchers);
  return `2 * ${orphaned} + on(job, instance, volume) (${running} > bool 0)`;
}

// A volume's share of its filesystem.
export const shareOfFilesystem =
  `(${of('docker_volume_allocated_bytes')} ` +
  '* on(job, instance, volume) group_left(device, mountpoint, fstype) ' +
  `${of('docker_volume_filesystem_info')}) / on(${FILESYSTEM}) group_left() ` +
  of('docker_filesystem_size_bytes');

export const orphanedBytes =
  `(${of('docker_volume_allocated_bytes')} and on(job, instance, volume) ` +
  `${of('docker_volume_orphaned')} == 1)`;
