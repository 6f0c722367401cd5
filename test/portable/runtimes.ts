/**
 * The one table of runtimes. Whatever a runtime cannot do is to be said here; so far there is
 * nothing that one of them cannot do.
 */
import { browsers } from './browsers.ts'
import type { Bundle } from './bundle.ts'
import type { Corpus, Report } from './model.ts'
import { reportOfPage } from './page-server.ts'
import { findBun, runBun } from './run-bun.ts'
import { findDeno, runDeno } from './run-deno.ts'
import { findNode, runNode } from './run-node.ts'
import { findWorkerd, runWorkerd } from './run-workerd.ts'

/** What is run. */
export interface Suite {
  readonly bundle: Bundle
  readonly corpus: Corpus
  readonly corpusFile: string
  /** A folder that is removed afterwards, for whatever a runtime leaves behind. */
  readonly folder: string
  /**
   * `127.0.0.1:PORT`: the one address that the suite may talk to, for runtimes that ask. Left out:
   * none.
   */
  readonly network?: string
}

/** Runs the suite in the runtime that `program` is and returns its report. */
export type Run = (program: string, suite: Suite) => Promise<Report>

export interface Runtime {
  readonly name: string
  /** Runtimes that npm installs are always there; a browser is used if the machine has it. */
  readonly from: 'npm' | 'system'
  readonly find: () => string | undefined
  readonly run: Run
}

export const runtimes: readonly Runtime[] = [
  { name: 'Node', from: 'npm', find: findNode, run: runNode },
  { name: 'Deno', from: 'npm', find: findDeno, run: runDeno },
  { name: 'Bun', from: 'npm', find: findBun, run: runBun },
  { name: 'workerd', from: 'npm', find: findWorkerd, run: runWorkerd },
  ...browsers.map(({ name, find, use, patienceMs }): Runtime => ({
    name,
    from: 'system',
    find,
    run: (program, suite) => use(program, suite.folder, (visit) => reportOfPage(suite, patienceMs, visit)),
  })),
]
