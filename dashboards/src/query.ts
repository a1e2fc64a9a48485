// SPDX-License-Identifier: Apache-2.0
// Expressions over the hosts that the variables choose.

export interface Query {
  expr: string;
  legend?: string;
  colour?: string; // of all its series
  explains?: boolean; // only its legend is wanted, which says what is not there and why
}

const HOSTS = 'job=~"$job",instance=~"$instance"';

// A metric of the chosen hosts: of('docker_up'), of('docker_volumes', 'state="idle"').
export function of(metric: string, ...matchers: string[]): string {
  return `${metric}{${[HOSTS, ...matchers].join(',')}}`;
}

export function rate(metric: string, ...matchers: string[]): string {
  return `rate(${of(metric, ...matchers)}[$__rate_interval])`;
}

// by('sum', 'volume', x) is one sum a host and volume, by('sum', '', x) one a host.
export function by(operation: string, labels: string, expr: string): string {
  return `${operation} by(${['job, instance', labels].filter(Boolean).join(', ')}) (${expr})`;
}

// A share or a mean; absent where it would be of nothing.
export const ratio = (part: string, whole: string) => `${part} / (${whole} > 0)`;

export const top = (expr: string) => `topk(10, ${expr})`;

// Bytes a second that something reads and writes: throughput('docker_volume').
export const throughput = (subject: string) =>
  `${rate(`${subject}_read_bytes_total`)} + ${rate(`${subject}_written_bytes_total`)}`;

// Of a metric that other programs have as well only that of agents.
export function ofAgents(expr: string): string {
  return `${expr} and on(job, instance) ${of('volumeter_build_info')}`;
}

// Of all targets whose job has, or had within a day, an agent: also of those that are down.
const wereAgents = `group by(job) (last_over_time(${of('volumeter_build_info')}[1d]))`;
export const AGENTS_UP = `(${of('up')} and on(job) ${wereAgents})`;

export const FILESYSTEM = 'job, instance, device, mountpoint, fstype';
// As for the alerts: what is read-only cannot run full, and memory is watched as a volume's limit.
const unlessReadOnly = `unless on(${FILESYSTEM}) ${of('docker_filesystem_readonly')} == 1`;
const usedOf = (left: string, all: string) =>
  `(1 - ${ratio(of(left, 'fstype!="tmpfs"'), of(all))} ${unlessReadOnly})`;
export const USED = usedOf('docker_filesystem_avail_bytes', 'docker_filesystem_size_bytes');
export const INODES_USED = usedOf('docker_filesystem_files_free', 'docker_filesystem_files');

// Seconds until nothing is left at the speed of the last hour; absent if it does not shrink, or
// so slowly that it takes more than a quarter of a year.
export function timeUntilGone(metric: string): string {
  const left = of(metric, 'fstype!="tmpfs"');
  return `${left} / (-deriv(${left}[1h]) > 0) < 90 * 86400`;
}

// Bytes a day, over the time that is shown.
export function growthPerDay(metric: string, ...matchers: string[]): string {
  return `deriv(${of(metric, ...matchers)}[$__range]) * 86400`;
}

export function inProject(expr: string): string {
  const project = of('docker_volume_info', 'compose_project=~"$compose_project"');
  return `(${expr}) and on(job, instance, volume) ${project}`;
}

// One value a volume, with the labels that tables are merged by.
export const perVolume = (expr: string) => by('max', 'volume', expr);

// Says of each host that has no such metric why it is not there.
export function whyMissing(metric: string, reason: string): Query {
  return explain(of('docker_up'), of(metric), reason);
}

// The same of each host that has the one and not the other.
export function explain(expected: string, found: string, reason: string): Query {
  return {
    explains: true,
    expr: `${expected} * NaN unless on(job, instance) ${found}`,
    legend: `{{instance}}: ${reason}`,
  };
}

// One series for each host and value of these labels, for their sake alone.
export const only = (labels: string, expr: string) => by('group', labels, expr);

// quantile(0.99, 'docker_volume_io_latency_seconds', 'volume') is one value a volume.
export function quantile(share: number, histogram: string, labels: string, ...matchers: string[]) {
  const each = labels ? `${labels}, le` : 'le';
  const buckets = by('sum', each, rate(`${histogram}_bucket`, ...matchers));
  return `histogram_quantile(${share}, ${buckets})`;
}

export const firing = of('ALERTS', 'alertstate="firing"');

// 0 idle, 1 in use, 2 orphaned; see USE.
export function useOf(...matchers: string[]): string {
  const running = of('docker_volume_containers', 'state="running"', ...matchers);
  const orphaned = of('docker_volume_orphaned', ...matchers);
  return `2 * ${orphaned} + on(job, instance, volume) (${running} > bool 0)`;
}

// What share of its filesystem a volume takes.
export const shareOfFilesystem =
  `(${of('docker_volume_allocated_bytes')} ` +
  '* on(job, instance, volume) group_left(device, mountpoint, fstype) ' +
  `${of('docker_volume_filesystem_info')}) / on(${FILESYSTEM}) group_left() ` +
  of('docker_filesystem_size_bytes');

export const orphanedBytes =
  `(${of('docker_volume_allocated_bytes')} and on(job, instance, volume) ` +
  `${of('docker_volume_orphaned')} == 1)`;
