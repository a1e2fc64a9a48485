// SPDX-License-Identifier: Apache-2.0
// A table: labels first, then one column per query, merged by the labels common to all queries.

import * as common from '@grafana/grafana-foundation-sdk/common';
import type {
  DynamicConfigValue,
  Panel,
  ThresholdsConfigBuilder,
  ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import { ABSENT } from './mappings.js';
import type { Link } from './links.js';
import { type About, dress, letter, type Size, target } from './panels.js';

export interface Column {
  name: string;
  expr: string;
  unit?: string; // default: that of the table
  thresholds?: ThresholdsConfigBuilder;
  mappings?: ValueMapping[];
  width?: number;
  decimals?: number;
}

export interface Key {
  label: string;
  width?: number;
  links?: Link[];
  mappings?: ValueMapping[];
}

export interface Table extends Omit<About, 'queries' | 'links' | 'range'> {
  keys: Key[];
  columns: Column[];
  labels?: string[]; // queries that add rows with labels only; they come first
  sortBy?: string; // descending
  without?: string[]; // hidden labels; default: job
}

export function table(title: string, unit: string, size: Size, about: Table): Panel {
  const panel = new tables.PanelBuilder()
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .filterable(false)
    .minWidth(70)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation(organize(about));
  if (about.sortBy) {
    panel.sortBy([new common.TableSortByFieldStateBuilder().displayName(about.sortBy).desc(true)]);
  }
  about.keys.forEach((key) => panel.overrideByName(key.label, keyConfig(key)));
  about.columns.forEach((column) => panel.overrideByName(column.name, columnConfig(column)));
  const queries = expressions(about).map((expr) => ({ expr }));
  const targets = queries.map((one, at) => target(one, at).instant().format(PromQueryFormat.Table));
  return dress(panel, { title, unit, size, ...about, queries }, targets);
}

function expressions({ columns, labels = [] }: Table): string[] {
  return [...labels, ...columns.map(({ expr }) => expr)];
}

// Grafana's names for the values of each query; without a letter if only one query has data.
function valueNames(about: Table): string[][] {
  const [first, ...others] = expressions(about).map((_, at) => `Value #${letter(at)}`);
  return [['Value', first], ...others.map((name) => [name])];
}

function organize(about: Table) {
  const { keys, columns, labels = [], without = ['job'] } = about;
  const hidden = valueNames(about).slice(0, labels.length).flat();
  const values = valueNames(about).slice(labels.length);
  const order = [...keys.map(({ label }) => [label]), ...values];
  const pairs = columns.flatMap(({ name }, at) => values[at].map((value) => [value, name]));
  return {
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(
        ['Time', ...without, ...hidden].map((name) => [name, true]),
      ),
      indexByName: Object.fromEntries(
        order.flatMap((names, at) => names.map((name) => [name, at])),
      ),
      renameByName: Object.fromEntries(pairs),
    },
  };
}

function keyConfig({ links, mappings, width }: Key): DynamicConfigValue[] {
  return [
    { id: 'unit', value: 'string' },
    { id: 'noValue', value: '-' },
    ...(width ? [{ id: 'custom.width', value: width }] : []),
    ...(links ? [{ id: 'links', value: links }] : []),
    ...(mappings ? [{ id: 'mappings', value: mappings }] : []),
  ];
}

function columnConfig({
  unit,
  thresholds,
  mappings,
  width,
  decimals,
}: Column): DynamicConfigValue[] {
  return [
    ...(unit ? [{ id: 'unit', value: unit }] : []),
    ...(thresholds
      ? [
          { id: 'thresholds', value: thresholds.build() },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]
      : []),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    { id: 'mappings', value: [...(mappings ?? []), ABSENT] },
    ...(width ? [{ id: 'custom.width', value: width }] : []),
  ];
}
