/**
 * What the page that asks a model must show, wherever its provider runs.
 */

/** What the page shows after one question. */
export interface AskRow {
  readonly name: string
  readonly verdict: string
  readonly code: string
  readonly answers: readonly string[]
  /** The state that the badge shows. */
  readonly badge: string
  readonly panel: string
  readonly isCut: boolean
  readonly clear: number
  readonly sealed: number
  readonly chain: Readonly<Record<string, string>>
}

export const prompt = 'My landlord wants to see my medical records before renewing the lease. What should I answer?'
export const whole =
  'I am a made-up model in a made-up machine, and I read 16 words. ' +
  'The last of them is “answer?”. The relay between us saw none of them, and none of these.'
/** The code that the page must show, and the link that must be broken. */
export const links: Readonly<Record<string, readonly [code: string, link: string]>> = {
  none: ['', ''],
  'relayed-quote': ['policy-report-data', 'fresh'],
  'swapped-config': ['report-key', 'key'],
  'stale-report': ['policy-report-data', 'fresh'],
  'other-compose': ['policy-compose', 'application'],
  'other-gpus': ['policy-gpu', 'gpus'],
  'in-the-clear': ['client-response', 'channel'],
  'cut-off': ['ohttp-incomplete', 'channel'],
}
