/**
 * The suite as a worker (workerd): the corpus is the body of the request, the report that of the
 * response.
 */
import type { Corpus } from '../model.ts'
import { runSuite } from '../suite.ts'

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await runSuite((await request.json()) as Corpus))
  },
}
