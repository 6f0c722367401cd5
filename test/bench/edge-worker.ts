/**
 * The verifications as a worker (workerd). The first request is the work, each further one a phase.
 */
import { createEdge, type EdgePhase, type EdgeWork } from './edge-suite.ts'

let run: ((phase: EdgePhase) => Promise<void>) | undefined

export default {
  async fetch(request: Request): Promise<Response> {
    const message: unknown = await request.json()
    if (run === undefined) run = createEdge(message as EdgeWork)
    else await run(message as EdgePhase)
    return new Response('done')
  },
}
