/**
 * The fields that only documents have.
 */
import { h } from '../../dom.ts'
import { area, attributes, boxes, choice, line, nonceFields, problem } from '../../fields.ts'
import type { FormParts } from '../family.ts'

export function form(format: string): FormParts {
  const [tool, register] = format === 'nitro-tpm' ? ['nitro-tpm-pcr-compute', 'PCR4'] : ['nitro-cli', 'PCR0']
  return {
    hint: [`what ${tool} printed, or `, h('code', {}, register), ' and 96 hex digits a line'],
    root: 'AWS Nitro root G1, pinned',
    hasDate: true,
    expected: [
      h('p', { class: 'actions' }, h('button', { type: 'button', class: 'button', id: 'measure' }, 'Measure an image')),
      h(
        'details',
        {},
        h('summary', {}, 'Or what a CA has signed'),
        ...area('corim', 'Signed reference values', 'a CoRIM: drop the file, or hex or base64'),
        ...area('ca', 'Certificate of the CA that you trust', 'PEM: drop the file, or paste', {
          placeholder: '-----BEGIN CERTIFICATE-----',
        }),
        ...line('product', 'Product that must run there', 'as its signers call it', { placeholder: 'example.com/app' }),
      ),
      nonceFields([
        choice('freshness', 'age', 'Not older than so many seconds'),
        h('input', {
          ...attributes('age'),
          class: 'inset',
          type: 'text',
          inputmode: 'numeric',
          'aria-label': 'Greatest age in seconds',
        }),
        problem('age'),
      ]),
      format === 'nitro-tpm' &&
        boxes('allowed', 'What is refused unless you allow it', {
          instance: 'An instance with NitroTPM, not an enclave',
        }),
    ],
    more: [...line('publicKey', 'Public key', 'hex or base64'), ...line('userData', 'User data', 'hex or base64')],
  }
}
