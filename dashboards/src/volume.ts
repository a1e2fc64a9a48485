// SPDX-License-Identifier: Apache-2.0
// One volume: size, growth, containers, I/O and latency.

import { composeProjects, dashboard, variable } from './dashboard.js';
import { toHost, toPage } from './links.js';
import { instead, SCAN_STATES, STATE } from './mappings.js';
import { lines, stat } from './panels.js';
import {
  by,
  growthPerDay,
  NO_SCAN,
  of,
  only,
  ratio,
  sentence,
  stateOf,
  timeUntilGone,
  USED,
} from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';
import { ioSources, volumeIo } from './volume_io.js';
import {
  allocated,
  mine,
  myMounts,
  notAvailable,
  onMyFilesystem,
  orNothing,
  THIS,
} from './volume_query.js';

const now = [
  stat('Disk space', 'bytes', [3, 4], {
    trend: true,
    description: `Disk space allocated to the volume, as du. Sampled in the background: see "Size
      measurement" below.`,
    queries: [{ expr: `max(${allocated})` }],
  }),
  stat('Growth per day', 'bytes', [3, 4], {
    decimals: 1,
    description: `Mean growth per day over the selected time range. Alert:
      DockerVolumeGrowthUnusual.`,
    queries: [{ expr: `max(${growthPerDay('docker_volume_allocated_bytes', THIS)})` }],
  }),
  stat('Limit utilization', 'percentunit', [3, 4], {
    range: [0, 1],
    decimals: 1,
    mappings: instead('no limit'),
    description: `Used share of the volume's quota or size limit. Alerts: DockerVolumeNearLimit and
      DockerVolumeAtLimit.`,
    queries: [
      {
        expr: orNothing(`max(${ratio(allocated, mine('docker_volume_limit_bytes'))})`),
      },
    ],
    thresholds: colours.ofLimit(),
  }),
  stat('Filesystem utilization', 'percentunit', [3, 4], {
    range: [0, 1],
    decimals: 1,
    empty: 'Not available: tmpfs or read-only',
    description: `Utilization of the filesystem that holds the volume, by all data on it. When it
      is full, writes to this volume fail. Alert: DockerFilesystemFull.`,
    queries: [{ expr: `max(${onMyFilesystem(USED)})` }],
    thresholds: colours.spaceUsed(),
    links: [toHost()],
  }),
  stat('Time to full', 's', [3, 4], {
    decimals: 1,
    mappings: instead('not filling up'),
    description: `Time until the filesystem that holds the volume is full, at the rate of the last
      hour. Alerts: DockerFilesystemFillingUp and DockerFilesystemFillingUpFast.`,
    queries: [
      { expr: orNothing(`min(${onMyFilesystem(timeUntilGone('docker_filesystem_avail_bytes'))})`) },
    ],
    thresholds: colours.untilFull(),
  }),
  stat('State', 'short', [3, 4], {
    description: `In use by a running container, idle (only containers that are not running refer
      to it) or orphaned (no container does): see the Cleanup dashboard.`,
    queries: [{ expr: `max(${stateOf(THIS)})` }],
    mappings: STATE,
    thresholds: colours.volumeState(),
    links: [toPage('cleanup', 'Cleanup')],
  }),
  stat('Last used', 'dateTimeFromNow', [6, 4], {
    mappings: instead('never seen in use'),
    description: 'When a running container last referred to the volume; now while it is in use.',
    queries: [
      { expr: orNothing(`max(${mine('docker_volume_last_used_timestamp_seconds')}) * 1000`) },
    ],
  }),
];

const sizeAndContainers = [
  lines('Disk space and apparent size', 'bytes', [12, 9], {
    description: `Allocated disk space, apparent size (larger if files are sparse) and limit, if
      any. Alerts: DockerVolumeNearLimit and DockerVolumeAtLimit.`,
    queries: [
      {
        expr: allocated,
        legend: '{{instance}} allocated',
        colour: colours.GOOD,
      },
      {
        expr: mine('docker_volume_size_bytes'),
        legend: '{{instance}} apparent size',
        colour: colours.NEUTRAL,
      },
      {
        expr: mine('docker_volume_limit_bytes'),
        legend: '{{instance}} limit',
        colour: colours.BAD,
      },
    ],
  }),
  table('Mounted by', 'short', [12, 9], {
    empty: 'No container mounts this volume',
    description: `Containers, running or not, that mount the volume by name (kind volume) or by a
      bind mount of its directory (kind bind).`,
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
      description: `Files and directories in the volume. Millions of small files exhaust the inodes
        of the filesystem. Alert: DockerFilesystemInodesFillingUp.`,
      queries: [
        { expr: mine('docker_volume_inodes_used'), legend: '{{instance}} inodes' },
        { ...notAvailable('docker_volume_inodes_used'), legend: `{{instance}}: ${NO_SCAN}` },
      ],
    }),
    table('Cold data', 'bytes', [7, 7], {
      sortBy: 'Disk space',
      empty: sentence(NO_SCAN),
      description: `Disk space of files and directories not modified for at least this many days;
        cumulative: 30 days includes 90 days. Candidates for archiving. From the last full scan.`,
      keys: [{ label: 'instance' }, { label: 'days', width: 60 }],
      columns: [
        {
          name: 'Disk space',
          expr: by('max', 'days', mine('docker_volume_old_bytes')),
          width: 130,
        },
      ],
    }),
    table('Size measurement', 'short', [11, 7], {
      empty: 'Not measured yet',
      description: `Method, state, time and duration of the size measurement. In a state other than
        measured the size is the last known. Alert: VolumeterSizesStale.`,
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
          name: 'Duration',
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
    description: 'One volume: size, growth, containers, I/O and latency.',
    variables: [
      composeProjects(),
      variable('volume', 'Volume', of('docker_volume_info', 'compose_project=~"$compose_project"')),
    ],
    top: [now, sizeAndContainers, ioSources],
    rows: [
      { title: 'I/O', lines: volumeIo },
      { title: 'Contents and measurement', lines: contents },
    ],
  });
