/**
 * The Content-Security-Policy that SECURITY.md prints, as it is printed, in three browsers:
 * `attestedFetch` works under it, and what a person entered gets out on no other way. The same page
 * without the policy, or with parts of it, shows that these ways are open otherwise.
 */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { browsers } from './browsers.ts'
import { createDevice, type Device } from './channel/device.ts'
import { makeEnclave } from './channel/enclave.ts'
import { card } from './channel/world.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { type Way, ways } from './policy/model.ts'
import { bundlePage, type Visited, visitUnder } from './policy/site.ts'
import { within } from './programs.ts'

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
const missing = here.filter(({ program }) => program === undefined)
if (missing.length > 0) console.log(`policy: not found on this machine: ${missing.map(({ name }) => name).join(', ')}`)

/** The lines of the document, as one header. */
const printed = policyIn(readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8'))
const named = 'https://enclave.example'

function policyIn(document: string): string {
  const [, block = ''] = /^Content-Security-Policy:\n((?: {2}.*\n)+)/m.exec(document) ?? []
  return block.trim().replaceAll(/\s*\n\s*/g, ' ')
}

/** The printed policy, for the enclave of the test. */
const whole = (enclave: string): string => printed.replace(named, enclave)
/**
 * Without the two directives that `default-src` does not cover. Forms of the page show what they
 * lead to in a frame, hence any frame.
 */
const partial = (enclave: string): string =>
  whole(enclave).replace("form-action 'none'; base-uri 'none'; ", '').replace("frame-src 'none'", 'frame-src *')
const leftOpen: readonly Way[] = ['form', 'form in the address', 'base', 'frame']

/** What stops each way. Browsers that know no finer name give the coarser one. */
const stoppedBy: Readonly<Record<Way, RegExp>> = {
  form: /^form-action$/,
  'form in the address': /^form-action$/,
  base: /^base-uri$/,
  frame: /^frame-src$/,
  object: /^object-src$/,
  image: /^img-src$/,
  script: /^script-src(?:-elem)?$/,
  style: /^style-src(?:-elem)?$/,
  fetch: /^connect-src$/,
  beacon: /^connect-src$/,
}

test('H15 SECURITY.md prints a policy that names the enclave once, and closes forms, base and frames', () => {
  expect(printed.split(named)).toHaveLength(2)
  for (const directive of [`connect-src ${named}`, "form-action 'none'", "base-uri 'none'", "frame-src 'none'"])
    expect(printed.split('; ')).toContain(directive)
})

describe.each(here)('H15 $name, under the policy of SECURITY.md', ({ name, program, use, patienceMs }) => {
  const isSkipped = program === undefined && !isMissingAnError
  const visits: Partial<Record<'printed' | 'partial' | 'none', Visited>> = {}

  beforeAll(async () => {
    if (isSkipped) return
    if (program === undefined) throw new Error(`${name} is not on this machine`)
    const enclave = await makeEnclave(new Date())
    const device: Device = await createDevice(enclave)
    const common = { device, root: enclave.certificates[0] as string, now: enclave.now, script: await bundlePage() }
    const folder = await makeFolder()
    try {
      await use(program, folder, async (open) => {
        const visit = (policyFor: (enclave: string) => string | undefined, ...left: readonly Way[]): Promise<Visited> =>
          visitUnder({ ...common, policyFor, open: left }, open, (report) => within(patienceMs, 'the page', report))
        visits.printed = await visit(whole)
        visits.partial = await visit(partial, ...leftOpen)
        visits.none = await visit(() => undefined, ...ways)
      })
    } finally {
      await removeFolder(folder)
    }
  })

  it.skipIf(isSkipped)('attestedFetch reaches the enclave, and the enclave alone', () => {
    const { report, received, arrived } = visits.printed as Visited
    expect(report.answer).toBe('paid')
    expect(received).toEqual([`POST /pay ${card}`])
    expect(arrived).toEqual([])
  })

  it.skipIf(isSkipped)('every other way out is stopped, each by its directive', () => {
    const { outcomes } = (visits.printed as Visited).report
    expect(Object.keys(outcomes)).toEqual([...ways])
    for (const way of ways)
      expect({ way, by: outcomes[way] }).toEqual({ way, by: expect.stringMatching(stoppedBy[way]) as string })
  })

  it.skipIf(isSkipped)('without form-action and base-uri, forms and a base get out, whatever default-src says', () => {
    expect(partial('a')).not.toMatch(/form-action|base-uri/)
    const { report, arrived } = visits.partial as Visited
    expect(new Set(arrived)).toEqual(new Set(leftOpen))
    for (const way of ways)
      expect({ way, by: report.outcomes[way] }).toEqual({
        way,
        by: leftOpen.includes(way) ? 'arrived' : (expect.stringMatching(stoppedBy[way]) as string),
      })
  })

  it.skipIf(isSkipped)('without a policy, all of them get out: each would have been seen', () => {
    const { report, arrived } = visits.none as Visited
    expect(report.answer).toBe('paid')
    expect(new Set(arrived)).toEqual(new Set(ways))
    expect(new Set(Object.values(report.outcomes))).toEqual(new Set(['arrived']))
  })
})
