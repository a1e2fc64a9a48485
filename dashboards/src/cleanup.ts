// SPDX-License-Identifier: Apache-2.0
// What may go: volumes that nobody uses, cold data, and what a prune would wrongly delete.

import { composeProjects, dashboard } from './dashboard.js';
import { toVolume } from './links.js';
import { YES } from './mappings.js';
import { bars, lines, stat } from './panels.js';
import { by, FILESYSTEM, inProject, of, only, orphanedBytes, perVolume, top } from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';

const allocated = of('docker_volume_allocated_bytes');
const orphaned = `${of('docker_volume_orphaned')} == 1`;
const unused = of('docker_volume_unused_since_timestamp_seconds');
const created = of('docker_volume_created_timestamp_seconds');
const volumes = (expr: string) => perVolume(inProject(expr));
const ofOrphans = (expr: string) =>
  volumes(`(${expr}) and on(job, instance, volume) (${orphaned})`);
const idle = `${unused} unless on(job, instance, volume) (${orphaned})`;
const ofIdle = (expr: string) => volumes(`(${expr}) and on(job, instance, volume) (${idle})`);
const sum = (expr: string) => `sum(${expr}) or vector(0)`;
const ofProjects =
  of('docker_volume_info', 'compose_project=~"$compose_project"') +
  ` and on(job, instance, volume) (${orphaned})`;
const largestFile = volumes(of('docker_volume_largest_file_bytes'));
const inodes = volumes(of('docker_volume_inodes_used'));
const anonymous = of('docker_volume_info', 'anonymous="true"');
const hazards = of('docker_volume_prune_hazard');

const sizeOfHazards = perVolume(`${allocated} and on(job, instance, volume) ${hazards}`);
const orphanedOn =
  `sum by(${FILESYSTEM}) (${orphanedBytes} * on(job, instance, volume) ` +
  `group_left(device, mountpoint, fstype) ${of('docker_volume_filesystem_info')})`;

const now = [
  stat('Orphaned', 'short', [4, 4], {
    description: `Volumes to which no container refers, running or not, by name or by a bind
      mount. Long so: DockerVolumeOrphaned.`,
    queries: [{ expr: sum(inProject(of('docker_volume_orphaned'))) }],
  }),
  stat('Disk space of orphaned', 'bytes', [4, 4], {
    decimals: 1,
    description: `What removing all orphaned volumes would give back. Much of a filesystem:
      DockerOrphanedVolumesLarge.`,
    queries: [{ expr: sum(inProject(orphanedBytes)) }],
  }),
  stat('Of these anonymous', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space of orphaned volumes that nobody named, such as leftovers of CI jobs:
      what docker volume prune removes. An engine before version 23 removes all orphaned ones.`,
    queries: [
      { expr: sum(`${inProject(orphanedBytes)} and on(job, instance, volume) ${anonymous}`) },
    ],
  }),
  stat('Disk space of idle', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space of volumes to which only stopped containers refer. Look at them
      before you remove their containers.`,
    queries: [{ expr: sum(ofIdle(allocated)) }],
  }),
  stat('Not modified for 90 days', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space of files that nobody changed for 90 days, in all volumes, also those
      in use: perhaps for an archive. As of the last full walk.`,
    queries: [{ expr: sum(inProject(of('docker_volume_old_bytes', 'days="90"'))) }],
  }),
  stat('Prune hazards', 'short', [4, 4], {
    description: `Volumes that docker volume prune would delete although a container reaches their
      data by a bind mount. Alert: DockerPruneHazard. Do not prune while there is one.`,
    queries: [{ expr: `count(${hazards}) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
];

const orphans = [
  table('Orphaned volumes', 'short', [24, 10], {
    sortBy: 'Size',
    empty: 'no volume is orphaned',
    description: `Volumes to which no container refers, the largest first. Unused since: for one
    never seen in use, since the agent first saw it. Make sure that nobody wants the data; docker
    volume rm NAME removes it for good.`,
    keys: [
      { label: 'instance', width: 160 },
      { label: 'volume', links: [toVolume(true)] },
      { label: 'compose_project', width: 140 },
    ],
    columns: [
      { name: 'Size', expr: ofOrphans(allocated), unit: 'bytes', width: 110 },
      {
        name: 'Unused since',
        expr: ofOrphans(`${unused} * 1000`),
        unit: 'dateTimeFromNow',
        width: 160,
      },
      {
        name: 'Created',
        expr: ofOrphans(`${created} * 1000`),
        unit: 'dateTimeFromNow',
        width: 160,
      },
      {
        name: 'Last modified',
        expr: ofOrphans(`${of('docker_volume_last_modified_timestamp_seconds')} * 1000`),
        unit: 'dateTimeFromNow',
        width: 160,
      },
      {
        name: 'Anonymous',
        expr: ofOrphans(`${anonymous} or ${of('docker_volume_info', 'anonymous="false"')} * 0`),
        mappings: YES,
        width: 105,
      },
    ],
    labels: [only('volume, compose_project', ofProjects)],
  }),
];

