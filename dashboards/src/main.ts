// SPDX-License-Identifier: Apache-2.0
// Writes the dashboards to the parent directory; with --check fails if they are outdated.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { agent } from './agent.js';
import { cleanup } from './cleanup.js';
import { fleet } from './fleet.js';
import { host } from './host.js';
import { io } from './io.js';
import { volume } from './volume.js';

const outdated: string[] = [];
for (const [name, make] of Object.entries({ agent, cleanup, fleet, host, io, volume })) {
  const file = new URL(`../${name}.json`, import.meta.url);
  const text = JSON.stringify(make(), null, 2) + '\n';
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    outdated.push(`${name}.json`);
  }
}
if (outdated.length > 0) {
  console.error(`outdated: ${outdated.join(', ')}; run npm run build`);
  process.exit(1);
}
