// SPDX-License-Identifier: Apache-2.0
// I/O and latency of one volume, their source, and why a figure is not available.

import { toPage } from './links.js';
import { ioSource } from './mappings.js';
import { heatmap, lines } from './panels.js';
import { explain, NO_EBPF, of, only, quantile, rate, sentence, throughput } from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';
import {
  mine,
  myRate,
  notAvailable,
  onMyDisks,
  THIS,
  throughMyMounts,
} from './volume_query.js';

const NEEDS_EBPF = 'Requires eBPF: see "I/O source".';

export const ioSources = [
  table('I/O source', 'short', [24, 4], {
    empty: 'Not available: no running container mounts this volume',
    description: `Source of the I/O figures below. Run volumeter --check on the host to see which
      sources its kernel allows.`,
    keys: [
      { label: 'instance', width: 200 },
      { label: 'source', mappings: ioSource('long') },
    ],
    columns: [],
    labels: [only('source', mine('docker_volume_io_source_info'))],
  }),
];

export const volumeIo = [
  [
    lines('Operations', 'ops', [8, 8], {
      description: `Successful reads, writes and fsyncs per second. A database that issues many
        fsyncs waits for the disk.`,
      queries: [
        {
          expr: myRate('docker_volume_reads_total'),
          legend: '{{instance}} reads',
          colour: colours.READ,
        },
        {
          expr: myRate('docker_volume_writes_total'),
          legend: '{{instance}} writes',
          colour: colours.WRITTEN,
        },
        {
          expr: myRate('docker_volume_fsyncs_total'),
          legend: '{{instance}} fsyncs',
          colour: colours.SYNCED,
        },
        notAvailable('docker_volume_reads_total'),
      ],
    }),
    lines('Throughput', 'Bps', [8, 8], {
      description: `Bytes read and written per second. Writes through memory-mapped files are not
        included.`,
      queries: [
        {
          expr: myRate('docker_volume_read_bytes_total'),
          legend: '{{instance}} read',
          colour: colours.READ,
        },
        {
          expr: myRate('docker_volume_written_bytes_total'),
          legend: '{{instance}} written',
          colour: colours.WRITTEN,
        },
        notAvailable('docker_volume_read_bytes_total'),
      ],
    }),
    lines('Throughput by container', 'Bps', [8, 8], {
      description: `Bytes read and written per second by each container through its mount of the
        volume. ${NEEDS_EBPF}`,
      queries: [
        {
          expr: throughMyMounts(throughput('docker_mount')),
          legend: '{{instance}} {{container}} {{destination}}',
        },
        explain(
          mine('docker_volume_info'),
          of('docker_mount_read_bytes_total'),
          NO_EBPF,
        ),
      ],
    }),
  ],
  [
    lines('p50 and p99 syscall latency', 's', [8, 8], {
      logarithmic: true,
      marked: true,
      description: `Median and 99th percentile latency of read, write and fsync syscalls of
        containers. Sustained: DockerVolumeLatencyHigh. ${NEEDS_EBPF}`,
      queries: [
        {
          expr: quantile(0.99, 'docker_volume_io_latency_seconds', 'operation', THIS),
          legend: '{{instance}} {{operation}} p99',
        },
        {
          expr: quantile(0.5, 'docker_volume_io_latency_seconds', 'operation', THIS),
          legend: '{{instance}} {{operation}} p50',
        },
        notAvailable('docker_volume_io_latency_seconds_count'),
      ],
      thresholds: colours.callLatency(),
    }),
    heatmap('Syscall latency', 's', [8, 8], {
      empty: sentence(NO_EBPF),
      description: `Distribution of syscall latency; brighter is more. Two bands are two
        populations, such as page cache hits and disk reads. A band that moves up is a disk slowing
        down. ${NEEDS_EBPF}`,
      queries: [{ expr: `sum by(le) (${myRate('docker_volume_io_latency_seconds_bucket')})` }],
    }),
    heatmap('Disk latency', 's', [8, 8], {
      empty: 'Not available: no local disk or no eBPF',
      description: `Distribution of request latency of the disks below the volume, for all their
        users. If it is high as well, the disk is the cause: see DockerDeviceLatencyHigh. Requires
        eBPF.`,
      queries: [
        { expr: `sum by(le) (${onMyDisks(rate('docker_device_io_latency_seconds_bucket'))})` },
      ],
      links: [toPage('io', 'I/O')],
    }),
  ],
  [
    lines('Syscall errors', 'ops', [12, 7], {
      description: `Failed reads, writes and fsyncs per second, by errno. EIO and EROFS point to a
        failing disk (DockerIoErrors), ENOSPC and EDQUOT to a full one (DockerWritesRefused).
        ${NEEDS_EBPF}`,
      queries: [
        {
          expr: throughMyMounts(rate('docker_mount_io_errors_total')),
          legend: '{{instance}} {{container}} {{error}}',
        },
        explain(mine('docker_volume_info'), of('docker_mount_io_errors_total'), NO_EBPF),
      ],
    }),
    lines('Disk utilization', 'percentunit', [12, 7], {
      empty: 'Not available: no local disk',
      range: [0, 1],
      marked: true,
      description: `Share of time with at least one I/O in progress on the disks below the volume,
        by all their users. Alert: DockerDeviceSaturated.`,
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
