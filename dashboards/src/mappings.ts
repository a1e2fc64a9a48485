// SPDX-License-Identifier: Apache-2.0
// Texts for values.

import {
  MappingType,
  SpecialValueMatch,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { NEUTRAL } from './thresholds.js';

function words(texts: Record<string, string>): ValueMapping[] {
  const options = Object.entries(texts).map(([value, text], index) => [value, { text, index }]);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}

export const REACHABLE = words({ 0: 'unreachable', 1: 'reachable' });
export const RESPONDING = words({ 0: 'not responding', 1: 'ok' });
export const UP = words({ 0: 'down', 1: 'up' });
export const SUCCESS = words({ 0: 'failed', 1: 'ok' });
export const YES = words({ 0: 'no', 1: 'yes' });
export const MODE = words({ 0: 'read-write', 1: 'read-only' });
export const STATE = words({ 0: 'idle', 1: 'in use', 2: 'orphaned' });

// States of a size measurement; see docker_volume_scan_info in docs/metrics.md.
export const SCAN_STATES = words({
  pending: 'pending: not measured yet',
  unmounted: 'unmounted: no container mounts it',
  no_path: 'no_path: the driver reports no mount point',
  timeout: 'timeout: filesystem not responding',
  not_asked: 'not_asked: see the log of the agent',
});

// A text in place of a missing number. Grafana treats a last value of NaN as no value.
export function instead(text: string): ValueMapping[] {
  const options = { match: SpecialValueMatch.NullAndNan, result: { text, color: NEUTRAL } };
  return [{ type: MappingType.SpecialValue, options }];
}

export const NOT_MEASURED = instead('not measured');

// A cell without a value does not have the color of a low one.
export const ABSENT: ValueMapping = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.Null, result: { text: '-', color: NEUTRAL } },
};

// The source of a volume's I/O counters, as one word or as an explanation.
export function ioSource(length: 'short' | 'long'): ValueMapping[] {
  const short = {
    ebpf: 'ebpf',
    nfs: 'nfs',
    device: 'device',
    cgroup: 'cgroup',
    shared: 'shared: not available',
  };
  return words(
    length === 'short'
      ? short
      : {
          ebpf: 'ebpf: syscalls of containers, counted in the kernel; exact, with latency',
          nfs: 'nfs: requests to the NFS server, counted by the NFS client',
          device: 'device: requests to the disk; the volume has its own block device',
          cgroup: 'cgroup: disk requests of its containers, which use nothing else on that disk',
          shared:
            'shared: not available: no eBPF, and other volumes or containers share the disk. ' +
            'Run volumeter --check on the host',
        },
  );
}
