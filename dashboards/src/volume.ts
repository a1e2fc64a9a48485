// SPDX-License-Identifier: Apache-2.0
// One volume: how large, when full, who uses it, and how fast it is.

import { composeProjects, dashboard, variable } from './dashboard.js';
import { toHost, toPage } from './links.js';
import { instead, SCAN_STATES, USE } from './mappings.js';
import { lines, stat } from './panels.js';
import { by, growthPerDay, of, only, ratio, timeUntilGone, USED, useOf } from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';
import { volumeIo, whoCounts } from './volume_io.js';
import {
  allocated,
  mine,
  myMounts,
  noNumber,
  onMyFilesystem,
  orNothing,
  THIS,
} from './volume_query.js';

const now = [
  stat('Size', 'bytes', [3, 4], {
    trend: true,
    description: `Disk space that the volume occupies, as du has it. It is measured in the
      background: "Measurement" below says when and how.`,
    queries: [{ expr: `max(${allocated})` }],
  }),
  stat('Growth a day', 'bytes', [3, 4], {
    decimals: 1,
    description: `Its growth at the mean speed of the shown time. Out of the ordinary:
      DockerVolumeGrowthUnusual.`,
    queries: [{ expr: `max(${growthPerDay('docker_volume_allocated_bytes', THIS)})` }],
  }),
  stat('Share of its limit', 'percentunit', [3, 4], {
    range: [0, 1],
    decimals: 1,
    mappings: instead('has no limit'),
    description: `How much of its quota, or of the memory that it may take, is used. Alerts:
      DockerVolumeNearLimit and DockerVolumeAtLimit.`,
    queries: [
      {
        expr: orNothing(`max(${ratio(allocated, mine('docker_volume_limit_bytes'))})`),
      },
    ],
    thresholds: colours.ofLimit(),
  }),
  stat('Filesystem used', 'percentunit', [3, 4], {
    range: [0, 1],
    decimals: 1,
    empty: 'in memory, or read-only',
    description: `Share of the filesystem below the volume that is used, by whomever. When it is
      full (DockerFilesystemFull), writes to this volume fail, too.`,
    queries: [{ expr: `max(${onMyFilesystem(USED)})` }],
    thresholds: colours.spaceUsed(),
    links: [toHost()],
  }),
  stat('Filesystem full in', 's', [3, 4], {
    decimals: 1,
    mappings: instead('does not fill up'),
    description: `When the filesystem below it is full if that goes on as in the last hour:
      DockerFilesystemFillingUp and DockerFilesystemFillingUpFast look closer.`,
    queries: [
      { expr: orNothing(`min(${onMyFilesystem(timeUntilGone('docker_filesystem_avail_bytes'))})`) },
    ],
    thresholds: colours.untilFull(),
  }),
  stat('Use', 'short', [3, 4], {
    description: `In use by a running container, idle (only stopped containers refer to it) or
      orphaned (none does): see the dashboard Cleanup.`,
    queries: [{ expr: `max(${useOf(THIS)})` }],
    mappings: USE,
    thresholds: colours.use(),
    links: [toPage('cleanup', 'Cleanup')],
  }),
  stat('Last used', 'dateTimeFromNow', [6, 4], {
    mappings: instead('never seen in use'),
    description: 'When a running container last referred to it; now while one does.',
    queries: [
      { expr: orNothing(`max(${mine('docker_volume_last_used_timestamp_seconds')}) * 1000`) },
    ],
  }),
];

const sizeAndUsers = [
  lines('Size over time', 'bytes', [12, 9], {
    description: `Occupied disk space, the sum of the lengths of its files (larger if files have
      holes), and its limit if it has one. Near the limit: DockerVolumeNearLimit, at it:
      DockerVolumeAtLimit.`,
    queries: [
      {
        expr: allocated,
        legend: '{{instance}} occupied',
        colour: colours.GOOD,
      },
      {
        expr: mine('docker_volume_size_bytes'),
        legend: '{{instance}} lengths of files',
        colour: colours.NEUTRAL,
      },
      {
        expr: mine('docker_volume_limit_bytes'),
        legend: '{{instance}} limit',
        colour: colours.BAD,
      },
    ],
  }),
  table('Who mounts it', 'short', [12, 9], {
    empty: 'no container, running or stopped, refers to it',
    description: `Containers that have it, by name (kind volume) or by a bind mount of its
      directory (kind bind), running or not.`,
    keys: [
      { label: 'instance', width: 140 },
      { label: 'container' },
      { label: 'compose_service', width: 125 },
      { label: 'destination' },
      { label: 'kind', width: 65 },
      { label: 'mode', width: 55 },
    ],
    columns: [],
    labels: [only('container, compose_service, destination, kind, mode', myMounts)],
  }),
];

const seconds = (metric: string) => by('max', '', mine(metric));
const contents = [
  [
    lines('Inodes', 'short', [6, 7], {
      description: `Files and directories of the volume. Millions of small ones use up the inodes of
      the filesystem: DockerFilesystemInodesFillingUp.`,
      queries: [
        { expr: mine('docker_volume_inodes_used'), legend: '{{instance}} inodes' },
        { ...noNumber('docker_volume_inodes_used'), legend: '{{instance}}: not walked' },
      ],
    }),
    table('Cold data', 'bytes', [7, 7], {
      sortBy: 'Not modified for',
      empty: 'not walked: its filesystem accounts for it',
      description: `Disk space of what was not modified for so many days; a smaller number of days
      includes the larger ones. A candidate for archiving.`,
      keys: [{ label: 'instance' }, { label: 'days', width: 60 }],
      columns: [
        {
          name: 'Not modified for',
          expr: by('max', 'days', mine('docker_volume_old_bytes')),
          width: 130,
        },
      ],
    }),
    table('Measurement', 'short', [11, 7], {
      empty: 'not measured yet',
      description: `How its size is measured, how that goes, when and how long. Old:
      VolumeterSizesStale. In a state other than measured the size is the last good one.`,
      keys: [
        { label: 'instance', width: 135 },
        { label: 'method', width: 65 },
        { label: 'state', mappings: SCAN_STATES },
      ],
      columns: [
        {
          name: 'Measured',
          unit: 'dateTimeFromNow',
          expr: `${seconds('docker_volume_scan_timestamp_seconds')} * 1000`,
          width: 140,
        },
        {
          name: 'Took',
          unit: 's',
          expr: seconds('docker_volume_scan_duration_seconds'),
          width: 75,
        },
        {
          name: 'Errors',
          expr: seconds('docker_volume_scan_errors'),
          thresholds: colours.anyIs(colours.WARNING),
          width: 65,
        },
      ],
      labels: [only('method, state', mine('docker_volume_scan_info'))],
    }),
  ],
];

export const volume = () =>
  dashboard({
    name: 'volume',
    title: 'Volumeter / Volume',
    description: 'One volume: how large, when full, who uses it, and how fast it is.',
    variables: [
      composeProjects(),
      variable('volume', 'Volume', of('docker_volume_info', 'compose_project=~"$compose_project"')),
    ],
    top: [now, sizeAndUsers, whoCounts],
    rows: [
      { title: 'I/O', lines: volumeIo },
      { title: 'Contents and measurement', lines: contents },
    ],
  });
