/**
 * The page that asks a model, as visitors use it, in three browsers: a relay that passes everything
 * on sees sealed bytes only; whatever else it does, the link of the chain that is broken says so,
 * and no word of the prompt has left.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { relayAttacks } from '../../demo/ai/attacks.ts'
import { prose } from '../../demo/send/wire.ts'
import type { Site } from '../../demo/site.ts'
import { browsers } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { type AskRow, links, prompt, whole } from './ai-expected.ts'
import { look, type Looked, type Sent, siteWithDriver } from './look.ts'

interface Report {
  readonly rows: readonly AskRow[]
  readonly violations: readonly string[]
}

let site: Site
beforeAll(async () => {
  site = await siteWithDriver('ai-driver.ts', ['ai/index.html'])
})

test('every relay has an expectation', () => {
  expect(relayAttacks.map(({ name }) => name).sort()).toEqual(Object.keys(links).sort())
})

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))

describe.each(here)('$name', ({ name, program, use, patienceMs }) => {
  if (program === undefined && process.env.VERITEE_ALL_RUNTIMES !== '1') {
    test.skip('is not on this machine', () => undefined)
    return
  }
  let seen: Looked<Report>
  const rowsOf = (attack: string): readonly AskRow[] => {
    const rows = seen.rows.filter((one) => one.name === attack)
    if (rows.length === 0) throw new Error(`no row ${attack} in ${name}`)
    return rows
  }
  const sentTo = (attack: string, endpoint: string): readonly Sent[] =>
    seen.sent.filter(({ path }) => path === `/ai/relay/${attack}/${endpoint}`)

  beforeAll(async () => {
    if (program === undefined) throw new Error(`${name} is not on this machine`)
    const folder = await makeFolder()
    try {
      seen = await use(program, folder, (visit) => look<Report>(site, visit, 'ai/', patienceMs * 2))
    } finally {
      await removeFolder(folder)
    }
  })

  test('a relay that passes everything on: every link holds, and the answer comes back whole', () => {
    const [first] = rowsOf('none')
    expect(first).toMatchObject({ code: '', answers: [whole], badge: 'verified', isCut: false, clear: 0 })
    expect(first?.verdict).toBe('Answered by the proven machine, and by no one else.')
    expect(new Set(Object.values(first?.chain ?? {}))).toEqual(new Set(['yes']))
    expect(Object.keys(first?.chain ?? {})).toHaveLength(9)
  })

  test('a second question goes over the same session: no proof is asked for again', () => {
    const [, second, third] = rowsOf('none')
    expect(second?.answers).toEqual([whole])
    expect(third?.answers).toEqual([whole, whole])
    // Two sessions, three questions.
    expect(sentTo('none', 'report')).toHaveLength(2)
    expect(sentTo('none', 'sealed')).toHaveLength(3)
  })

  test.each(relayAttacks.filter(({ name: attack }) => attack !== 'none'))('$name', ({ name: attack, isLate }) => {
    const [row] = rowsOf(attack)
    const [code, link] = links[attack] as readonly [string, string]
    expect(row?.code).toBe(code)
    expect(row?.chain[link]).toBe('no')
    expect(Object.values(row?.chain ?? {}).filter((state) => state === 'no')).toHaveLength(1)
    expect(row?.chain.channel).toBe(isLate ? 'no' : 'never')
    expect(row?.verdict).toBe(isLate ? 'Stopped: the answer is not the machine’s.' : 'Refused: nothing was sent.')
    expect(row?.clear).toBe(0)
    // Which machine it is, is proven before it can begin.
    expect(row?.badge).toBe(isLate ? 'verified' : 'refused')
    expect(row?.panel.includes(`(${code})`)).toBe(!isLate)
    // Asked once, refused once: the client behind the page tries nothing again.
    expect(sentTo(attack, 'report')).toHaveLength(1)
    // Before the proof nothing of the prompt leaves, not even sealed.
    expect(sentTo(attack, 'sealed').map(({ body }) => body.length)).toEqual(isLate ? [row?.sealed] : [])
    expect(row?.answers.length).toBe(attack === 'cut-off' ? 1 : 0)
  })

  test('an answer that was cut off never looks finished', () => {
    const [row] = rowsOf('cut-off')
    const [answer = ''] = row?.answers ?? []
    expect(answer.length).toBeGreaterThan(0)
    expect(whole.startsWith(answer.trim())).toBe(true)
    expect(answer).not.toBe(whole)
    expect(row?.isCut).toBe(true)
  })

  test('what the relay saw has no word of the prompt in it; with plain fetch it has', () => {
    const secret = prose('prompt', prompt)
    const attested = seen.sent.filter(({ path }) => !path.endsWith('/plain'))
    expect(attested.length).toBeGreaterThan(12)
    expect(attested.filter(({ body }) => secret.at(body).length > 0)).toEqual([])
    expect(sentTo('none', 'plain').map(({ body }) => secret.at(body).length)).toEqual([1])
    expect(rowsOf('plain')[0]?.clear).toBe(prompt.length)
  })

  test('its own policy is never violated', () => {
    expect(seen.violations).toEqual([])
  })
})

describe('prose', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  test.each<readonly [string, string]>([
    ['as it is', prompt],
    ['a part of it', prompt.slice(20, 40)],
    ['in JSON', JSON.stringify({ content: prompt })],
    ['in hexadecimal', Buffer.from(prompt).toString('hex')],
    ...[0, 1, 2, 3].map((offset) => [`in base64, at ${offset}`, btoa(`${'x'.repeat(offset)}${prompt}yz`)] as const),
  ])('finds it %s', (_, text) => {
    expect(prose('prompt', prompt).at(bytes(`before ${text} after`))).toHaveLength(1)
  })

  test('finds nothing in something else', () => {
    expect(prose('prompt', prompt).at(bytes('Another prompt, of which nothing is in that one.'))).toEqual([])
    expect(prose('prompt', 'short').at(bytes('short'))).toEqual([])
  })
})
