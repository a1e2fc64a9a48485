// SPDX-License-Identifier: Apache-2.0
// I/O and latency: which device is slow or busy, and who makes it so?

import { dashboard } from './dashboard.js';
import { toVolume } from './links.js';
import { UP } from './mappings.js';
import { heatmap, lines, stat } from './panels.js';
import { by, of, quantile, rate, ratio, throughput, top, whyMissing } from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';

const device = '{{instance}} {{device}}';
const meanTime = (operation: string) =>
  ratio(
    rate(`docker_device_${operation}_time_seconds_total`),
    rate(`docker_device_${operation}s_completed_total`),
  );
const slowest = quantile(0.99, 'docker_volume_io_latency_seconds', 'volume, operation');
const requests = rate('docker_volume_nfs_operations_total');
const OFFERED = 'source=~"ebpf_mounts|ebpf_devices|cgroup|mountstats|diskstats"';
const NO_NFS = 'no NFS volume';
const NO_EBPF = 'not counted (no eBPF)';

const devices = [
  [
    lines('Devices busy', 'percentunit', [8, 9], {
      range: [0, 1],
      marked: true,
      description: `Share of the time in which a device had anything to do. Bad for a disk if it
      stays at the dashed line while the queue grows: DockerDeviceSaturated. An SSD can be at 1
      and have room.`,
      queries: [{ expr: rate('docker_device_io_time_seconds_total'), legend: device }],
      thresholds: colours.busy(),
    }),
    lines('Mean queue', 'short', [8, 9], {
      marked: true,
      description: `Requests that were waiting or under way, on average. Bad if it grows and stays:
      the device cannot follow. Then look at who causes it, below.`,
      queries: [{ expr: rate('docker_device_io_time_weighted_seconds_total'), legend: device }],
      thresholds: colours.queue(),
    }),
    lines('Throughput', 'Bps', [8, 9], {
      description: 'Bytes a second that each device read (above zero) and wrote (below).',
      queries: [
        { expr: rate('docker_device_read_bytes_total'), legend: `${device} read` },
        { expr: `-${rate('docker_device_written_bytes_total')}`, legend: `${device} written` },
      ],
    }),
  ],
  [
    lines('Operations', 'iops', [8, 9], {
      description: `Reads (above zero) and writes (below) a second that each device completed. The
      kernel counts a flush as a write, too.`,
      queries: [
        { expr: rate('docker_device_reads_completed_total'), legend: `${device} reads` },
        { expr: `-${rate('docker_device_writes_completed_total')}`, legend: `${device} writes` },
      ],
    }),
    lines('Latency, p99', 's', [8, 9], {
      logarithmic: true,
      marked: true,
      description: `All but one in a hundred requests took less, the kernel's queue included;
      flushes apart from writes. Lastingly high: DockerDeviceLatencyHigh. Partitions and devices
      made of others have no histogram: see their mean at the right.`,
      queries: [
        {
          expr: quantile(0.99, 'docker_device_io_latency_seconds', 'device, operation'),
          legend: `${device} {{operation}}`,
        },
        whyMissing('docker_device_io_latency_seconds_count', NO_EBPF),
      ],
      thresholds: colours.deviceLatency(),
    }),
    lines('Latency, mean', 's', [8, 9], {
      logarithmic: true,
      marked: true,
      description: `Mean time of a request as every kernel counts it, for all devices. A mean hides
      the few slow ones that p99 shows.`,
      queries: [
        {
          expr: meanTime('read'),
          legend: `${device} read`,
        },
        {
          expr: meanTime('write'),
          legend: `${device} write`,
        },
      ],
      thresholds: colours.meanLatency(),
    }),
  ],
];

const bucketsOf = (operation: string) =>
  rate('docker_device_io_latency_seconds_bucket', `operation="${operation}"`);

const spread = (operation: string, title: string, meaning: string) =>
  heatmap(title, 's', [8, 9], {
    empty: 'needs eBPF on the disks: volumeter --check says why it is refused',
    description: `How many requests of the chosen hosts' disks took how long: brighter is more.
      ${meaning}`,
    queries: [{ expr: `sum by(le) (${bucketsOf(operation)})` }],
  });

const latency = [
  [
    spread(
      'read',
      'Reads of disks',
      `Two bands are two kinds of reads, say from a cache and from the medium. A band that moves
      up is a disk that slows down.`,
    ),
    spread(
      'write',
      'Writes to disks',
      'A band far above the rest is a queue that is full: see Mean queue.',
    ),
    spread('flush', 'Flushes of disks', 'A database waits for these at each commit.'),
  ],
];

