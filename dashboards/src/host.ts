// SPDX-License-Identifier: Apache-2.0
// One host: is its storage healthy, when is it full, and which volume is the reason?

import { composeProjects, dashboard } from './dashboard.js';
import { memory } from './host_memory.js';
import { toPage, toVolume } from './links.js';
import { ANSWERS, ioSource, READ_ONLY, USE } from './mappings.js';
import { bars, lines, stat } from './panels.js';
import {
  by,
  FILESYSTEM,
  firing,
  growthPerDay,
  INODES_USED,
  inProject,
  of,
  only,
  perVolume,
  rate,
  shareOfFilesystem,
  throughput,
  timeUntilGone,
  top,
  USED,
  useOf,
  whyMissing,
} from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';

const allocated = of('docker_volume_allocated_bytes');
const fs = (expr: string) => `max by(${FILESYSTEM}) (${expr})`;
const volumes = (expr: string) => perVolume(inProject(expr));
const mountpoint = '{{instance}} {{mountpoint}}';

const now = [
  stat('Docker', 'short', [4, 4], {
    description: `Whether the Docker Engine answers the agent; of several hosts the worst. If it
      does not, volumes are shown as last known: see the alert VolumeterDockerUnreachable.`,
    queries: [{ expr: `min(${of('docker_up')})` }],
    thresholds: colours.mustBeOne(),
    mappings: ANSWERS,
  }),
  stat('Alerts firing', 'short', [4, 4], {
    description: `Alerts of the chosen hosts that fire now. Which ones: hover over the marks in
      the graphs below, or ask Alertmanager.`,
    queries: [{ expr: `count(${firing}) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
  stat('Fullest filesystem', 'percentunit', [4, 4], {
    range: [0, 1],
    decimals: 1,
    description: `Share of the fullest filesystem under Docker data that is used. In orange
      DockerFilesystemFull begins: writes fail now or soon.`,
    queries: [{ expr: `max(${USED})` }],
    thresholds: colours.spaceUsed(),
  }),
  stat('Full in', 's', [4, 4], {
    decimals: 1,
    empty: 'nothing fills up',
    description: `When the first filesystem is full if it goes on as in the last hour. A forecast
      of one hour: a single large write makes it look bad for that long. The alerts
      DockerFilesystemFillingUp and DockerFilesystemFillingUpFast look closer.`,
    queries: [{ expr: `min(${timeUntilGone('docker_filesystem_avail_bytes')})` }],
    thresholds: colours.untilFull(),
  }),
  stat('Volumes by use', 'short', [8, 4], {
    name: true,
    description: `Volumes in use by a running container, idle (only stopped containers refer to
      them) and orphaned (no container does). Orphaned ones are on the dashboard Cleanup.`,
    queries: [{ expr: `sum by(state) (${of('docker_volumes')})`, legend: '{{state}}' }],
    links: [toPage('cleanup', 'Cleanup')],
  }),
];

const filesystems = [
  bars('Space used', 'percentunit', [8, 7], {
    range: [0, 1],
    decimals: 1,
    description: `Share of each filesystem that holds Docker data that users other than root
      cannot have any more. The colour changes where DockerFilesystemFillingUp (if it goes on) and
      DockerFilesystemFull begin; one with very many bytes left is not called full.`,
    queries: [{ expr: fs(USED), legend: mountpoint }],
    thresholds: colours.spaceUsed(),
  }),
  table('Filesystems', 'short', [16, 7], {
    description: `Every filesystem that holds Docker data. Bad: full soon, few inodes, read-only,
      not answering (its figures are then the last good ones). Alerts: DockerFilesystem*.`,
    keys: [
      { label: 'instance', width: 150 },
      { label: 'mountpoint' },
      { label: 'fstype', width: 65 },
    ],
    without: ['job', 'device'],
    columns: [
      { name: 'Free', expr: fs(of('docker_filesystem_avail_bytes')), unit: 'bytes', width: 90 },
      { name: 'Size', expr: fs(of('docker_filesystem_size_bytes')), unit: 'bytes', width: 90 },
      {
        name: 'Full in',
        expr: fs(timeUntilGone('docker_filesystem_avail_bytes')),
        unit: 's',
        thresholds: colours.untilFull(),
        width: 95,
      },
      {
        name: 'Inodes used',
        expr: fs(INODES_USED),
        unit: 'percentunit',
        thresholds: colours.inodesUsed(),
        width: 95,
      },
      {
        name: 'Mode',
        expr: fs(of('docker_filesystem_readonly')),
        mappings: READ_ONLY,
        thresholds: colours.anyIs(colours.WARNING),
        width: 85,
      },
      {
        name: 'State',
        expr: fs(of('docker_filesystem_up')),
        mappings: ANSWERS,
        thresholds: colours.mustBeOne(),
        width: 85,
      },
    ],
  }),
];

const everyVolume = [
  table('Volumes', 'short', [24, 10], {
    sortBy: 'Size',
    description: `Every volume: disk space, share of its filesystem, growth a day at the speed of
    the shown time, and who counts its I/O. Click a volume for its dashboard. Look first at what
    grows most (DockerVolumeGrowthUnusual) and at what is large and orphaned.`,
    keys: [
      { label: 'instance', width: 150 },
      { label: 'volume', links: [toVolume(true)] },
      { label: 'compose_project', width: 130 },
      { label: 'source', width: 150, mappings: ioSource('short') },
    ],
    columns: [
      {
        name: 'Size',
        expr: volumes(allocated),
        unit: 'bytes',
        width: 95,
      },
      {
        name: 'Share of filesystem',
        expr: volumes(shareOfFilesystem),
        unit: 'percentunit',
        width: 145,
      },
      {
        name: 'Growth a day',
        expr: volumes(growthPerDay('docker_volume_allocated_bytes')),
        unit: 'bytes',
        width: 110,
      },
      {
        name: 'Use',
        expr: volumes(useOf()),
        mappings: USE,
        thresholds: colours.use(),
        width: 85,
      },
      {
        name: 'Running',
        expr: volumes(of('docker_volume_containers', 'state="running"')),
        width: 80,
      },
      {
        name: 'Last used',
        expr: volumes(`${of('docker_volume_last_used_timestamp_seconds')} * 1000`),
        unit: 'dateTimeFromNow',
        width: 150,
      },
    ],
    labels: [
      only(
        'volume, compose_project',
        of('docker_volume_info', 'compose_project=~"$compose_project"'),
      ),
      only('volume, source', inProject(of('docker_volume_io_source_info'))),
    ],
  }),
];

const growth = [
  [
    lines('Size of the largest volumes', 'bytes', [12, 9], {
      stacked: true,
      description: `Disk space of the ten largest volumes, stacked. A band that widens is what fills
      the disk.`,
      queries: [
        {
          expr: top(volumes(allocated)),
          legend: '{{instance}} {{volume}}',
        },
      ],
      links: [toVolume()],
    }),
    lines('Space used over time', 'percentunit', [12, 9], {
      range: [0, 1],
      marked: true,
      description: `Share of each filesystem that is used. The dashed lines are where
      DockerFilesystemFillingUp (if it goes on) and DockerFilesystemFull begin.`,
      queries: [{ expr: fs(USED), legend: mountpoint }],
      thresholds: colours.spaceUsed(),
    }),
  ],
  [
    lines('Growth of volumes', 'bytes', [12, 8], {
      description: `Growth a day of the ten that grow most, measured over the last half hour of each
      moment. A step is one big write; a lasting height is a leak: see DockerVolumeGrowthUnusual.`,
      queries: [
        {
          expr: top(`${volumes(`deriv(${allocated}[30m]) * 86400`)} > 0`),
          legend: '{{instance}} {{volume}}',
        },
      ],
      links: [toVolume()],
      empty: 'no volume grows',
    }),
    lines('Inodes used', 'percentunit', [12, 8], {
      range: [0, 1],
      marked: true,
      description: `Share of the inodes of each filesystem that is used; a filesystem without free
      inodes takes no new file, however much space it has. The dashed lines
      are where DockerFilesystemInodesFillingUp (if it goes on) and DockerFilesystemInodesFull
      begin. Filesystems without a limit of inodes (btrfs) are absent.`,
      queries: [{ expr: fs(INODES_USED), legend: mountpoint }],
      thresholds: colours.inodesUsed(),
    }),
  ],
];

const devices = [
  [
    lines('Devices busy', 'percentunit', [8, 8], {
      range: [0, 1],
      marked: true,
      description: `Share of the time in which a device had anything to do. Bad for a disk if it
      stays near 1 and the queue grows: see DockerDeviceSaturated. An SSD can be at 1 and have
      room.`,
      queries: [
        { expr: rate('docker_device_io_time_seconds_total'), legend: '{{instance}} {{device}}' },
      ],
      thresholds: colours.busy(),
      links: [toPage('io', 'I/O')],
    }),
    lines('Throughput of devices', 'Bps', [8, 8], {
      description: `Bytes that devices read (above) and wrote (below zero). Who causes them:
      containers at the right, where the kernel counts by container.`,
      queries: [
        { expr: rate('docker_device_read_bytes_total'), legend: '{{instance}} {{device}} read' },
        {
          expr: `-${rate('docker_device_written_bytes_total')}`,
          legend: '{{instance}} {{device}} written',
        },
      ],
    }),
    lines('I/O of containers', 'Bps', [8, 8], {
      description: `Bytes a second that the ten busiest containers read from and write to block
      devices. With cgroup version 1 writes to the page cache are not among them.`,
      queries: [
        {
          expr: top(`${by('sum', 'container', throughput('docker_container'))} > 0`),
          legend: '{{instance}} {{container}}',
        },
        whyMissing('docker_container_read_bytes_total', 'its kernel counts none'),
      ],
    }),
  ],
];

export const host = () =>
  dashboard({
    name: 'host',
    title: 'Volumeter / Host',
    variables: [composeProjects()],
    description: `Filesystems, volumes and devices of Docker hosts: is anything full, when will it
    be, and who is the reason?`,
    top: [now, filesystems, everyVolume],
    rows: [
      { title: 'Growth', lines: growth },
      { title: 'I/O', lines: devices },
      { title: 'tmpfs and bind mounts', lines: memory, collapsed: true },
    ],
  });
