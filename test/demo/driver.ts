/**
 * Uses the page as a visitor does, in the page itself, so that the same steps run in every browser.
 * Posts what it saw.
 */
import { findBarriers } from '../support/axe.ts'
import { patienceMs } from '../support/patience.ts'
import type { PageReport, Plan, Row } from './plan.ts'

const rows: Row[] = []
const barriers: string[] = []
let passes = 0

const violations: string[] = []
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  // An icon is what some browsers ask for by themselves.
  if (!blockedURI.endsWith('/favicon.ico')) violations.push(`${effectiveDirective} ${blockedURI}`)
})

function find<K extends keyof HTMLElementTagNameMap>(tag: K, id: string): HTMLElementTagNameMap[K] {
  const found = document.querySelector<HTMLElementTagNameMap[K]>(`${tag}#${id}`)
  if (found === null) throw new Error(`the page has no ${tag} #${id}`)
  return found
}

/** Does something and waits until the page shows what came of it. */
async function after(step: string, action: () => void): Promise<void> {
  document.body.dataset.verdict = 'pending'
  action()
  await settled(step)
  rows.push(rowOf(step))
}

function settled(step: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const isSettled = (): boolean => (document.body.dataset.verdict ?? 'pending') !== 'pending'
    const late = setTimeout(() => {
      reject(new Error(`${step}: no verdict after ${patienceMs / 1000} s`))
    }, patienceMs)
    const done = (): void => {
      if (!isSettled()) return
      clearTimeout(late)
      observer.disconnect()
      resolve()
    }
    const observer = new MutationObserver(done)
    observer.observe(document.body, { attributes: true, attributeFilter: ['data-verdict'] })
    done()
  })
}

function rowOf(step: string): Row {
  const count = (selector: string): number => document.querySelectorAll(selector).length
  return {
    step,
    verdict: document.body.dataset.verdict ?? '',
    headline: document.querySelector('#verdict .headline, #verdict h2')?.textContent ?? '',
    detail: document.querySelector('#verdict .detail')?.textContent ?? '',
    banner: document.querySelector('#verdict .banner')?.textContent ?? '',
    marks: {
      yes: count('.check.yes'),
      no: count('.check.no'),
      open: count('.check.open'),
      never: count('.check.never'),
    },
    facts: [...document.querySelectorAll('.facts .yes')].map(({ textContent }) => textContent),
    titles: [...document.querySelectorAll('.card h3')].map(({ textContent }) => textContent),
    platform: document.querySelector('[aria-labelledby=platform-title]')?.textContent ?? '',
    rtmrs: [...document.querySelectorAll('.rtmr')].map(({ textContent }) => textContent),
    problems: [...document.querySelectorAll('.problem')].flatMap(({ id, textContent }) =>
      textContent === '' ? [] : [`${id}: ${textContent}`],
    ),
    sections: count('.card.signed, .card.unverified'),
    unverified: count('.card.unverified'),
    sideways: document.documentElement.scrollWidth - innerWidth,
  }
}

async function lookForBarriers(step: string): Promise<void> {
  for (const details of document.querySelectorAll('details')) details.open = true
  const found = await findBarriers()
  passes += found.passes
  barriers.push(...found.barriers.map((barrier) => `${step}: ${barrier}`))
}

function enter(id: string, value: string): void {
  const field = find('textarea', id)
  field.value = value
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

const go = (fragment: string) => (): void => {
  location.hash = fragment
}

const startOver = (): void => {
  find('button', 'clear').click()
}

function fileWith(content: BlobPart, name = 'evidence.bin'): DataTransfer {
  const carried = new DataTransfer()
  carried.items.add(new File([content], name))
  return carried
}

const drop = (content: BlobPart, name?: string) => (): void => {
  const dataTransfer = fileWith(content, name)
  dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
}

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))

