/**
 * What SDKs make of a refusal, and how it is found again; and clients that attest before they
 * prepare a request.
 */
import { describe, expect, test } from 'vitest'
import { refusalOf, verifiedFirst } from '../../src/ai/index.ts'
import { AppraisalError } from '../../src/core/errors.ts'

const own = new AppraisalError('policy-measurements', 'MRTD')

describe('refusalOf', () => {
  test.each<[string, unknown]>([
    ['itself', own],
    ['a cause', new Error('Connection error.', { cause: own })],
    [
      'a last error',
      Object.assign(new Error('Failed after 3 attempts'), { lastError: new Error('x', { cause: own }) }),
    ],
    ['an error of a stream', { error: own }],
    ['eight steps', Array.from({ length: 8 }).reduce<Error>((cause) => new Error('x', { cause }), own)],
    [
      'beside a getter that throws',
      {
        get cause(): never {
          throw new Error('no')
        },
        error: own,
      },
    ],
  ])('finds %s', (_name, error) => {
    expect(refusalOf(error)).toBe(own)
  })

  const circle = new Error('a')
  circle.cause = new Error('b', { cause: circle })
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'AppraisalError'],
    ['another error', new Error('x')],
    ['a look-alike', { name: 'AppraisalError', code: 'policy-measurements', message: 'x', checks: [] }],
    ['a circle', circle],
    ['nine steps', Array.from({ length: 9 }).reduce<Error>((cause) => new Error('x', { cause }), own)],
  ])('finds nothing in %s', (_name, error) => {
    expect(refusalOf(error)).toBeUndefined()
  })
})

describe('verifiedFirst', () => {
  class Sdk {
    readonly options: object
    readonly prepared: unknown[] = []
    constructor(options: object) {
      this.options = options
    }
    prepareOptions(...args: unknown[]): Promise<void> {
      this.prepared.push(...args)
      return Promise.resolve()
    }
    withOptions(over: object): this {
      return new (this.constructor as new (options: object) => this)({ ...this.options, ...over })
    }
  }

  const sender = (attest: () => Promise<unknown>): { readonly calls: () => number; readonly send: object } => {
    let calls = 0
    let result: unknown
    const send = Object.defineProperties(() => Promise.resolve(new Response()), {
      result: { get: () => result },
      reattest: {
        value: async () => {
          calls++
          return (result = await attest())
        },
      },
    })
    return { calls: () => calls, send }
  }

  test('attests first, and only where there is no session', async () => {
    const { calls, send } = sender(() => Promise.resolve({}))
    const client = new (verifiedFirst(Sdk))({ fetch: send })
    expect(client).toBeInstanceOf(Sdk)
    await client.prepareOptions('a', 1)
    await client.prepareOptions('b')
    expect(calls()).toBe(1)
    expect(client.prepared).toEqual(['a', 1, 'b'])
  })

  test('a refusal is thrown as itself, and nothing is prepared; instances made of this one do the same', async () => {
    const { calls, send } = sender(() => Promise.reject(own))
    const client = new (verifiedFirst(Sdk))({ fetch: send })
    for (const one of [client, client.withOptions({ maxRetries: 1 })]) {
      await expect(one.prepareOptions()).rejects.toBe(own)
      expect(one.prepared).toEqual([])
    }
    expect(calls()).toBe(2)
  })

  test('the caller’s own mistakes', () => {
    expect(() =>
      verifiedFirst(
        class Other {
          readonly a = 1
        },
      ),
    ).toThrow(/^Client must be a class with prepareOptions/)
    for (const options of [undefined, {}, { fetch }, { fetch: {} }])
      expect(() => new (verifiedFirst(Sdk))(options as object)).toThrow(/^fetch must be what attestedFetch returns$/)
  })
})
