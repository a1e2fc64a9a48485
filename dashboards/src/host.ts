// SPDX-License-Identifier: Apache-2.0
// One host: health, utilization and growth of its storage, down to volumes and containers.

import { composeProjects, dashboard } from './dashboard.js';
import { memory } from './host_memory.js';
import { toPage, toVolume } from './links.js';
import { ioSource, MODE, REACHABLE, RESPONDING, STATE } from './mappings.js';
import { bars, lines, stat } from './panels.js';
import {
  by,
  FILESYSTEM,
  firing,
  growthPerDay,
  INODES_USED,
  inProject,
  NO_CGROUP_IO,
  of,
  only,
  perVolume,
  rate,
  shareOfFilesystem,
  stateOf,
  throughput,
  timeUntilGone,
  top,
  USED,
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
    description: `Whether the agent can reach the Docker Engine; the worst of several hosts. While
      it cannot, volumes are shown as last known. Alert: VolumeterDockerUnreachable.`,
    queries: [{ expr: `min(${of('docker_up')})` }],
    thresholds: colours.mustBeOne(),
    mappings: REACHABLE,
  }),
  stat('Alerts firing', 'short', [4, 4], {
    description: `Alerts firing for the selected hosts. To list them, hover over the annotations in
      the graphs below or open Alertmanager.`,
    queries: [{ expr: `count(${firing}) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
  stat('Fullest filesystem', 'percentunit', [4, 4], {
    range: [0, 1],
    decimals: 1,
    description: `Highest utilization of a filesystem that holds Docker data. Orange is the
      threshold of DockerFilesystemFull: writes fail now or soon.`,
    queries: [{ expr: `max(${USED})` }],
    thresholds: colours.spaceUsed(),
  }),
  stat('Time to full (soonest)', 's', [4, 4], {
    decimals: 1,
    empty: 'No filesystem filling up',
    description: `Time until the first filesystem is full at the rate of the last hour. A single
      large write distorts this for an hour; the alerts DockerFilesystemFillingUp and
      DockerFilesystemFillingUpFast also check longer trends.`,
    queries: [{ expr: `min(${timeUntilGone('docker_filesystem_avail_bytes')})` }],
    thresholds: colours.untilFull(),
  }),
  stat('Volumes by state', 'short', [8, 4], {
    name: true,
    description: `Volumes in use by a running container, idle (only containers that are not running
      refer to them) and orphaned (no container does). The Cleanup dashboard lists the last two.`,
    queries: [{ expr: `sum by(state) (${of('docker_volumes')})`, legend: '{{state}}' }],
    links: [toPage('cleanup', 'Cleanup')],
  }),
];

const filesystems = [
  bars('Filesystem utilization', 'percentunit', [8, 7], {
    range: [0, 1],
    decimals: 1,
    description: `Share of each filesystem that is not available to non-root users. Thresholds:
      DockerFilesystemFillingUp (if the trend continues) and DockerFilesystemFull, which does not
      fire while many bytes are free.`,
    queries: [{ expr: fs(USED), legend: mountpoint }],
    thresholds: colours.spaceUsed(),
  }),
  table('Filesystems', 'short', [16, 7], {
    description: `Filesystems that hold Docker data. Critical: full soon, few free inodes,
      read-only, not responding (figures are then the last known). Alerts: DockerFilesystem*.`,
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
        name: 'Time to full',
        expr: fs(timeUntilGone('docker_filesystem_avail_bytes')),
        unit: 's',
        thresholds: colours.untilFull(),
        width: 105,
      },
      {
        name: 'Inodes',
        expr: fs(INODES_USED),
        unit: 'percentunit',
        thresholds: colours.inodesUsed(),
        width: 95,
      },
      {
        name: 'Mode',
        expr: fs(of('docker_filesystem_readonly')),
        mappings: MODE,
        thresholds: colours.anyIs(colours.WARNING),
        width: 85,
      },
      {
        name: 'State',
        expr: fs(of('docker_filesystem_up')),
        mappings: RESPONDING,
        thresholds: colours.mustBeOne(),
        width: 120,
      },
    ],
  }),
];

const everyVolume = [
  table('Volumes', 'short', [24, 10], {
    sortBy: 'Disk space',
    description: `All volumes: allocated disk space, share of their filesystem, growth per day over
      the selected time range, and the source of their I/O counters. Click a volume for its
      dashboard. Look first at volumes with high growth (DockerVolumeGrowthUnusual) and at large
      orphaned ones.`,
    keys: [
      { label: 'instance', width: 150 },
      { label: 'volume', links: [toVolume(true)] },
      { label: 'compose_project', width: 130 },
      { label: 'source', width: 150, mappings: ioSource('short') },
    ],
    columns: [
      {
        name: 'Disk space',
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
        name: 'Growth per day',
        expr: volumes(growthPerDay('docker_volume_allocated_bytes')),
        unit: 'bytes',
        width: 120,
      },
      {
        name: 'State',
        expr: volumes(stateOf()),
        mappings: STATE,
        thresholds: colours.volumeState(),
        width: 85,
      },
      {
        name: 'Running containers',
        expr: volumes(of('docker_volume_containers', 'state="running"')),
        width: 145,
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
    lines('Disk space by volume (top 10)', 'bytes', [12, 9], {
      stacked: true,
      description: `Allocated disk space of the ten largest volumes, stacked. A widening band is
        the volume that fills the disk.`,
      queries: [
        {
          expr: top(volumes(allocated)),
          legend: '{{instance}} {{volume}}',
        },
      ],
      links: [toVolume()],
    }),
    lines('Filesystem utilization over time', 'percentunit', [12, 9], {
      range: [0, 1],
      marked: true,
      description: `Utilization of each filesystem. Dashed lines: thresholds of
        DockerFilesystemFillingUp (if the trend continues) and DockerFilesystemFull.`,
      queries: [{ expr: fs(USED), legend: mountpoint }],
      thresholds: colours.spaceUsed(),
    }),
  ],
  [
    lines('Growth per day by volume (top 10)', 'bytes', [12, 8], {
      description: `Growth per day of the ten fastest-growing volumes, over a 30m window. A spike
        is one large write; sustained growth may be a leak: see DockerVolumeGrowthUnusual.`,
      queries: [
        {
          expr: top(`${volumes(`deriv(${allocated}[30m]) * 86400`)} > 0`),
          legend: '{{instance}} {{volume}}',
        },
      ],
      links: [toVolume()],
      empty: 'No volume growing',
    }),
    lines('Inode utilization', 'percentunit', [12, 8], {
      range: [0, 1],
      marked: true,
      description: `Share of each filesystem's inodes in use. Without free inodes no file can be
        created, however much space is free. Dashed lines: thresholds of
        DockerFilesystemInodesFillingUp (if the trend continues) and DockerFilesystemInodesFull.
        Filesystems without a fixed number of inodes (btrfs) are absent.`,
      queries: [{ expr: fs(INODES_USED), legend: mountpoint }],
      thresholds: colours.inodesUsed(),
    }),
  ],
];

const devices = [
  [
    lines('Disk utilization', 'percentunit', [8, 8], {
      range: [0, 1],
      marked: true,
      description: `Share of time with at least one I/O in progress. A disk near 100% with a
        growing queue is saturated: see DockerDeviceSaturated. SSDs can have headroom at 100%.`,
      queries: [
        { expr: rate('docker_device_io_time_seconds_total'), legend: '{{instance}} {{device}}' },
      ],
      thresholds: colours.busy(),
      links: [toPage('io', 'I/O')],
    }),
    lines('Disk throughput', 'Bps', [8, 8], {
      description: `Bytes read (above zero) and written (below zero) per second by device. For the
        containers that cause it, see the panel at the right.`,
      queries: [
        { expr: rate('docker_device_read_bytes_total'), legend: '{{instance}} {{device}} read' },
        {
          expr: `-${rate('docker_device_written_bytes_total')}`,
          legend: '{{instance}} {{device}} written',
        },
      ],
    }),
    lines('Container throughput (top 10)', 'Bps', [8, 8], {
      description: `Bytes read from and written to block devices per second by the ten busiest
        containers. With cgroup v1, buffered writes are not included.`,
      queries: [
        {
          expr: top(`${by('sum', 'container', throughput('docker_container'))} > 0`),
          legend: '{{instance}} {{container}}',
        },
        whyMissing('docker_container_read_bytes_total', NO_CGROUP_IO),
      ],
    }),
  ],
];

export const host = () =>
  dashboard({
    name: 'host',
    title: 'Volumeter / Host',
    variables: [composeProjects()],
    description: `Filesystems, volumes and disks of Docker hosts: utilization, time to full, and
      the volumes and containers behind it.`,
    top: [now, filesystems, everyVolume],
    rows: [
      { title: 'Growth', lines: growth },
      { title: 'I/O', lines: devices },
      { title: 'tmpfs and bind mounts', lines: memory, collapsed: true },
    ],
  });
