/**
 * The fields that only quotes have. They come with the first quote, and the style sheet hides them again for other evidence.
 */
import { type Child, element, h } from '../../dom.ts'
import { acceptable } from './policy.ts'

/** @returns whether the form has changed; `false` when it has these fields already */
export function extendForm(): boolean {
  if (document.getElementById('collateral') !== null) return false
  element('quote-document', HTMLElement).append(
    h(
      'div',
      { class: 'of-quote' },
      ...area('collateral', 'Endorsements (collateral)', 'what Intel says of the platform: drop the JSON, or paste'),
    ),
    h(
      'div',
      { class: 'of-tdx' },
      ...area('log', 'Event log', 'if there is one: drop the file, or paste JSON, hex or base64'),
    ),
  )
  element('quote-expected', HTMLElement).append(
    h(
      'div',
      { class: 'of-quote' },
      label('reportData', 'Report data', 'hex or base64: your nonce, or a digest of it and a key'),
      h('input', { ...attributes('reportData'), type: 'text' }),
      problem('reportData'),
      h(
        'details',
        {},
        h('summary', {}, 'Accepted states of the platform'),
        h('label', { class: 'choice' }, h('input', { type: 'checkbox', checked: true, disabled: true }), 'UpToDate'),
        ...acceptable.map((status) =>
          h(
            'label',
            { class: `choice ${status.startsWith('TD') ? 'of-tdx' : ''}` },
            h('input', { type: 'checkbox', name: 'tcb', value: status }),
            // It may break where a word begins.
            h('span', {}, status.replace(/(?<=[a-z])(?=[A-Z])/g, '\u00ad')),
          ),
        ),
      ),
    ),
  )
  document
    .querySelector('label[for="reference"]')
    ?.append(
      h(
        'span',
        { class: 'of-tdx' },
        ...codes('MRTD', ', ', 'RTMR0', ' to ', 'RTMR3', ' with hex digits or ', 'any', ', one a line; or JSON'),
      ),
      h(
        'span',
        { class: 'of-sgx' },
        ...codes('MRENCLAVE', ' with hex digits; or ', 'MRSIGNER', ', ', 'isvProdId', ', ', 'minimumIsvSvn'),
      ),
    )
  for (const { parentElement, tagName } of document.querySelectorAll<HTMLElement>('bdi.of-nitro, summary > .of-nitro'))
    parentElement?.prepend(
      h('bdi', { class: 'of-quote' }, tagName === 'BDI' ? 'Intel SGX Root CA' : 'Clocks, root, debug'),
    )
  return true
}

/** Every other one is something to type. */
const codes = (...parts: readonly string[]): readonly Child[] =>
  parts.map((part, i) => (i % 2 === 0 ? h('code', {}, part) : part))

function attributes(id: string): Readonly<Record<string, string>> {
  return { id, spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': `${id}-problem` }
}

const label = (id: string, title: string, hint: string): HTMLElement =>
  h('label', { for: id }, `${title} `, h('span', {}, hint))

const problem = (id: string): HTMLElement => h('p', { class: 'problem', id: `${id}-problem` })

const area = (id: string, title: string, hint: string): readonly HTMLElement[] => [
  label(id, title, hint),
  h('textarea', { ...attributes(id), rows: '2' }),
  problem(id),
]
