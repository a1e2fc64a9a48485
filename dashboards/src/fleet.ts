// SPDX-License-Identifier: Apache-2.0
// All hosts: which of them need somebody now?

import { dashboard } from './dashboard.js';
import { toHost, toPage, toVolume } from './links.js';
import { ANSWERS, UP } from './mappings.js';
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
    description: 'Hosts whose agent answers.',
    queries: [{ expr: `sum(${AGENTS_UP})` }],
  }),
  stat('Agents down', 'short', [4, 4], {
    description: `Targets of jobs that have agents that do not answer: nothing is known of these
      hosts now. Alert: VolumeterDown.`,
    queries: [{ expr: `count(${AGENTS_UP} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.BAD),
    links: [toPage('agent', 'Agent health')],
  }),
  stat('Docker does not answer', 'short', [4, 4], {
    description: `Hosts whose agent answers but whose Docker Engine does not. Alert:
      VolumeterDockerUnreachable.`,
    queries: [{ expr: `count(${of('docker_up')} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.BAD),
  }),
  stat('Alerts firing', 'short', [4, 4], {
    description: `Alerts of the chosen hosts that fire now, of all severities; they are listed
      below.`,
    queries: [{ expr: `count(${firing}) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
  stat('First filesystem full in', 's', [4, 4], {
    decimals: 1,
    empty: 'none fills up',
    description: `When the first filesystem of all hosts is full if it goes on as in the last
      hour. One large write makes it look bad for that long; the alerts DockerFilesystemFillingUp
      and DockerFilesystemFillingUpFast look closer.`,
    queries: [{ expr: `min(${fillsUp})` }],
    thresholds: colours.untilFull(),
  }),
  stat('Orphaned', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space of volumes to which no container refers, of all hosts. What to do
      with them: dashboard Cleanup.`,
    queries: [{ expr: `sum(${orphanedBytes}) or vector(0)` }],
    links: [toPage('cleanup', 'Cleanup')],
  }),
];

const hosts = [
  table('Hosts', 'short', [24, 10], {
    sortBy: 'Fullest filesystem',
    description: `Every host, the fullest first. Click one for its dashboard. A host needs somebody
    if its agent or Docker is down, a filesystem is full or soon full, or alerts fire.`,
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
        mappings: ANSWERS,
        thresholds: colours.mustBeOne(),
        width: 90,
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
        name: 'Full in',
        expr: host('min', fillsUp),
        unit: 's',
        thresholds: colours.untilFull(),
        width: 105,
      },
      {
        name: 'Busiest device',
        expr: host('max', busy),
        unit: 'percentunit',
        thresholds: colours.busy(),
        width: 120,
      },
      { name: 'In use', expr: inState('in_use'), width: 75 },
      { name: 'Idle', expr: inState('idle'), width: 60 },
      { name: 'Orphaned', expr: inState('orphaned'), width: 90 },
      { name: 'Orphaned bytes', expr: host('sum', orphanedBytes), unit: 'bytes', width: 130 },
      {
        name: 'Volumes',
        expr: host('sum', of('docker_volume_allocated_bytes')),
        unit: 'bytes',
        width: 100,
      },
    ],
  }),
];

const worst = [
  table('Firing alerts', 'short', [12, 9], {
    empty: 'none fires',
    description: "Alerts that fire now. Each one's runbook says what to do: docs/runbooks.",
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
  table('Filesystems that fill up', 's', [12, 9], {
    empty: 'none fills up',
    description: `Filesystems that are full within a quarter of a year if they go on as in the
      last hour. Click the host to see which volume is the reason.`,
    keys: [{ label: 'instance', width: 150, links: [toHost(true)] }, { label: 'mountpoint' }],
    without: ['job', 'device', 'fstype'],
    columns: [
      {
        name: 'Full in',
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
        name: 'Used',
        expr: `max by(${FILESYSTEM}) ((${USED}) and ${fillsUp})`,
        unit: 'percentunit',
        thresholds: colours.spaceUsed(),
        width: 80,
      },
    ],
  }),
];

const growing = perVolume(growthPerDay('docker_volume_allocated_bytes'));
const fastest = top(`${growing} > 0`);
const trends = [
  [
    table('Volumes that grow most', 'bytes', [12, 9], {
      sortBy: 'Growth a day',
      empty: 'no volume grows',
      description: `The ten volumes of all hosts that grow most, at the mean speed of the shown
      time. Out of the ordinary: DockerVolumeGrowthUnusual.`,
      keys: [
        { label: 'instance', width: 150, links: [toHost(true)] },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: [
        { name: 'Growth a day', expr: fastest, width: 120 },
        {
          name: 'Size',
          expr: `${perVolume(of('docker_volume_allocated_bytes'))} and ${fastest}`,
          width: 100,
        },
      ],
    }),
    lines('Fullest filesystems', 'percentunit', [12, 9], {
      range: [0, 1],
      marked: true,
      description: `Share that is used of the fullest filesystem of each host, of the ten fullest
      hosts. The dashed lines are where the alerts DockerFilesystemFillingUp (if it goes on) and
      DockerFilesystemFull begin.`,
      queries: [{ expr: top(host('max', USED)), legend: '{{instance}}' }],
      thresholds: colours.spaceUsed(),
      links: [toHost()],
    }),
  ],
  [
    lines('Busiest devices', 'percentunit', [12, 9], {
      range: [0, 1],
      marked: true,
      description: `Share of the time in which the busiest device of each host had anything to do,
      of the ten busiest hosts. At the dashed line for long: DockerDeviceSaturated.`,
      queries: [{ expr: top(host('max', busy)), legend: '{{instance}}' }],
      thresholds: colours.busy(),
      links: [toPage('io', 'I/O')],
    }),
    lines('Disk space of volumes', 'bytes', [12, 9], {
      stacked: true,
      description: 'Disk space of all volumes by host, of the ten hosts with most.',
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
    description: 'All Docker hosts: which of them need somebody now?',
    top: [now, hosts, worst],
    rows: [{ title: 'Trends', lines: trends }],
  });
