/**
 * The fields that only tokens have.
 */
import { area, boxes, codes, nonceFields } from '../../fields.ts'
import type { FormParts } from '../family.ts'
import { allowances } from './policy.ts'

export function form(format: string): FormParts {
  return {
    hint:
      format === 'cca'
        ? codes('rim', ' with hex digits; or JSON with ', 'rems', ', ', 'personalizationValue', '')
        : codes('{"softwareComponents": [{"measurement": …, "signerId": …}]}', ''),
    root: undefined,
    expected: [
      area(
        'anchors',
        'Keys of the maker',
        'JSON with implementationId, instanceId and key (a JWK): drop the file, or paste',
      ),
      format === 'cca' && area('firmware', 'Firmware below the realm', 'JSON with softwareComponents'),
      nonceFields(),
      boxes('allowed', 'What is refused unless you allow it', allowances),
    ],
  }
}
