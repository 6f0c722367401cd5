/**
 * How recent Intel's endorsements must be: their age, and that TCB Info and QE identity are of one
 * recovery or of neighbours. Everything is signed, and in its dates.
 */
import { refusalOf } from '../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { AppraisalError } from '../../../src/core/errors.ts'
import { sgx, tdx, type Change, day, now, makeTdx } from './made.ts'
import { type DocumentJson, jsonDate } from '../../attester/intel.ts'
import { verifyTdx } from '../../../src/formats/intel/tdx/index.ts'

const daySeconds = 86_400
const several =
  'maximumEndorsementAgeSeconds must be a positive number, or by name: tcbInfo, qeIdentity, pckCrl, rootCaCrl'
const items = ['tcbInfo', 'qeIdentity', 'pckCrl', 'rootCaCrl'] as const
type Item = (typeof items)[number]

/** Endorsements that Intel issued this many days ago, all but one a day ago. */
function issued(item: Item, days: number): Change {
  const at = new Date(now.getTime() - days * day)
  const change = item.endsWith('Crl')
    ? { thisUpdate: at }
    : (body: DocumentJson): object => ({ ...body, issueDate: jsonDate(at.getTime()) })
  return { endorsements: { [item]: change } }
}
const aged = (maximumEndorsementAgeSeconds: unknown, change: Change = {}): Change => ({
  ...change,
  options: { maximumEndorsementAgeSeconds },
})
const numbered = (tcbInfo: number, qeIdentity: number): Change => ({
  endorsements: {
    tcbInfo: (body) => ({ ...body, tcbEvaluationDataNumber: tcbInfo }),
    qeIdentity: (body) => ({ ...body, tcbEvaluationDataNumber: qeIdentity }),
  },
})

describe('H12 maximumEndorsementAgeSeconds', () => {
  test.each(items)('%s may be as old as that, and not a second older', async (item) => {
    const change = issued(item, 10)
    await expect(tdx(aged(10 * daySeconds, change))).resolves.toBeDefined()
    await expect(sgx(aged(10 * daySeconds, change))).resolves.toBeDefined()
    await expect(tdx(aged({ [item]: 10 * daySeconds }, change))).resolves.toBeDefined()
    for (const limit of [10 * daySeconds - 1, { [item]: 10 * daySeconds - 1 }]) {
      const refusal = await refusalOf(tdx(aged(limit, change)))
      if (!(refusal instanceof AppraisalError)) throw refusal
      expect({ code: refusal.code, message: refusal.message }).toEqual({
        code: 'policy-endorsement-age',
        message: `age of ${item} in seconds: expected at most 863999, found 864000`,
      })
      expect(refusal.failures).toHaveLength(1)
    }
    expect((await refusalOf(sgx(aged(10 * daySeconds - 1, change)))).code).toBe('policy-endorsement-age')
  })

  test('an object is about what it names alone', async () => {
    const change = issued('rootCaCrl', 200)
    await expect(
      tdx(aged({ tcbInfo: 2 * daySeconds, qeIdentity: 2 * daySeconds, pckCrl: 2 * daySeconds }, change)),
    ).resolves.toBeDefined()
    expect((await refusalOf(tdx(aged(2 * daySeconds, change)))).message).toMatch(/^age of rootCaCrl/)
  })

  test('all that are too old are reported', async () => {
    const refusal = await refusalOf(tdx(aged(1)))
    if (!(refusal instanceof AppraisalError)) throw refusal
    expect(refusal.failures.map(({ id, summary }) => [id, summary.split(' in ')[0]])).toEqual(
      items.map((item) => ['policy-endorsement-age', `age of ${item}`]),
    )
  })

  test('without it, any that are in their dates; the record says that nothing was asked', async () => {
    const { checks } = await tdx(issued('rootCaCrl', 360))
    expect(checks.filter(({ id }) => id === 'policy-endorsement-age').map(({ outcome }) => outcome)).toEqual([
      'not-requested',
    ])
  })

  test('a result is good for as long as the age allows', async () => {
    const limit = { tcbInfo: 3 * daySeconds, rootCaCrl: 400 * daySeconds }
    // Issued a day ago, so for two more.
    expect((await tdx(aged(limit))).validUntil).toEqual(new Date(now.getTime() + 2 * day))
    expect((await sgx(aged(limit))).validUntil).toEqual(new Date(now.getTime() + 2 * day))
    expect((await tdx(aged({ rootCaCrl: 400 * daySeconds }))).validUntil).toEqual(new Date(now.getTime() + 29 * day))
  })

  test.each([
    [null, 'maximumEndorsementAgeSeconds must be a positive number'],
    [0, 'maximumEndorsementAgeSeconds must be a positive number'],
    [-1, 'maximumEndorsementAgeSeconds must be a positive number'],
    [NaN, 'maximumEndorsementAgeSeconds must be a positive number'],
    [Infinity, 'maximumEndorsementAgeSeconds must be a positive number'],
    ['60', 'maximumEndorsementAgeSeconds must be a positive number'],
    [[60], 'maximumEndorsementAgeSeconds must be a positive number'],
    [{}, several],
    [{ rootCaCrl: 0 }, 'maximumEndorsementAgeSeconds must be a positive number'],
    [{ rootCaCrl: undefined }, 'maximumEndorsementAgeSeconds must be a positive number'],
    [{ rootCrl: 60 }, several],
  ])('%j is a mistake', async (value, message) => {
    const { evidence, options } = await makeTdx(aged(value))
    await expect(verifyTdx(evidence, options)).rejects.toThrow(new TypeError(message))
  })
})

