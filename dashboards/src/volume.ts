// SPDX-License-Identifier: Apache-2.0
// One volume: how large, when full, who uses it, and how fast it is.

import { composeProjects, dashboard, variable } from './dashboard.js';
import { toHost, toPage } from './links.js';
import { ioSource, SCAN_STATES, USE } from './mappings.js';
import { heatmap, lines, stat } from './panels.js';
import {
  FILESYSTEM,
  growthPerDay,
  of,
  only,
  quantile,
  type Query,
  rate,
  timeUntilGone,
  USED,
  useOfVolume,
} from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';

const THIS = 'volume="$volume"';
const mine = (metric: string, ...matchers: string[]) => of(metric, THIS, ...matchers);
const myRate = (metric: string, ...matchers: string[]) => rate(metric, THIS, ...matchers);
const onMyFilesystem = (expr: string) =>
  `(${expr}) and on(${FILESYSTEM}) ${mine('docker_volume_filesystem_info')}`;
const onMyDisks = (expr: string) =>
  `(${expr}) and on(job, instance, device) (${of('docker_filesystem_device_info')}` +
  ` and on(job, instance, mountpoint) ${mine('docker_volume_filesystem_info')})`;
const MOUNT = 'job, instance, container, destination';
// By its name, or by a bind mount of its directory.
const myMounts =
  `(${mine('docker_mount_info')} or ${of('docker_mount_info', 'kind="bind"')}` +
  ` and on(job, instance, source) label_replace(${mine('docker_volume_info')},` +
  ' "source", "$1", "mountpoint", "(.+)"))';
const throughMyMounts = (expr: string) =>
  `(${expr}) * on(${MOUNT}) group_left() group by(${MOUNT}) (${myMounts})`;

const noNumber = (metric: string): Query => ({
  explains: true,
  expr: `${mine('docker_volume_info')} * NaN unless on(job, instance, volume) ${mine(metric)}`,
  legend: '{{instance}}: no number, see above why',
});
const NEEDS_EBPF = 'Only eBPF knows this: "Who counts its I/O" says what this host has instead.';
const READ = colours.GOOD;
const WRITTEN = colours.BAD;
const SYNCED = colours.NEUTRAL;

