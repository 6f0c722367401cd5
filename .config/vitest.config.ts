import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { patienceMs } from '../test/support/patience.ts'
import { tellStillRunning } from '../test/support/still-running.ts'

const { VERITEE_REPORT: report } = process.env

/** Folders whose files take longest: they start browsers, build, or try every byte. Those come first, so that no processor waits for the last of them. */
const heavy = ['test/package/', 'test/portable/', 'test/demo/', 'test/client/abuse/', 'test/formats/']

class HeavyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = heavy.findIndex((folder) => moduleId.includes(`/${folder}`))
      return at < 0 ? heavy.length : at
    }
    // What failed or took long before comes first inside each.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

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
    sequence: { sequencer: HeavyFirst },
    reporters: [
      'default',
      tellStillRunning((line) => void process.stderr.write(`${line}\n`)),
      ...(report === undefined ? [] : [['json', { outputFile: report }] satisfies [string, object]]),
    ],
  },
})
