// SPDX-License-Identifier: Apache-2.0
// What containers of a host have that is no volume: memory and its own directories.

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
      empty: 'no running container has a tmpfs mount',
      description: `Memory that tmpfs mounts of running containers use. Near the limit
      DockerTmpfsNearLimit fires, and then writes fail.`,
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
          name: 'Share',
          expr: by('max', 'container, destination', ratio(usedMemory, memoryLimit)),
          unit: 'percentunit',
          thresholds: colours.tmpfsUsed(),
          width: 80,
        },
      ],
    }),
    table('Bind mounts', 'short', [12, 7], {
      description: `Directories of the host that containers have by bind mounts, and how. None of
      their space is counted to a volume; --collector.sizes.binds measures those that it chooses.`,
      keys: [
        { label: 'instance', width: 150 },
        { label: 'container' },
        { label: 'source' },
        { label: 'destination' },
        { label: 'mode', width: 60 },
      ],
      columns: [{ name: 'Size', expr: binds, unit: 'bytes', mappings: NOT_MEASURED, width: 110 }],
      empty: 'no container has a bind mount',
    }),
  ],
];
