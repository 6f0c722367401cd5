/**
 * The fields that only quotes have. They come with the first quote, and the style sheet hides them
 * again for other evidence.
 */
import { element, h } from '../../dom.ts'
import { addSharedFields, area, codes } from '../fields.ts'
import { acceptable } from './policy.ts'

/** @returns whether the form has changed; `false` when it has these fields already */
export function extendForm(): boolean {
  addSharedFields()
  if (document.getElementById('log') !== null) return false
  element('quote-document', HTMLElement).append(
    h(
      'div',
      { class: 'of-tdx' },
      ...area('log', 'Event log', 'if there is one: drop the file, or paste JSON, hex or base64'),
    ),
  )
  element('quote-expected', HTMLElement).append(
    h(
      'details',
      { class: 'of-intel' },
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
      h('bdi', { class: 'of-intel' }, tagName === 'BDI' ? 'Intel SGX Root CA' : 'Clocks, root, debug'),
    )
  return true
}
