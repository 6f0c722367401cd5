/**
 * Every state that the demo can be in: for pictures of it (`screenshots.ts`), and for tests of how
 * it looks. Each is an address, and perhaps something that is done there.
 */
import { readFileSync } from 'node:fs'
import type { Page } from 'puppeteer-core'
import { relayAttacks } from './ai/attacks.ts'
import { samples } from './page/samples.ts'
import { emptyState, type State, toFragment } from './page/state.ts'
import { channelAttacks } from './send/attacks.ts'

export interface View {
  readonly name: string
  /** Seen from the top of the site. */
  readonly path: string
  /** What is there once the page has come to rest. */
  readonly rest: string
  /** Before the page is opened: what it asks for may be held back. */
  readonly before?: (page: Page) => Promise<void>
  /** On the page. */
  readonly act?: (page: Page) => Promise<void>
}

const fixture = (path: string): Buffer => readFileSync(new URL(`../fixtures/${path}`, import.meta.url))

const verdict = 'body[data-verdict]:not([data-verdict=pending])'

/** A verdict of the first page. */
const judged = (name: string, fragment: string): View => ({ name, path: `#${fragment}`, rest: verdict })

const stateOf = (change: Partial<State>): string => toFragment({ ...emptyState, ...change })

const evidence = (path: string): string => fixture(path).toString('base64url')

/** Something that is done where nothing was entered yet. */
const done = (name: string, act: View['act']): View => ({ name, path: '', rest: verdict, ...(act && { act }) })

/** Holds back what the page asks for, forever. @param path what is held back begins with it */
async function hold(page: Page, path: RegExp): Promise<void> {
  await page.setRequestInterception(true)
  page.on('request', (request) => {
    if (!path.test(new URL(request.url()).pathname)) void request.continue()
  })
}

/** Drops a file. @param begin its first bytes @param size of zeros that follow */
const drop =
  (name: string, begin: string, size: number) =>
  async (page: Page): Promise<void> => {
    await page.evaluate(
      (fileName, text, zeros) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([text, new Uint8Array(zeros)], fileName))
        document.body.dataset.verdict = ''
        dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
      },
      name,
      begin,
      size,
    )
    await page.waitForSelector('body:not([data-verdict=""])')
  }

/** What is missing is to be fetched, and what was not compared is to be named: with the label of its button. */
export const nextSteps = [
  { name: 'tdx-alone', fragment: 'sample=tdx-valid&collateral=', tone: 'todo', label: 'Copy the command' },
  { name: 'snp-alone', fragment: 'sample=sev-snp-valid&collateral=', tone: 'todo', label: 'Copy the command' },
  { name: 'cca-alone', fragment: 'sample=cca-valid&anchors=', tone: 'todo', label: 'Paste the key' },
  { name: 'psa-alone', fragment: 'sample=psa-valid&anchors=', tone: 'todo', label: 'Paste the key' },
  { name: 'android-alone', fragment: 'sample=android-key-valid&collateral=', tone: 'todo', label: 'Copy the command' },
  {
    name: 'iphone-alone',
    fragment: 'sample=app-attest-valid&clientData=',
    tone: 'todo',
    label: 'Paste the client data',
  },
  {
    name: 'not-compared',
    fragment: 'sample=cca-valid&root=pinned&reference=',
    tone: 'partial',
    label: 'Enter the measurements that you expect',
  },
] as const

