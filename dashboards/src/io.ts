// SPDX-License-Identifier: Apache-2.0
// I/O and latency: slow or saturated disks, and the volumes and containers that cause it.

import { dashboard } from './dashboard.js';
import { toVolume } from './links.js';
import { UP } from './mappings.js';
import { heatmap, lines, stat } from './panels.js';
import {
  by,
  NO_CGROUP_IO,
  NO_EBPF,
  NO_IO_PRESSURE,
  NO_NFS,
  of,
  quantile,
  rate,
  ratio,
  sentence,
  throughput,
  top,
  whyMissing,
} from './query.js';
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
const IO_SOURCES = 'source=~"ebpf_mounts|ebpf_devices|cgroup|mountstats|diskstats"';

const devices = [
  [
    lines('Disk utilization', 'percentunit', [8, 9], {
      range: [0, 1],
      marked: true,
      description: `Share of time with at least one I/O in progress. A disk that stays above the
        dashed line with a growing queue is saturated: see DockerDeviceSaturated. SSDs can have
        headroom at 100%.`,
      queries: [{ expr: rate('docker_device_io_time_seconds_total'), legend: device }],
      thresholds: colours.busy(),
    }),
    lines('Average queue length', 'short', [8, 9], {
      marked: true,
      description: `Average number of requests in flight. Sustained growth means that the disk is
        saturated; the volumes and containers that cause it are below.`,
      queries: [{ expr: rate('docker_device_io_time_weighted_seconds_total'), legend: device }],
      thresholds: colours.queue(),
    }),
    lines('Disk throughput', 'Bps', [8, 9], {
      description: 'Bytes read (above zero) and written (below zero) per second by device.',
      queries: [
        { expr: rate('docker_device_read_bytes_total'), legend: `${device} read` },
        { expr: `-${rate('docker_device_written_bytes_total')}`, legend: `${device} written` },
      ],
    }),
  ],
  [
    lines('Disk IOPS', 'iops', [8, 9], {
      description: `Read (above zero) and write requests (below zero) completed per second by
        device. The kernel counts flushes as writes, too.`,
      queries: [
        { expr: rate('docker_device_reads_completed_total'), legend: `${device} reads` },
        { expr: `-${rate('docker_device_writes_completed_total')}`, legend: `${device} writes` },
      ],
    }),
    lines('p99 disk latency', 's', [8, 9], {
      logarithmic: true,
      marked: true,
      description: `99th percentile request latency, including time in the kernel's queue; flushes
        are separate from writes. Sustained: DockerDeviceLatencyHigh. Partitions and stacked
        devices have no histogram: see their mean at the right.`,
      queries: [
        {
          expr: quantile(0.99, 'docker_device_io_latency_seconds', 'device, operation'),
          legend: `${device} {{operation}}`,
        },
        whyMissing('docker_device_io_latency_seconds_count', NO_EBPF),
      ],
      thresholds: colours.deviceLatency(),
    }),
    lines('Mean disk latency', 's', [8, 9], {
      logarithmic: true,
      marked: true,
      description: `Mean request latency from /proc/diskstats, for all devices. It hides the few
        slow requests that p99 shows.`,
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
    empty: sentence(NO_EBPF),
    description: `Distribution of request latency over the disks of the selected hosts; brighter is
      more. ${meaning} Requires eBPF: run volumeter --check on the host.`,
    queries: [{ expr: `sum by(le) (${bucketsOf(operation)})` }],
  });

const latency = [
  [
    spread(
      'read',
      'Disk read latency',
      `Two bands are two populations, such as cache hits and reads from the medium. A band that
      moves up is a disk slowing down.`,
    ),
    spread(
      'write',
      'Disk write latency',
      'A band far above the rest points to a full queue: see "Average queue length".',
    ),
    spread('flush', 'Disk flush latency', 'A database waits for a flush at each commit.'),
  ],
];

const volumes = [
  [
    lines('Volume throughput (top 10)', 'Bps', [8, 9], {
      description: `Bytes read and written per second, for the ten busiest volumes. The row "I/O
        sources" shows what each host provides.`,
      queries: [
        {
          expr: top(throughput('docker_volume')),
          legend: '{{instance}} {{volume}}',
        },
        whyMissing('docker_volume_written_bytes_total', NO_EBPF),
      ],
      links: [toVolume()],
    }),
    lines('Volume fsyncs (top 10)', 'ops', [8, 9], {
      description: `fsync syscalls per second, for the ten volumes with the most. Each forces a
        write to the disk; many of them slow down all its users. Requires eBPF.`,
      queries: [
        {
          expr: top(rate('docker_volume_fsyncs_total')),
          legend: '{{instance}} {{volume}}',
        },
        whyMissing('docker_volume_fsyncs_total', NO_EBPF),
      ],
      links: [toVolume()],
    }),
    lines('p99 volume latency (top 10)', 's', [8, 9], {
      logarithmic: true,
      marked: true,
      description: `99th percentile syscall latency of containers, for the ten slowest volumes and
        operations. Sustained: DockerVolumeLatencyHigh. Requires eBPF.`,
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
    lines('Container throughput (top 10)', 'Bps', [8, 9], {
      description: `Bytes read from and written to block devices per second, for the ten busiest
        containers. With cgroup v1, buffered writes are not included. Alert:
        DockerContainerDominatesDevice.`,
      queries: [
        {
          expr: top(throughput('docker_container')),
          legend: '{{instance}} {{container}} {{device}}',
        },
        whyMissing('docker_container_read_bytes_total', NO_CGROUP_IO),
      ],
    }),
    lines('Container I/O stall time (top 10)', 'percentunit', [8, 9], {
      range: [0, 1],
      marked: true,
      description: `Share of time in which all non-idle tasks of a container were stalled on I/O,
        for the ten containers with the most. Sustained: DockerContainerIoStalled.`,
      queries: [
        {
          expr: top(rate('docker_container_io_stalled_seconds_total')),
          legend: '{{instance}} {{container}}',
        },
        whyMissing('docker_container_io_stalled_seconds_total', NO_IO_PRESSURE),
      ],
      thresholds: colours.stalled(),
    }),
    lines('Syscall errors', 'ops', [8, 9], {
      description: `Failed reads, writes and fsyncs per second, by mount and errno. EIO and EROFS
        point to a failing disk (DockerIoErrors), ENOSPC and EDQUOT to a full one
        (DockerWritesRefused). Requires eBPF.`,
      queries: [
        {
          expr: `${rate('docker_mount_io_errors_total')} > 0`,
          legend: '{{instance}} {{container}} {{destination}} {{error}}',
        },
        whyMissing('docker_mount_io_errors_total', NO_EBPF),
      ],
      empty: 'No I/O errors',
    }),
  ],
];

const nfs = [
  [
    lines('NFS requests', 'ops', [8, 8], {
      description: 'Requests per second to NFS servers, by volume and operation.',
      queries: [
        {
          expr: `${rate('docker_volume_nfs_operations_total')} > 0`,
          legend: '{{instance}} {{volume}} {{operation}}',
        },
        whyMissing('docker_volume_nfs_operations_total', NO_NFS),
      ],
    }),
    lines('NFS response time', 's', [8, 8], {
      description: `Mean time from the transmission of a request to its reply (RTT): network and
        server.`,
      queries: [
        {
          expr: ratio(rate('docker_volume_nfs_response_seconds_total'), requests),
          legend: '{{instance}} {{volume}} {{operation}}',
        },
        whyMissing('docker_volume_nfs_operations_total', NO_NFS),
      ],
    }),
    lines('NFS retransmissions', 'ops', [8, 8], {
      description: `Requests retransmitted per second for lack of a reply. Above zero, the network
        or the server has a problem.`,
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

const sources = [
  [
    table('I/O sources by host', 'short', [12, 7], {
      description: `Sources of I/O figures on each host: ebpf_mounts (syscalls of containers by
        volume and mount), ebpf_devices (disk latency), cgroup (I/O of containers), mountstats
        (NFS), diskstats (disks). If one is down, volumeter --check on the host shows the reason.`,
      keys: [{ label: 'instance' }, { label: 'source' }],
      columns: [
        {
          name: 'State',
          expr: by('max', 'source', of('volumeter_source_up', IO_SOURCES)),
          mappings: UP,
          thresholds: colours.down(),
          width: 90,
        },
      ],
    }),
    stat('Volumes by I/O source', 'short', [12, 7], {
      name: true,
      description: `Volumes in use, by the source of their I/O figures. "shared" volumes have none:
        they share disk and containers with other volumes, and only eBPF can separate them.`,
      queries: [
        { expr: `count by(source) (${of('docker_volume_io_source_info')})`, legend: '{{source}}' },
      ],
      empty: 'No running container mounts a volume',
    }),
  ],
];

export const io = () =>
  dashboard({
    name: 'io',
    title: 'Volumeter / I/O and latency',
    description: 'I/O and latency of disks, volumes and containers.',
    top: devices,
    rows: [
      { title: 'Disk latency distribution', lines: latency },
      { title: 'Volumes', lines: volumes },
      { title: 'Containers', lines: containers },
      { title: 'I/O sources', lines: sources },
      { title: 'NFS', lines: nfs, collapsed: true },
    ],
  });
