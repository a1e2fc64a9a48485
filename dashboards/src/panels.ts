// SPDX-License-Identifier: Apache-2.0
// Kinds of panels. Each needs a unit and a description.

import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type {
  DynamicConfigValue,
  Panel,
  ThresholdsConfigBuilder,
  ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import * as heat from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stats from '@grafana/grafana-foundation-sdk/stat';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from './dashboard.js';
import type { Link } from './links.js';
import type { Query } from './query.js';
import { calm } from './thresholds.js';

export type Size = [width: number, height: number];

export interface About {
  description: string; // what it shows, what is critical, related alerts
  queries: Query[];
  thresholds?: ThresholdsConfigBuilder;
  mappings?: ValueMapping[];
  links?: Link[];
  empty?: string; // shown if there is no data
  range?: [min?: number, max?: number];
  decimals?: number;
}

interface Named extends About {
  title: string;
  unit: string;
  size: Size;
}

type Builder =
  | timeseries.PanelBuilder
  | stats.PanelBuilder
  | bargauge.PanelBuilder
  | heat.PanelBuilder
  | tables.PanelBuilder;

export const letter = (index: number) => String.fromCharCode(65 + index);

export function target(query: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(letter(index))
    .datasource(DATASOURCE)
    .expr(query.expr)
    .legendFormat(query.legend ?? '__auto');
}

export function dress(panel: Builder, about: Named, targets: DataqueryBuilder[]): Panel {
  const [width, height] = about.size;
  const [min, max] = about.range ?? [];
  panel
    .title(about.title)
    .description(about.description.replace(/\s+/g, ' '))
    .unit(about.unit)
    .datasource(DATASOURCE)
    .targets(targets)
    .span(width)
    .height(height)
    .thresholds(about.thresholds ?? calm());
  if (about.mappings) panel.mappings(about.mappings);
  if (about.empty) panel.noValue(about.empty);
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  if (about.decimals !== undefined) panel.decimals(about.decimals);
  const made = panel.build();
  if (about.links) Object.assign(made.fieldConfig!.defaults, { links: about.links });
  return made;
}

const ranged = (queries: Query[]) => queries.map((one, at) => target(one, at).range());
const once = (queries: Query[]) => queries.map((one, at) => target(one, at).instant());

export interface Lines extends About {
  stacked?: boolean;
  logarithmic?: boolean;
  marked?: boolean; // draw the thresholds
}

// Lines over time.
export function lines(title: string, unit: string, size: Size, about: Lines): Panel {
  const panel = new timeseries.PanelBuilder()
    .lineWidth(1)
    .fillOpacity(about.stacked ? 40 : 0)
    .showPoints(common.VisibilityMode.Auto)
    .spanNulls(false)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max'])
        .sortBy('Last *')
        .sortDesc(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (!about.logarithmic) panel.axisSoftMin(0);
  if (about.stacked) {
    panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
  }
  if (about.logarithmic) {
    panel.scaleDistribution(
      new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10),
    );
  }
  if (about.marked) {
    panel.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  }
  about.queries.forEach((query, at) => {
    const styled = style(query);
    if (styled.length > 0) panel.overrideByQuery(letter(at), styled);
  });
  return dress(panel, { title, unit, size, ...about }, ranged(about.queries));
}

// Series without values must not be drawn: the axis would have no scale.
function style({ colour, explains }: Query): DynamicConfigValue[] {
  return [
    ...(colour ? [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }] : []),
    ...(explains
      ? [{ id: 'custom.hideFrom', value: { viz: true, legend: false, tooltip: true } }]
      : []),
  ];
}

export interface Stat extends About {
  trend?: boolean; // with a sparkline
  name?: boolean; // show the name of the series
}

// One number, or one per series, in the color of its threshold.
export function stat(title: string, unit: string, size: Size, about: Stat): Panel {
  const panel = new stats.PanelBuilder()
    .graphMode(about.trend ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .textMode(about.name ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value)
    .reduceOptions(newest())
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  const targets = about.trend ? ranged(about.queries) : once(about.queries);
  return dress(panel, { title, unit, size, ...about }, targets);
}

// One bar per series: shares from 0 to 1.
export function bars(title: string, unit: string, size: Size, about: About): Panel {
  const panel = new bargauge.PanelBuilder()
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Color)
    .showUnfilled(true)
    .namePlacement(common.BarGaugeNamePlacement.Top)
    .text(new common.VizTextDisplayOptionsBuilder().titleSize(13).valueSize(16))
    .reduceOptions(newest())
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  return dress(panel, { title, unit, size, ...about }, once(about.queries));
}

const newest = () => new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);

// Distribution over the buckets of a histogram; one query, by le.
export function heatmap(title: string, unit: string, size: Size, about: About): Panel {
  const panel = new heat.PanelBuilder()
    .calculate(false)
    .cellGap(1)
    .showLegend()
    .color(
      new heat.HeatmapColorOptionsBuilder()
        .mode(heat.HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .scale(heat.HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .yAxis(new heat.YAxisConfigBuilder().unit(unit))
    .cellValues(new heat.CellValuesBuilder().unit('ops'))
    .filterValues(new heat.FilterValueRangeBuilder().le(1e-9))
    .tooltip(
      new heat.HeatmapTooltipBuilder()
        .mode(common.TooltipDisplayMode.Single)
        .yHistogram(false)
        .showColorScale(true),
    );
  const targets = about.queries.map((one, at) =>
    target({ ...one, legend: '{{le}}' }, at)
      .range()
      .format(PromQueryFormat.Heatmap),
  );
  return dress(panel, { title, unit, size, ...about }, targets);
}
