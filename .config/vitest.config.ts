import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { patienceMs } from '../test/support/patience.ts'
import { tellStillRunning } from '../test/support/still-running.ts'

const { VERITEE_REPORT: report } = process.env

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/settle.ts'],
    // A test may wait several times. What runs for long is told every few minutes, so a hang shows early.
    testTimeout: 3 * patienceMs,
    hookTimeout: 3 * patienceMs,
    teardownTimeout: patienceMs,
    // All processors: by default vitest leaves one to itself, which has next to nothing to do.
    maxWorkers: availableParallelism(),
    reporters: [
      'default',
      tellStillRunning((line) => void process.stderr.write(`${line}\n`)),
      ...(report === undefined ? [] : [['json', { outputFile: report }] satisfies [string, object]]),
    ],
  },
})
