/**
 * From what a verifier did to a row of the report.
 */
import { AppraisalError, AttestationError, type AttestationResult, VerificationError } from '../../src/index.ts'
import type { Row } from './model.ts'

/** Runs one verification. Never rejects: what was thrown, whatever it was, is the row. */
export async function rowOf(name: string, verify: () => Promise<unknown>): Promise<Row> {
  try {
    const { checks, ...result } = (await verify()) as AttestationResult
    return { name, verdict: 'valid', checks: outcomes(checks), result: plain(result) }
  } catch (error) {
    if (!(error instanceof AttestationError)) return unexpected(name, error)
    return {
      name,
      verdict: error.code,
      error: classOf(error),
      message: error.message,
      checks: outcomes(error.checks),
    }
  }
}

/** Runs one basic check, which throws when something is wrong. */
export async function rowOfCheck(name: string, check: () => unknown): Promise<Row> {
  try {
    await check()
    return { name, verdict: 'ok' }
  } catch (error) {
    return unexpected(name, error)
  }
}

function unexpected(name: string, error: unknown): Row {
  if (!(error instanceof Error)) return { name, verdict: 'not an error', message: String(error) }
  return { name, verdict: error.name, error: error.name, message: error.message }
}

/** By `instanceof` and by `name`: a minifier renames classes, and both must hold after it. */
function classOf(error: AttestationError): string {
  const kind =
    error instanceof VerificationError
      ? 'VerificationError'
      : error instanceof AppraisalError
        ? 'AppraisalError'
        : 'neither class'
  return error.name === kind ? kind : `${kind} named ${error.name}`
}

function outcomes(checks: AttestationResult['checks']): string[] {
  return checks.map(({ id, outcome }) => `${id}:${outcome}`)
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
  return value
}
