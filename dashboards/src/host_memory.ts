// SPDX-License-Identifier: Apache-2.0
// Storage of containers other than volumes: tmpfs and bind mounts.

import { NOT_MEASURED } from './mappings.js';
import { by, of, ratio } from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';

const usedMemory = of('docker_mount_used_bytes');
const memoryLimit = of('docker_mount_limit_bytes');

const bind = of('docker_mount_info', 'kind="bind"');
const binds =
  'max by(job, instance, container, source, destination, mode) ' +
  `(${bind} * on(job, instance, source) group_left() ${of('docker_bind_allocated_bytes')} ` +
  `or ${bind} * NaN)`;

export const memory = [
  [
    table('tmpfs mounts', 'bytes', [12, 7], {
      empty: 'No tmpfs mounts in running containers',
      description: `Memory used by tmpfs mounts of running containers. Writes fail at the limit.
        Alert: DockerTmpfsNearLimit.`,
      keys: [{ label: 'instance', width: 150 }, { label: 'container' }, { label: 'destination' }],
      columns: [
        {
          name: 'Used',
          expr: by('max', 'container, destination', usedMemory),
          width: 90,
        },
        {
          name: 'Limit',
          expr: by('max', 'container, destination', memoryLimit),
          width: 90,
        },
        {
          name: 'Utilization',
          expr: by('max', 'container, destination', ratio(usedMemory, memoryLimit)),
          unit: 'percentunit',
          thresholds: colours.tmpfsUsed(),
          width: 95,
        },
      ],
    }),
    table('Bind mounts', 'short', [12, 7], {
      description: `Host directories bind-mounted into containers. Their space is not part of any
        volume. Directories selected by --collector.sizes.binds are measured.`,
      keys: [
        { label: 'instance', width: 150 },
        { label: 'container' },
        { label: 'source' },
        { label: 'destination' },
        { label: 'mode', width: 60 },
      ],
      columns: [
        { name: 'Disk space', expr: binds, unit: 'bytes', mappings: NOT_MEASURED, width: 110 },
      ],
      empty: 'No bind mounts',
    }),
  ],
];
