// SPDX-License-Identifier: Apache-2.0
// Links from a table row or a series to the dashboard with its details.

export interface Link {
  title: string;
  url: string;
}

const KEPT = '${datasource:queryparam}&${job:queryparam}&${__url_time_range}';

// In a table a label is a field of the row, elsewhere a label of the series.
const label = (name: string, inTable: boolean) =>
  inTable ? `\${__data.fields.${name}}` : `\${__field.labels.${name}}`;

export function toHost(inTable = false): Link {
  return {
    title: 'Host',
    url: `/d/volumeter-host?${KEPT}&var-instance=${label('instance', inTable)}`,
  };
}

export function toVolume(inTable = false): Link {
  return {
    title: 'Volume',
    url:
      `/d/volumeter-volume?${KEPT}&var-instance=${label('instance', inTable)}` +
      `&var-volume=${label('volume', inTable)}`,
  };
}

export function toPage(name: string, title: string, inTable = false): Link {
  return {
    title,
    url: `/d/volumeter-${name}?${KEPT}&var-instance=${label('instance', inTable)}`,
  };
}
