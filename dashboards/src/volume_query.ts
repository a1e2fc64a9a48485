// SPDX-License-Identifier: Apache-2.0
// Expressions over the selected volume.

import { FILESYSTEM, of, type Query, rate } from './query.js';

export const THIS = 'volume="$volume"';
export const mine = (metric: string, ...matchers: string[]) => of(metric, THIS, ...matchers);
export const myRate = (metric: string, ...matchers: string[]) => rate(metric, THIS, ...matchers);
export const allocated = mine('docker_volume_allocated_bytes');
export const onMyFilesystem = (expr: string) =>
  `(${expr}) and on(${FILESYSTEM}) ${mine('docker_volume_filesystem_info')}`;
export const onMyDisks = (expr: string) =>
  `(${expr}) and on(job, instance, device) (${of('docker_filesystem_device_info')}` +
  ` and on(job, instance, mountpoint) ${mine('docker_volume_filesystem_info')})`;
export const MOUNT = 'job, instance, container, destination';
// By its name, or by a bind mount of its directory.
export const myMounts =
  `(${mine('docker_mount_info')} or ${of('docker_mount_info', 'kind="bind"')}` +
  ` and on(job, instance, source) label_replace(${mine('docker_volume_info')},` +
  ' "source", "$1", "mountpoint", "(.+)"))';
export const throughMyMounts = (expr: string) =>
  `(${expr}) * on(${MOUNT}) group_left() group by(${MOUNT}) (${myMounts})`;

// For a panel that maps NaN to a text.
export const orNothing = (expr: string) =>
  `${expr} or max(${mine('docker_volume_info')}) * NaN`;

export const notAvailable = (metric: string): Query => ({
  explains: true,
  expr: `${mine('docker_volume_info')} * NaN unless on(job, instance, volume) ${mine(metric)}`,
  legend: '{{instance}}: not available: see "I/O source"',
});
