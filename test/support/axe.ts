/**
 * axe-core: in pages that have it among their scripts, and from outside.
 */
import axe from 'axe-core'
import type { Page } from 'puppeteer-core'

/** What holds is only counted; it need not be described. */
const options: axe.RunOptions = { resultTypes: ['violations'] }

export interface Found {
  /** `rule: element`, for all that is found. */
  readonly barriers: readonly string[]
  /** How many rules were applied and held. */
  readonly passes: number
}

const foundIn = ({ violations, passes }: axe.AxeResults): Found => ({
  barriers: violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`)),
  passes: passes.length,
})

/** In the page itself. */
export const findBarriers = async (): Promise<Found> => foundIn(await axe.run(document, options))

/** In a page that a test has opened. */
export async function barriersOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const run = (given: axe.RunOptions): Promise<axe.AxeResults> =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, given)
  return foundIn(await page.evaluate(run, options)).barriers
}