const careful = [
  table('What a prune would wrongly delete', 'short', [12, 7], {
    empty: 'none: a prune deletes no data that a container reaches',
    description: `Docker counts the volume as dangling, yet the container reaches its data by a
      bind mount: docker volume prune would delete live data. Mount the volume by its name
      instead: DockerPruneHazard.`,
    keys: [
      { label: 'instance', width: 160 },
      { label: 'volume', links: [toVolume(true)] },
      { label: 'container' },
    ],
    columns: [
      {
        name: 'Size',
        unit: 'bytes',
        width: 110,
        expr: sizeOfHazards,
      },
    ],
    labels: [only('volume, container', hazards)],
  }),
  bars('Orphaned share of filesystems', 'percentunit', [12, 7], {
    range: [0, 1],
    decimals: 1,
    empty: 'no volume is orphaned',
    description: `How much of each filesystem orphaned volumes take. Where the colour changes,
      DockerOrphanedVolumesLarge fires.`,
    queries: [
      {
        expr: `${orphanedOn} / on(${FILESYSTEM}) ${of('docker_filesystem_size_bytes')}`,
        legend: '{{instance}} {{mountpoint}}',
      },
    ],
    thresholds: colours.orphanedShare(),
  }),
];

const cold = (days: string) => volumes(of('docker_volume_old_bytes', `days="${days}"`));
const candidates = [
  [
    table('Idle volumes', 'bytes', [12, 9], {
      sortBy: 'Size',
      empty: 'no volume is idle',
      description: `Volumes to which only stopped containers refer. Ask their owners; docker rm of
      the container makes them orphaned.`,
      keys: [
        { label: 'instance', width: 160 },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: [
        { name: 'Size', expr: ofIdle(allocated), width: 100 },
        {
          name: 'Unused since',
          expr: ofIdle(`${unused} * 1000`),
          unit: 'dateTimeFromNow',
          width: 160,
        },
      ],
    }),
    table('Cold data', 'bytes', [12, 9], {
      sortBy: '90 days',
      description: `Disk space of what was not modified for so many days, by volume. Not modified
      does not mean not read: model weights are read daily.`,
      keys: [
        { label: 'instance', width: 160 },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: ['30', '90', '365'].map((days) => ({
        name: `${days} days`,
        expr: `${cold(days)} > 0`,
        width: 95,
      })),
      empty: 'no volume has data that old',
    }),
  ],
  [
    table('Largest files', 'bytes', [12, 9], {
      sortBy: 'Largest file',
      description: `Volumes by the length of their largest file; one that is nearly as large as its
      volume is often a log, a dump or a core.`,
      keys: [
        { label: 'instance', width: 160 },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: [
        {
          name: 'Largest file',
          expr: top(largestFile),
          width: 110,
        },
        {
          name: 'Size',
          expr: `${volumes(allocated)} and ${top(largestFile)}`,
          width: 110,
        },
      ],
    }),
    table('Most inodes', 'short', [12, 9], {
      sortBy: 'Inodes',
      description: `Volumes by their number of files and directories: who eats the inodes when
      DockerFilesystemInodesFillingUp fires.`,
      keys: [
        { label: 'instance', width: 160 },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: [
        {
          name: 'Inodes',
          expr: top(inodes),
          width: 110,
        },
        {
          name: 'Size',
          expr: `${volumes(allocated)} and ${top(inodes)}`,
          unit: 'bytes',
          width: 110,
        },
      ],
    }),
  ],
  [
    lines('Volumes by use', 'short', [12, 8], {
      description: `Volumes of all chosen hosts. Orphaned ones that only grow in number are
      leftovers that somebody makes regularly. A sudden fall of all: DockerVolumesVanished.`,
      queries: [{ expr: `sum by(state) (${of('docker_volumes')})`, legend: '{{state}}' }],
    }),
    lines('Orphaned disk space by host', 'bytes', [12, 8], {
      stacked: true,
      description: 'Disk space of orphaned volumes, of the ten hosts with most.',
      queries: [{ expr: top(by('sum', '', orphanedBytes)), legend: '{{instance}}' }],
      empty: 'no volume is orphaned',
    }),
  ],
];

const unusual = [
  [
    table('Programs with rights of their owner, and devices', 'short', [24, 7], {
      empty: 'no volume has any',
      description: `Volumes with set-user-ID files or device nodes. They seldom belong in a volume:
      look who put them there.`,
      keys: [
        { label: 'instance', width: 160 },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: [
        {
          name: 'Set-user-ID files',
          expr: `${volumes(of('docker_volume_setuid_files'))} > 0`,
          width: 150,
        },
        {
          name: 'Device nodes',
          expr: `${volumes(of('docker_volume_device_nodes'))} > 0`,
          width: 150,
        },
      ],
    }),
  ],
];

export const cleanup = () =>
  dashboard({
    name: 'cleanup',
    title: 'Volumeter / Cleanup',
    variables: [composeProjects()],
    description: `What may go: volumes that nobody uses, cold data, and what a prune would wrongly
    delete.`,
    top: [now, orphans, careful],
    rows: [
      { title: 'Candidates', lines: candidates },
      { title: 'Unusual contents', lines: unusual, collapsed: true },
    ],
  });
