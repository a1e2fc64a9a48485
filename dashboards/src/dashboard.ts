// SPDX-License-Identifier: Apache-2.0
// Common to all dashboards: variables, annotations, links between them, panel layout.

import * as sdk from '@grafana/grafana-foundation-sdk/dashboard';
import { of } from './query.js';
import { BAD, GOOD } from './thresholds.js';

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const TAG = 'volumeter';
const SCHEMA = 41; // Grafana 11.6; newer versions migrate it
const COLUMNS = 24;

export type Line = sdk.Panel[]; // side by side, over the full width
export interface Row {
  title: string;
  lines: Line[];
  collapsed?: boolean;
}
export interface Page {
  name: string;
  title: string;
  description: string;
  variables?: sdk.QueryVariableBuilder[]; // besides datasource, job and instance
  top: Line[];
  rows: Row[];
}

export function dashboard(page: Page): object {
  const made = new sdk.DashboardBuilder(page.title)
    .id(null)
    .uid(`volumeter-${page.name}`)
    .description(page.description.replace(/\s+/g, ' '))
    .tags([TAG])
    .readonly()
    .tooltip(sdk.DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('browser')
    .variables([
      datasource(),
      hosts('job', 'Job', 'volumeter_build_info'),
      hosts('instance', 'Instance', 'volumeter_build_info{job=~"$job"}'),
      ...(page.variables ?? []),
    ])
    .annotations([alerts(), restarts()])
    .link(
      new sdk.DashboardLinkBuilder('Volumeter')
        .type(sdk.DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  const panels = place(page);
  return { ...made.build(), schemaVersion: SCHEMA, panels: numbered(panels) };
}

function datasource() {
  return new sdk.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
}

function hosts(name: string, label: string, metric: string): sdk.QueryVariableBuilder {
  return variable(name, label, metric)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: 'All', value: '$__all' });
}

// A variable with the values of a metric's label.
export function variable(name: string, label: string, metric: string): sdk.QueryVariableBuilder {
  return new sdk.QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(`label_values(${metric}, ${name})`)
    .refresh(sdk.VariableRefresh.OnTimeRangeChanged)
    .sort(sdk.VariableSort.AlphabeticalAsc);
}

// Compose projects; "All" includes volumes without a project.
export function composeProjects(): sdk.QueryVariableBuilder {
  return variable('compose_project', 'Compose project', of('docker_volume_info'))
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' });
}

function alerts() {
  return annotation('Firing alerts', BAD, of('ALERTS', 'alertstate="firing"'))
    .titleFormat('{{alertname}}')
    .textFormat('{{instance}} {{mountpoint}} {{volume}} {{device}}')
    .tagKeys('severity,instance');
}

function restarts() {
  const started = `${of('process_start_time_seconds')} * 1000`;
  return annotation(
    'Agent starts',
    GOOD,
    `${started} and on(job, instance) ${of('volumeter_build_info')}`,
  )
    .useValueForTime(true)
    .titleFormat('Agent started')
    .textFormat('{{instance}}');
}

function annotation(name: string, colour: string, expr: string) {
  return new sdk.AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(colour)
    .expr(expr);
}

function place(page: Page): (sdk.Panel | sdk.RowPanel)[] {
  const placed: (sdk.Panel | sdk.RowPanel)[] = [];
  let y = stack(page.top, 0);
  placed.push(...page.top.flat());
  for (const { title, lines, collapsed } of page.rows) {
    const row = new sdk.RowBuilder(title)
      .collapsed(collapsed ?? false)
      .gridPos({ x: 0, y, w: COLUMNS, h: 1 })
      .build();
    y = stack(lines, y + 1);
    // In Grafana's schema a collapsed row contains its panels; those of an open row follow it.
    row.panels = collapsed ? lines.flat() : [];
    placed.push(row, ...(collapsed ? [] : lines.flat()));
  }
  return placed;
}

// Sets the position of each panel; returns the y of the next line.
function stack(lines: Line[], y: number): number {
  for (const line of lines) {
    let x = 0;
    for (const panel of line) {
      const { w, h } = panel.gridPos!;
      panel.gridPos = { x, y, w, h };
      x += w;
    }
    if (x !== COLUMNS) {
      throw new Error(`line "${line[0].title}": ${x} columns wide instead of ${COLUMNS}`);
    }
    y += Math.max(...line.map((panel) => panel.gridPos!.h));
  }
  return y;
}

function numbered(panels: (sdk.Panel | sdk.RowPanel)[]) {
  let id = 0;
  for (const panel of panels) {
    panel.id = ++id;
    for (const inside of 'panels' in panel ? panel.panels : []) {
      inside.id = ++id;
    }
  }
  return panels;
}
