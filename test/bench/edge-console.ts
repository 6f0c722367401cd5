/**
 * The verifications in a runtime with a console (Node, Deno). A line of standard input is the work,
 * each further one a phase; each is answered with a line.
 */
import { createInterface } from 'node:readline'
import { stdin } from 'node:process'
import { createEdge, type EdgePhase, type EdgeWork } from './edge-suite.ts'

let run: ((phase: EdgePhase) => Promise<void>) | undefined
for await (const line of createInterface({ input: stdin })) {
  if (run === undefined) run = createEdge(JSON.parse(line) as EdgeWork)
  else await run(JSON.parse(line) as EdgePhase)
  console.log('done')
}
