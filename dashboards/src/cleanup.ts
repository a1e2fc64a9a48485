// SPDX-License-Identifier: Apache-2.0
// Reclaimable space: orphaned and idle volumes, cold data; and volumes in use at risk of a prune.

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
  stat('Orphaned volumes', 'short', [4, 4], {
    description: `Volumes to which no container refers, running or not, by name or by a bind mount.
      Alert: DockerVolumeOrphaned.`,
    queries: [{ expr: sum(inProject(of('docker_volume_orphaned'))) }],
  }),
  stat('Orphaned disk space', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space that removing all orphaned volumes would reclaim. Alert:
      DockerOrphanedVolumesLarge.`,
    queries: [{ expr: sum(inProject(orphanedBytes)) }],
  }),
  stat('Orphaned and anonymous', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space of orphaned anonymous volumes, such as leftovers of CI jobs: what
      docker volume prune removes. Before Docker 23 it also removes named volumes.`,
    queries: [
      { expr: sum(`${inProject(orphanedBytes)} and on(job, instance, volume) ${anonymous}`) },
    ],
  }),
  stat('Idle disk space', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space of volumes to which only containers that are not running refer. Check
      them before removing these containers.`,
    queries: [{ expr: sum(ofIdle(allocated)) }],
  }),
  stat('Cold data (90 days)', 'bytes', [4, 4], {
    decimals: 1,
    description: `Disk space of files and directories not modified for 90 days, in all volumes
      including those in use. Candidates for archiving. From the last full scan.`,
    queries: [{ expr: sum(inProject(of('docker_volume_old_bytes', 'days="90"'))) }],
  }),
  stat('Prune hazards', 'short', [4, 4], {
    description: `Volumes that docker volume prune would delete although a container accesses their
      data through a bind mount. Do not prune while there are any. Alert: DockerPruneHazard.`,
    queries: [{ expr: `count(${hazards}) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
];

const orphans = [
  table('Orphaned volumes by disk space', 'short', [24, 10], {
    sortBy: 'Disk space',
    empty: 'No orphaned volumes',
    description: `Volumes to which no container refers, largest first. For a volume never seen in
      use, "Unused since" is when the agent first saw it. Make sure that the data is not needed
      before removing a volume with docker volume rm NAME.`,
    keys: [
      { label: 'instance', width: 160 },
      { label: 'volume', links: [toVolume(true)] },
      { label: 'compose_project', width: 140 },
    ],
    columns: [
      { name: 'Disk space', expr: ofOrphans(allocated), unit: 'bytes', width: 110 },
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
  table('Volumes in use that a prune would delete', 'short', [12, 7], {
    empty: 'No prune hazards',
    description: `Docker considers the volume dangling, but the container accesses its data through
      a bind mount: docker volume prune would delete data in use. Mount the volume by name instead.
      Alert: DockerPruneHazard.`,
    keys: [
      { label: 'instance', width: 160 },
      { label: 'volume', links: [toVolume(true)] },
      { label: 'container' },
    ],
    columns: [
      {
        name: 'Disk space',
        unit: 'bytes',
        width: 110,
        expr: sizeOfHazards,
      },
    ],
    labels: [only('volume, container', hazards)],
  }),
  bars('Orphaned share by filesystem', 'percentunit', [12, 7], {
    range: [0, 1],
    decimals: 1,
    empty: 'No orphaned volumes',
    description: `Share of each filesystem's size taken by orphaned volumes. The color changes at
      the threshold of DockerOrphanedVolumesLarge.`,
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
      sortBy: 'Disk space',
      empty: 'No idle volumes',
      description: `Volumes to which only containers that are not running refer. Removing these
        containers makes the volumes orphaned.`,
      keys: [
        { label: 'instance', width: 160 },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: [
        { name: 'Disk space', expr: ofIdle(allocated), width: 100 },
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
      description: `Disk space of files and directories not modified for at least this many days,
        by volume. They may still be read daily, as model weights are.`,
      keys: [
        { label: 'instance', width: 160 },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: ['30', '90', '365'].map((days) => ({
        name: `${days} days`,
        expr: `${cold(days)} > 0`,
        width: 95,
      })),
      empty: 'No cold data',
    }),
  ],
  [
    table('Largest files (top 10)', 'bytes', [12, 9], {
      sortBy: 'Largest file',
      description: `Volumes by apparent size of their largest file. A file nearly as large as its
        volume is often a log, a dump or a core file.`,
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
          name: 'Disk space',
          expr: `${volumes(allocated)} and ${top(largestFile)}`,
          width: 110,
        },
      ],
    }),
    table('Inodes by volume (top 10)', 'short', [12, 9], {
      sortBy: 'Inodes',
      description: `Volumes with the most files and directories: candidates when
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
          name: 'Disk space',
          expr: `${volumes(allocated)} and ${top(inodes)}`,
          unit: 'bytes',
          width: 110,
        },
      ],
    }),
  ],
  [
    lines('Volumes by state', 'short', [12, 8], {
      description: `Volumes of the selected hosts. A steadily growing number of orphaned volumes
        points to a recurring job that leaves them behind. A sudden drop: DockerVolumesVanished.`,
      queries: [{ expr: `sum by(state) (${of('docker_volumes')})`, legend: '{{state}}' }],
    }),
    lines('Orphaned disk space by host (top 10)', 'bytes', [12, 8], {
      stacked: true,
      description: 'Disk space of orphaned volumes, for the ten hosts with the most.',
      queries: [{ expr: top(by('sum', '', orphanedBytes)), legend: '{{instance}}' }],
      empty: 'No orphaned volumes',
    }),
  ],
];

const unusual = [
  [
    table('Setuid files and device nodes', 'short', [24, 7], {
      empty: 'No setuid files or device nodes',
      description: `Volumes with setuid files or device nodes. They rarely belong in a volume: find
        out where they come from.`,
      keys: [
        { label: 'instance', width: 160 },
        { label: 'volume', links: [toVolume(true)] },
      ],
      columns: [
        {
          name: 'Setuid files',
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
    description: `Reclaimable space: orphaned and idle volumes and cold data; volumes in use that a
      prune would delete.`,
    top: [now, orphans, careful],
    rows: [
      { title: 'Candidates', lines: candidates },
      { title: 'Unusual contents', lines: unusual, collapsed: true },
    ],
  });
