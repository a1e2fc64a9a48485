// SPDX-License-Identifier: Apache-2.0
// The agents themselves: can their numbers be trusted, and what do they cost?

import { dashboard } from './dashboard.js';
import { toPage } from './links.js';
import { SUCCESS, UP } from './mappings.js';
import { lines, stat } from './panels.js';
import { AGENTS_UP, by, explain, of, ofAgents, only, quantile, rate, top } from './query.js';
import { table } from './table.js';
import * as colours from './thresholds.js';

const host = (operation: string, expr: string) => by(operation, '', expr);
const NEEDED = 'source!~"ebpf_.*|mountstats"'; // not what a kernel may lack
const sizeAge = `time() - ${of('docker_volume_scan_timestamp_seconds')}`;
const cpu = ofAgents(rate('process_cpu_seconds_total'));
const errors = `increase(${of('volumeter_source_errors_total')}[$__range])`;
const failures = `${by('sum', 'source, kind', rate('volumeter_source_errors_total'))} > 0`;

const bytesPerScrape =
  `${rate('volumeter_http_response_bytes_total')} / on(job, instance) ` +
  `(${host('sum', rate('volumeter_http_responses_total'))} > 0)`;

const now = [
  stat('Agents up', 'short', [4, 4], {
    description: 'Agents that answer.',
    queries: [{ expr: `sum(${AGENTS_UP})` }],
  }),
  stat('Agents down', 'short', [4, 4], {
    description: `Targets of jobs that have agents that do not answer Prometheus. Alert:
      VolumeterDown.`,
    queries: [{ expr: `count(${AGENTS_UP} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.BAD),
  }),
  stat('Collectors failing', 'short', [4, 4], {
    description: `Collectors of all agents that failed or came too late in the last scrape: their
      metrics are missing. Alert: VolumeterCollectorFailing.`,
    queries: [{ expr: `count(${of('volumeter_scrape_collector_success')} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
  stat('Sources failing', 'short', [4, 4], {
    description: `Sources of facts that did not answer when last asked, without those that a
      kernel may lack (eBPF, mountstats). Alert: VolumeterSourceFailing.`,
    queries: [{ expr: `count(${of('volumeter_source_up', NEEDED)} == 0) or vector(0)` }],
    thresholds: colours.anyIs(colours.WARNING),
  }),
  stat('Oldest size', 's', [4, 4], {
    decimals: 1,
    empty: 'none is measured',
    description: `Age of the oldest size of a volume that is shown. Alert: VolumeterSizesStale.
      The agent then has more to measure than its budget allows, or a filesystem does not answer.`,
    queries: [{ expr: `max(${sizeAge})` }],
    thresholds: colours.sizeAge(),
  }),
  stat('Slowest scrape, p99', 's', [4, 4], {
    decimals: 1,
    description: `Time that the slowest agent takes to build a scrape, in all but one of a
      hundred. Alert: VolumeterScrapeSlow.`,
    queries: [{ expr: `max(${quantile(0.99, 'volumeter_scrape_duration_seconds', '')})` }],
    thresholds: colours.scrapeTime(),
  }),
];

const agents = [
  table('Agents', 'short', [24, 9], {
    description: `Every agent: its version, what it costs, and how far measuring is. CPU is a share
    of one core, without the helpers that measure sizes (see below).`,
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
        name: 'CPU of sizes',
        expr: host('max', rate('volumeter_scan_cpu_seconds_total')),
        unit: 'percentunit',
        width: 105,
      },
      { name: 'Bytes a scrape', expr: host('max', bytesPerScrape), unit: 'bytes', width: 115 },
      { name: 'Waiting sizes', expr: host('max', of('volumeter_scan_queue_length')), width: 110 },
      {
        name: 'Oldest size',
        expr: host('max', sizeAge),
        unit: 's',
        thresholds: colours.sizeAge(),
        width: 105,
      },
      {
        name: 'Bad lines',
        expr: host('sum', of('volumeter_source_bad_lines')),
        thresholds: colours.anyIs(colours.WARNING),
        width: 85,
      },
    ],
    labels: [only('version', of('volumeter_build_info'))],
  }),
];

const facts = [
  [
    table('Sources', 'short', [12, 9], {
      description: `Where facts come from, whether they answered when last asked, and how old the
      last good answer is; errors are those of the shown time. volumeter --check on the host says
      what each can and cannot do there.`,
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
      sortBy: 'Took',
      description: `Parts of a scrape, the slowest first. One that failed costs its own metrics and
      no others: VolumeterCollectorFailing.`,
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
          name: 'Took',
          expr: by('max', 'collector', of('volumeter_scrape_collector_duration_seconds')),
          unit: 's',
          width: 95,
        },
      ],
    }),
  ],
  [
    lines('Errors of sources', 'ops', [12, 7], {
      description: `Answers of sources that failed a second, by kind of error. The agent goes on
      with the last good answer; its age grows meanwhile.`,
      queries: [
        {
          expr: failures,
          legend: '{{instance}} {{source}} {{kind}}',
        },
        explain(of('docker_up'), `(${failures})`, 'no errors'),
      ],
    }),
    lines('Age of answers', 's', [12, 7], {
      logarithmic: true,
      description: `Age of the last good answer of the ten sources whose is oldest. One that grows
      without end is a source that fails.`,
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
    lines('Time of a scrape', 's', [8, 8], {
      description: `Time to build a scrape: half of them take less than p50, all but one in a
      hundred less than p99. Near Prometheus' timeout scrapes are lost: VolumeterScrapeSlow.`,
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
    lines('Bytes a scrape', 'bytes', [8, 8], {
      description: `Mean size of an answer as it is sent, compressed if Prometheus asks so. It grows
      with the number of volumes and containers.`,
      queries: [{ expr: bytesPerScrape, legend: '{{instance}}' }],
    }),
    lines('Answers', 'ops', [8, 8], {
      description: `HTTP answers a second by status. 503 means that too many ask at once, 401 that
      somebody has no password.`,
      queries: [{ expr: rate('volumeter_http_responses_total'), legend: '{{instance}} {{code}}' }],
    }),
  ],
];

const sizes = [
  [
    lines('CPU of measuring sizes', 'percentunit', [8, 8], {
      description: `Share of one core that measuring sizes takes, and what it may take
      (--collector.sizes.cpu-percent). At the limit all the time: sizes grow old.`,
      queries: [
        { expr: rate('volumeter_scan_cpu_seconds_total'), legend: '{{instance}}' },
        { expr: of('volumeter_scan_budget_ratio'), legend: '{{instance}} may take' },
      ],
      thresholds: colours.whole(),
    }),
    lines('Waiting to be measured', 'short', [8, 8], {
      description: `Volumes and other targets that are due and wait, those being measured, and
      whether measuring pauses (1) because others wait for the disks.`,
      queries: [
        { expr: of('volumeter_scan_queue_length'), legend: '{{instance}} waiting' },
        { expr: of('volumeter_scans_in_progress'), legend: '{{instance}} being measured' },
        { expr: of('volumeter_scan_held'), legend: '{{instance}} paused' },
      ],
    }),
    lines('Age of sizes', 's', [8, 8], {
      marked: true,
      description: `Age of the oldest size of a volume on each host. Beyond the dashed line:
      VolumeterSizesStale.`,
      queries: [{ expr: host('max', sizeAge), legend: '{{instance}}' }],
      thresholds: colours.sizeAge(),
    }),
  ],
];

const process = [
  [
    lines('Memory', 'bytes', [8, 8], {
      description: `Resident memory of the agent, without its helper processes. It grows with
      volumes and containers, not with time.`,
      queries: [{ expr: ofAgents(of('process_resident_memory_bytes')), legend: '{{instance}}' }],
    }),
    lines('CPU', 'percentunit', [8, 8], {
      description: 'Share of one core that the agent takes, without its helper processes.',
      queries: [{ expr: cpu, legend: '{{instance}}' }],
      thresholds: colours.whole(),
    }),
    lines('Open files', 'percentunit', [8, 8], {
      description: `Share of the file descriptors that the agent may have open. At 1 it can take no
      connection.`,
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
    description: 'The agents themselves: can their numbers be trusted, and what do they cost?',
    top: [now, agents],
    rows: [
      { title: 'Sources and collectors', lines: facts },
      { title: 'Scrapes', lines: scrapes },
      { title: 'Measuring sizes', lines: sizes },
      { title: 'Process', lines: process, collapsed: true },
    ],
  });