async function use({ visits, attacks, document: hex, quote, ...images }: Plan): Promise<void> {
  await settled('opening the page')
  rows.push(rowOf('welcome'))
  await lookForBarriers('welcome')

  for (const { name, fragment } of visits) {
    await after(name, go(fragment))
    if (
      ['valid', 'wrong-pcr', 'tampered-payload', 'trailing-byte', 'tdx-valid-events', 'sgx-hardening-needed'].includes(
        name,
      )
    )
      await lookForBarriers(name)
  }

  // Whoever opens a link sees the verdict that was shared.
  const link = location.hash
  await after('start over', startOver)
  await after('link', go(link))

  await after('start over', startOver)
  await after('paste hex', () => {
    enter('evidence', hex)
  })
  const bytes = bytesOf(hex)
  await after('paste base64', () => {
    enter('evidence', btoa(String.fromCharCode(...bytes)))
  })
  await after('paste text', () => {
    enter('evidence', 'Hello, enclave!')
  })
  await after('paste rubbish', () => {
    enter('evidence', 'deadbeef')
  })
  await after('read rubbish as a document', () => {
    document.querySelector<HTMLButtonElement>('#verdict .actions .button')?.click()
  })
  await after('drop a file', drop(bytes))
  await after('choose a file', () => {
    const input = find('input', 'file')
    input.files = fileWith(hex).files
    input.dispatchEvent(new Event('change', { bubbles: true }))
  })
  await after('a file that is too large', drop(new Uint8Array(1_000_000)))
  await after('choose a file again', () => {
    enter('evidence', hex)
  })
  await after('expect other code', () => {
    enter('reference', `PCR0 ${'ab'.repeat(48)}`)
  })
  await after('expect nonsense', () => {
    enter('reference', 'PCR0 abab')
  })
  await after('expect zeros', () => {
    enter('reference', `PCR0 ${'00'.repeat(48)}`)
  })

  // A quote, then what belongs to it, file by file.
  await after('start over', startOver)
  await after('drop a quote', drop(bytesOf(quote.evidence), 'quote.bin'))
  await after('drop its collateral', drop(quote.collateral, 'endorsements.json'))
  await after('trust the fixture root', () => {
    document.querySelector<HTMLButtonElement>('#verdict .actions .button')?.click()
  })
  await after('drop its event log', drop(quote.log, 'event-log.json'))
  await after('garbage as collateral', () => {
    enter('collateral', '{"tcbInfo": ')
  })
  await after('other JSON as collateral', () => {
    enter('collateral', '[1, 2]')
  })
  await after('hostile collateral', () => {
    enter(
      'collateral',
      '{"tcbInfo": 5, "tcbInfoIssuerChain": {}, "__proto__": null, "pckCrl": "<img src=x onerror=alert(1)>"}',
    )
  })
  await after('the collateral again', () => {
    enter('collateral', quote.collateral)
  })
  await after('garbage as event log', () => {
    enter('log', '[{"imr": 99}]')
  })
  await after('text as event log', () => {
    enter('log', 'not a log!')
  })
  await after('no event log', () => {
    enter('log', '')
  })
  await after('a register that a quote does not have', () => {
    enter('reference', 'PCR0 abab')
  })
  await after('a document after a quote', () => {
    enter('reference', '')
    enter('evidence', hex)
  })

  // Does this image run there?
  await after('start over', startOver)
  await after('a document under the fixture root', go(`evidence=${images.imageDocument}&root=fixture`))
  await after('drop its image', drop(bytesOf(images.image), 'app.eif'))
  await lookForBarriers('drop its image')
  await after('drop another image', drop(bytesOf(images.otherImage), 'other.eif'))
  const broken = bytesOf(images.image)
  broken[1000] = (broken[1000] ?? 0) ^ 1
  await after('drop a broken image', drop(broken, 'broken.eif'))

  find('details', 'ask').open = true
  for (const attack of attacks) {
    await after('start over', startOver)
    await after(`enclave: ${attack}`, () => {
      const choice = find('select', 'attack')
      choice.value = attack
      choice.dispatchEvent(new Event('change', { bubbles: true }))
      find('button', 'send').click()
    })
  }
}

/** That violations would be noticed is shown by committing one. */
function provoke(): Promise<string> {
  return new Promise((resolve) => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      resolve(effectiveDirective)
    })
    const style = document.createElement('style')
    style.textContent = 'html { color: red }'
    document.head.append(style)
    if (style.sheet !== null) resolve('let an inline style pass')
  })
}

async function post(path: string, body: unknown): Promise<void> {
  await fetch(path, { method: 'POST', body: JSON.stringify(body) })
}

try {
  await use((await (await fetch('test/plan.json')).json()) as Plan)
  const noticed = [...violations]
  const provoked = await provoke()
  await post('test/report', { rows, barriers, passes, violations: noticed, provoked } satisfies PageReport)
} catch (error) {
  await post('test/failure', error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error))
}
