// SPDX-License-Identifier: Apache-2.0
// The values of alerts/thresholds.toml, so that colors change where alerts fire.

import { readFileSync } from 'node:fs';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { parse } from 'smol-toml';

const path = new URL('../../alerts/thresholds.toml', import.meta.url);
const tables = parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;

// Distinguishable with color blindness. Named colors have another shade in the light theme.
export const GOOD = 'blue';
export const WARNING = 'dark-yellow';
export const BAD = 'dark-orange';
export const NEUTRAL = '#8E8EA0';

// For lines with the same meaning in every panel.
export const READ = GOOD;
export const WRITTEN = BAD;
export const SYNCED = NEUTRAL;

// A number in the table of an alert.
export function limit(alert: string, key: string): number {
  const value = tables[alert]?.[key];
  if (typeof value !== 'number') {
    throw new Error(`alerts/thresholds.toml has no number ${alert}.${key}`);
  }
  return value;
}

// Threshold steps: the color of the lowest values, then [lower bound, color].
export function steps(first: string, ...others: [number, string][]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: first }, ...others.map(([value, color]) => ({ value, color }))]);
}

export const calm = () => steps(GOOD);
export const anyIs = (colour: string) => steps(GOOD, [1, colour]);
export const mustBeOne = () => steps(BAD, [1, GOOD]);
export const whole = () => steps(GOOD, [1, WARNING]);
export const volumeState = () => steps(WARNING, [1, GOOD], [2, WARNING]);

export const spaceUsed = () =>
  steps(
    GOOD,
    [1 - limit('DockerFilesystemFillingUp', 'free'), WARNING],
    [1 - limit('DockerFilesystemFull', 'free'), BAD],
  );
export const inodesUsed = () =>
  steps(
    GOOD,
    [1 - limit('DockerFilesystemInodesFillingUp', 'free'), WARNING],
    [1 - limit('DockerFilesystemInodesFull', 'free'), BAD],
  );
export const untilFull = () =>
  steps(
    BAD,
    [limit('DockerFilesystemFillingUpFast', 'hours') * 3600, WARNING],
    [limit('DockerFilesystemFillingUp', 'days') * 86400, GOOD],
  );
export const untilNoInodes = () =>
  steps(
    BAD,
    [limit('DockerFilesystemInodesFillingUpFast', 'hours') * 3600, WARNING],
    [limit('DockerFilesystemInodesFillingUp', 'days') * 86400, GOOD],
  );
export const ofLimit = () =>
  steps(
    GOOD,
    [limit('DockerVolumeNearLimit', 'used'), WARNING],
    [limit('DockerVolumeAtLimit', 'used'), BAD],
  );
export const tmpfsUsed = () => steps(GOOD, [limit('DockerTmpfsNearLimit', 'used'), WARNING]);
export const busy = () => steps(GOOD, [limit('DockerDeviceSaturated', 'busy'), WARNING]);
export const down = () => steps(WARNING, [1, GOOD]);
export const orphanedShare = () =>
  steps(GOOD, [limit('DockerOrphanedVolumesLarge', 'share'), WARNING]);
export const sizeAge = () => steps(GOOD, [limit('VolumeterSizesStale', 'seconds'), WARNING]);
export const queue = () => steps(GOOD, [limit('DockerDeviceSaturated', 'queue'), WARNING]);
export const stalled = () => steps(GOOD, [limit('DockerContainerIoStalled', 'stalled'), WARNING]);
export const scrapeTime = () => steps(GOOD, [limit('VolumeterScrapeSlow', 'seconds'), WARNING]);
export const callLatency = () =>
  steps(GOOD, [limit('DockerVolumeLatencyHigh', 'slow_seconds'), WARNING]);
export const deviceLatency = () =>
  steps(GOOD, [limit('DockerDeviceLatencyHigh', 'slow_seconds'), WARNING]);
export const meanLatency = () =>
  steps(GOOD, [limit('DockerDeviceLatencyHigh', 'mean_seconds'), WARNING]);
