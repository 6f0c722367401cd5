/**
 * `veritee verify --second-opinion` of a command whose own verifiers are broken: to them every
 * signature holds. Alone it believes evidence that no one signed; the second opinion does not.
 */
import { expect, it } from 'vitest'
import { secondOpinionFormats } from '../../src/second-opinion/index.ts'
import { slipping, trueSignature } from '../second-opinion/sabotage.ts'
import { lastLine, useCommand, veritee, written } from './run.ts'
import { evidenceOf, formats } from './second-opinion-formats.ts'

const { plugin, met } = slipping(trueSignature)
useCommand([plugin])

it('is asked of every format that the command takes', () => {
  const asked = formats.map(({ format }) => format)
  // An assertion needs the key that was attested before: no line of the command has one.
  expect(secondOpinionFormats().filter((format) => !asked.includes(format))).toEqual(['app-attest-assertion'])
  expect(met).toEqual(['crypto/signature.ts'])
})

it.each(formats)('$format', (asked) => {
  const evidence = evidenceOf(asked)
  const at = asked.signed(evidence)
  const forged = written(
    `forged-${asked.format}.bin`,
    evidence.map((byte, i) => (i === at ? byte ^ 1 : byte)),
  )
  const alone = veritee(['verify', forged, ...asked.args])
  expect(alone.stderr).toBe('')
  expect(alone.stdout.replaceAll('\n', ' ')).toContain(`VERIFIED: ${asked.format};`)
  expect(alone.code).toBe(0)

  const both = veritee(['verify', forged, ...asked.args, '--second-opinion'])
  expect(both.stderr).toBe('')
  expect(lastLine(both)).toBe('REFUSED: no second opinion bears it out (second-opinion-disagrees)')
  expect(both.stdout).not.toContain('VERIFIED')
  expect(both.code).toBe(2)
  const { stdout, code } = veritee(['verify', forged, ...asked.args, '--second-opinion', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'refused', secondOpinion: 'disagrees' })
  expect(code).toBe(2)
})
