// SPDX-License-Identifier: Apache-2.0
// Words for values.

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

export const ANSWERS = words({ 0: 'no answer', 1: 'answers' });
export const UP = words({ 0: 'down', 1: 'up' });
export const SUCCESS = words({ 0: 'failed', 1: 'good' });
export const YES = words({ 0: 'no', 1: 'yes' });
export const READ_ONLY = words({ 0: 'writable', 1: 'read-only' });
export const USE = words({ 0: 'idle', 1: 'in use', 2: 'orphaned' });

// States of measuring a size; docs/metrics.md tells what they mean.
export const SCAN_STATES = words({
  pending: 'pending: not yet',
  unmounted: 'unmounted: no container has it mounted',
  no_path: 'no_path: its driver names no directory',
  timeout: 'timeout: no answer',
});

// What there is instead of a number. Grafana takes a last value that is not one for no value.
export function instead(text: string): ValueMapping[] {
  const options = { match: SpecialValueMatch.NullAndNan, result: { text, color: NEUTRAL } };
  return [{ type: MappingType.SpecialValue, options }];
}

export const NOT_MEASURED = instead('not measured');

// A cell without a value has not the colour of a low one.
export const ABSENT: ValueMapping = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.Null, result: { text: '-', color: NEUTRAL } },
};

// Who counts a volume's I/O, in a word or so that it explains itself.
export function ioSource(length: 'short' | 'long'): ValueMapping[] {
  const short = {
    ebpf: 'ebpf',
    nfs: 'nfs',
    device: 'device',
    cgroup: 'cgroup',
    shared: 'shared: not known',
  };
  return words(
    length === 'short'
      ? short
      : {
          ebpf: 'Calls of containers, which eBPF counts in the kernel: exact, with latency',
          nfs: 'Requests to the NFS server, which the client counts',
          device: 'What the disk did: the volume has a device of its own',
          cgroup: 'What its only container did on the disk, as its cgroup counts',
          shared:
            'No number: others use the same disk and containers. eBPF would tell them apart; ' +
            'volumeter --check says why it does not',
        },
  );
}
