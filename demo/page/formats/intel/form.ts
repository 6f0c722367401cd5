/**
 * The fields that only quotes have.
 */
import { area, boxes, codes, collateralArea, reportDataLine } from '../../fields.ts'
import type { FormParts } from '../family.ts'
import { acceptable } from './policy.ts'

export function form(format: string): FormParts {
  const isTdx = format === 'tdx'
  const states = acceptable.filter((status) => isTdx || !status.startsWith('TD'))
  return {
    hint: isTdx
      ? codes('MRTD', ', ', 'RTMR0', ' to ', 'RTMR3', ' with hex digits or ', 'any', ', one a line; or JSON')
      : codes('MRENCLAVE', ' with hex digits; or ', 'MRSIGNER', ', ', 'isvProdId', ', ', 'minimumIsvSvn'),
    root: 'Intel SGX Root CA, pinned',
    document: [
      collateralArea(),
      isTdx && area('log', 'Event log', 'if there is one: drop the file, or paste JSON, hex or base64'),
    ],
    expected: [
      reportDataLine(),
      boxes(
        'tcb',
        'Accepted states of the platform',
        // They may break where a word begins.
        Object.fromEntries(states.map((status) => [status, status.replace(/(?<=[a-z])(?=[A-Z])/g, '\u00ad')])),
        ['UpToDate'],
      ),
    ],
  }
}
