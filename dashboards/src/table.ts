// SPDX-License-Identifier: Apache-2.0
// A table: labels first, then one column a query, merged by the labels that all queries have.

import * as common from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue, Panel, ThresholdsConfigBuilder, ValueMapping }
  from '@grafana/grafana-foundation-sdk/dashboard';
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import { ABSENT } from './mappings.js';
import type { Link } from './links.js';
import { type About, dress, target } from './panels.js';

export interface Column {
  name: string;
  expr: string;
  unit?: string; // of the table, if not said
  thresholds?: ThresholdsConfigBuilder;
  mappings?: ValueMapping[];
  width?: number;
  decimals?: number;
  hidden?: boolean; // only its labels are wanted
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
  sortBy?: string; // the largest first
  without?: string[]; // labels that are not shown; job if not said
}

export function table(about: Table): Panel {
  const panel = new tables.PanelBuilder().showHeader(true)
    .cellHeight(common.TableCellHeight.Sm).filterable(false)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation(organize(about));
  if (about.sortBy) {
    panel.sortBy([new common.TableSortByFieldStateBuilder().displayName(about.sortBy).desc(true)]);
  }
  about.keys.forEach((key) => panel.overrideByName(key.label, keyConfig(key)));
  about.columns.filter((column) => !column.hidden)
    .forEach((column) => panel.overrideByName(column.name, columnConfig(column)));
  return dress(panel, { ...about, queries: [] }, about.columns.map(({ expr }, at) =>
    target({ expr }, at).instant().format(PromQueryFormat.Table)));
}

// How Grafana names a query's values: those of an only query have no letter.
function valueNames({ columns }: Table, at: number): string[] {
  const numbered = `Value #${String.fromCharCode(65 + at)}`;
  return columns.length === 1 ? ['Value', numbered] : [numbered];
}

function organize(about: Table) {
  const { keys, columns, without = ['job'] } = about;
  const order = [...keys.map(({ label }) => [label]), ...columns.map((_, at) => valueNames(about, at))];
  const hidden = columns.flatMap((column, at) => column.hidden ? valueNames(about, at) : []);
  return {
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(['Time', ...without, ...hidden].map((name) => [name, true])),
      indexByName: Object.fromEntries(order.flatMap((names, at) => names.map((name) => [name, at]))),
      renameByName: Object.fromEntries(columns.flatMap(({ name }, at) =>
        valueNames(about, at).map((value) => [value, name]))),
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

function columnConfig({ unit, thresholds, mappings, width, decimals }: Column): DynamicConfigValue[] {
  return [
    ...(unit ? [{ id: 'unit', value: unit }] : []),
    ...(thresholds ? [{ id: 'thresholds', value: thresholds.build() },
      { id: 'custom.cellOptions', value: { type: 'color-text' } }] : []),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    { id: 'mappings', value: [...mappings ?? [], ABSENT] },
    ...(width ? [{ id: 'custom.width', value: width }] : []),
  ];
}