const volumes = [
  [
    lines('Busiest volumes', 'Bps', [8, 9], {
      description: `Bytes a second read and written, of the ten busiest volumes. Which hosts have no
      numbers, and why, is in the row "What is counted".`,
      queries: [
        {
          expr: top(throughput('docker_volume')),
          legend: '{{instance}} {{volume}}',
        },
        whyMissing('docker_volume_written_bytes_total', NO_EBPF),
      ],
      links: [toVolume()],
    }),
    lines('Volumes with most fsyncs', 'ops', [8, 9], {
      description: `Calls of fsync a second, of the ten volumes with most. Each makes the disk write
      at once; many of them slow down everybody on it. Only eBPF knows this.`,
      queries: [
        {
          expr: top(rate('docker_volume_fsyncs_total')),
          legend: '{{instance}} {{volume}}',
        },
        whyMissing('docker_volume_fsyncs_total', NO_EBPF),
      ],
      links: [toVolume()],
    }),
    lines('Slowest volumes, p99', 's', [8, 9], {
      logarithmic: true,
      marked: true,
      description: `All but one in a hundred calls of containers took less, of the ten slowest
      volumes and operations. Lastingly high: DockerVolumeLatencyHigh. Only eBPF knows this.`,
      queries: [
        {
          expr: top(`${slowest} > 0`),
          legend: '{{instance}} {{volume}} {{operation}}',
        },
        whyMissing('docker_volume_io_latency_seconds_count', NO_EBPF),
      ],
      thresholds: colours.callLatency(),
      links: [toVolume()],
    }),
  ],
];

const containers = [
  [
    lines('Busiest containers on disks', 'Bps', [8, 9], {
      description: `Bytes a second that containers read from and wrote to block devices, of the ten
      busiest. With cgroup version 1 writes to the page cache are not among them. If one has most
      of a busy device: DockerContainerDominatesDevice.`,
      queries: [
        {
          expr: top(throughput('docker_container')),
          legend: '{{instance}} {{container}} {{device}}',
        },
        whyMissing('docker_container_read_bytes_total', 'its kernel counts none'),
      ],
    }),
    lines('Containers that wait for I/O', 'percentunit', [8, 9], {
      range: [0, 1],
      marked: true,
      description: `Share of the time in which all of a container's tasks that had work waited for
      I/O, of the ten that wait most. Lastingly high: DockerContainerIoStalled.`,
      queries: [
        {
          expr: top(rate('docker_container_io_stalled_seconds_total')),
          legend: '{{instance}} {{container}}',
        },
        whyMissing('docker_container_io_stalled_seconds_total', 'its kernel has no io.pressure'),
      ],
      thresholds: colours.stalled(),
    }),
    lines('Failed calls', 'ops', [8, 9], {
      description: `Reads, writes and fsyncs a second that failed, by mount and error. EIO and EROFS
      are a broken disk (DockerIoErrors), ENOSPC and EDQUOT a full one (DockerWritesRefused). Only
      eBPF knows this.`,
      queries: [
        {
          expr: `${rate('docker_mount_io_errors_total')} > 0`,
          legend: '{{instance}} {{container}} {{destination}} {{error}}',
        },
        whyMissing('docker_mount_io_errors_total', NO_EBPF),
      ],
      empty: 'no call fails',
    }),
  ],
];

const nfs = [
  [
    lines('NFS requests', 'ops', [8, 8], {
      description: 'Requests a second to NFS servers, by volume and kind.',
      queries: [
        {
          expr: `${rate('docker_volume_nfs_operations_total')} > 0`,
          legend: '{{instance}} {{volume}} {{operation}}',
        },
        whyMissing('docker_volume_nfs_operations_total', NO_NFS),
      ],
    }),
    lines('NFS response time', 's', [8, 8], {
      description: `Mean time from the transmission of a request to its answer: network and server.
      High: ask who runs the server.`,
      queries: [
        {
          expr: ratio(rate('docker_volume_nfs_response_seconds_total'), requests),
          legend: '{{instance}} {{volume}} {{operation}}',
        },
        whyMissing('docker_volume_nfs_operations_total', NO_NFS),
      ],
    }),
    lines('NFS retransmissions', 'ops', [8, 8], {
      description: `Requests a second that were sent again because no answer came. Anything but zero
      is a network or server in trouble.`,
      queries: [
        {
          expr: by(
            'sum',
            'volume',
            `${rate('docker_volume_nfs_transmissions_total')} - ${requests}`,
          ),
          legend: '{{instance}} {{volume}}',
        },
        whyMissing('docker_volume_nfs_operations_total', NO_NFS),
      ],
    }),
  ],
];

const counted = [
  [
    table('What hosts offer', 'short', [12, 7], {
      description: `Sources of I/O numbers on each host. ebpf_mounts counts the calls of containers
      by volume and mount, ebpf_devices the latency of disks, cgroup the I/O of containers,
      mountstats NFS. Where one is down, volumeter --check on the host says why.`,
      keys: [{ label: 'instance' }, { label: 'source' }],
      columns: [
        {
          name: 'State',
          expr: by('max', 'source', of('volumeter_source_up', OFFERED)),
          mappings: UP,
          thresholds: colours.down(),
          width: 90,
        },
      ],
    }),
    stat('Volumes by who counts their I/O', 'short', [12, 7], {
      name: true,
      description: `Volumes in use, by the source of their I/O numbers. Those that are shared have
      none: others use the same disk and containers, and only eBPF would tell them apart.`,
      queries: [
        { expr: `count by(source) (${of('docker_volume_io_source_info')})`, legend: '{{source}}' },
      ],
      empty: 'no running container has a volume',
    }),
  ],
];

export const io = () =>
  dashboard({
    name: 'io',
    title: 'Volumeter / I/O and latency',
    description: 'Which device is slow or busy, and who makes it so?',
    top: devices,
    rows: [
      { title: 'How long requests take', lines: latency },
      { title: 'Volumes', lines: volumes },
      { title: 'Containers', lines: containers },
      { title: 'What is counted', lines: counted },
      { title: 'NFS', lines: nfs, collapsed: true },
    ],
  });