/** The page that verifies. */
export const verifyViews: readonly View[] = [
  { name: 'welcome', path: '', rest: verdict },
  ...samples.map(({ name }) => judged(name, `sample=${name}`)),
  ...nextSteps.map(({ name, fragment }) => judged(name, fragment)),
  judged('verified', 'sample=cca-valid&root=pinned'),
  judged('other-root', 'sample=valid&root=pinned'),
  judged(
    'signed',
    stateOf({
      evidence: evidence('nitro/valid/evidence.bin'),
      root: 'fixture',
      at: '2026-06-01T00:00:00Z',
      corim: evidence('reference/valid.corim'),
      ca: evidence('reference/ca.der'),
      product: 'example.com/app',
    }),
  ),
  judged(
    'tdx-other-log',
    stateOf({
      evidence: evidence('tdx/valid/evidence.bin'),
      collateral: fixture('tdx/valid/endorsements.json').toString(),
      log: fixture('tdx/valid-events/event-log.json').toString(),
      root: 'fixture',
    }),
  ),
  ...(
    ['valid', 'tampered-payload', 'tdx-valid', 'sgx-valid', 'sev-snp-valid', 'cca-valid', 'android-key-valid'] as const
  ).map((name) => judged(`second-${name}`, `sample=${name}&second=true`)),
  done('garbage', async (page) => {
    await page.type('#evidence', 'deadbeef00112233445566778899')
    await page.waitForSelector('body[data-verdict=format-unknown]')
  }),
  done('text', async (page) => {
    await page.type('#evidence', 'Hello, enclave!')
    await page.waitForSelector('body[data-verdict=text]')
  }),
  {
    ...judged('correction', 'sample=valid'),
    async act(page) {
      await page.type('#reference', 'x')
      await page.waitForSelector('body[data-verdict=options]')
    },
  },
  done('dropped-text', drop('notes.txt', 'Dear diary, ', 0)),
  done('dropped-film', drop('a film with a very long name that no one has ever shortened.mp4', 'ftypisom', 2_000_000)),
  {
    ...done('measuring', drop('app.eif', '.eif', 5_000_000)),
    // The script that measures never comes.
    before: (page) => hold(page, /^\/parts\/reference-/),
  },
  {
    ...judged('loading', 'sample=tdx-valid'),
    rest: '.verdict.pending',
    before: (page) => hold(page, /^\/samples\//),
  },
  ...(['none', 'swapped-key'] as const).map((attack) =>
    done(`asked-${attack}`, async (page) => {
      await page.click('#ask summary')
      await page.select('#attack', attack)
      await page.click('#send')
      await page.waitForSelector(`body[data-verdict=${attack === 'none' ? 'valid' : 'cose-signature'}]`)
    }),
  ),
  done('asked-elsewhere', async (page) => {
    await page.click('#ask summary')
    await page.$eval('#address', (field) => {
      ;(field as HTMLInputElement).value = 'https://enclave.example/attestation'
      field.dispatchEvent(new Event('input', { bubbles: true }))
    })
    await page.click('#send')
    await page.waitForSelector('#ask-answer pre')
  }),
  done('install', (page) => page.click('.install summary')),
]

/** The page that sends. */
export const sendViews: readonly View[] = [
  { name: 'send', path: 'send/', rest: '#attacks input' },
  ...channelAttacks.map(({ name }) => ({
    name: `send-${name}`,
    path: `send/#attack=${name}`,
    rest: `body[data-done=${name}]`,
  })),
  {
    name: 'send-plain',
    path: 'send/',
    rest: '#attacks input',
    async act(page) {
      await page.click('button[value=plain]')
      await page.waitForSelector('body[data-done=plain]')
    },
  },
  ...['', 'swapped-key/', 'plaintext/'].map((attack): View => ({
    name: `gated-${attack.slice(0, -1) || 'none'}`,
    path: `send/gated/${attack}`,
    rest: 'body[data-gate=yes]',
    async act(page) {
      await page.click('#send button')
      await page.waitForSelector('body[data-done]')
    },
  })),
  { name: 'gated', path: 'send/gated/', rest: 'body[data-gate=yes]' },
]

/** The page that asks a model, and the badge on it. */
export const askViews: readonly View[] = [
  { name: 'ai', path: 'ai/', rest: '#chain > li' },
  ...relayAttacks.map(({ name }) => ({
    name: `ai-${name}`,
    path: `ai/#attack=${name}`,
    rest: `body[data-done=${name}]`,
  })),
  {
    name: 'ai-plain',
    path: 'ai/',
    rest: '#chain > li',
    async act(page) {
      await page.click('button[value=plain]')
      await page.waitForSelector('body[data-done=plain]')
    },
  },
  ...(['none', 'other-compose'] as const).map((name): View => ({
    name: `ai-badge-${name}`,
    path: `ai/#attack=${name}`,
    rest: `body[data-done=${name}]`,
    act: (page) =>
      page.$eval('veritee-badge', (badge) => {
        const details = badge.shadowRoot?.querySelector('details')
        if (details) details.open = true
      }),
  })),
]

/** All of the demo. */
export const views: readonly View[] = [...verifyViews, ...sendViews, ...askViews]

/** Opens a view, and waits until it has come to rest. @param url of the site */
export async function openView(page: Page, url: string, { path, rest, before, act }: View): Promise<void> {
  await before?.(page)
  await page.goto(`${url}${path}`)
  await page.waitForSelector(rest)
  await act?.(page)
}

/** Unfolds all that can be. */
export const unfold = (page: Page): Promise<void> =>
  page.$$eval('details', (all) => {
    for (const details of all) details.open = true
  })
