// SPDX-License-Identifier: Apache-2.0
// All hosts: which of them need attention?

import { dashboard } from './dashboard.js';
import { toHost, toPage, toVolume } from './links.js';
import { REACHABLE, UP } from './mappings.js';
import { lines, stat } from './panels.js';
import {
  AGENTS_UP,
  by,
  FILESYSTEM,
  firing,
  growthPerDay,
  of,
  only,
  orphanedBytes,
  perVolume,
  rate,
  timeUntilGone,
  top,
  USED,
} from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';

const host = (operation: string, expr: string) => by(operation, '', expr);
const busy = rate('docker_device_io_time_seconds_total');
const fillsUp = timeUntilGone('docker_filesystem_avail_bytes');
const inState = (state: string) => host('sum', of('docker_volumes', `state="${state}"`));

const now = [
  stat('Agents up', 'short', [4, 4], {
    description: 'Hosts whose agent Prometheus can scrape.',
    queries: [{ expr: `sum(${AGENTS_UP})` }],
  }),
  stat('Agents down', 'short', [4, 4], {
    description: `Targets of the agents' jobs that Prometheus cannot scrape: the state of these
      hosts is unknown. Alert: VolumeterDown.`,
    queries: [{ expr: `count(${AGENTS_UP} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.BAD),
    links: [toPage('agent', 'Agent health')],
  }),
  stat('Docker unreachable', 'short', [4, 4], {
    description: `Hosts whose agent is up but cannot reach the Docker Engine. Alert:
      VolumeterDockerUnreachable.`,
    queries: [{ expr: `count(${of('docker_up')} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.BAD),
  }),
  stat('Alerts firing', 'short', [4, 4], {
    description: 'Alerts firing for the selected hosts, of all severities; listed below.',
    queries: [{ expr: `count(${firing}) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
  stat('Time to full (soonest)', 's', [4, 4], {
    decimals: 1,
    empty: 'No filesystem filling up',
    description: `Time until the first filesystem of all hosts is full at the rate of the last
      hour. A single large write distorts this for an hour; the alerts DockerFilesystemFillingUp
      and DockerFilesystemFillingUpFast also check longer trends.`,
    queries: [{ expr: `min(${fillsUp})` }],
    thresholds: colours.untilFull(),
  }),
  stat('Orphaned disk space', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space of volumes to which no container refers, over all hosts. The Cleanup
      dashboard lists them.`,
    queries: [{ expr: `sum(${orphanedBytes}) or vector(0)` }],
    links: [toPage('cleanup', 'Cleanup')],
  }),
];

const hosts = [
  table('Hosts', 'short', [24, 10], {
    sortBy: 'Fullest filesystem',
    description: `All hosts, the fullest first. Click a host for its dashboard. A host needs
      attention if its agent or Docker is down, a filesystem is full or filling up, or alerts are
      firing.`,
    keys: [{ label: 'instance', links: [toHost(true)] }],
    columns: [
      {
        name: 'Agent',
        expr: host('max', AGENTS_UP),
        mappings: UP,
        thresholds: colours.mustBeOne(),
        width: 70,
      },
      {
        name: 'Docker',
        expr: host('max', of('docker_up')),
        mappings: REACHABLE,
        thresholds: colours.mustBeOne(),
        width: 100,
      },
      {
        name: 'Alerts',
        expr: `${host('count', firing)} or ${host('max', AGENTS_UP)} * 0`,
        thresholds: colours.anyIs(colours.WARNING),
        width: 75,
      },
      {
        name: 'Fullest filesystem',
        expr: host('max', USED),
        unit: 'percentunit',
        thresholds: colours.spaceUsed(),
        width: 145,
      },
      {
        name: 'Time to full',
        expr: host('min', fillsUp),
        unit: 's',
        thresholds: colours.untilFull(),
        width: 105,
      },
      {
        name: 'Disk utilization',
        expr: host('max', busy),
        unit: 'percentunit',
        thresholds: colours.busy(),
        width: 120,
      },
      { name: 'In use', expr: inState('in_use'), width: 75 },
      { name: 'Idle', expr: inState('idle'), width: 60 },
      { name: 'Orphaned', expr: inState('orphaned'), width: 90 },
      { name: 'Orphaned space', expr: host('sum', orphanedBytes), unit: 'bytes', width: 130 },
      {
        name: 'Volume space',
        expr: host('sum', of('docker_volume_allocated_bytes')),
        unit: 'bytes',
        width: 115,
      },
    ],
  }),
];

const worst = [
  table('Firing alerts', 'short', [12, 9], {
    empty: 'No alerts firing',
    description: 'Alerts firing now. docs/runbooks has a runbook for each.',
    keys: [
      { label: 'instance', width: 150, links: [toHost(true)] },
      { label: 'severity', width: 80 },
      { label: 'alertname', width: 230 },
      { label: 'mountpoint' },
      { label: 'volume' },
    ],
    columns: [],
    labels: [only('severity, alertname, mountpoint, volume', firing)],
  }),
  table('Filesystems filling up', 's', [12, 9], {
    empty: 'No filesystem filling up',
    description: `Filesystems that will be full within 90 days at the rate of the last hour. Click
      the host to see which volume causes it.`,
    keys: [{ label: 'instance', width: 150, links: [toHost(true)] }, { label: 'mountpoint' }],
    without: ['job', 'device', 'fstype'],
    columns: [
      {
        name: 'Time to full',
        expr: `max by(${FILESYSTEM}) (${fillsUp})`,
        thresholds: colours.untilFull(),
        width: 105,
      },
      {
        name: 'Free',
        expr: `max by(${FILESYSTEM}) (${of('docker_filesystem_avail_bytes')} and ${fillsUp})`,
        unit: 'bytes',
        width: 95,
      },
      {
        name: 'Utilization',
        expr: `max by(${FILESYSTEM}) ((${USED}) and ${fillsUp})`,
        unit: 'percentunit',
        thresholds: colours.spaceUsed(),
        width: 95,
      },
    ],
  }),
];

const growing = perVolume(growthPerDay('docker_volume_allocated_bytes'));
const fastest = top(`${growing} > 0`);
const trends = [
  [
    table('Fastest-growing volumes (top 10)', 'bytes', [12, 9], {
      sortBy: 'Growth per day',
      empty: 'No volume growing',
      description: `Volumes of all hosts with the highest mean growth over the selected time range.
        Alert: DockerVolumeGrowthUnusual.`,
      keys: [
        { label: 'instance', width: 150, links: [toHost(true)] },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: [
        { name: 'Growth per day', expr: fastest, width: 120 },
        {
          name: 'Disk space',
          expr: `${perVolume(of('docker_volume_allocated_bytes'))} and ${fastest}`,
          width: 100,
        },
      ],
    }),
    lines('Highest filesystem utilization by host (top 10)', 'percentunit', [12, 9], {
      range: [0, 1],
      marked: true,
      description: `Utilization of the fullest filesystem of each host, for the ten fullest hosts.
        Dashed lines: thresholds of DockerFilesystemFillingUp (if the trend continues) and
        DockerFilesystemFull.`,
      queries: [{ expr: top(host('max', USED)), legend: '{{instance}}' }],
      thresholds: colours.spaceUsed(),
      links: [toHost()],
    }),
  ],
  [
    lines('Highest disk utilization by host (top 10)', 'percentunit', [12, 9], {
      range: [0, 1],
      marked: true,
      description: `Share of time with at least one I/O in progress on the busiest disk of each
        host, for the ten busiest hosts. Dashed line: threshold of DockerDeviceSaturated.`,
      queries: [{ expr: top(host('max', busy)), legend: '{{instance}}' }],
      thresholds: colours.busy(),
      links: [toPage('io', 'I/O')],
    }),
    lines('Volume disk space by host (top 10)', 'bytes', [12, 9], {
      stacked: true,
      description: 'Disk space of all volumes, for the ten hosts with the most.',
      queries: [
        {
          expr: top(host('sum', of('docker_volume_allocated_bytes'))),
          legend: '{{instance}}',
        },
      ],
      links: [toHost()],
    }),
  ],
];

export const fleet = () =>
  dashboard({
    name: 'fleet',
    title: 'Volumeter / Fleet',
    description: 'All Docker hosts: which of them need attention?',
    top: [now, hosts, worst],
    rows: [{ title: 'Trends', lines: trends }],
  });
