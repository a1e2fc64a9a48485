// SPDX-License-Identifier: Apache-2.0
// Health and cost of the agents.

import { dashboard } from './dashboard.js';
import { toPage } from './links.js';
import { SUCCESS, UP } from './mappings.js';
import { lines, stat } from './panels.js';
import { AGENTS_UP, by, explain, of, ofAgents, only, quantile, rate, top } from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';

const host = (operation: string, expr: string) => by(operation, '', expr);
const NEEDED = 'source!~"ebpf_.*|mountstats"'; // without those that kernels may lack
const sizeAge = `time() - ${of('docker_volume_scan_timestamp_seconds')}`;
const cpu = ofAgents(rate('process_cpu_seconds_total'));
const errors = `increase(${of('volumeter_source_errors_total')}[$__range])`;
const failures = `${by('sum', 'source, kind', rate('volumeter_source_errors_total'))} > 0`;

const bytesPerScrape =
  `${rate('volumeter_http_response_bytes_total')} / on(job, instance) ` +
  `(${host('sum', rate('volumeter_http_responses_total'))} > 0)`;

const now = [
  stat('Agents up', 'short', [4, 4], {
    description: 'Agents that Prometheus can scrape.',
    queries: [{ expr: `sum(${AGENTS_UP})` }],
  }),
  stat('Agents down', 'short', [4, 4], {
    description: `Targets of the agents' jobs that Prometheus cannot scrape. Alert: VolumeterDown.`,
    queries: [{ expr: `count(${AGENTS_UP} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.BAD),
  }),
  stat('Collectors failing', 'short', [4, 4], {
    description: `Collectors that failed or exceeded the timeout in the last scrape; their metrics
      are missing. Alert: VolumeterCollectorFailing.`,
    queries: [{ expr: `count(${of('volumeter_scrape_collector_success')} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
  stat('Data sources failing', 'short', [4, 4], {
    description: `Data sources whose last read failed, except those that a kernel may lack (eBPF,
      mountstats). Alert: VolumeterSourceFailing.`,
    queries: [{ expr: `count(${of('volumeter_source_up', NEEDED)} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
  stat('Oldest volume size', 's', [4, 4], {
    decimals: 1,
    empty: 'Not measured yet',
    description: `Age of the oldest volume size. If high, the agent has more to measure than its
      CPU budget allows, or a filesystem is not responding. Alert: VolumeterSizesStale.`,
    queries: [{ expr: `max(${sizeAge})` }],
    thresholds: colours.sizeAge(),
  }),
  stat('p99 scrape duration', 's', [4, 4], {
    decimals: 1,
    description: `99th percentile of the time to collect and render a scrape, for the slowest
      agent. Alert: VolumeterScrapeSlow.`,
    queries: [{ expr: `max(${quantile(0.99, 'volumeter_scrape_duration_seconds', '')})` }],
    thresholds: colours.scrapeTime(),
  }),
];

const agents = [
  table('Agents', 'short', [24, 9], {
    description: `All agents: version, cost and progress of size measurement. CPU is the share of
      one core, excluding the helper processes that measure sizes (Scan CPU).`,
    keys: [
      { label: 'instance', links: [toPage('host', 'Host', true)] },
      { label: 'version', width: 90 },
    ],
    columns: [
      {
        name: 'Agent',
        expr: host('max', AGENTS_UP),
        mappings: UP,
        thresholds: colours.mustBeOne(),
        width: 70,
      },
      {
        name: 'Started',
        expr: host('max', `(${ofAgents(of('process_start_time_seconds'))}) * 1000`),
        unit: 'dateTimeFromNow',
        width: 150,
      },
      {
        name: 'Memory',
        expr: host('max', ofAgents(of('process_resident_memory_bytes'))),
        unit: 'bytes',
        width: 95,
      },
      { name: 'CPU', expr: host('max', cpu), unit: 'percentunit', width: 80 },
      {
        name: 'Scan CPU',
        expr: host('max', rate('volumeter_scan_cpu_seconds_total')),
        unit: 'percentunit',
        width: 105,
      },
      { name: 'Response size', expr: host('max', bytesPerScrape), unit: 'bytes', width: 115 },
      { name: 'Scan queue', expr: host('max', of('volumeter_scan_queue_length')), width: 110 },
      {
        name: 'Oldest size',
        expr: host('max', sizeAge),
        unit: 's',
        thresholds: colours.sizeAge(),
        width: 105,
      },
      {
        name: 'Parse errors',
        expr: host('sum', of('volumeter_source_bad_lines')),
        thresholds: colours.anyIs(colours.WARNING),
        width: 100,
      },
    ],
    labels: [only('version', of('volumeter_build_info'))],
  }),
];

const sources = [
  [
    table('Data sources', 'short', [12, 9], {
      description: `State of each data source after its last read, time since its last successful
        read, and errors in the selected time range. Run volumeter --check on the host for what
        each source provides there.`,
      keys: [{ label: 'instance' }, { label: 'source', width: 130 }],
      columns: [
        {
          name: 'State',
          expr: by('max', 'source', of('volumeter_source_up')),
          mappings: UP,
          thresholds: colours.down(),
          width: 80,
        },
        {
          name: 'Age',
          expr: by('max', 'source', of('volumeter_source_age_seconds')),
          unit: 's',
          width: 95,
        },
        {
          name: 'Errors',
          expr: by('sum', 'source', errors),
          decimals: 0,
          width: 80,
        },
      ],
    }),
    table('Collectors', 'short', [12, 9], {
      sortBy: 'Duration',
      description: `Collectors of a scrape, slowest first. A failed collector affects only its own
        metrics. Alert: VolumeterCollectorFailing.`,
      keys: [{ label: 'instance' }, { label: 'collector', width: 140 }],
      columns: [
        {
          name: 'State',
          expr: by('max', 'collector', of('volumeter_scrape_collector_success')),
          mappings: SUCCESS,
          thresholds: colours.down(),
          width: 80,
        },
        {
          name: 'Duration',
          expr: by('max', 'collector', of('volumeter_scrape_collector_duration_seconds')),
          unit: 's',
          width: 95,
        },
      ],
    }),
  ],
  [
    lines('Data source errors', 'ops', [12, 7], {
      description: `Failed reads per second, by kind of error. Meanwhile the agent exports the last
        known values, and their age grows.`,
      queries: [
        {
          expr: failures,
          legend: '{{instance}} {{source}} {{kind}}',
        },
        explain(of('docker_up'), `(${failures})`, 'no errors'),
      ],
    }),
    lines('Data source age (top 10)', 's', [12, 7], {
      logarithmic: true,
      description: `Time since the last successful read, of the ten oldest data sources. Steady
        growth means that the source is failing.`,
      queries: [
        {
          expr: top(of('volumeter_source_age_seconds')),
          legend: '{{instance}} {{source}}',
        },
      ],
    }),
  ],
];

const scrapes = [
  [
    lines('Scrape duration', 's', [8, 8], {
      description: `Median and 99th percentile time to collect and render a scrape. Near the scrape
        timeout of Prometheus, scrapes are lost. Alert: VolumeterScrapeSlow.`,
      queries: [
        {
          expr: quantile(0.99, 'volumeter_scrape_duration_seconds', ''),
          legend: '{{instance}} p99',
        },
        {
          expr: quantile(0.5, 'volumeter_scrape_duration_seconds', ''),
          legend: '{{instance}} p50',
        },
      ],
    }),
    lines('Response size', 'bytes', [8, 8], {
      description: `Mean size of an HTTP response as sent, that is after compression. Grows with
        the number of volumes and containers.`,
      queries: [{ expr: bytesPerScrape, legend: '{{instance}}' }],
    }),
    lines('HTTP responses', 'ops', [8, 8], {
      description: `HTTP responses per second by status code. 503: too many concurrent requests.
        401: missing or wrong credentials.`,
      queries: [{ expr: rate('volumeter_http_responses_total'), legend: '{{instance}} {{code}}' }],
    }),
  ],
];

const sizes = [
  [
    lines('Scan CPU utilization', 'percentunit', [8, 8], {
      description: `Share of one core used for measuring sizes, and its CPU budget
        (--collector.sizes.cpu-percent). Constantly at the budget, sizes become stale.`,
      queries: [
        { expr: rate('volumeter_scan_cpu_seconds_total'), legend: '{{instance}}' },
        { expr: of('volumeter_scan_budget_ratio'), legend: '{{instance}} CPU budget' },
      ],
      thresholds: colours.whole(),
    }),
    lines('Scan queue', 'short', [8, 8], {
      description: `Size measurements queued and in progress, and whether measurement is paused (1)
        because of I/O pressure on the host.`,
      queries: [
        { expr: of('volumeter_scan_queue_length'), legend: '{{instance}} queued' },
        { expr: of('volumeter_scans_in_progress'), legend: '{{instance}} in progress' },
        { expr: of('volumeter_scan_paused'), legend: '{{instance}} paused' },
      ],
    }),
    lines('Age of the oldest volume size', 's', [8, 8], {
      marked: true,
      description: `Age of the oldest volume size on each host. Dashed line: threshold of
        VolumeterSizesStale.`,
      queries: [{ expr: host('max', sizeAge), legend: '{{instance}}' }],
      thresholds: colours.sizeAge(),
    }),
  ],
];

const process = [
  [
    lines('Resident memory', 'bytes', [8, 8], {
      description: `Resident memory of the agent, excluding helper processes. Grows with the number
        of volumes and containers, not with time.`,
      queries: [{ expr: ofAgents(of('process_resident_memory_bytes')), legend: '{{instance}}' }],
    }),
    lines('CPU utilization', 'percentunit', [8, 8], {
      description: 'Share of one core used by the agent, excluding helper processes.',
      queries: [{ expr: cpu, legend: '{{instance}}' }],
      thresholds: colours.whole(),
    }),
    lines('File descriptor utilization', 'percentunit', [8, 8], {
      description: `Open file descriptors as a share of the limit. At 100% the agent cannot accept
        connections.`,
      queries: [
        {
          expr: `(${ofAgents(of('process_open_fds'))}) / ${of('process_max_fds')}`,
          legend: '{{instance}}',
        },
      ],
      thresholds: colours.whole(),
    }),
  ],
];

export const agent = () =>
  dashboard({
    name: 'agent',
    title: 'Volumeter / Agent health',
    description: 'Health and cost of the Volumeter agents.',
    top: [now, agents],
    rows: [
      { title: 'Data sources and collectors', lines: sources },
      { title: 'Scrapes', lines: scrapes },
      { title: 'Size measurement', lines: sizes },
      { title: 'Process', lines: process, collapsed: true },
    ],
  });
