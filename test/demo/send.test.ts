/**
 * The page that sends, as visitors use it, in three browsers: with nobody in between the number
 * arrives; with each attack it does not, and what the page says of the wire is what the server saw.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { channelAttacks } from '../../demo/send/attacks.ts'
import { readableAt } from '../../demo/send/wire.ts'
import type { Site } from '../../demo/site.ts'
import { browsers } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { look, type Looked, type Sent, siteWithDriver } from './look.ts'
import { card, codes, type SendRow, whole } from './send-expected.ts'

/** What is tried behind the gate. */
const gated = ['', 'swapped-key/', 'plaintext/', 'other-build/']

interface Report {
  readonly rows: readonly SendRow[]
  readonly violations: readonly string[]
}
type Seen = Looked<Report>

let site: Site
beforeAll(async () => {
  const pages = ['send/index.html', ...gated.map((attack) => `send/gated/${attack}index.html`)]
  site = await siteWithDriver('send-driver.ts', pages)
})

test('every attack has an expectation', () => {
  expect(channelAttacks.map(({ name }) => name).sort()).toEqual(Object.keys(codes).sort())
})

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))

describe.each(here)('$name', ({ name, program, use, patienceMs }) => {
  if (program === undefined && process.env.VERITEE_ALL_RUNTIMES !== '1') {
    test.skip('is not on this machine', () => undefined)
    return
  }
  let seen: Seen
  let behindGate: readonly Seen[]
  const rowOf = (attack: string): SendRow => {
    const row = seen.rows.find((one) => one.name === attack)
    if (row === undefined) throw new Error(`no row ${attack} in ${name}`)
    return row
  }
  const sentTo = (attack: string, endpoint: string): readonly Sent[] =>
    seen.sent.filter(({ path }) => path === `/send/enclave/${attack}/${endpoint}`)

  beforeAll(async () => {
    if (program === undefined) throw new Error(`${name} is not on this machine`)
    const folder = await makeFolder()
    try {
      const visits = ['send/', ...gated.map((attack) => `send/gated/${attack}`)]
      const all = await use(program, folder, async (visit) => {
        const looks: Seen[] = []
        for (const path of visits) looks.push(await look<Report>(site, visit, path, patienceMs * 2))
        return looks
      })
      seen = all[0] as Seen
      behindGate = all.slice(1)
    } finally {
      await removeFolder(folder)
    }
  })

  test('nobody in between: the number arrives, sealed, and the answer comes back', () => {
    const row = rowOf('none')
    expect([row.code, row.answer, row.clear]).toEqual(['', whole, '0'])
    expect(row.verdict).toBe('Sent, to the proven enclave and to no one else.')
    expect(sentTo('none', 'gateway').map(({ body }) => body.length)).toEqual([row.sealed])
  })

  test.each(channelAttacks.filter(({ name: attack }) => attack !== 'none'))('$name', ({ name: attack, isLate }) => {
    const row = rowOf(attack)
    expect(row.code).toBe(codes[attack])
    expect(row.clear).toBe('0')
    expect(row.verdict).toBe(isLate ? 'Stopped: the answer is not the enclave’s.' : 'Refused: nothing was sent.')
    expect(whole.startsWith(row.answer)).toBe(true)
    expect(row.answer).not.toBe(whole)
    // Before the proof nothing of the number leaves, not even sealed.
    expect(sentTo(attack, 'gateway').map(({ body }) => body.length)).toEqual(isLate ? [row.sealed] : [])
    expect(row.sealed > 0).toBe(isLate)
    expect(row.crossings).toBe(isLate ? 4 : 2)
  })

  test('what the server saw of attested sending has no number in it', () => {
    const attested = seen.sent.filter(({ path }) => !path.endsWith('/plain'))
    expect(attested.length).toBeGreaterThan(15)
    expect(attested.filter(({ body }) => readableAt(body, card).length > 0)).toEqual([])
  })

  test('the count is real: plain fetch leaks it, and the page says so', () => {
    expect(rowOf('plain').clear).toBe('19')
    expect(sentTo('none', 'plain').map(({ body }) => readableAt(body, card).length)).toEqual([1])
  })

  test('H03 behind a gate: plain fetch sends the number sealed, or is refused with the reason', () => {
    const [proven, swapped, inTheClear, otherBuild] = behindGate
    expect(proven?.rows).toMatchObject([
      { verdict: 'Sent, to the proven enclave and to no one else.', answer: whole, code: '' },
    ])
    const refused = (verdict: string, code: string): readonly Partial<SendRow>[] => [
      { verdict: `Refused: ${verdict}`, code, answer: '' },
    ]
    const notTheEnclave = 'the answer is not the enclave’s.'
    expect(swapped?.rows).toMatchObject(refused(notTheEnclave, 'cose-signature'))
    expect(inTheClear?.rows).toMatchObject(refused(notTheEnclave, 'client-response'))
    expect(otherBuild?.rows).toMatchObject(refused('this is another build, or an old proof.', 'policy-pcr'))
    const sizes = behindGate.map(({ sent }) =>
      sent
        .filter(({ path, body }) => path.endsWith('/gateway') && body.length > 0)
        .map(({ body }) => body.length > 200),
    )
    expect(sizes).toEqual([[true], [], [true], []])
    expect(behindGate.flatMap(({ sent }) => sent).filter(({ body }) => readableAt(body, card).length > 0)).toEqual([])
  })

  test('their own policy is never violated', () => {
    expect([seen, ...behindGate].flatMap(({ violations }) => violations)).toEqual([])
  })
})

describe('readableAt', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  test.each<readonly [string, string]>([
    ['as it is', card],
    ['in groups', '4242 4242 4242 4242'],
    ['in an address', 'card=4242+4242+4242+4242'],
    ['in hexadecimal', Buffer.from(card).toString('hex')],
    ...[0, 1, 2, 3].map((offset) => [`in base64, at ${offset}`, btoa(`${'x'.repeat(offset)}${card}yz`)] as const),
  ])('finds it %s', (_, text) => {
    expect(readableAt(bytes(`before ${text} after`), '4242 4242 4242 4242')).toHaveLength(1)
  })

  test('finds nothing in something else', () => {
    expect(readableAt(bytes('4242 4242 4242 4243'), card)).toEqual([])
    expect(readableAt(bytes('anything'), '')).toEqual([])
  })
})
