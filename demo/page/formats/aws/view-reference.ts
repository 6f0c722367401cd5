/**
 * Where the expected measurements came from: an image that was measured on this page, or a file
 * that a CA signed.
 */
import { printable } from '../../../../src/inspect/index.ts'
import { type Child, h, hex, mark, pairs } from '../../dom.ts'
import type { SignedReferenceValues } from '../../../../src/reference/index.ts'
import type { NitroOutcome as Outcome } from './outcome.ts'
import { imageOf, type MeasuredImage } from './reference.ts'
import { moment } from '../../time.ts'

export function referenceView({ policy, signed, result }: Outcome): Child {
  if (signed !== undefined)
    return card('What the CA signed', 'Signed by the CA that you trust', signedView(signed, result?.matched))
  const image = imageOf(policy.builds)
  return image !== undefined && card('Your image', 'Measured on this page', imageView(image))
}

function card(title: string, trust: string, ...body: readonly Child[]): HTMLElement {
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'reference-title' },
    h('header', {}, h('h3', { id: 'reference-title' }, title), h('p', { class: 'trust' }, trust)),
    ...body,
  )
}

function signedView(signed: SignedReferenceValues, matched: unknown): Child {
  const { product, signers, version, validUntil, referenceValues } = signed
  return pairs(
    ['Product', product],
    ['Signed by', printable(signers.join(' and '))],
    ['Version', `${version}. Keep the greatest that you have seen, and accept no older one.`],
    ['Valid until', moment(validUntil)],
    [
      referenceValues.length === 1 ? 'Build' : 'Builds',
      h(
        'ul',
        {},
        ...referenceValues.map(({ name }, i) =>
          h('li', {}, (name ?? i) === matched && mark('yes', 'runs there:'), printable(name ?? `number ${i + 1}`)),
        ),
      ),
    ],
  )
}

function imageView({ name, measured, seconds }: MeasuredImage): Child {
  const { architecture, size, sections, measurements, signature } = measured
  const megabytes = size / 1_000_000
  return pairs(
    ['File', `${name}, ${megabytes.toFixed(1)} MB, for ${architecture}`],
    ['Sections', sections.map(({ type }) => type).join(', ')],
    ['Signature', signature === undefined ? 'None' : 'It is signed. By whom, PCR8 tells.'],
    ...Object.entries(measurements)
      .filter(([register]) => register !== 'HashAlgorithm')
      .map(([register, value]) => [register, hex(value)] as const),
    ['Measured in', `${seconds.toFixed(1)} s. The image did not leave this page.`],
  )
}