const now = [
  stat('Size', 'bytes', [3, 4], {
    trend: true,
    description: `Disk space that the volume occupies, as du has it. It is measured in the
      background: "Measurement" below says when and how.`,
    queries: [{ expr: `max(${mine('docker_volume_allocated_bytes')})` }],
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
    empty: 'has no limit',
    description: `How much of its quota, or of the memory that it may take, is used. Alerts:
      DockerVolumeNearLimit and DockerVolumeAtLimit.`,
    queries: [
      {
        expr: `max(${mine('docker_volume_allocated_bytes')} / ${mine('docker_volume_limit_bytes')})`,
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
    empty: 'does not fill up',
    description: `When the filesystem below it is full if that goes on as in the last hour:
      DockerFilesystemFillingUp and DockerFilesystemFillingUpFast look closer.`,
    queries: [{ expr: `min(${onMyFilesystem(timeUntilGone('docker_filesystem_avail_bytes'))})` }],
    thresholds: colours.untilFull(),
  }),
  stat('Use', 'short', [3, 4], {
    description: `In use by a running container, idle (only stopped containers refer to it) or
      orphaned (none does): see the dashboard Cleanup.`,
    queries: [{ expr: `max(${useOfVolume.replaceAll('}', `,${THIS}}`)})` }],
    mappings: USE,
    thresholds: colours.use(),
    links: [toPage('cleanup', 'Cleanup')],
  }),
  stat('Last used', 'dateTimeFromNow', [6, 4], {
    empty: 'never seen in use',
    description: 'When a running container last referred to it; now while one does.',
    queries: [{ expr: `max(${mine('docker_volume_last_used_timestamp_seconds')}) * 1000` }],
  }),
];

const sizeAndUsers = [
  lines('Size over time', 'bytes', [12, 9], {
    description: `Occupied disk space, the sum of the lengths of its files (larger if files have
      holes), and its limit if it has one. Near the limit: DockerVolumeNearLimit, at it:
      DockerVolumeAtLimit.`,
    queries: [
      {
        expr: mine('docker_volume_allocated_bytes'),
        legend: '{{instance}} occupied',
        colour: READ,
      },
      {
        expr: mine('docker_volume_size_bytes'),
        legend: '{{instance}} lengths of files',
        colour: SYNCED,
      },
      { expr: mine('docker_volume_limit_bytes'), legend: '{{instance}} limit', colour: WRITTEN },
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

const whoCounts = [
  table('Who counts its I/O', 'short', [24, 4], {
    empty: 'nobody: no running container has it mounted, so there is no I/O to count',
    description: `Where the numbers below come from, and why there is none if there is none.
    volumeter --check on the host says what its kernel allows.`,
    keys: [
      { label: 'instance', width: 200 },
      { label: 'source', mappings: ioSource('long') },
    ],
    columns: [],
    labels: [only('source', mine('docker_volume_io_source_info'))],
  }),
];

const io = [
  [
    lines('Operations', 'ops', [8, 8], {
      description: `Reads, writes and fsyncs a second on its files that did not fail. Many fsyncs
      make a database wait for the disk.`,
      queries: [
        { expr: myRate('docker_volume_reads_total'), legend: '{{instance}} reads', colour: READ },
        {
          expr: myRate('docker_volume_writes_total'),
          legend: '{{instance}} writes',
          colour: WRITTEN,
        },
        {
          expr: myRate('docker_volume_fsyncs_total'),
          legend: '{{instance}} fsyncs',
          colour: SYNCED,
        },
        noNumber('docker_volume_reads_total'),
      ],
    }),
    lines('Throughput', 'Bps', [8, 8], {
      description: `Bytes a second that its files gave and took. What is written through mapped
      memory is not among them.`,
      queries: [
        {
          expr: myRate('docker_volume_read_bytes_total'),
          legend: '{{instance}} read',
          colour: READ,
        },
        {
          expr: myRate('docker_volume_written_bytes_total'),
          legend: '{{instance}} written',
          colour: WRITTEN,
        },
        noNumber('docker_volume_read_bytes_total'),
      ],
    }),
    lines('Who causes it', 'Bps', [8, 8], {
      description: `Bytes a second that each container reads and writes through its mount of this
      volume. ${NEEDS_EBPF}`,
      queries: [
        {
          expr: throughMyMounts(
            `${rate('docker_mount_read_bytes_total')} + ${rate('docker_mount_written_bytes_total')}`,
          ),
          legend: '{{instance}} {{container}} {{destination}}',
        },
        {
          explains: true,
          expr: `${mine('docker_volume_info')} * NaN unless on(job, instance) ${of('docker_mount_read_bytes_total')}`,
          legend: '{{instance}}: not counted by container',
        },
      ],
    }),
  ],
  [
    lines('Latency', 's', [8, 8], {
      logarithmic: true,
      marked: true,
      description: `How long calls of containers took: half of them less than p50, all but one in a
      hundred less than p99. Lastingly high: DockerVolumeLatencyHigh. ${NEEDS_EBPF}`,
      queries: [
        {
          expr: quantile(
            0.99,
            'docker_volume_io_latency_seconds',
            'job, instance, operation',
            THIS,
          ),
          legend: '{{instance}} {{operation}} p99',
        },
        {
          expr: quantile(0.5, 'docker_volume_io_latency_seconds', 'job, instance, operation', THIS),
          legend: '{{instance}} {{operation}} p50',
        },
        noNumber('docker_volume_io_latency_seconds_count'),
      ],
      thresholds: colours.callLatency(),
    }),
    heatmap('Latency of its calls', 's', [8, 8], {
      empty: 'needs eBPF: "Who counts its I/O" says what this host has instead',
      description: `How many calls took how long: brighter is more. Two bands are two kinds of
      calls, say from memory and from the disk; a band that moves up is a disk that slows down.
      ${NEEDS_EBPF}`,
      queries: [{ expr: `sum by(le) (${myRate('docker_volume_io_latency_seconds_bucket')})` }],
    }),
    heatmap('Latency of its disks', 's', [8, 8], {
      empty: 'needs eBPF on the disks: volumeter --check says why it is refused',
      description: `How many requests of anybody the disks below this volume took how long for. If
      this is slow as well, it is the disk: see DockerDeviceLatencyHigh.`,
      queries: [
        { expr: `sum by(le) (${onMyDisks(rate('docker_device_io_latency_seconds_bucket'))})` },
      ],
      links: [toPage('io', 'I/O')],
    }),
  ],
  [
    lines('Failed calls', 'ops', [12, 7], {
      description: `Reads, writes and fsyncs a second that failed, by error. EIO and EROFS are a
      broken disk (DockerIoErrors), ENOSPC and EDQUOT a full one (DockerWritesRefused).
      ${NEEDS_EBPF}`,
      queries: [
        {
          expr: throughMyMounts(rate('docker_mount_io_errors_total')),
          legend: '{{instance}} {{container}} {{error}}',
        },
        {
          explains: true,
          expr: `${mine('docker_volume_info')} * NaN unless on(job, instance) ${of('docker_mount_io_errors_total')}`,
          legend: '{{instance}}: not counted',
        },
      ],
    }),
    lines('Its disks busy', 'percentunit', [12, 7], {
      range: [0, 1],
      marked: true,
      description: `Share of the time in which the disks below this volume had anything to do, for
      anybody. See DockerDeviceSaturated.`,
      queries: [
        {
          expr: onMyDisks(rate('docker_device_io_time_seconds_total')),
          legend: '{{instance}} {{device}}',
        },
      ],
      thresholds: colours.busy(),
      links: [toPage('io', 'I/O')],
    }),
  ],
];

const seconds = (metric: string) => `max by(job, instance) (${mine(metric)})`;
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
          expr: `max by(job, instance, days) (${mine('docker_volume_old_bytes')})`,
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
      { title: 'I/O', lines: io },
      { title: 'Contents and measurement', lines: contents },
    ],
  });