describe('H12 TCB Info and QE identity differ by one recovery at most', () => {
  test.each([
    [20, 20],
    [20, 19],
    [19, 20],
  ])('%i and %i are current together', async (tcbInfo, qeIdentity) => {
    expect((await tdx(numbered(tcbInfo, qeIdentity))).claims.tcbEvaluationDataNumber).toEqual({ tcbInfo, qeIdentity })
    expect((await sgx(numbered(tcbInfo, qeIdentity))).claims.tcbEvaluationDataNumber).toEqual({ tcbInfo, qeIdentity })
  })

  test.each([
    [20, 18],
    [18, 20],
    [20, 1],
  ])('%i and %i: one was kept back', async (tcbInfo, qeIdentity) => {
    for (const verify of [tdx, sgx]) {
      const refusal = await refusalOf(verify(numbered(tcbInfo, qeIdentity)))
      expect(refusal).toBeInstanceOf(AppraisalError)
      expect({ code: refusal.code, message: refusal.message }).toEqual({
        code: 'policy-tcb-evaluation',
        message: `TCB evaluation data numbers: expected at most 1 apart, found ${tcbInfo} and ${qeIdentity}`,
      })
    }
  })

  test('a minimum is for both: the QE identity can be the older one', async () => {
    const minimum: Change = { ...numbered(20, 19), options: { minimumTcbEvaluationDataNumber: 20 } }
    const refusal = await refusalOf(tdx(minimum))
    expect([refusal.code, refusal.message]).toEqual([
      'policy-tcb-evaluation',
      'TCB evaluation data number: expected at least 20, found 20 of TCB Info, 19 of QE identity',
    ])
    await expect(tdx({ ...minimum, options: { minimumTcbEvaluationDataNumber: 19 } })).resolves.toBeDefined()
  })

  test('0 is from before Intel counted: PKIs of samples only, and never above a minimum', async () => {
    await expect(sgx(numbered(3, 0))).resolves.toBeDefined()
    const refusal = await refusalOf(sgx({ ...numbered(3, 0), options: { minimumTcbEvaluationDataNumber: 1 } }))
    expect(refusal.message).toMatch(/expected at least 1, found 3 of TCB Info, 0 of QE identity/)
  })
})
