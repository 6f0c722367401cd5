/**
 * The fields that only reports of SEV-SNP have. They come with the first report, and the style
 * sheet hides them again for other evidence.
 */
import { element, h } from '../../dom.ts'
import { addSharedFields, attributes, codes, label, problem } from '../fields.ts'
import { allowances } from './policy.ts'

/** @returns whether the form has changed; `false` when it has these fields already */
export function extendForm(): boolean {
  addSharedFields()
  if (document.getElementById('minimumTcb') !== null) return false
  element('quote-expected', HTMLElement).append(
    h(
      'div',
      { class: 'of-amd' },
      label('minimumTcb', 'Minimum TCB', 'like snp 27, microcode 86; for this processor'),
      h('input', { ...attributes('minimumTcb'), type: 'text' }),
      problem('minimumTcb'),
      h(
        'details',
        {},
        h('summary', {}, 'What is refused unless you allow it'),
        ...Object.entries(allowances).map(([value, text]) =>
          h(
            'label',
            { class: 'choice' },
            h('input', { type: 'checkbox', name: 'allowed', value }),
            h('span', {}, text),
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
        { class: 'of-amd' },
        ...codes('measurement', ' with 96 hex digits; ', 'hostData', ', ', 'idKeyDigest', ' …, one a line; or JSON'),
      ),
    )
  for (const { parentElement, tagName } of document.querySelectorAll<HTMLElement>('bdi.of-nitro, summary > .of-nitro'))
    parentElement?.prepend(
      h('bdi', { class: 'of-amd' }, tagName === 'BDI' ? 'one of AMD’s (ARK)' : 'Clocks, root, debug'),
    )
  return true
}
