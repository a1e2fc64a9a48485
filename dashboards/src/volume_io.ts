// SPDX-License-Identifier: Apache-2.0
// What one volume's I/O is, who counts it, and why there is no number if there is none.

import { toPage } from './links.js';
import { ioSource } from './mappings.js';
import { heatmap, lines } from './panels.js';
import { explain, of, only, quantile, rate, throughput } from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';
import { mine, myRate, noNumber, onMyDisks, THIS, throughMyMounts } from './volume_query.js';

const NEEDS_EBPF = 'Only eBPF knows this: "Who counts its I/O" says what this host has instead.';

export const whoCounts = [
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

export const volumeIo = [
  [
    lines('Operations', 'ops', [8, 8], {
      description: `Reads, writes and fsyncs a second on its files that did not fail. Many fsyncs
      make a database wait for the disk.`,
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
          colour: colours.READ,
        },
        {
          expr: myRate('docker_volume_written_bytes_total'),
          legend: '{{instance}} written',
          colour: colours.WRITTEN,
        },
        noNumber('docker_volume_read_bytes_total'),
      ],
    }),
    lines('Who causes it', 'Bps', [8, 8], {
      description: `Bytes a second that each container reads and writes through its mount of this
      volume. ${NEEDS_EBPF}`,
      queries: [
        {
          expr: throughMyMounts(throughput('docker_mount')),
          legend: '{{instance}} {{container}} {{destination}}',
        },
        explain(
          mine('docker_volume_info'),
          of('docker_mount_read_bytes_total'),
          'not counted by container',
        ),
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
          expr: quantile(0.99, 'docker_volume_io_latency_seconds', 'operation', THIS),
          legend: '{{instance}} {{operation}} p99',
        },
        {
          expr: quantile(0.5, 'docker_volume_io_latency_seconds', 'operation', THIS),
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
      empty: 'it is on no disk, or eBPF is refused: volumeter --check says why',
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
        explain(mine('docker_volume_info'), of('docker_mount_io_errors_total'), 'not counted'),
      ],
    }),
    lines('Its disks busy', 'percentunit', [12, 7], {
      empty: 'it is on no disk: in memory, or on a server',
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
